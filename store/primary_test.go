package store_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/pglocal"
	"enisim.alt/store/storetest"
)

// failoverTimeout limits waits for what takes a second on an idle machine.
const failoverTimeout = 3 * time.Minute

// pair is a primary with a standby, on Unix sockets.
type pair struct {
	primary *pglocal.Server
	standby string // address of the standby's database enisim
	stop    func() // stops the standby
}

// startPostgres starts a Postgres of the test's own. dir is a folder where its user can write.
func startPostgres(t *testing.T, settings map[string]string) (server *pglocal.Server, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pg") // a short path, because that of a socket is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o777); err != nil { // so that the unprivileged user of Postgres can write there
		t.Fatal(err)
	}
	server, err = pglocal.Start(t.Context(), pglocal.Options{DataDir: filepath.Join(dir, "data"), Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return server, dir
}

// startPair starts a Postgres with the small world, and a standby of it that has its rows.
func startPair(t *testing.T) *pair {
	t.Helper()
	// First start the primary, with the schema and a world.
	primary, dir := startPostgres(t, nil)
	if err := store.Migrate(t.Context(), primary.URL()); err != nil {
		t.Fatal(err)
	}
	execute(t, primary.URL(), storetest.SmallWorld)

	// Then copy it and start the copy as a standby.
	copied := filepath.Join(dir, "standby")
	source := primary.URL() + "&application_name=standby"
	if out, err := primary.Command(t.Context(), "pg_basebackup", "--pgdata="+copied, "--dbname="+source,
		"--write-recovery-conf", "--checkpoint=fast").CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	standby := primary.Command(context.WithoutCancel(t.Context()), "postgres", "-D", copied, "-c",
		"unix_socket_directories="+dir)
	if err := standby.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			_ = standby.Process.Signal(syscall.SIGQUIT) // it may have ended
			_ = standby.Wait()                          // an immediate shutdown is no success
		}
	}
	t.Cleanup(stop)
	address, err := url.Parse(primary.URL())
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("host", dir)
	address.RawQuery = query.Encode()
	p := &pair{primary, address.String(), stop}
	await(t, primary.URL(), `SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'`)
	return p
}

// makeSynchronous makes commits of the primary wait for the standby.
func (p *pair) makeSynchronous(t *testing.T) {
	t.Helper()
	execute(t, p.primary.URL(), `ALTER SYSTEM SET synchronous_standby_names = 'standby'`)
	execute(t, p.primary.URL(), `SELECT pg_reload_conf()`)
	await(t, p.primary.URL(), `SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'`)
}

// url returns the address of both, with the primary first or last.
func (p *pair) url(t *testing.T, primaryFirst bool) string {
	t.Helper()
	first, err := url.Parse(p.primary.URL())
	if err != nil {
		t.Fatal(err)
	}
	second, err := url.Parse(p.standby)
	if err != nil {
		t.Fatal(err)
	}
	if !primaryFirst {
		first, second = second, first
	}
	query := first.Query()
	for _, name := range []string{"host", "port"} {
		query.Set(name, first.Query().Get(name)+","+second.Query().Get(name))
	}
	first.RawQuery = query.Encode()
	return first.String()
}

// promote makes the standby a primary.
func (p *pair) promote(t *testing.T) {
	t.Helper()
	execute(t, p.standby, `SELECT pg_promote()`)
}

// execute runs statements on a connection of their own.
func execute(t *testing.T, address, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), sql)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// await runs a query again and again until it returns true.
func await(t *testing.T, address, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), failoverTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for reached := false; !reached; {
		if err := conn.QueryRow(ctx, sql).Scan(&reached); err != nil {
			t.Fatalf("%v: %s", err, sql)
		}
	}
}

// openPair opens a store on a URL, and looks for a new primary until the test ends.
func openPair(t *testing.T, address string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	following := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() {
		cancel()
		<-following
	})
	go func() {
		defer close(following)
		s.FollowPrimary(ctx)
	}()
	return s
}

// socketOf returns the folder of the socket of the Postgres that a store uses.
func socketOf(ctx context.Context, s *store.Store) (string, error) {
	read, err := store.Query(ctx, s, pgx.RowTo[string], `SELECT current_setting('unix_socket_directories')`)
	if err != nil {
		return "", err
	}
	return strings.Trim(read[0], `"`), nil
}

// awaitSocket waits until a store uses the Postgres at an address. Until then the store may only
// report that the database is unavailable.
func awaitSocket(t *testing.T, s *store.Store, address string) {
	t.Helper()
	want, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), failoverTimeout)
	defer cancel()
	for {
		got, err := socketOf(ctx, s)
		switch {
		case err == nil && got == want.Query().Get("host"):
			return
		case ctx.Err() != nil:
			t.Fatalf("after %v: got %s, %v, want the Postgres at %s", failoverTimeout, got, err, address)
		case err != nil && !errors.Is(err, store.ErrUnavailable):
			t.Fatalf("during a failover: got %v, want ErrUnavailable", err)
		}
	}
}

// Of several hosts the store uses the primary, and after a failover the new one. What was
// acknowledged is there, and requests in between learn that the database is unavailable.
func TestSeveralHostsLeadToThePrimaryAndAfterAFailoverToTheNewOne(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.makeSynchronous(t)
	s := openPair(t, p.url(t, false))
	awaitSocket(t, s, p.primary.URL())
	// A standby alone is no database for a server, and the error says so.
	if err := store.Migrate(t.Context(), p.standby); err == nil || !strings.Contains(err.Error(), "it is a standby") {
		t.Errorf("a standby alone: got %v, want an error that says so", err)
	}
	if err := attach(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := p.primary.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := socketOf(t.Context(), s); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("without a primary: got %v, want ErrUnavailable", err)
	}
	if err := store.Migrate(t.Context(), p.url(t, true)); err == nil ||
		!strings.Contains(err.Error(), "none of the hosts") || !strings.Contains(err.Error(), "it is a standby") {
		t.Errorf("several hosts without a primary: got %v, want an error with the reasons", err)
	}
	p.promote(t)
	awaitSocket(t, s, p.standby)
	pool, err := pgxpool.New(t.Context(), p.standby)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if got, want := statusOf(t, pool, "eni-2"), store.ENIInUse; got != want {
		t.Errorf("after the failover: got %s, want %s, for the attach was acknowledged", got, want)
	}
}

// An old primary that still runs and accepts connections is left for the new one, by a running store
// and by one that is opened later, in whatever order the URL names them.
func TestAnOldPrimaryThatStillRunsIsLeft(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	s := openPair(t, p.url(t, true))
	awaitSocket(t, s, p.primary.URL())
	p.promote(t)
	awaitSocket(t, s, p.standby)
	for range 100 { // it never goes back
		if got, err := socketOf(t.Context(), s); err != nil || !strings.Contains(p.standby, url.QueryEscape(got)) {
			t.Fatalf("got %s, %v, want the new primary", got, err)
		}
	}
	later := openPair(t, p.url(t, true))
	got, err := socketOf(t.Context(), later)
	if err != nil || !strings.Contains(p.standby, url.QueryEscape(got)) {
		t.Errorf("opened later: got %s, %v, want the new primary", got, err)
	}
}

// The store reports how acknowledged writes could be lost, and why none is acknowledged.
func TestDurabilityRisks(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	s := openPair(t, p.url(t, true))
	risks := func(s *store.Store) string {
		t.Helper()
		found, err := s.DurabilityRisks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, risk := range found {
			if !slices.Contains(store.DurabilityRiskNames, risk.Name) || risk.Text == "" {
				t.Errorf("got %+v, want a known name and a text", risk)
			}
			names = append(names, risk.Name)
		}
		return strings.Join(names, " ")
	}
	expect := func(when string, s *store.Store, want string) {
		t.Helper()
		if got := risks(s); got != want {
			t.Errorf("%s: got %q, want %q", when, got, want)
		}
	}
	expect("with an asynchronous standby", s, store.RiskAsynchronousStandbys)
	p.makeSynchronous(t)
	expect("with a synchronous standby", s, "")
	for setting, want := range map[string]string{
		"off": store.RiskSynchronousCommitOff, "local": store.RiskAsynchronousStandbys, "remote_apply": "",
	} {
		expect("synchronous_commit = "+setting, openPair(t, p.primary.URL()+"&synchronous_commit="+setting), want)
	}
	// A role without the rights of pg_monitor does not see which standbys are synchronous.
	execute(t, p.primary.URL(), `CREATE ROLE plain LOGIN`)
	plain := openPair(t, strings.Replace(p.primary.URL(), "postgres://postgres@", "postgres://plain@", 1))
	expect("with hidden standbys", plain, "")
	p.stop()
	await(t, p.primary.URL(), `SELECT count(*) = 0 FROM pg_stat_replication`)
	expect("without the synchronous standby", s, store.RiskNoSynchronousStandby)
	_, pool := open(t)
	expect("with hidden standbys, without one", plain, "")
	expect("without fsync", store.New(pool, slog.New(slog.DiscardHandler)), store.RiskFsyncOff)
}
