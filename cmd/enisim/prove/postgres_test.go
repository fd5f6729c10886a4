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

	"enisim/store/pglocal"
)

// postgres is a private one with default durability, which starts again whenever it died.
type postgres struct {
	local   *pglocal.Server
	dir     string // its data folder
	address string // for servers
}

func startPostgres(t *testing.T, dir string) *postgres {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	local, err := pglocal.Start(ctx, pglocal.Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := local.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
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
	return &postgres{local: local, dir: dir, address: bridge(t, socket)}
}

// postmaster is the process of which all others of Postgres are children.
func (g *postgres) postmaster(ctx context.Context) (*process.Process, error) {
	text, err := os.ReadFile(filepath.Join(g.dir, "postgres", "cluster", "postmaster.pid"))
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

// kill is kill -9 of the whole of it.
func (g *postgres) kill(ctx context.Context) error {
	return g.crash(ctx, func(*pgx.Conn) error {
		postmaster, err := g.postmaster(ctx)
		if err != nil {
			return err
		}
		children, err := postmaster.ChildrenWithContext(ctx)
		for _, p := range append([]*process.Process{postmaster}, children...) {
			err = errors.Join(err, send(ctx, p, syscall.SIGKILL))
		}
		return err
	})
}

// killProcess is kill -9 of one of its processes, after which it throws out all clients and recovers.
func (g *postgres) killProcess(ctx context.Context, luck uint64) error {
	return g.crash(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT pid FROM pg_stat_activity
			WHERE backend_type IN ('client backend', 'walwriter', 'checkpointer', 'background writer') AND pid <> pg_backend_pid()
			ORDER BY backend_type, pid`)
		if err != nil {
			return err
		}
		pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
		if err != nil {
			return err
		}
		return syscall.Kill(int(pids[luck%uint64(len(pids))]), syscall.SIGKILL)
	})
}

// crash has Postgres crash, and returns when it has recovered. A connection from before tells that it has crashed: until then it may still answer.
func (g *postgres) crash(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := g.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := do(conn); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("Postgres has not crashed and recovered within %v", patience))
	defer cancel()
	for conn.Ping(ctx) == nil {
	}
	for {
		if after, err := g.connect(ctx); err == nil {
			return after.Close(ctx)
		}
		if err := wait(ctx, poll); err != nil {
			return err
		}
	}
}

// pause stops all its processes for a while, as a disk does that does not answer.
func (g *postgres) pause(ctx context.Context, lasts time.Duration) error {
	postmaster, err := g.postmaster(ctx)
	if err != nil {
		return err
	}
	if err := send(ctx, postmaster, syscall.SIGSTOP); err != nil { // from now on it has no more children
		return err
	}
	children, err := postmaster.ChildrenWithContext(ctx)
	for _, p := range children {
		err = errors.Join(err, send(ctx, p, syscall.SIGSTOP))
	}
	if err == nil {
		err = wait(ctx, lasts)
	}
	ctx = context.WithoutCancel(ctx)
	for _, p := range append(children, postmaster) {
		err = errors.Join(err, send(ctx, p, syscall.SIGCONT))
	}
	return err
}

// send sends a signal to a process, which may have ended.
func send(ctx context.Context, p *process.Process, signal syscall.Signal) error {
	if err := p.SendSignalWithContext(ctx, signal); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func (g *postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return pgx.Connect(ctx, g.local.URL())
}

// awaitNobody waits until no server's connection is left.
func (g *postgres) awaitNobody(ctx context.Context) error {
	conn, err := g.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("connections of the servers were left %v after these had ended", patience))
	defer cancel()
	for {
		var nobody bool
		if err := conn.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'enisim')`).Scan(&nobody); err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		if nobody {
			return nil
		}
		if err := wait(ctx, poll); err != nil {
			return err
		}
	}
}

// explained are the errors that Postgres may log in this traffic: a lock was held for too long, or a client left.
var explained = []string{"canceling statement due to lock timeout", "canceling statement due to user request", "canceling statement due to statement timeout"}

// examine finds what Postgres says that no fault explains, deadlocks above all. They are looked for in its log too, since its statistics begin anew after a crash.
func (g *postgres) examine(ctx context.Context) error {
	var problems []error
	for _, name := range []string{"postgres.log.1", "postgres.log"} {
		text, err := os.ReadFile(filepath.Join(g.dir, "postgres", name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for line := range bytes.Lines(text) {
			if hasAny(string(line), []string{" ERROR: ", " PANIC: ", "deadlock detected"}) && !hasAny(string(line), explained) {
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
