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

// childDataDir tells the test binary to be the process that is killed, using this data folder.
const childDataDir = "PGLOCAL_TEST_DATA_DIR"

// childGrace is the OrphanGrace of that process.
const childGrace = "PGLOCAL_TEST_ORPHAN_GRACE"

// childMain commits rows, says so, and waits to be killed.
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
	_, _ = os.Stdin.Read(make([]byte, 1)) // ends when the test does, should it forget the kill
	os.Exit(1)
}

// startChild returns when the child has committed its rows.
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
		t.Fatalf("the child says %q (%v), want ready", line, err)
	}
	return child
}

func TestStartAfterGoProcessWasKilled(t *testing.T) {
	t.Parallel()
	for name, alsoPostmaster := range map[string]bool{"alone": false, "with its postmaster": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDataDir(t)
			child := startChild(t, dir, time.Hour)
			if err := child.Process.Kill(); err != nil { // signal 9
				t.Fatal(err)
			}
			_ = child.Wait() // the error tells of the signal
			orphan := postmasterOf(t, dir)
			if alsoPostmaster {
				killPostmaster(t, dir)
			}

			s := mustStart(t, Options{DataDir: dir})
			if got := postmasterOf(t, dir); (got == orphan) == alsoPostmaster {
				t.Errorf("postmaster is %+v after the start, %+v before it; want the same: %t",
					got, orphan, !alsoPostmaster)
			}
			assertRows(t, s.URL())
			// The killed process held its locks to its end, not beyond: this is the last one out.
			mustStop(t, s)
			assertStopped(t, dir)
		})
	}
}

// kill ends a child with signal 9.
func kill(t *testing.T, child *exec.Cmd) {
	t.Helper()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // the error tells of the signal
}

// When the last process that uses Postgres is killed, Postgres stops, properly, and its watcher ends.
func TestPostgresStopsWhenAllAreKilled(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	first, second := startChild(t, dir, time.Nanosecond), startChild(t, dir, time.Nanosecond)
	kill(t, first)
	if found := postmasterOf(t, dir); !found.running {
		t.Fatal("one of two was killed and Postgres is gone")
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

// assertNoWatcher waits until nothing watches a data folder.
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

// A watcher whose data folder was removed and made anew leaves the Postgres of the new one alone.
func TestWatcherOfARemovedFolder(t *testing.T) {
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
	if !w.finished() || !postmasterOf(t, dir).running {
		t.Error("want the watcher to end, and Postgres to run on")
	}
}
