package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim/cmd/enisim/load"
	"enisim/store/pglocal"
)

// bench is a database with a world in it, and the programs that work on it.
type bench struct {
	dir      string // for all that the run writes
	enisim   string // the program, built for the run
	pgbench  string
	postgres *pglocal.Server
	length   time.Duration // of one cell
	warm     time.Duration // before it
}

// newBench builds enisim and starts a private Postgres with its default durability.
func newBench(ctx context.Context, length time.Duration) (_ *bench, err error) {
	dir, err := os.MkdirTemp("", "enisim-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, enisim: filepath.Join(dir, "enisim"), length: length, warm: time.Second}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close(ctx))
		}
	}()
	if err := os.Chmod(dir, 0o755); err != nil { // Postgres is another user than root
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.enisim, "enisim/cmd/enisim").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build enisim: %w\n%s", err, out)
	}
	if b.pgbench, err = findPgbench(); err != nil {
		return nil, err
	}
	b.postgres, err = pglocal.Start(ctx, pglocal.Options{DataDir: filepath.Join(dir, "data"), Settings: map[string]string{"max_connections": strconv.Itoa(mostClients + 64)}})
	return b, err
}

func (b *bench) close(ctx context.Context) error {
	var err error
	if b.postgres != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = b.postgres.Stop(ctx)
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}

// findPgbench looks where Debian keeps it, and in the path.
func findPgbench() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err == nil && len(found) > 0 {
		return found[len(found)-1], nil
	}
	program, err := exec.LookPath("pgbench")
	if err != nil {
		return "", errors.New("pgbench is not installed: apt-get install postgresql")
	}
	return program, nil
}

// database makes an empty database and returns its URL.
func (b *bench) database(ctx context.Context, name string) (url string, err error) {
	conn, err := pgx.Connect(ctx, b.postgres.URL())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", err
	}
	return b.postgres.DatabaseURL(name), nil
}

// server is a running enisim serve.
type server struct {
	cmd    *exec.Cmd
	target load.Target
	url    string // of its database
}

// serve starts a server on a database, whose transient statuses take no time.
func (b *bench) serve(ctx context.Context, url string, args ...string) (*server, error) {
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--database-url", url, "--attach-delay", "0", "--detach-delay", "0", "--log-level", "error"}, args...)
	s := &server{cmd: exec.CommandContext(ctx, b.enisim, args...), url: url}
	s.cmd.Stderr = os.Stderr
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if endpoint, found := strings.CutPrefix(lines.Text(), "API "); found {
			s.target = load.Target{
				Endpoint: strings.TrimSuffix(strings.TrimSpace(endpoint), "/"), Region: "cn-hangzhou",
				AccessKeyID: keyID, AccessKeySecret: keySecret, Timeout: 30 * time.Second,
			}
			go func() {
				for lines.Scan() { // keeps the pipe empty
				}
			}()
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the server ended before it listened"), s.cmd.Wait())
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// memory is the most that the server's process has had resident, in MiB.
func (s *server) memory() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("the kernel does not tell the process's memory")
}

// commits is how many transactions the server's database has committed.
func commits(ctx context.Context, conn *pgx.Conn) (n int64, err error) {
	if _, err := conn.Exec(ctx, `SELECT pg_stat_clear_snapshot()`); err != nil {
		return 0, err
	}
	return n, conn.QueryRow(ctx, `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`).Scan(&n)
}

// measure puts a load on a server: first for a moment that does not count, so that connections are open, statements prepared and pages in memory.
func (b *bench) measure(ctx context.Context, s *server, clients int, plan load.Plan) (measured, error) {
	if _, err := (load.Run{Targets: []load.Target{s.target}, Clients: clients, Duration: b.warm, Plan: plan}).Do(ctx); err != nil {
		return measured{}, err
	}
	summary, err := load.Run{Targets: []load.Target{s.target}, Clients: clients, Duration: b.length, Plan: plan}.Do(ctx)
	if err != nil {
		return measured{}, err
	}
	total := summary.Total()
	return measured{
		rate: summary.Rate(total.Count()), latency: percentilesOf(total.Latency), failed: total.Refused + total.Unknown, length: summary.Elapsed,
	}, nil
}

// write puts a text into a file of the run's folder.
func (b *bench) write(name, text string) (string, error) {
	file := filepath.Join(b.dir, name)
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// apply applies a scenario, and tells how long that took, from the start of the program to its end.
func (b *bench) apply(ctx context.Context, url, file string) (time.Duration, error) {
	started := time.Now()
	out, err := exec.CommandContext(ctx, b.enisim, "scenario", "apply", "--database-url", url, file).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("apply %s: %w\n%s", file, err, out)
	}
	return time.Since(started), nil
}
