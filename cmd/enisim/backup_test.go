package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A backup of a running server is restored into an empty folder, with all that was acknowledged, and every
// invariant holds there. No world is overwritten.
func TestABackupIsRestoredIntoAnEmptyFolder(t *testing.T) {
	t.Parallel()
	from, to := dataDir(t), emptyDataDir(t)
	server := start(t, "--data-dir", from, "--attach-delay", "0")
	expect := func(want string, exit int, args ...string) string {
		t.Helper()
		out, errOut, code := output(t, args...)
		if code != exit || !strings.Contains(out+errOut, want) {
			t.Fatalf("enisim %s: got exit code %d and\n%s%s\nwant %d and %q", strings.Join(args, " "), code, out,
				errOut, exit, want)
		}
		return out
	}
	expect("RequestId", 0, "call", "AttachNetworkInterface", "--endpoint", server.endpoint, "--InstanceId", "i-web",
		"--NetworkInterfaceId", "eni-free-1", "--RegionId", "cn-hangzhou")
	file := filepath.Join(t.TempDir(), "world.backup")
	expect("bytes", 0, "backup", file, "--data-dir", from)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want a file that only its owner may read", info, err)
	}
	expect("already", 1, "restore", file, "--data-dir", from)

	// A damaged backup leaves the folder without a world, so that the right one can be restored.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.backup")
	if err := os.WriteFile(damaged, text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	expect("restore "+damaged, 1, "restore", damaged, "--data-dir", to)
	expect("restored", 0, "restore", file, "--data-dir", to)
	expect("invariants hold", 0, "verify", "--data-dir", to)
	exported := filepath.Join(t.TempDir(), "world.yaml")
	expect("", 0, "scenario", "export", "--account", "1000000000000001", "--data-dir", from, "--output", exported)
	if differences := expect("", 0, "scenario", "diff", exported, "--data-dir", to); differences != "" {
		t.Errorf("restored: got\n%s\nwant no difference", differences)
	}
	expect("already", 1, "restore", file, "--data-dir", to)
}
