package main

import (
	"encoding/json"
	"strings"
	"testing"

	"enisim.alt/service/operator"
)

// One command loses the answer of the second attach. The command line says so, the counts too, and the
// interface is attached.
func TestLostAnswerOfTheSecondAttach(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	server := start(t, "--data-dir", dir, "--attach-delay", "0")
	added, errOut, exit := output(t, "fault", "add", "--data-dir", dir, "--account", "1000000000000001",
		"--action", "AttachNetworkInterface", "--from", "2", "--to", "2", "--lose", "500")
	if exit != 0 {
		t.Fatalf("fault add: got exit code %d, %s", exit, errOut)
	}
	id := strings.TrimSpace(added)
	attach := func(eni string) (out, errOut string, exit int) {
		return output(t, "call", "AttachNetworkInterface", "--endpoint", server.endpoint, "--RegionId", "cn-hangzhou",
			"--InstanceId", "i-db", "--NetworkInterfaceId", eni)
	}
	if out, errOut, exit := attach("eni-free-1"); exit != 0 || errOut != "" {
		t.Errorf("the first attach: got exit code %d, %s%s; want 0", exit, out, errOut)
	}
	if out, errOut, exit := attach("eni-free-2"); exit != exitFailure || !strings.Contains(out, `"InternalError"`) ||
		!strings.Contains(errOut, id+" touched this answer") {
		t.Errorf("the second attach: got exit code %d, %s%s; want InternalError, and the id %s", exit, out, errOut, id)
	}
	shown, _, _ := output(t, "fault", "show", id, "--data-dir", dir)
	var fault operator.Fault
	if err := json.Unmarshal([]byte(shown), &fault); err != nil || fault.Matched != 2 || fault.Struck != 1 {
		t.Errorf("fault show: got %s, %v; want 2 calls matched and 1 struck", shown, err)
	}
	if out, _, _ := output(t, "call", "DescribeNetworkInterfaces", "--endpoint", server.endpoint, "--RegionId",
		"cn-hangzhou", "--NetworkInterfaceId.1", "eni-free-2"); !strings.Contains(out, `"Status":"InUse"`) {
		t.Errorf("got %s, want eni-free-2 InUse", out)
	}
	if out, errOut, exit := output(t, "fault", "remove", id, "--data-dir", dir); exit != 0 {
		t.Errorf("fault remove: got exit code %d, %s%s", exit, out, errOut)
	}
	if out, _, exit := output(t, "fault", "remove", id, "--data-dir", dir); exit == 0 {
		t.Errorf("a second removal: got exit code 0, %s; want an error", out)
	}
}
