package store_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/pglocal"
)

// PgBouncer is refused with one error that says what to do, whether or not it accepts the settings of a
// connection, and in each mode.
func TestAPoolerIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pgbouncer"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("pgbouncer is not installed, and CI must not leave this out")
		}
		t.Skip("pgbouncer is not installed")
	}
	server, dir := startPostgres(t, nil)
	for name, settings := range map[string]string{
		"t": "pool_mode = transaction",
		"i": "pool_mode = transaction\nignore_startup_parameters = plan_cache_mode, random_page_cost, " +
			"enable_seqscan, jit, lock_timeout, statement_timeout, idle_in_transaction_session_timeout",
		"s": "pool_mode = session\nignore_startup_parameters = plan_cache_mode, random_page_cost, " +
			"enable_seqscan, jit, lock_timeout, statement_timeout, idle_in_transaction_session_timeout",
	} {
		address := startPooler(t, server, filepath.Join(dir, name), settings)
		if err := store.Migrate(t.Context(), address); err == nil ||
			!strings.Contains(err.Error(), "a connection pooler such as PgBouncer answers at") {
			t.Errorf("%s: got %v, want an error about a pooler", settings, err)
		}
	}
}

// startPooler starts a PgBouncer before a Postgres, and returns its address of the database enisim.
func startPooler(t *testing.T, server *pglocal.Server, dir, settings string) string {
	t.Helper()
	behind, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	config := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(config, fmt.Appendf(nil, `[databases]
enisim = host=%s port=%s user=postgres
[pgbouncer]
listen_port = 6432
unix_socket_dir = %s
auth_type = any
%s
`, behind.Query().Get("host"), behind.Query().Get("port"), dir, settings), 0o644); err != nil {
		t.Fatal(err)
	}
	pooler := server.Command(context.WithoutCancel(t.Context()), "pgbouncer", config)
	if err := pooler.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = pooler.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = pooler.Wait()                          // an immediate shutdown is no success
	})
	socket := filepath.Join(dir, ".s.PGSQL.6432")
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := new(net.Dialer).DialContext(t.Context(), "unix", socket)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("PgBouncer does not listen: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	query := url.Values{"host": {dir}, "port": {"6432"}, "sslmode": {"disable"}}
	return "postgres://postgres@/enisim?" + query.Encode()
}
