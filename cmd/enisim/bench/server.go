package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/cmd/enisim/load"
	"enisim.alt/store/pglocal"
)

// bench is a private Postgres and the programs that use it.
type bench struct {
	dir      string // all files of the run
	enisim   string // path of the program, built for the run
	pgbench  string
	postgres *pglocal.Server
	before   earlier
	length   time.Duration // of one cell
	warmUp   time.Duration // before each cell; not measured
	sizes    sizes
	results  results
}

// newBench builds enisim and starts a private Postgres with its default durability. Postgres runs
// as an unprivileged user, so the folder must be readable for others.
func newBench(ctx context.Context, length time.Duration, sizes sizes) (_ *bench, err error) {
	dir, err := os.MkdirTemp("", "enisim-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, enisim: filepath.Join(dir, "enisim"), length: length, warmUp: min(time.Second, length),
		sizes: sizes}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close(ctx))
		}
	}()
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.enisim,
		"enisim.alt/cmd/enisim").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build enisim: %w\n%s", err, out)
	}
	if b.pgbench, err = findPgbench(); err != nil {
		return nil, err
	}
	b.postgres, err = pglocal.Start(ctx, pglocal.Options{DataDir: filepath.Join(dir, "data"),
		Settings: map[string]string{"max_connections": strconv.Itoa(maxConnections)}})
	return b, err
}

// close stops Postgres and removes all files of the run.
func (b *bench) close(ctx context.Context) error {
	var err error
	if b.postgres != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = b.postgres.Stop(ctx)
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}

// findPgbench returns the newest pgbench of Debian's packages, or the one in the path.
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

// database creates an empty database and returns its URL.
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

// noDelays are the flags of a server whose transient statuses have no duration.
var noDelays = []string{
	"--attach-delay=0", "--detach-delay=0", "--delete-delay=0", "--create-delay=0", "--start-delay=0", "--stop-delay=0",
}

// serve starts a server on a database, with transient statuses of no duration.
func (b *bench) serve(ctx context.Context, url string, args ...string) (*server, error) {
	return b.serveWithDelays(ctx, url, slices.Concat(noDelays, args)...)
}

// serveWithDelays starts a server on a database, with the delays that enisim serve has by default.
func (b *bench) serveWithDelays(ctx context.Context, url string, args ...string) (*server, error) {
	return b.serveProgram(ctx, b.enisim, url, args...)
}

// serveProgram starts a server of a build of enisim on a database. It returns when the server has
// printed its endpoint.
func (b *bench) serveProgram(ctx context.Context, program, url string, args ...string) (*server, error) {
	// First start the process.
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--database-url", url, "--log-level", "error"}, args...)
	s := &server{cmd: exec.CommandContext(ctx, program, args...), url: url}
	s.cmd.Stderr = os.Stderr
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	// Then read its output up to the endpoint. A goroutine reads the rest, so that the server never
	// blocks on a full pipe.
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if endpoint, found := strings.CutPrefix(lines.Text(), "API "); found {
			s.target = load.Target{
				Endpoint: strings.TrimSuffix(strings.TrimSpace(endpoint), "/"), Region: "cn-hangzhou",
				AccessKeyID: keyID, AccessKeySecret: keySecret, Timeout: 30 * time.Second,
			}
			go func() {
				for lines.Scan() {
				}
			}()
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the server ended before it listened"), s.cmd.Wait())
}

// stop ends the server and waits for it.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// peakMemory returns the maximum resident memory of the server's process, in MiB.
func (s *server) peakMemory() (float64, error) {
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

// execute runs SQL on the database at a URL.
func execute(ctx context.Context, url, sql string) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// countCommits returns how many transactions the server's database has committed.
func countCommits(ctx context.Context, conn *pgx.Conn) (n int64, err error) {
	if _, err := conn.Exec(ctx, `SELECT pg_stat_clear_snapshot()`); err != nil {
		return 0, err
	}
	return n, conn.QueryRow(ctx, `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`).Scan(&n)
}

// measure puts a load on a server. A warm-up comes first, so that connections are open, statements
// are prepared and pages are in memory.
func (b *bench) measure(ctx context.Context, s *server, clients int, plan load.Plan) (measurement, error) {
	if _, err := b.measureFor(ctx, s, clients, b.warmUp, plan); err != nil {
		return measurement{}, err
	}
	return b.measureFor(ctx, s, clients, b.length, plan)
}

// measureFor puts a load on a server for a time, without a warm-up.
func (b *bench) measureFor(
	ctx context.Context, s *server, clients int, length time.Duration, plan load.Plan,
) (measurement, error) {
	summary, err := load.Run{Targets: []load.Target{s.target}, Clients: clients, Duration: length, Plan: plan}.Do(ctx)
	if err != nil {
		return measurement{}, err
	}
	return newMeasurement(summary, summary.Total()), nil
}

// newMeasurement returns the cell for the operations of a run that are counted in stats.
func newMeasurement(summary *load.Summary, stats load.Stats) measurement {
	return measurement{
		rate: summary.Rate(stats.Count()), latency: newPercentiles(stats.Latency),
		failed: stats.Refused + stats.Unknown, unavailable: stats.Codes[unavailable],
		count: stats.Count(), length: summary.Elapsed,
	}
}

// beside puts a load on a server until a measurement ends. It returns what the load did.
func (b *bench) beside(
	ctx context.Context, s *server, clients int, plan load.Plan, measure func() error,
) (*load.Summary, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var summary *load.Summary
	var loadErr error
	done := make(chan struct{})
	go func() {
		defer close(done)
		summary, loadErr = load.Run{Targets: []load.Target{s.target}, Clients: clients, Plan: plan}.Do(ctx)
	}()
	err := measure()
	stop()
	<-done
	return summary, errors.Join(err, loadErr)
}

// writeFile writes a file into the run's folder and returns its path.
func (b *bench) writeFile(name, text string) (string, error) {
	file := filepath.Join(b.dir, name)
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// apply applies a scenario and returns how long the program took, from its start to its end.
func (b *bench) apply(ctx context.Context, url, file string) (time.Duration, error) {
	started := time.Now()
	out, err := exec.CommandContext(ctx, b.enisim, "scenario", "apply", "--database-url", url, file).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("apply %s: %w\n%s", file, err, out)
	}
	return time.Since(started), nil
}
