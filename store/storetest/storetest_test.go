package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"enisim.alt/store"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		childMain()
	}
	goleak.VerifyTestMain(m)
}

// Each pool has a database of its own, with the catalogue, and a change in one does not show in
// another.
func TestEachPoolHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := Pool(t), Pool(t)
	for _, pool := range []interface {
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	}{first, second} {
		var regions int
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM regions`).Scan(&regions); err != nil {
			t.Fatal(err)
		}
		if regions == 0 {
			t.Error("got no regions, want those of the catalogue")
		}
	}
	if _, err := first.Exec(t.Context(), `DELETE FROM zones`); err != nil {
		t.Fatal(err)
	}
	var zones int
	if err := second.QueryRow(t.Context(), `SELECT count(*) FROM zones`).Scan(&zones); err != nil {
		t.Fatal(err)
	}
	if zones == 0 {
		t.Error("got no zones after a DELETE in another database, want those of the catalogue")
	}
	if got := first.Config().MaxConns; os.Getenv(urlVariable) == "" && got != maxConns {
		t.Errorf("maximum of connections: got %d, want %d", got, maxConns)
	}
	if err := store.New(first, nil).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// A copy has the rows of its source, and a change in one does not show in the other.
func TestCopyHasTheRowsOfItsSource(t *testing.T) {
	t.Parallel()
	source := URL(t)
	change := func(sql string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	change(`CREATE TABLE marks AS SELECT 'before' AS name`)
	first, second := Copy(t, source), Copy(t, source)
	change(`UPDATE marks SET name = 'in the source'`)
	if _, err := first.Exec(t.Context(), `UPDATE marks SET name = 'in a copy'`); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := second.QueryRow(t.Context(), `SELECT name FROM marks`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != "before" {
		t.Errorf("the mark in the other copy: got %q, want before", got)
	}
}

// The pool size in ENISIM_TEST_DATABASE_URL reaches the pools, but not a single connection, for
// which it is an unknown setting.
func TestPoolSizeOfURL(t *testing.T) {
	t.Parallel()
	s := mustShared(t)
	// ENISIM_TEST_DATABASE_URL could have a size like this, and a value with a space in it.
	address := s.database("postgres")
	query := address.Query()
	query.Set(poolSize, "3")
	query.Set("application_name", "a test")
	address.RawQuery = encode(query)
	sized := &server{url: address}
	if got := sized.database("x").Query().Get(poolSize); got != "3" {
		t.Errorf("%s: got %q, want 3", poolSize, got)
	}
	single := withoutPoolSize(sized.database("postgres")).String()
	conn, err := pgx.Connect(t.Context(), single)
	if err != nil {
		t.Fatalf("connect to %s: %v", single, err)
	}
	defer conn.Close(t.Context())
	var got string
	if err := conn.QueryRow(t.Context(), `SHOW application_name`).Scan(&got); err != nil || got != "a test" {
		t.Errorf("application_name: got %q, error %v, want %q", got, err, "a test")
	}
}

// The database of a test that passed is dropped, even if the test left a connection open. That of a
// test that failed is kept, and the log has its address.
func TestDatabaseIsKeptIfTheTestFails(t *testing.T) {
	t.Parallel()
	s := mustShared(t)
	for _, failed := range []bool{false, true} {
		run := &fakeTest{TB: t, failed: failed}
		address := URL(run)
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		run.end()

		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(parsed.Path, "/")
		if got := exists(t, s, name); got != failed {
			t.Errorf("database of a test with failed=%t exists: got %t, want %t", failed, got, failed)
		}
		if log := run.log.String(); strings.Contains(log, address) != failed {
			t.Errorf("log of a test with failed=%t: got %q, want the address in it: %t", failed, log, failed)
		}
		if failed {
			if err := s.drop(name); err != nil {
				t.Error(err)
			}
		}
	}
}

// Tests that run at the same time get different databases.
func TestConcurrentTestsGetDifferentDatabases(t *testing.T) {
	t.Parallel()
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		all   []string
	)
	const tests = 20
	for range tests {
		group.Go(func() {
			address := URL(t)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, address)
		})
	}
	group.Wait()
	slices.Sort(all)
	if got := len(slices.Compact(all)); got != tests {
		t.Errorf("databases: got %d, want %d", got, tests)
	}
}

// Processes that start at the same time create the template once. A template that was left
// unfinished is created again.
func TestTemplateIsCreatedOnce(t *testing.T) {
	t.Parallel()
	schema := randomSchema()
	s := mustShared(t)
	admin(t, s, `CREATE DATABASE `+identifier(buildingName(schema)))

	var (
		group sync.WaitGroup
		mu    sync.Mutex
		made  int
	)
	migrate := func(ctx context.Context, url string) error {
		mu.Lock()
		defer mu.Unlock()
		made++
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, `CREATE TABLE made ()`)
		return errors.Join(err, conn.Close(ctx))
	}
	for range 4 {
		group.Go(func() {
			other := mustOpen(t, schema, migrate)
			name := databaseName(schema, t.Name(), time.Now())
			if err := other.clone(name, templateName(schema)); err != nil {
				t.Error(err)
			}
			if err := other.drop(name); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if made != 1 {
		t.Errorf("creations of the template: got %d, want 1", made)
	}
	if exists(t, s, buildingName(schema)) {
		t.Error("got the unfinished template after the start, want none")
	}
}

// If the migration fails, open reports its error, and the next process finds no template.
func TestFailedMigrationLeavesNoTemplate(t *testing.T) {
	t.Parallel()
	s := mustShared(t)
	schema := randomSchema()
	broken := errors.New("broken on purpose")
	_, err := open(t.Context(), location{URL: s.url.String()}, schema,
		func(context.Context, string) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("open: got %v, want %v", err, broken)
	}
	if exists(t, s, templateName(schema)) {
		t.Error("got a template, want none")
	}
}

// Databases of a schema that no process uses are dropped. Of the schema in use, only old test
// databases without a session are dropped.
func TestPruneDropsUnusedDatabases(t *testing.T) {
	t.Parallel()
	s := mustShared(t)
	schema := randomSchema()
	user := mustOpen(t, schema, migrateNothing)
	fresh := databaseName(schema, "fresh", time.Now())
	old := databaseName(schema, "old", time.Now().Add(-maxAge-time.Hour))
	visited := databaseName(schema, "visited", time.Now().Add(-maxAge-time.Hour))
	for _, name := range []string{fresh, old, visited} {
		if err := user.clone(name, templateName(schema)); err != nil {
			t.Fatal(err)
		}
	}
	visitor, err := pgx.Connect(t.Context(), user.database(visited).String())
	if err != nil {
		t.Fatal(err)
	}
	assertExist := func(when string, want map[string]bool) {
		t.Helper()
		for name, want := range want {
			if got := exists(t, s, name); got != want {
				t.Errorf("%s, %s exists: got %t, want %t", when, name, got, want)
			}
		}
	}

	mustOpen(t, randomSchema(), migrateNothing)
	assertExist("while the schema is in use, for users of another one", map[string]bool{
		templateName(schema): true, fresh: true, old: true, visited: true})
	again := mustOpen(t, schema, migrateNothing)
	assertExist("for the next user of the schema", map[string]bool{
		templateName(schema): true, fresh: true, old: false, visited: true})

	for _, end := range []*pgx.Conn{visitor, user.admin, again.admin} {
		if err := end.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	// The server notices the end of a session a moment later.
	eventually(t, "an unused schema is dropped", func() bool {
		mustOpen(t, randomSchema(), migrateNothing)
		return !exists(t, s, templateName(schema)) && !exists(t, s, fresh) && !exists(t, s, visited)
	})
}

// A database name contains the schema and the creation time. Names that this package did not make
// are not parsed.
func TestDatabaseNamesAreParsed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_040, 0)
	const schema = "0123456789ab"
	name := databaseName(schema, "TestAttach/Ein_Fall: 50% größer, "+strings.Repeat("x", 100), now)
	if want := "enisim_test_0123456789ab_"; !strings.HasPrefix(name, want) || len(name) > maxNameLength {
		t.Errorf("databaseName: got %q (%d bytes), want %s... of at most %d", name, len(name), want, maxNameLength)
	}
	for name, want := range map[string]parsedName{
		name:                              {schema: schema, test: true, made: now},
		templateName(schema):              {schema: schema},
		buildingName(schema):              {schema: schema},
		databaseName(schema, "/", now):    {schema: schema, test: true, made: now},
		"enisim":                          {},
		"enisim_template_of_mine":         {},
		"enisim_test_0123456789ab":        {},
		"my_enisim_template_0123456789ab": {},
	} {
		got, ok := parseName(name)
		if got != want || ok != (want.schema != "") {
			t.Errorf("parseName(%q): got %+v, %t, want %+v", name, got, ok, want)
		}
	}
}

// Test processes start and end on a server of their own. All of them work, and the server stops
// after the last of them, although that one is killed.
func TestServerStopsAfterTheLastProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv(urlVariable) != "" || os.Getenv(choiceVariable) != "" {
		t.Skip("the server is not a local one")
	}
	dir, err := os.MkdirTemp("", "storetest-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // so that the user of Postgres can enter it
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	pidFile := filepath.Join(dir, "enisim-test-"+strconv.Itoa(os.Getuid()), "postgres", "cluster", "postmaster.pid")

	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for range 2 {
				child := startChild(t, dir)
				_ = child.stdin.Close()
				if err := child.cmd.Wait(); err != nil {
					t.Errorf("a test process: got %v, want no error", err)
				}
			}
		})
	}
	group.Wait()

	last := startChild(t, dir)
	if _, err := os.Stat(pidFile); err != nil {
		t.Errorf("pid file while a test process runs: got %v, want no error", err)
	}
	if err := last.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = last.cmd.Wait() // its error is the signal
	eventually(t, "the server ended", func() bool {
		_, err := os.Stat(pidFile)
		return errors.Is(err, os.ErrNotExist)
	})
}

// childVariable is the variable that makes the test binary a child: a test process that uses a
// database until its input ends.
const childVariable = "STORETEST_CHILD"

// childMain uses a database, and prints its address, until its input ends.
func childMain() {
	run := &fakeTest{TB: &testing.B{}}
	fmt.Println(URL(run))
	_, _ = os.Stdin.Read(make([]byte, 1))
	run.end()
	os.Exit(0)
}

type child struct {
	cmd   *exec.Cmd
	stdin interface{ Close() error }
}

// startChild starts a child, and returns when the child has a database.
func startChild(t *testing.T, tempDir string) child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=1", "TMPDIR="+tempDir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "postgres://") {
		t.Errorf("output of the child: got %q, error %v, want an address", line, err)
	}
	return child{cmd: cmd, stdin: stdin}
}

// fakeTest is a test that ends when the real test calls end, and that fails if failed is set.
type fakeTest struct {
	testing.TB
	failed   bool
	log      strings.Builder
	cleanups []func()
}

func (f *fakeTest) Helper()                  {}
func (f *fakeTest) Name() string             { return "TestFake/of_storetest" }
func (f *fakeTest) Context() context.Context { return context.Background() }
func (f *fakeTest) Failed() bool             { return f.failed }
func (f *fakeTest) Cleanup(fn func())        { f.cleanups = append(f.cleanups, fn) }
func (f *fakeTest) Logf(format string, args ...any) {
	fmt.Fprintf(&f.log, format, args...)
}
func (f *fakeTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (f *fakeTest) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// end runs the cleanup functions, like the end of a test.
func (f *fakeTest) end() {
	for _, fn := range slices.Backward(f.cleanups) {
		fn()
	}
}

func migrateNothing(context.Context, string) error { return nil }

func randomSchema() string {
	return fmt.Sprintf("%0*x", fingerprintLength, rand.Int64N(1<<(4*fingerprintLength)))
}

func mustShared(t *testing.T) *server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mustOpen opens the shared server like a process of another schema.
func mustOpen(t *testing.T, schema string, migrate func(context.Context, string) error) *server {
	t.Helper()
	s, err := open(t.Context(), location{URL: mustShared(t).url.String()}, schema, migrate)
	if err != nil {
		t.Error(err)
		panic(err)
	}
	t.Cleanup(func() { _ = s.admin.Close(context.Background()) })
	return s
}

// exists reports whether a database exists on the server.
func exists(t *testing.T, s *server, database string) bool {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var found bool
	err := s.admin.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`,
		database).Scan(&found)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// admin runs a statement on the connection for administration.
func admin(t *testing.T, s *server, sql string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.admin.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for an effect of another process that cannot report it.
func eventually(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(operationTimeout); !reached(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v: got no sign that %s", operationTimeout, what)
		}
	}
}

// BenchmarkURL measures the creation and the deletion of a test database.
func BenchmarkURL(b *testing.B) {
	for b.Loop() {
		run := &fakeTest{TB: b}
		URL(run)
		run.end()
	}
}
