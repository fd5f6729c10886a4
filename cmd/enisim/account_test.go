package main

import (
	"strings"
	"syscall"
	"testing"

	"enisim.alt/store/storetest"
	"enisim.alt/testdata/scenarios"
)

// Accounts are created, used, reset and deleted beside a running server. The environment also has a
// scenario for the server, which must not affect them.
func TestAccountsBesideARunningServer(t *testing.T) {
	database := storetest.URL(t)
	world := file(t, string(scenarios.Quickstart))
	server := start(t, "--database-url", database, "--log-level", "debug")
	t.Setenv("ENISIM_SCENARIO", "no-such-file.yaml")
	account := func(args ...string) string {
		t.Helper()
		out, errOut, exit := output(t, append(append([]string{"account"}, args...), "--database-url", database)...)
		if exit != 0 {
			t.Fatalf("enisim account %s: got exit code %d, %q", strings.Join(args, " "), exit, errOut)
		}
		return out
	}
	wantCall := func(what, id, secret, want string) {
		t.Helper()
		out, errOut, _ := output(t, "call", "DescribeInstances", "--endpoint", server.endpoint, "--RegionId",
			"cn-hangzhou",
			"--access-key-id", id, "--access-key-secret", secret)
		if !strings.Contains(out+errOut, want) {
			t.Errorf("%s: got %q, want %q in it", what, out+errOut, want)
		}
	}

	printed := account("create", "--name", "run 17", "--network-interfaces-per-region", "7", "--expires-in", "1h",
		"--scenario", world)
	created := fields(printed)
	id, ownKey := created["Account"], created["AccessKeyId"]
	attacher := strings.Fields(created["LTAIquickstart000002"])
	if len(id) != 16 || len(attacher) < 6 || attacher[3] != "attacher" {
		t.Fatalf("create: got %q, want an account with a key, and the scenario's two", printed)
	}
	wantCall("the account's key", ownKey, created["AccessKeySecret"], `"InstanceId":"i-web"`)
	wantCall("its RAM user's key", attacher[0], attacher[1], `"InstanceId":"i-web"`)
	list := account("list")
	for _, want := range []string{id + "  7  ", "run 17", "1000000000000001", "never", "quickstart"} {
		if !strings.Contains(strings.Join(strings.Fields(list), "  "), strings.Join(strings.Fields(want), "  ")) {
			t.Errorf("list: got %q, want %q in it", list, want)
		}
	}

	if out := account("reset", id); out != id+" is empty\n" {
		t.Errorf("reset: got %q, want that %s is empty", out, id)
	}
	wantCall("a reset account", ownKey, created["AccessKeySecret"], `"TotalCount":0`)
	account("reset", id, "--scenario", world)
	wantCall("reset to its scenario", ownKey, created["AccessKeySecret"], `"InstanceId":"i-web"`)

	if out := account("delete", id); out != id+" is deleted\n" {
		t.Errorf("delete: got %q, want that %s is deleted", out, id)
	}
	if list := account("list"); strings.Contains(list, id) || !strings.Contains(list, "1000000000000001") {
		t.Errorf("afterwards: got %q, want only the quick-start account", list)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"create", "--id", "1000000000000001"}, "enisim account reset 1000000000000001"},
		{[]string{"create", "--scenario", "nowhere.yaml"}, "nowhere.yaml"},
		{[]string{"create", "--scenario", file(t, "enisim: 1\n")}, "scenario.yaml:1:1"},
		{[]string{"reset", id}, "enisim account list"},
		{[]string{"delete", id}, "enisim account list"},
	} {
		_, errOut, exit := output(t, append(append([]string{"account"}, c.args...), "--database-url", database)...)
		if exit != exitFailure || !strings.Contains(errOut, c.want) {
			t.Errorf("account %s: got exit code %d, %q; want %d and %q", strings.Join(c.args, " "), exit, errOut,
				exitFailure, c.want)
		}
	}
	server.end(t, syscall.SIGTERM)
	for _, secret := range []string{created["AccessKeySecret"], attacher[1]} {
		if strings.Contains(list, secret) || strings.Contains(server.log.String(), secret) {
			t.Errorf("got the secret %q in the list or in the server's log, want it in neither", secret)
		}
	}
}
