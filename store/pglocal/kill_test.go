package pglocal

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func itoa(n int) []byte { return []byte(strconv.Itoa(n)) }

// childDataDir is the variable that makes the test binary a child process, with this data folder.
const childDataDir = "PGLOCAL_TEST_DATA_DIR"

// childGrace is the variable with the OrphanGrace of the child process.
const childGrace = "PGLOCAL_TEST_ORPHAN_GRACE"

// childMain commits rows, prints "ready", and waits to be killed.
func childMain(dir string) {
	if err := func() error {
		ctx := context.Background()
		grace, err := time.ParseDuration(os.Getenv(childGrace))
		if err != nil {
			return err
		}
		s, err := Start(ctx, Options{DataDir: dir, OrphanGrace: grace})
		if err != nil {
			return err
		}
		conn, err := pgx.Connect(ctx, s.URL())
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "DROP TABLE IF EXISTS kept; "+writeRows)
		return err
	}(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	_, _ = os.Stdin.Read(make([]byte, 1)) // ends with the test, if the test does not kill this process
	os.Exit(1)
}

// startChild starts a child process, and returns when the child has committed its rows.
func startChild(t *testing.T, dir string, grace time.Duration) *exec.Cmd {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDataDir+"="+dir, childGrace+"="+grace.String())
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if line != "ready\n" {
		t.Fatalf("output of the child: got %q, error %v, want ready", line, err)
	}
	return child
}

// After a process was killed, the next Start uses the Postgres that still runs, or starts it again.
// No committed row is lost.
func TestStartAfterTheProcessWasKilled(t *testing.T) {
	t.Parallel()
	for name, alsoPostmaster := range map[string]bool{"alone": false, "with its postmaster": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDataDir(t)
			child := startChild(t, dir, time.Hour)
			kill(t, child)
			orphan := postmasterOf(t, dir)
			if alsoPostmaster {
				killPostmaster(t, dir)
			}

			s := mustStart(t, Options{DataDir: dir})
			if got := postmasterOf(t, dir); (got == orphan) == alsoPostmaster {
				t.Errorf("postmaster: got %+v after the start and %+v before it, want the same: %t",
					got, orphan, !alsoPostmaster)
			}
			assertRows(t, s.URL())
			// The locks of the killed process were released with it, so this is the last process
			// that uses Postgres.
			mustStop(t, s)
			assertStopped(t, dir)
		})
	}
}

// kill kills a child with SIGKILL.
func kill(t *testing.T, child *exec.Cmd) {
	t.Helper()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // its error is the signal
}

// When the last process that uses Postgres is killed, Postgres shuts down cleanly, and its watcher
// exits.
func TestPostgresStopsWhenAllAreKilled(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	first, second := startChild(t, dir, time.Nanosecond), startChild(t, dir, time.Nanosecond)
	kill(t, first)
	if found := postmasterOf(t, dir); !found.running {
		t.Fatal("got no running Postgres after one of two processes was killed, want one")
	}
	kill(t, second)
	eventually(t, "Postgres has stopped", func() bool { return postmasterOf(t, dir).pid == 0 })
	assertNoWatcher(t, dir)

	s := mustStart(t, Options{DataDir: dir})
	assertRows(t, s.URL())
	mustStop(t, s)
	assertStopped(t, dir)
	assertNoWatcher(t, dir)
}

// assertNoWatcher waits until no watcher holds the lock of a data folder.
func assertNoWatcher(t *testing.T, dir string) {
	t.Helper()
	file, err := os.OpenFile(layout{home: filepath.Join(dir, "postgres")}.watchLock(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	lock := &fileLock{file}
	defer func() {
		if err := lock.release(); err != nil {
			t.Error(err)
		}
	}()
	eventually(t, "the watcher has ended", func() bool {
		free, err := lock.tryLock(syscall.LOCK_EX)
		if err != nil {
			t.Fatal(err)
		}
		return free
	})
}

// A watcher whose data folder was removed and created again does not stop the Postgres of the new
// folder.
func TestWatcherOfARemovedFolderStopsNoOtherPostgres(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	s := mustStart(t, Options{DataDir: dir})
	w := &watcher{watchOrder: watchOrder{Home: s.files.home}, files: s.files}
	for lock, path := range map[**fileLock]string{&w.start: "start", &w.users: "users", &w.self: "self"} {
		opened, err := openLock(filepath.Join(dir, "removed-"+path), s.owner)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = opened.release() }()
		*lock = opened
	}
	if finished, running := w.finished(), postmasterOf(t, dir).running; !finished || !running {
		t.Errorf("got watcher finished %t, Postgres running %t, want true and true", finished, running)
	}
}
