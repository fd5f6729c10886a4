package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/service/worldtest"
	"enisim.alt/store/pglocal"
	"enisim.alt/store/storetest"
)

// outputOf runs a command line with additional environment variables and with standard input.
func outputOf(t *testing.T, environment []string, input string, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	cmd := program(t.Context(), args...)
	cmd.Env = append(cmd.Env, environment...)
	return runWithInput(t, cmd, input)
}

// runWithInput runs a command to its end with standard input.
func runWithInput(t *testing.T, cmd *exec.Cmd, input string) (stdout, stderr string, exit int) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errOut
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// With ENISIM_ENDPOINT, each operator's command uses the control API and has the same result as on
// the database.
func TestOperatorsCommandsThroughAServer(t *testing.T) {
	t.Parallel()
	const token, account = "a-token-of-sixteen", "1000000000000001"
	url := storetest.URL(t)
	server := start(t, "--database-url", url, "--control-token", token)
	environment := []string{"ENISIM_ENDPOINT=" + strings.TrimPrefix(server.endpoint, "http://"),
		"ENISIM_CONTROL_TOKEN=" + token, "ENISIM_DATABASE_URL=postgres://nobody@127.0.0.1:1/none"}
	world := worldOf(1, "ecs.g6.xlarge", 2).String()
	enisim := func(exit int, args ...string) string {
		t.Helper()
		out, errOut, got := outputOf(t, environment, world, args...)
		if got != exit {
			t.Fatalf("%v: got exit code %d, %q, %q; want %d", args, got, out, errOut, exit)
		}
		return out + errOut
	}
	want := func(printed string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(printed, part) {
				t.Errorf("got %q, want %q in it", printed, part)
			}
		}
	}

	want(enisim(0, "scenario", "check", "-"), "standard input: 1 account, 1 access key")
	want(enisim(exitFailure, "scenario", "diff", "-"), "+ network_interface eni-1\n",
		"- network_interface eni-free-1\n")
	want(enisim(0, "scenario", "apply", "-"), "network_interfaces: 3 new, 0 changed,")
	want(enisim(0, "scenario", "apply", "-"), "nothing to change")
	want(enisim(0, "scenario", "diff", "-"), "")
	want(enisim(0, "scenario", "export", "--account", account), "id: LTAIcrash, secret: s")
	if out := enisim(0, "scenario", "export", "--account", account, "--without-keys"); strings.Contains(out,
		"LTAIcrash") {
		t.Errorf("without keys: got %q, want no key in it", out)
	}
	created := fields(enisim(0, "account", "create", "--expires-in", "1h", "--name", "run 17", "--scenario",
		file(t, world)))
	want(enisim(0, "account", "list"), account, created["Account"], "run 17")
	want(enisim(0, "account", "reset", created["Account"]), "is empty")
	want(enisim(0, "account", "delete", created["Account"]), "is deleted")
	key := fields(enisim(0, "key", "create", "--account", account, "--temporary", "--expires-in", "1h"))
	if key["SecurityToken"] == "" {
		t.Errorf("key create: got %v, want a SecurityToken", key)
	}
	want(enisim(0, "key", "list", "--account", account), "LTAIcrash", key["AccessKeyId"], "temporary")
	want(enisim(0, "key", "disable", key["AccessKeyId"]), "is Inactive")
	want(enisim(0, "key", "delete", key["AccessKeyId"]), "is deleted")
	want(enisim(exitFailure, "key", "delete", "LTAInobody"), "enisim key list")
	want(enisim(0, "snapshot", "save", "before", "--account", account), "before has 7 resources")
	want(enisim(0, "account", "reset", account), "is empty")
	want(enisim(0, "snapshot", "restore", "before", "--account", account),
		"network_interfaces: 3 new, 0 changed, 0 gone")
	want(enisim(0, "snapshot", "list", "--account", account), "before")
	want(enisim(0, "verify"), "invariants hold")

	// With --json, a command prints the same through a server and on the database.
	for _, args := range [][]string{{"account", "list"}, {"key", "list"}, {"snapshot", "list", "--account", account},
		{"verify"}} {
		remote := enisim(0, append(args, "--json")...)
		local, errOut, exit := output(t, append(args, "--json", "--database-url", url)...)
		if exit != 0 || remote != local {
			t.Errorf("%v: got %q through the server and %q on the database, want the same: %s", args, remote, local,
				errOut)
		}
	}
	for _, args := range [][]string{
		{"account", "create"}, {"account", "reset", account}, {"key", "create", "--account", account},
		{"key", "disable", "LTAIcrash"}, {"key", "delete", "LTAIcrash"},
		{"snapshot", "save", "other", "--account", account}, {"snapshot", "restore", "other", "--account", account},
		{"snapshot", "delete", "other", "--account", account},
		{"scenario", "apply", "-"}, {"scenario", "export", "--account", account}, {"account", "delete", account},
	} {
		out, errOut, exit := outputOf(t, environment, world, append(args, "--json")...)
		if exit != 0 || !json.Valid([]byte(out)) {
			t.Errorf("%v: got exit code %d, %q, %q; want JSON", args, exit, out, errOut)
		}
	}
	want(enisim(exitUsage, "scenario", "diff", "-", "--control-token", "another-one-of-sixteen"),
		"ENISIM_CONTROL_TOKEN")

	// A flag of the command line overrides the environment.
	out, errOut, exit := outputOf(t, []string{"ENISIM_ENDPOINT=127.0.0.1:1"}, "", "account", "list", "--database-url",
		url)
	if exit != 0 {
		t.Errorf("--database-url beside ENISIM_ENDPOINT: got exit code %d, %q, %q; want the database used", exit, out,
			errOut)
	}
}

// A mistyped command or folder creates no folder, no Postgres and no tables.
func TestCommandsCreateNothingByMistake(t *testing.T) {
	t.Parallel()
	dir := emptyDataDir(t)
	typo := filepath.Join(dir, "typo")
	world := file(t, crashWorld)
	for _, args := range []string{
		"account list", "account create", "account reset 1000000000000001", "account delete 1000000000000001",
		"key list", "key create --account 1000000000000001",
		"key delete LTAI1", "key disable LTAI1", "snapshot list --account 1000000000000001", "scenario diff " + world,
		"scenario export --account 1000000000000001",
		"verify", "reset", "migrate status", "migrate down --yes",
	} {
		_, errOut, exit := output(t, append(strings.Fields(args), "--data-dir", typo)...)
		if exit == 0 || !strings.Contains(errOut, "there is no world in "+typo) {
			t.Errorf("%s: got exit code %d, %q; want an error that there is no world", args, exit, errOut)
		}
	}
	for _, args := range []string{"account lst", "scenario apply " + typo, "scenario apply",
		"scenario apply " + file(t, "enisim: 1\nacounts: []\n")} {
		if _, errOut, exit := output(t, append(strings.Fields(args), "--data-dir", typo)...); exit == 0 {
			t.Errorf("%s: got exit code 0, %q, want an error", args, errOut)
		}
	}
	if _, err := os.Stat(typo); !os.IsNotExist(err) {
		t.Errorf("got a folder (%v), want none", err)
	}

	empty := storetest.URL(t)
	conn, err := pgx.Connect(t.Context(), empty)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`); err != nil {
		t.Fatal(err)
	}
	if _, errOut, exit := output(t, "account", "list", "--database-url", empty); exit != exitFailure ||
		!strings.Contains(errOut, "holds no world") {
		t.Errorf("a database without tables: got exit code %d, %q; want an error that it holds no world", exit, errOut)
	}
	if out, errOut, exit := output(t, "scenario", "apply", world, "--database-url", empty); exit != 0 {
		t.Errorf("scenario apply: got exit code %d, %q, %q, want the tables created", exit, out, errOut)
	}
}

// Without a named database, a command uses the default folder if a server runs there, and prints
// the folder. It starts nothing.
func TestDefaultDataDir(t *testing.T) {
	t.Parallel()
	defaultDir, err := pglocal.DefaultDataDir()
	if err != nil {
		t.Fatal(err)
	}
	before, err := pglocal.Inspect(defaultDir)
	if err != nil {
		t.Skip(err)
	}
	_, errOut, exit := output(t, "account", "list")
	if before.Running {
		if !strings.Contains(errOut, defaultDir) {
			t.Errorf("got exit code %d, %q; want the folder named", exit, errOut)
		}
		return
	}
	if exit != exitFailure || !strings.Contains(errOut, "no server runs on the default data folder "+defaultDir) ||
		!strings.Contains(errOut, "ENISIM_ENDPOINT") {
		t.Errorf("got exit code %d, %q; want it refused", exit, errOut)
	}
	if after, err := pglocal.Inspect(defaultDir); err != nil || after != before {
		t.Errorf("got %+v, %v; want %+v, unchanged", after, err, before)
	}
}

// The newest migration is reverted only with --yes.
func TestMigrateDownNeedsConfirmation(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	_, errOut, exit := output(t, "migrate", "down", "--database-url", url)
	if exit != exitUsage || !strings.Contains(errOut, "--yes") || !strings.Contains(errOut, ".sql") {
		t.Errorf("without --yes: got exit code %d, %q; want the migration named, and --yes", exit, errOut)
	}
	before, _, _ := output(t, "migrate", "status", "--database-url", url)
	if strings.Contains(before, "pending") {
		t.Errorf("without --yes: got %s; want all applied", before)
	}
	if out, errOut, exit := output(t, "migrate", "down", "--yes", "--database-url", url); exit != 0 ||
		!strings.Contains(out, "took back") {
		t.Errorf("with --yes: got exit code %d, %q, %q; want the migration reverted", exit, out, errOut)
	}
}

// enisim reset restores the quick-start world.
func TestReset(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	server := start(t, "--database-url", url)
	attach := []string{
		"call", "AttachNetworkInterface", "--endpoint", server.endpoint, "--RegionId", "cn-hangzhou", "--InstanceId",
		"i-web", "--NetworkInterfaceId", "eni-free-1",
	}
	for range 2 {
		if out, errOut, exit := output(t, attach...); exit != 0 {
			t.Fatalf("attach: got %q, %q", out, errOut)
		}
		if out, errOut, exit := outputOf(t, []string{"ENISIM_ENDPOINT=" + server.endpoint}, "", "reset"); exit != 0 ||
			!strings.Contains(out, "as at first (account 1000000000000001)") {
			t.Fatalf("reset: got exit code %d, %q, %q", exit, out, errOut)
		}
	}
	if _, errOut, exit := output(t, "reset", "--endpoint", "http://enisim.example:8080"); exit != exitFailure ||
		!strings.Contains(errOut, "published") {
		t.Errorf("another machine: got exit code %d, %q; want it refused", exit, errOut)
	}
}

// The error for a valid scenario that cannot be applied says what to change.
func TestScenarioWithTheKeyOfAnotherAccount(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	ownerOfKey := func(account string) string {
		return file(t, worldtest.New(account).AccessKey("LTAItaken").String())
	}
	first, second := ownerOfKey("1000000000000001"), ownerOfKey("1000000000000002")
	if out, errOut, exit := output(t, "scenario", "apply", first, "--database-url", url); exit != 0 {
		t.Fatal(out, errOut)
	}
	for _, args := range [][]string{{"scenario", "apply", second}, {"serve", "--listen", "127.0.0.1:0", "--scenario",
		second}, {"serve", "--listen", "127.0.0.1:0", "--scenario", second, "--scenario-reset"}} {
		_, errOut, exit := output(t, append(args, "--database-url", url)...)
		if exit != exitFailure || !strings.Contains(errOut, "LTAItaken") ||
			!strings.Contains(errOut, "give it another one") {
			t.Errorf("%v: got exit code %d, %q; want the name of the key, and what to do", args, exit, errOut)
		}
	}
}
