package pglocal

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDataDir); dir != "" {
		childMain(dir)
	}
	goleak.VerifyTestMain(m)
}

// stepTimeout limits a step of a test that takes a second on an idle machine.
const stepTimeout = time.Minute

// newDataDir returns a data folder that the user of Postgres can enter, unlike that of t.TempDir.
// If a test leaves Postgres running in it, the test fails, and this Postgres is stopped.
func newDataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(ScratchDir(), "pglocal-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if entry != nil && entry.Name() == "cluster" {
				assertStopped(t, filepath.Dir(filepath.Dir(path)))
				return filepath.SkipDir
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// assertStopped fails the test if a Postgres runs in a data folder, and kills that Postgres.
func assertStopped(t testing.TB, dataDir string) {
	t.Helper()
	if found := postmasterOf(t, dataDir); found.running {
		t.Errorf("%s: got a running Postgres (pid %d), want none", dataDir, found.pid)
		if err := syscall.Kill(found.pid, syscall.SIGQUIT); err != nil {
			t.Error(err)
		}
	}
}

// postmasterOf returns the postmaster of a data folder.
func postmasterOf(t testing.TB, dataDir string) postmaster {
	t.Helper()
	found, err := findPostmaster(layout{home: filepath.Join(dataDir, "postgres")})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// killPostmaster kills the postmaster with SIGKILL, and returns its pid.
func killPostmaster(t testing.TB, dataDir string) int {
	t.Helper()
	found := postmasterOf(t, dataDir)
	if !found.running {
		t.Fatalf("%s: got no running Postgres, want one", dataDir)
	}
	if err := syscall.Kill(found.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	return found.pid
}

func mustStart(t testing.TB, opts Options) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	s, err := Start(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustStop(t, s) })
	return s
}

func mustStop(t testing.TB, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // a test may have stopped the server already
	return conn
}

func run(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// queryText returns the text that a query gives.
func queryText(t testing.TB, conn *pgx.Conn, sql string) string {
	t.Helper()
	var got string
	if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

const (
	writeRows = `CREATE TABLE kept (n int); INSERT INTO kept SELECT generate_series(1, 1000)`
	readRows  = `SELECT count(*)::text FROM kept`
)

// assertRows checks that a database has the rows of writeRows.
func assertRows(t testing.TB, url string) {
	t.Helper()
	if got, want := queryText(t, connect(t, url), readRows), "1000"; got != want {
		t.Errorf("rows after the restart: got %s, want %s", got, want)
	}
}

// A started Postgres has the settings of this package and those of the caller. After a stop and
// another start, the committed rows are there.
func TestStartAndStop(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	s := mustStart(t, Options{DataDir: dir, Settings: map[string]string{"work_mem": "5MB"}})
	conn := connect(t, s.URL())
	for query, want := range map[string]string{
		`SELECT current_database()`:               Database,
		`SHOW server_encoding`:                    "UTF8",
		`SHOW listen_addresses`:                   "",
		`SHOW unix_socket_permissions`:            "0700",
		`SHOW fsync`:                              "on",
		`SHOW synchronous_commit`:                 "on",
		`SHOW max_connections`:                    "200",
		`SHOW work_mem`:                           "5MB",
		`SELECT inet_server_addr() IS NULL || ''`: "true",
		`SELECT count(*)::text FROM pg_settings
			WHERE name = 'listen_addresses' AND source <> 'configuration file'`: "0",
	} {
		if got := queryText(t, conn, query); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	if got, want := queryText(t, connect(t, s.DatabaseURL("template1")), `SELECT current_database()`),
		"template1"; got != want {
		t.Errorf("database of DatabaseURL(%q): got %q", want, got)
	}
	run(t, conn, writeRows)
	mustStop(t, s)
	mustStop(t, s) // a second stop has no effect
	assertStopped(t, dir)

	assertRows(t, mustStart(t, Options{DataDir: dir}).URL())
}

// If Postgres does not finish its shutdown because one of its processes hangs, Stop ends it all the
// same, and no committed row is lost.
func TestStopEndsAPostgresThatHangs(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	s := mustStart(t, Options{DataDir: dir})
	conn := connect(t, s.URL())
	run(t, conn, writeRows)
	pid, err := strconv.Atoi(queryText(t, conn, `
		SELECT pid::text FROM pg_stat_activity WHERE backend_type = 'checkpointer'`))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	mustStop(t, s)
	assertStopped(t, dir)

	assertRows(t, mustStart(t, Options{DataDir: dir}).URL())
}

// Several processes can use one Postgres. It runs until the last of them stops it.
func TestPostgresRunsUntilTheLastProcessStops(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	const uses = 6
	servers := make([]*Server, uses)
	var group sync.WaitGroup
	for i := range servers {
		group.Go(func() {
			s, err := Start(t.Context(), Options{DataDir: dir})
			if err != nil {
				t.Error(err)
				return
			}
			servers[i] = s
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	first := postmasterOf(t, dir)
	for _, s := range servers {
		// Each server works although others have stopped.
		if got := postmasterOf(t, dir); got != first {
			t.Fatalf("postmaster: got %+v, want %+v as at the start", got, first)
		}
		if err := connect(t, s.URL()).Ping(t.Context()); err != nil {
			t.Error(err)
		}
		mustStop(t, s)
	}
	assertStopped(t, dir)
}

// A start during a stop waits for the end of the stop, and then starts Postgres again.
func TestStartDuringAStopWaitsForIt(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	mustStop(t, mustStart(t, Options{DataDir: dir})) // creates the cluster
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 5 {
				s, err := Start(t.Context(), Options{DataDir: dir})
				if err != nil {
					t.Error(err)
					return
				}
				conn, err := pgx.Connect(t.Context(), s.URL())
				if err != nil {
					t.Error(err)
				} else if err := conn.Close(t.Context()); err != nil {
					t.Error(err)
				}
				mustStop(t, s)
			}
		})
	}
	group.Wait()
	assertStopped(t, dir)
}

// After the postmaster was killed, Start waits for the backends that outlive it, and then starts
// Postgres.
func TestStartAfterPostmasterWasKilled(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	s := mustStart(t, Options{DataDir: dir})
	conn := connect(t, s.URL())
	run(t, conn, writeRows)
	// A backend that runs a statement outlives its postmaster, and keeps the old shared memory.
	busy := connect(t, s.URL())
	run(t, busy, `CREATE FUNCTION spin() RETURNS void LANGUAGE plpgsql AS
		$$ BEGIN WHILE clock_timestamp() < statement_timestamp() + interval '1 second' LOOP END LOOP; END $$`)
	var group sync.WaitGroup
	group.Go(func() { _, _ = busy.Exec(t.Context(), `SELECT spin()`) }) // its result does not matter
	defer group.Wait()
	for queryText(t, conn, `
		SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%spin()'`) != "1" {
	}
	killed := killPostmaster(t, dir)

	again := mustStart(t, Options{DataDir: dir})
	if got := postmasterOf(t, dir); !got.running || got.pid == killed {
		t.Errorf("postmaster: got %+v, want another one than %d, which was killed", got, killed)
	}
	assertRows(t, again.URL())
}

// Supervise starts Postgres again each time its postmaster was killed.
func TestSuperviseRestartsAKilledPostgres(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	var log lockedBuffer
	s := mustStart(t, Options{DataDir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	run(t, connect(t, s.URL()), writeRows)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { s.Supervise(ctx) })
	for range 2 {
		killed := killPostmaster(t, dir)
		eventually(t, "another postmaster answers", func() bool {
			conn, err := pgx.Connect(t.Context(), s.URL())
			if err != nil {
				return false
			}
			defer conn.Close(t.Context())
			return postmasterOf(t, dir).pid != killed
		})
		assertRows(t, s.URL())
	}
	cancel()
	group.Wait()
	if want := "was not stopped properly"; !strings.Contains(log.String(), want) {
		t.Errorf("got this log, want %q in it:\n%s", want, log.String())
	}

	// A server that was stopped is not started again: Supervise returns, although its context is
	// not done.
	mustStop(t, s)
	s.Supervise(t.Context())
	assertStopped(t, dir)
}

// After the end of a container, the pid in a left pid file may be that of another process. Start
// does not take that process for Postgres.
func TestStartIgnoresAReusedPID(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	s := mustStart(t, Options{DataDir: dir})
	run(t, connect(t, s.URL()), writeRows)
	unrelated := s.owner.command(t.Context(), "/", "/bin/sleep", "600")
	if err := unrelated.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unrelated.Process.Kill(); _ = unrelated.Wait() }()

	killed := killPostmaster(t, dir)
	eventually(t, "the postmaster is gone", func() bool { return !postmasterOf(t, dir).running })
	for _, path := range []string{pidPath(s.files), filepath.Join(s.run(), socketName+".lock")} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.Replace(content, itoa(killed), itoa(unrelated.Process.Pid), 1)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := postmasterOf(t, dir); got.running || !got.pidReused {
		t.Fatalf("findPostmaster: got %+v, want no running one and a reused pid", got)
	}
	assertRows(t, mustStart(t, Options{DataDir: dir}).URL())
}

// Start repairs a postmaster.pid without a process id, as a crash or a full disk can leave it, and
// logs that.
func TestStartRepairsAMalformedPIDFile(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	s := mustStart(t, Options{DataDir: dir})
	run(t, connect(t, s.URL()), writeRows)
	for _, c := range []struct {
		content    string
		socket     bool // writes the content into the lock file of the socket too
		killBefore bool
	}{
		{content: ""},
		{content: "garbage\n", socket: true},
		{content: "12"},
		{content: "\x00\x00\x00\n", killBefore: true},
		{content: "-7\n"},
		{content: "99999999999999999999\n", socket: true, killBefore: true},
	} {
		if c.killBefore {
			killPostmaster(t, dir)
			eventually(t, "the postmaster is gone", func() bool { return !postmasterOf(t, dir).running })
		} else {
			mustStop(t, s)
		}
		paths := []string{pidPath(s.files)}
		if c.socket {
			paths = append(paths, socketLock(s.run()))
		}
		for _, path := range paths {
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(path, s.owner.uid, s.owner.gid); err != nil {
				t.Fatal(err)
			}
		}
		mustStop(t, s)
		var log lockedBuffer
		s = mustStart(t, Options{DataDir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		assertRows(t, s.URL())
		if !strings.Contains(log.String(), "postmaster.pid held no process id") {
			t.Errorf("%q: got this log, want the repair in it:\n%s", c.content, &log)
		}
	}

	// A Postgres that runs although its pid file is empty is used, and stopped at the end.
	running := postmasterOf(t, dir).pid
	if err := os.WriteFile(pidPath(s.files), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := postmasterOf(t, dir); got.pid != running || !got.running || !got.malformed {
		t.Errorf("postmaster: got %+v, want %d, running, with a malformed file", got, running)
	}
	other := mustStart(t, Options{DataDir: dir})
	assertRows(t, other.URL())
	mustStop(t, other)
	mustStop(t, s)
	if err := syscall.Kill(running, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("postmaster %d after the last stop: got %v, want %v", running, err, syscall.ESRCH)
	}
}

// A data folder can have a path that is too long for a socket, or that has characters with a
// meaning in shells and URLs.
func TestDataFoldersWithLongAndUnusualPaths(t *testing.T) {
	t.Parallel()
	for name, below := range map[string]string{
		"too long for a socket": strings.Repeat("long/", 30) + "end",
		"signs":                 `it's "a" $HOME, \ and [*]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(newDataDir(t), below)
			s := mustStart(t, Options{DataDir: dir})
			t.Cleanup(func() {
				if !strings.HasPrefix(s.run(), s.files.home) {
					_ = os.RemoveAll(s.run())
				}
			})
			if got := len(filepath.Join(s.run(), socketName)); got > maxSocketPath {
				t.Errorf("length of the path of the socket: got %d bytes, want at most %d", got, maxSocketPath)
			}
			run(t, connect(t, s.URL()), writeRows)

			// Another path of the same folder leads to the same server.
			link := filepath.Join(newDataDir(t), "link")
			if err := os.Symlink(dir, link); err != nil {
				t.Fatal(err)
			}
			other := mustStart(t, Options{DataDir: link})
			if got, want := other.URL(), s.URL(); got != want {
				t.Errorf("URL by a symbolic link: got %s, want %s", got, want)
			}
			assertRows(t, other.URL())
		})
	}
}

// If another user owns the data folder, root runs Postgres as that user.
func TestRootRunsPostgresAsTheOwnerOfTheFolder(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root starts Postgres as another user")
	}
	const uid, gid = 65534, 65534 // those of nobody, because new data would belong to postgres
	dir := newDataDir(t)
	home := filepath.Join(dir, "postgres")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, uid, gid); err != nil {
		t.Fatal(err)
	}
	s := mustStart(t, Options{DataDir: dir})
	for _, path := range []string{
		s.files.cluster(), s.run(), s.files.log(), s.files.startLock(), s.files.usersLock(), configPath(s.files),
	} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := ownerOf(info); got != uid {
			t.Errorf("owner of %s: got uid %d, want %d", path, got, uid)
		}
	}
}

// Each of these starts fails, reports the cause and what to do, and leaves no process running.
func TestStartReportsTheCauseOfAFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rootOnly bool
		arrange  func(t *testing.T, dir string) Options
		want     []string
	}{
		"cluster of another major version": {
			arrange: func(t *testing.T, dir string) Options {
				mustStop(t, mustStart(t, Options{DataDir: dir}))
				version := filepath.Join(dir, "postgres", "cluster", "PG_VERSION")
				if err := os.WriteFile(version, []byte("9\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				return Options{DataDir: dir}
			},
			want: []string{"made by PostgreSQL 9", "/bin) is here", "install PostgreSQL 9", "--data-dir"},
		},
		"parent that the user who runs Postgres cannot enter": {
			rootOnly: true,
			arrange: func(t *testing.T, dir string) Options {
				parent := filepath.Join(dir, "closed")
				if err := os.Mkdir(parent, 0o700); err != nil {
					t.Fatal(err)
				}
				return Options{DataDir: filepath.Join(parent, "data")}
			},
			want: []string{"cannot enter the folder", "/closed:", "chmod o+x", "--data-dir"},
		},
		"folder that others can enter": {
			arrange: func(t *testing.T, dir string) Options {
				mustStop(t, mustStart(t, Options{DataDir: dir}))
				if err := os.Chmod(filepath.Join(dir, "postgres"), 0o755); err != nil {
					t.Fatal(err)
				}
				return Options{DataDir: dir}
			},
			want: []string{"is not a private folder of", "0700"},
		},
		"file in the place of the data folder": {
			arrange: func(t *testing.T, dir string) Options {
				path := filepath.Join(dir, "file")
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				return Options{DataDir: path}
			},
			want: []string{"make the data folder", "not a directory", "--data-dir"},
		},
		"setting that Postgres refuses": {
			arrange: func(_ *testing.T, dir string) Options {
				return Options{DataDir: dir, Settings: map[string]string{"shared_buffers": "plenty"}}
			},
			want: []string{
				"did not start: it exited with status 1", "postgres.log",
				`invalid value for parameter "shared_buffers": "plenty"`,
			},
		},
		"no data folder": {
			arrange: func(*testing.T, string) Options { return Options{} },
			want:    []string{"no data folder"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.rootOnly && os.Getuid() != 0 {
				t.Skip("only root starts Postgres as another user")
			}
			opts := test.arrange(t, newDataDir(t))
			s, err := Start(t.Context(), opts)
			if err == nil {
				mustStop(t, s)
				t.Fatal("got no error, want one")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got this error, want %q in it:\n%v", want, err)
				}
			}
		})
	}
}

// An interrupted initdb leaves no cluster, and the next Start removes its files. It is interrupted
// by the end of its context, and by a kill, of which only the files are simulated.
func TestStartAfterAnInterruptedInitdb(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	unfinished := filepath.Join(dir, "postgres", "initdb-*", "PG_VERSION")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		s, err := Start(ctx, Options{DataDir: dir})
		if err == nil {
			mustStop(t, s)
		}
		failed <- err
	}()
	eventually(t, "initdb is at work", func() bool {
		found, _ := filepath.Glob(unfinished)
		return len(found) > 0
	})
	cancel()
	if err := <-failed; err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Fatalf("Start: got %v, want %v", err, context.Canceled)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres", "cluster")); !os.IsNotExist(err) {
		t.Fatalf("stat of the cluster: got %v, want that it does not exist", err)
	}

	leftover := filepath.Join(dir, "postgres", "initdb-123", "base")
	if err := os.MkdirAll(leftover, 0o700); err != nil {
		t.Fatal(err)
	}
	mustStart(t, Options{DataDir: dir})
	if found, _ := filepath.Glob(filepath.Join(dir, "postgres", "initdb-*")); len(found) > 0 {
		t.Errorf("files of initdb: got %v, want none", found)
	}
}

// The default data folder depends on the user and on XDG_STATE_HOME, whose relative values are
// ignored.
func TestDefaultDataDir(t *testing.T) {
	if os.Getuid() == 0 {
		if got, err := DefaultDataDir(); got != rootDataDir || err != nil {
			t.Errorf("root: got %q, %v, want %q", got, err, rootDataDir)
		}
		return
	}
	t.Setenv("HOME", "/home/someone")
	for state, want := range map[string]string{
		"":           "/home/someone/.local/state/enisim",
		"relative":   "/home/someone/.local/state/enisim",
		"/var/state": "/var/state/enisim",
	} {
		t.Setenv("XDG_STATE_HOME", state)
		if got, err := DefaultDataDir(); got != want || err != nil {
			t.Errorf("XDG_STATE_HOME=%q: got %q, %v, want %q", state, got, err, want)
		}
	}
}

// eventually waits for an effect of another process that cannot report it.
func eventually(t testing.TB, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(stepTimeout); !reached(); time.Sleep(processPoll) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v: got no sign that %s", stepTimeout, what)
		}
	}
}

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// BenchmarkFirstStart measures a start that creates the cluster.
func BenchmarkFirstStart(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		dir := newDataDir(b)
		b.StartTimer()
		s := mustStart(b, Options{DataDir: dir})
		b.StopTimer()
		mustStop(b, s)
		b.StartTimer()
	}
}

// BenchmarkStart measures a start on an existing cluster.
func BenchmarkStart(b *testing.B) {
	dir := newDataDir(b)
	mustStop(b, mustStart(b, Options{DataDir: dir}))
	for b.Loop() {
		s := mustStart(b, Options{DataDir: dir})
		b.StopTimer()
		mustStop(b, s)
		b.StartTimer()
	}
}

// BenchmarkAttach measures a start that finds Postgres running, as that of a second command.
func BenchmarkAttach(b *testing.B) {
	dir := newDataDir(b)
	mustStart(b, Options{DataDir: dir})
	for b.Loop() {
		mustStop(b, mustStart(b, Options{DataDir: dir}))
	}
}
