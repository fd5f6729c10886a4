package pglocal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Database is the database that Start makes sure of.
const Database = "enisim"

const (
	// connectTimeout is for one attempt to connect. A socket answers at once or not at all.
	connectTimeout = 5 * time.Second
	// startTimeout bounds a start, of which the longest part is the recovery after a crash.
	startTimeout = 2 * time.Minute
	// orphanTimeout is how long the backends of a killed postmaster may hold up the next one. They
	// notice within milliseconds that it is gone, unless they are busy.
	orphanTimeout = 15 * time.Second
	// fastStopTimeout is how long a fast shutdown may take, after which an immediate one is asked
	// for. That takes 5 s at most: what is left then, Postgres kills.
	fastStopTimeout = 10 * time.Second
	// cleanupTimeout is for stopping what a failed Start began, in both ways.
	cleanupTimeout = 20 * time.Second
)

// Options say what to start. Only DataDir is required.
type Options struct {
	DataDir string
	// Settings are Postgres settings, such as max_connections or fsync. Without any, every commit
	// is durable. They are those of the process that starts the postmaster: who attaches to a
	// running one finds it as it is.
	Settings map[string]string
	Logger   *slog.Logger
	// OrphanGrace is how long Postgres runs on when all who use it are gone and none has stopped it
	// (default: 2 s). Like the settings, it is that of the process that starts the postmaster.
	OrphanGrace time.Duration

	sources *sources // replaced by tests
}

// Server is one use of the private Postgres. The postmaster runs as long as anybody uses it.
type Server struct {
	files  layout
	owner  account
	bin    binaries
	config []byte
	logger *slog.Logger
	users  *fileLock

	mu      sync.Mutex    // serialises a restart by Supervise with Stop
	stopped chan struct{} // closed by the first Stop
}

// Start attaches to the Postgres of the data folder, after having started it, and having made its
// cluster, as needed. The folder is in use until Stop.
func Start(ctx context.Context, opts Options) (*Server, error) {
	s, err := start(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("private Postgres in %s: %w", opts.DataDir, err)
	}
	return s, nil
}

func start(ctx context.Context, opts Options) (_ *Server, err error) {
	files, owner, err := prepare(opts.DataDir)
	if err != nil {
		return nil, err
	}
	if err := owner.checkEnter(ctx, files.home); err != nil {
		return nil, err
	}
	s := &Server{files: files, owner: owner, logger: opts.Logger, stopped: make(chan struct{})}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	s.logger = s.logger.With("data_dir", opts.DataDir)
	s.config = renderConfig(opts.Settings, s.run())
	if err := owner.privateFolder(s.run()); err != nil {
		return nil, err
	}

	unlock, err := s.lockStart(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if s.users, err = openLock(files.usersLock(), owner); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil { // also when ctx ended: what was begun is not left behind
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
			defer cancel()
			err = errors.Join(err, s.leave(ctx))
		}
	}()
	// Nobody holds it exclusively without the start lock, which is ours: this does not wait.
	if err := s.users.lock(ctx, syscall.LOCK_SH); err != nil {
		return nil, err
	}
	if err := s.ensureCluster(ctx, opts.sources); err != nil {
		return nil, err
	}
	if err := s.ensureRunning(ctx); err != nil {
		return nil, err
	}
	if err := s.ensureWatcher(ctx, opts.OrphanGrace); err != nil {
		s.logger.Warn("Postgres will run on if this process is killed", "error", err)
	}
	return s, nil
}

// run is the folder of the socket.
func (s *Server) run() string { return s.files.run(s.owner) }

// URL is the address of the database enisim, for pgx and for libpq alike.
func (s *Server) URL() string { return s.DatabaseURL(Database) }

// DatabaseURL is the address of another database, which need not exist.
func (s *Server) DatabaseURL(database string) string {
	// Whatever is not said here, clients take from variables such as PGPORT. Neither pgx nor libpq
	// reads a plus as a space.
	query := url.Values{"host": {s.run()}, "port": {strconv.Itoa(port)}, "sslmode": {"disable"}}.Encode()
	address := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Path:     "/" + database,
		RawQuery: strings.ReplaceAll(query, "+", "%20"),
	}
	return address.String()
}

// Stop ends this use of Postgres, and Postgres too if there is no other. A second Stop does
// nothing.
func (s *Server) Stop(ctx context.Context) error {
	return s.unlessStopped(ctx, func() error {
		close(s.stopped)
		return s.leave(ctx)
	})
}

// unlessStopped does something under the start lock, if this use has not ended.
func (s *Server) unlessStopped(ctx context.Context, do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.stopped:
		return nil
	default:
	}
	unlock, err := s.lockStart(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}

// leave is the end of a use; the caller holds the start lock.
func (s *Server) leave(ctx context.Context) error {
	last, err := s.users.tryLock(syscall.LOCK_EX)
	if last {
		err = s.stopPostgres(ctx)
	}
	return errors.Join(err, s.users.release())
}

func (s *Server) stopPostgres(ctx context.Context) error {
	found, err := findPostmaster(s.files)
	if err != nil || !found.running {
		return err
	}
	began := time.Now()
	if err := stop(ctx, s.files, found.pid); err != nil {
		return err
	}
	s.logger.Info("Postgres stopped", "pid", found.pid, "took", time.Since(began))
	return nil
}

// lockStart takes the start lock and returns what gives it back.
func (s *Server) lockStart(ctx context.Context) (unlock func(), err error) {
	l, err := openLock(s.files.startLock(), s.owner)
	if err != nil {
		return nil, err
	}
	if err := l.lock(ctx, syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, l.release())
	}
	return func() {
		if err := l.release(); err != nil {
			s.logger.Warn("release a lock", "error", err)
		}
	}, nil
}

// ensureCluster chooses the binaries and, in a new data folder, makes the cluster.
func (s *Server) ensureCluster(ctx context.Context, from *sources) error {
	if err := removeLeftovers(s.files); err != nil {
		return err
	}
	major, err := clusterMajor(s.files)
	if err != nil {
		return err
	}
	if from == nil {
		system := systemSources()
		from = &system
	}
	if s.bin, err = from.choose(ctx, major, s.owner, s.files.downloads(), s.logger); err != nil {
		return err
	}
	if major != 0 {
		return nil
	}
	began := time.Now()
	if err := initCluster(ctx, s.files, s.bin, s.owner); err != nil {
		return err
	}
	s.logger.Info("Postgres cluster made", "postgres", s.bin.String(), "owner", s.owner.name, "took", time.Since(began))
	return nil
}

// ensureRunning returns when Postgres answers and has the database enisim; the caller holds the
// start lock.
func (s *Server) ensureRunning(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("Postgres did not answer within %v", startTimeout))
	defer cancel()
	found, err := findPostmaster(s.files)
	if err != nil {
		return err
	}
	if found.running {
		s.warnOfSettings()
		if err := s.awaitAnswer(ctx, found.pid); err == nil {
			s.logger.Info("attached to a running Postgres", "pid", found.pid)
			return nil
		} else if ctx.Err() != nil {
			return err
		}
		// It was stopping when we came.
		if found, err = findPostmaster(s.files); err != nil {
			return err
		}
	}
	crashed := found.pid != 0 || found.malformed
	switch {
	case found.malformed:
		s.logger.Warn("postmaster.pid held no process id, as after a crash or on a full disk; no Postgres runs there, so it is removed", "file", pidPath(s.files))
	case crashed:
		s.logger.Warn("Postgres was not stopped properly; it recovers", "pid", found.pid)
	}
	if err := writeConfig(s.files, s.owner, s.config); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	began := time.Now()
	for {
		pid, err := s.launchAndAwait(ctx)
		if err == nil {
			s.logger.Info("Postgres started", "pid", pid, "postgres", s.bin.String(), "took", time.Since(began))
			return nil
		}
		if !crashed || ctx.Err() != nil || time.Since(began) > orphanTimeout {
			return err
		}
		// Backends of the dead postmaster are in the way; they are about to notice that it is gone.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * processPoll):
		}
	}
}

func (s *Server) launchAndAwait(ctx context.Context) (pid int, err error) {
	found, err := findPostmaster(s.files)
	if err != nil {
		return 0, err
	}
	if found.pidReused || found.malformed || isSocketLockMalformed(s.run()) {
		if err := removeStalePID(s.files, s.run()); err != nil {
			return 0, err
		}
	}
	pid, logStart, err := launch(s.files, s.bin, s.owner)
	if err != nil {
		return 0, err
	}
	if err := s.awaitAnswer(ctx, pid); err != nil {
		if ctx.Err() != nil {
			// It has not written postmaster.pid perhaps, by which leave would find it.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
			defer cancel()
			err = errors.Join(err, stop(ctx, s.files, pid))
		}
		return 0, fmt.Errorf("%s did not start: %w; the end of %s:\n%s", s.bin, err, s.files.log(), logTail(s.files, logStart))
	}
	return pid, nil
}

// awaitAnswer waits until Postgres answers, or until the process pid is no more.
func (s *Server) awaitAnswer(ctx context.Context, pid int) error {
	for {
		answer := s.ensureDatabase(ctx)
		if answer == nil {
			return nil
		}
		if how, yes := ended(s.files, pid); yes {
			return fmt.Errorf("it exited%s", how)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (last answer: %w)", context.Cause(ctx), answer)
		case <-time.After(processPoll):
		}
	}
}

// ensureDatabase makes the database enisim if it is missing.
func (s *Server) ensureDatabase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DatabaseURL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var exists bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, Database).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, `CREATE DATABASE `+Database)
	return err
}

// warnOfSettings is for the operator who changed a setting and attaches to a Postgres that started
// without it.
func (s *Server) warnOfSettings() {
	current, err := os.ReadFile(configPath(s.files))
	if err == nil && !bytes.Equal(current, s.config) {
		s.logger.Warn("the running Postgres keeps the settings of the process that started it")
	}
}
