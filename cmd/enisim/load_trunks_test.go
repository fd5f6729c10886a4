package main

import (
	"path/filepath"
	"strings"
	"testing"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service/worldtest"
)

// A load attaches members to trunks and interfaces to their instances at the same time. Its history, in which
// a trunk is a place of its own with the limit of its members, is linearizable.
func TestLoadOfTrunksIsLinearizable(t *testing.T) {
	t.Parallel()
	trunks := worldtest.Set("eni_trunk_supported", true)
	world := worldtest.New("1000000000000001", worldtest.Set("trunking", true)).
		AccessKey("LTAIcrash").
		VPC("vpc-main", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-main").
		InstanceType("ecs.trunk.test", 4, trunks, worldtest.Set("eni_total_quantity", 7)).
		Instance("i-{n}", worldtest.Count(3), worldtest.Type("ecs.trunk.test")).
		NetworkInterface("eni-trunk-{n}", worldtest.Count(3), worldtest.Set("type", "Trunk"),
			worldtest.AttachedTo("i-{n}")).
		NetworkInterface("eni-member-{n}", worldtest.Count(3), worldtest.AttachedTo("i-{n}"),
			worldtest.Set("trunk", "eni-trunk-{n}")).
		NetworkInterface("eni-{n}", worldtest.Count(30))
	recorded := filepath.Join(t.TempDir(), "history.jsonl")
	server := start(t, "--data-dir", dataDir(t), "--scenario", file(t, world.String()),
		"--attach-delay", "0", "--detach-delay", "0")
	if out, errOut, exit := output(t, "load", "--endpoint", server.endpoint, "--access-key-id", "LTAIcrash",
		"--access-key-secret", "s", "--clients", "16", "--requests", "3000", "--seed", "1", "--fail-if", "unknown>0",
		"--history", recorded); exit != 0 {
		t.Fatalf("load: got exit code %d, %s%s", exit, out, errOut)
	}
	members, full := 0, 0
	for _, o := range readHistory(t, recorded).Operations {
		switch {
		case o.Action != history.Attach || !strings.HasPrefix(o.Instance.ID, "eni-"):
		case o.Outcome == history.OK:
			members++
		case o.Code == "EniPerInstanceLimitExceeded":
			full++
		}
	}
	if members < 100 || full < 10 {
		t.Errorf("got %d members attached and %d refused by a full trunk, want at least 100 and 10", members, full)
	}
	if out, errOut, exit := output(t, "check", recorded); exit != 0 {
		t.Errorf("check: got exit code %d, %s%s", exit, out, errOut)
	}
}
