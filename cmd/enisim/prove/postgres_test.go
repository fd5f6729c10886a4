package prove

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/shirou/gopsutil/v4/process"

	"enisim.alt/store/pglocal"
)

// postgres is a private Postgres with default durability. It is started again whenever it dies.
type postgres struct {
	local   *pglocal.Server
	dir     string // its data folder
	address string // TCP address for servers
}

// startPostgres starts Postgres, and stops it at the end of the test.
func startPostgres(t *testing.T, dir string) *postgres {
	t.Helper()
	// First start Postgres.
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	defer cancel()
	local, err := pglocal.Start(ctx, pglocal.Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
		defer cancel()
		if err := local.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	// Then supervise it: Supervise starts it again after each crash. The supervision ends before
	// Postgres is stopped, so that a stop is not taken for a crash.
	supervised := make(chan struct{})
	supervision, end := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(func() {
		end()
		<-supervised
	})
	go func() {
		defer close(supervised)
		local.Supervise(supervision)
	}()
	config, err := pgx.ParseConfig(local.URL())
	if err != nil {
		t.Fatal(err)
	}
	_, socket := pgconn.NetworkAddress(config.Host, config.Port)
	return &postgres{local: local, dir: dir, address: forwardToSocket(t, socket)}
}

// postmaster returns the parent of all processes of Postgres.
func (g *postgres) postmaster(ctx context.Context) (*process.Process, error) {
	return findPostmaster(ctx, filepath.Join(g.dir, "postgres", "cluster"))
}

// findPostmaster returns the postmaster of a cluster in a folder.
func findPostmaster(ctx context.Context, cluster string) (*process.Process, error) {
	text, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.ParseInt(first, 10, 32)
	if err != nil {
		return nil, err
	}
	return process.NewProcessWithContext(ctx, int32(pid))
}

// kill kills all processes of Postgres with SIGKILL.
func (g *postgres) kill(ctx context.Context) error {
	return g.crash(ctx, func(*pgx.Conn) error {
		postmaster, err := g.postmaster(ctx)
		if err != nil {
			return err
		}
		return killAll(ctx, postmaster)
	})
}

// killAll kills a postmaster and its children with SIGKILL.
func killAll(ctx context.Context, postmaster *process.Process) error {
	children, err := postmaster.ChildrenWithContext(ctx)
	for _, p := range append([]*process.Process{postmaster}, children...) {
		err = errors.Join(err, sendSignal(ctx, p, syscall.SIGKILL))
	}
	return err
}

// killProcess kills one process of Postgres with SIGKILL. Postgres then disconnects all clients and
// recovers.
func (g *postgres) killProcess(ctx context.Context, victim uint64) error {
	return g.crash(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT pid FROM pg_stat_activity
			WHERE backend_type IN ('client backend', 'walwriter', 'checkpointer', 'background writer')
				AND pid <> pg_backend_pid()
			ORDER BY backend_type, pid`)
		if err != nil {
			return err
		}
		pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
		if err != nil {
			return err
		}
		return syscall.Kill(int(pids[victim%uint64(len(pids))]), syscall.SIGKILL)
	})
}

// crash makes Postgres crash and returns when it has recovered. Right after the kill, Postgres may
// still answer, so a connection from before is used to wait for the crash.
func (g *postgres) crash(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := g.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := do(conn); err != nil {
		return err
	}
	// First wait until the old connection is broken, then until a new one succeeds.
	ctx, cancel := context.WithTimeoutCause(ctx, waitTimeout,
		fmt.Errorf("Postgres has not crashed and recovered within %v", waitTimeout))
	defer cancel()
	for conn.Ping(ctx) == nil {
	}
	for {
		if after, err := g.connect(ctx); err == nil {
			return after.Close(ctx)
		}
		if err := sleep(ctx, pollInterval); err != nil {
			return err
		}
	}
}

// pause stops all processes of Postgres for a while, like a disk that does not answer.
func (g *postgres) pause(ctx context.Context, lasts time.Duration) error {
	postmaster, err := g.postmaster(ctx)
	if err != nil {
		return err
	}
	return pauseAll(ctx, postmaster, func() error { return sleep(ctx, lasts) })
}

// pauseAll stops a postmaster and its children while a function runs.
func pauseAll(ctx context.Context, postmaster *process.Process, while func() error) error {
	// First stop the postmaster, so that it starts no more children. Then stop its children.
	if err := sendSignal(ctx, postmaster, syscall.SIGSTOP); err != nil {
		return err
	}
	children, err := postmaster.ChildrenWithContext(ctx)
	for _, p := range children {
		err = errors.Join(err, sendSignal(ctx, p, syscall.SIGSTOP))
	}
	if err == nil {
		err = while()
	}
	// Then continue all of them, even if the test was interrupted.
	ctx = context.WithoutCancel(ctx)
	for _, p := range append(children, postmaster) {
		err = errors.Join(err, sendSignal(ctx, p, syscall.SIGCONT))
	}
	return err
}

// sendSignal sends a signal to a process, which may have ended.
func sendSignal(ctx context.Context, p *process.Process, signal syscall.Signal) error {
	if err := p.SendSignalWithContext(ctx, signal); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func (g *postgres) url() string { return g.local.URL() }

// connect returns a connection that does not use a link.
func (g *postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	return pgx.Connect(ctx, g.local.URL())
}

// awaitNoConnections waits until no connection of a server is left.
func (g *postgres) awaitNoConnections(ctx context.Context) error {
	conn, err := g.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return awaitNoConnections(ctx, conn)
}

// awaitNoConnections waits until the database of a connection has no connection of a server.
func awaitNoConnections(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, waitTimeout, fmt.Errorf("connections of the servers were left %v "+
		"after these had ended", waitTimeout))
	defer cancel()
	for {
		var none bool
		if err := conn.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = `+
			`'enisim')`).Scan(&none); err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		if none {
			return nil
		}
		if err := sleep(ctx, pollInterval); err != nil {
			return err
		}
	}
}

// expectedPostgresErrors are the errors that Postgres may log in this traffic: a lock was held for
// too long, or a client disconnected.
var expectedPostgresErrors = []string{"canceling statement due to lock timeout",
	"canceling statement due to user request", "canceling statement due to statement timeout"}

// examine returns an error for what Postgres reports and no fault explains, above all deadlocks.
// They are looked for in its log too, because its statistics are reset by a crash.
func (g *postgres) examine(ctx context.Context) error {
	var problems []error
	for _, name := range []string{"postgres.log.1", "postgres.log"} {
		text, err := os.ReadFile(filepath.Join(g.dir, "postgres", name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for line := range bytes.Lines(text) {
			if hasAny(string(line), []string{" ERROR: ", " PANIC: ", "deadlock detected"}) &&
				!hasAny(string(line), expectedPostgresErrors) {
				problems = append(problems, fmt.Errorf("Postgres: %s", bytes.TrimSpace(line)))
			}
		}
	}
	conn, err := g.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var deadlocks int
	if err := conn.QueryRow(ctx, `SELECT sum(deadlocks) FROM pg_stat_database`).Scan(&deadlocks); err != nil {
		return err
	}
	if deadlocks != 0 {
		problems = append(problems, fmt.Errorf("Postgres counts %d deadlocks since it started last", deadlocks))
	}
	return errors.Join(problems...)
}
