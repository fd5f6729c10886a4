package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// Changes by clients survive a restart with the same scenario. Only --scenario-reset restores the
// file.
func TestServeSeedsOnlyAccountsThatAreMissing(t *testing.T) {
	t.Parallel()
	world := file(t, worldOf(1, "ecs.g6.xlarge", 1).String())
	both := file(t, worldOf(1, "ecs.g6.xlarge", 1).Account("1000000000000002").AccessKey("LTAIother").String())
	url := storetest.URL(t)
	startServer := func(args ...string) (server *process, status string) {
		t.Helper()
		server = start(t, append(args, "--database-url", url, "--attach-delay", "1h")...)
		out, errOut, exit := output(t, "call", "DescribeNetworkInterfaces", "--endpoint", server.endpoint,
			"--access-key-id", "LTAIcrash", "--access-key-secret", "s",
			"--RegionId", "cn-hangzhou", "--NetworkInterfaceId.1", "eni-1")
		if exit != 0 {
			t.Fatal(out, errOut)
		}
		_, status, _ = strings.Cut(out, `"Status":"`)
		status, _, _ = strings.Cut(status, `"`)
		return server, status
	}
	for _, step := range []struct {
		args         []string
		status       string
		world, key   string
		attachBefore bool
	}{
		{[]string{"--scenario", world}, "Available", "new world in the database of --database-url: account " +
			"1000000000000001 made from " + world, "LTAIcrash", false},
		{[]string{"--scenario", world}, "Attaching",
			"account 1000000000000001 kept as left (--scenario-reset: as " + world + " says)", "LTAIcrash", true},
		{nil, "Attaching", "as it was left: 1 account", "LTAIcrash", false},
		{[]string{"--scenario", both}, "Attaching", "account 1000000000000002 made from " + both +
			"; account 1000000000000001 kept as left", "2 keys: enisim key list", false},
		{[]string{"--scenario", both, "--scenario-reset"}, "Available",
			"reset: accounts 1000000000000001, 1000000000000002 as " + both + " says", "2 keys: enisim key list",
			false},
	} {
		if step.attachBefore {
			server := start(t, "--database-url", url, "--attach-delay", "1h")
			if status, err := attachOverHTTP(t.Context(), &http.Client{}, server.endpoint, 1); status != 200 {
				t.Fatalf("attach: got %d, %v", status, err)
			}
			server.end(t, syscall.SIGTERM)
		}
		server, status := startServer(step.args...)
		if status != step.status {
			t.Errorf("%v: got the interface %s, want %s", step.args, status, step.status)
		}
		if got := server.greeting["World"]; !strings.HasPrefix(got, step.world) {
			t.Errorf("%v: got World %q, want %q", step.args, got, step.world)
		}
		if got := server.greeting["Key"]; !strings.HasPrefix(got, step.key) {
			t.Errorf("%v: got Key %q, want %q", step.args, got, step.key)
		}
		server.end(t, syscall.SIGTERM)
	}
}

// The banner shows the key of the quick-start world even if other accounts come before it, and
// names a new data folder.
func TestBanner(t *testing.T) {
	t.Parallel()
	dir := emptyDataDir(t)
	server := start(t, "--data-dir", filepath.Join(dir, "new"))
	if got, want := server.greeting["World"],
		"new world in "+filepath.Join(dir, "new")+": the quick-start world"; got != want {
		t.Errorf("got World %q, want %q", got, want)
	}
	earlier := file(t, worldtest.New("0000000000000001").AccessKey("LTAIearlier").String())
	if _, errOut, exit := output(t, "scenario", "apply", earlier, "--data-dir", filepath.Join(dir, "new")); exit != 0 {
		t.Fatal(errOut)
	}
	server.end(t, syscall.SIGTERM)
	server = start(t, "--data-dir", filepath.Join(dir, "new"))
	if got := server.greeting["Key"]; got != quickstartKey {
		t.Errorf("got Key %q, want that of the quick-start world", got)
	}
	if got := server.greeting["World"]; got != "as it was left: 2 accounts" {
		t.Errorf("got World %q, want the two accounts as they were left", got)
	}
}

// A port in use and an invalid scenario are reported before anything is created.
func TestServeCreatesNothingOnFailure(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args []string
		exit int
		want string
	}{
		{[]string{"--listen", taken.Addr().String()}, exitFailure, "choose another --listen"},
		{[]string{"--listen", "127.0.0.1:0", "--scenario", file(t, "enisim: 1\nacounts: []\n")}, exitUsage,
			`did you mean "accounts"`},
		{[]string{"--listen", "127.0.0.1:0", "--scenario-reset"}, exitUsage, "--scenario FILE"},
	} {
		dir := filepath.Join(emptyDataDir(t), "new")
		_, errOut, exit := output(t, append([]string{"serve", "--data-dir", dir}, c.args...)...)
		if exit != c.exit || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: got exit code %d, %q; want %d and %q", c.args, exit, errOut, c.exit, c.want)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%v: got a data folder (%v), want none", c.args, err)
		}
	}
}
