package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service"
	"enisim.alt/store/pglocal"
	"enisim.alt/store/storetest"
)

// hotWorld has one instance with two free slots and 60 interfaces.
var hotWorld = worldOf(1, "ecs.g6.xlarge", 60).String()

// dropGuards removes the constraints behind the locks, so that only the locks protect the limit.
const dropGuards = `
	ALTER TABLE attachments
	    DROP CONSTRAINT a_device_index_is_taken_once,
	    DROP CONSTRAINT a_device_index_is_below_the_limit_of_the_type`

// maxRounds is the maximum number of rounds in which a sabotaged build must be caught.
const maxRounds = 10

// sabotagedBuilds have two tags each: one of TestSabotageIsCaught, and one of
// TestSabotageOfInterfacesIsCaught. Neither race reaches what the other tag changes: attaches and
// detaches lock no account and no VSwitch, and creations and addresses lock no instance. So two
// builds are enough for four tags. A build compiles almost all packages.
var sabotagedBuilds = []sabotagedBuild{
	newSabotagedBuild("sabotage_instance_lock", "sabotage_account_lock"),
	newSabotagedBuild("sabotage_count", "sabotage_vswitch_lock"),
}

// sabotagedBuild is a build of enisim with tags. The first call of binary builds it.
type sabotagedBuild struct {
	tags   []string
	binary func() (path string, err error)
}

func newSabotagedBuild(tags ...string) sabotagedBuild {
	return sabotagedBuild{tags, sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "enisim-sabotaged-")
		if err != nil {
			return "", err
		}
		sharedFolders.add(dir)
		path, list := filepath.Join(dir, "enisim"), strings.Join(tags, ",")
		out, err := exec.CommandContext(context.Background(), "go", "build", "-tags", list, "-ldflags", "-s -w", "-o",
			path, ".").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go build -tags %s: %w\n%s", list, err, out)
		}
		return path, nil
	})}
}

// build returns a build of enisim with a tag; without a tag it returns the test's own binary.
func build(t *testing.T, tag string) string {
	t.Helper()
	if tag == "" {
		return os.Args[0]
	}
	n := slices.IndexFunc(sabotagedBuilds, func(b sabotagedBuild) bool { return slices.Contains(b.tags, tag) })
	if n < 0 {
		t.Fatalf("got no build with the tag %s, want one", tag)
	}
	binary, err := sabotagedBuilds[n].binary()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// raceResult is the result of a load on two servers.
type raceResult struct {
	verdict  string // of enisim check
	exit     int
	failed   int // calls that were answered with InternalError, as when a constraint is violated
	attached int // interfaces on the instance at the end
}

// race puts a load on two servers of a build that share a database. The requests of one process
// share transactions, so a race needs two processes.
func race(t *testing.T, postgres *pglocal.Server, binary string, guarded bool, seed int) (r raceResult) {
	t.Helper()
	url := newDatabase(t, postgres)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if !guarded {
		if _, err := conn.Exec(t.Context(), dropGuards); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--database-url", url, "--attach-delay", "0", "--detach-delay", "0", "--log-level", "error"}
	first := startBinary(t, binary, append(args, "--scenario", file(t, hotWorld))...)
	second := startBinary(t, binary, args...)
	path := filepath.Join(t.TempDir(), "history.jsonl")
	if _, stderr, exit := output(t, "load", "--endpoint", first.endpoint, "--endpoint", second.endpoint,
		"--access-key-id", "LTAIcrash", "--access-key-secret", "s",
		"--allow-unknown", "--clients", "32", "--requests", "6000", "--duration", "20s", "--seed", strconv.Itoa(seed),
		"--history", path); exit != 0 {
		t.Fatalf("load: exit code %d: %s", exit, stderr)
	}
	checked := path
	if guarded && binary != os.Args[0] {
		checked = withoutRefusals(t, path)
	}
	stdout, stderr, exit := output(t, "check", checked)
	r.verdict, r.exit = stdout+stderr, exit
	for _, o := range readHistory(t, path).Operations {
		if o.Error == service.InternalError.Code {
			r.failed++
		}
	}
	if err := conn.QueryRow(t.Context(),
		`SELECT count(*) FROM slots WHERE instance_id = 'i-1'`).Scan(&r.attached); err != nil {
		t.Fatal(err)
	}
	return r
}

// withoutRefusals writes a copy of a history without its refused operations.
func withoutRefusals(t *testing.T, path string) string {
	t.Helper()
	refused := map[int]bool{}
	for _, o := range readHistory(t, path).Operations {
		refused[o.ID] = o.Outcome == history.Fail
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var kept []byte
	for line := range bytes.Lines(text) {
		var event struct{ Op *int }
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		if event.Op == nil || !refused[*event.Op] {
			kept = append(kept, line...)
		}
	}
	copied := path + ".acknowledged"
	if err := os.WriteFile(copied, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// newDatabase creates a database with the schema of enisim, which is that of the database in a
// prepared data folder.
func newDatabase(t *testing.T, postgres *pglocal.Server) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), postgres.DatabaseURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	name := "race_" + strings.ToLower(rand.Text())
	if _, err := conn.Exec(t.Context(), `CREATE DATABASE `+name+` TEMPLATE `+pglocal.Database); err != nil {
		t.Fatal(err)
	}
	return postgres.DatabaseURL(name)
}

// The locks keep the limit even without the constraints. A build without the lock, or with a count
// that comes too early, is caught by enisim check within thousands of calls. With the constraints
// in place, the acknowledged calls of the same build are right, and it answers InternalError where
// the locks would have failed. Its refusals may be wrong: no constraint can show that an instance
// is not full. So they are left out of the check.
//
// The test has its own Postgres, because sessions of a sabotaged build that wait at an exclusion
// constraint keep Postgres from dropping any database.
func TestSabotageIsCaught(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	postgres, err := pglocal.Start(t.Context(),
		pglocal.Options{DataDir: dataDir(t), Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	for _, tag := range []string{"", "sabotage_instance_lock", "sabotage_count"} {
		t.Run("tag "+tag, func(t *testing.T) {
			t.Parallel()
			binary := build(t, tag)
			guarded, bare := race(t, postgres, binary, true, 1), race(t, postgres, binary, false, 1)
			// The scheduler decides whether the transactions of the two servers overlap.
			for seed := 2; tag != "" && bare.exit == 0 && seed <= maxRounds; seed++ {
				bare = race(t, postgres, binary, false, seed)
			}
			t.Logf("guarded by constraints: %d calls failed; %s\nbare: %s", guarded.failed, guarded.verdict,
				bare.verdict)
			if guarded.exit != 0 || guarded.attached > 3 {
				t.Errorf("guarded by constraints: got exit code %d of check and %d interfaces on the instance, "+
					"want 0 and 3 at most: %s", guarded.exit, guarded.attached, guarded.verdict)
			}
			if tag == "" && (bare.exit != 0 || guarded.failed+bare.failed > 0) {
				t.Errorf("unchanged build, bare: got exit code %d of check and %d calls that failed, want 0 and 0: %s",
					bare.exit, guarded.failed+bare.failed, bare.verdict)
			}
			if tag != "" && (bare.exit != exitFailure || !strings.Contains(bare.verdict, "contradict each other")) {
				t.Errorf("bare: got exit code %d of check, want %d: %s", bare.exit, exitFailure, bare.verdict)
			}
		})
	}
}
