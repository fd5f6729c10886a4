package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enisim.alt/store/storetest"
)

// An exported world has no differences from its account. A diff shows those of another file.
func TestScenarioExportAndDiff(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	enisim := func(args ...string) (string, string, int) {
		t.Helper()
		return output(t, append([]string{"scenario", args[0], "--database-url", url}, args[1:]...)...)
	}
	world := file(t, crashWorld)
	out, _, exit := enisim("diff", world)
	if exit != exitFailure || !strings.HasPrefix(out, "+ account 1000000000000001\n+ access_key LTAIcrash\n+ vpc "+
		"vpc-main\n") {
		t.Errorf("diff of a new world: got %.200q, exit code %d, want all entries new", out, exit)
	}
	if _, errOut, exit := enisim("apply", world); exit != 0 {
		t.Fatal(errOut)
	}
	if out, errOut, exit := enisim("diff", world); out != "" || exit != 0 {
		t.Errorf("diff of the applied world: got %q, %q, exit code %d, want nothing", out, errOut, exit)
	}
	exported := filepath.Join(t.TempDir(), "exported.yaml")
	if _, errOut, exit := enisim("export", "--account", "1000000000000001", "--output", exported); exit != 0 {
		t.Fatal(errOut)
	}
	if info, err := os.Stat(exported); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600, because it has secrets", info.Mode(), err)
	}
	if out, errOut, exit := enisim("diff", exported); out != "" || exit != 0 {
		t.Errorf("diff of the exported file: got %q, %q, exit code %d, want nothing", out, errOut, exit)
	}
	if out, _, exit := enisim("apply", exported); out != "nothing to change\n" || exit != 0 {
		t.Errorf("apply of the exported file: got %q, exit code %d, want nothing to change", out, exit)
	}
	if out, _, exit := enisim("export", "--account", "1000000000000001", "--without-keys"); exit != 0 ||
		strings.Contains(out, "LTAIcrash") || !strings.Contains(out, "id: i-40,") {
		t.Errorf("without keys: got %.200q, exit code %d, want the world without its key", out, exit)
	}
	changed := file(t, worldOf(40, "ecs.g6.4xlarge", crashInterfaces-1).String())
	if out, _, exit := enisim("diff", changed); out != "- network_interface eni-280\n" || exit != exitFailure {
		t.Errorf("diff of a smaller world: got %q, exit code %d, want one interface less", out, exit)
	}
	for _, args := range [][]string{{"diff", "nowhere.yaml"}, {"diff", file(t, "enisim: 2\n")}} {
		if out, errOut, exit := enisim(args...); out != "" || errOut == "" || exit != exitUsage {
			t.Errorf("%v: got %q, %q, exit code %d, want %d and the reason", args, out, errOut, exit, exitUsage)
		}
	}
	if _, errOut, exit := enisim("export", "--account", "1000000000000002"); exit != exitFailure ||
		!strings.Contains(errOut, "enisim account list") {
		t.Errorf("export of an unknown account: got %q, exit code %d, want what to do", errOut, exit)
	}
}
