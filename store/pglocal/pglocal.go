package pglocal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Database is the name of the database that Start creates if it is missing.
const Database = "enisim"

const (
	// connectTimeout limits one attempt to connect. A socket answers at once or not at all.
	connectTimeout = 5 * time.Second
	// startTimeout limits a start, of which the longest part is the recovery after a crash.
	startTimeout = 2 * time.Minute
	// orphanTimeout is how long the backends of a killed postmaster may delay the next one. They
	// notice within milliseconds that it has died, unless they are busy.
	orphanTimeout = 15 * time.Second
	// fastStopTimeout limits a fast shutdown. After it, an immediate shutdown is requested, which
	// takes at most 5 s: Postgres kills the remaining processes then.
	fastStopTimeout = 10 * time.Second
	// cleanupTimeout limits the stop of a Postgres that a failed Start has started. It is enough
	// for a fast shutdown that times out and an immediate one.
	cleanupTimeout = 20 * time.Second
)

// Options are the options of Start. Only DataDir is required.
type Options struct {
	DataDir string
	// Settings are Postgres settings, such as max_connections or fsync. Without any, every commit
	// is durable. They take effect only if this process starts the postmaster, not if it attaches
	// to a running one.
	Settings map[string]string
	Logger   *slog.Logger
	// OrphanGrace is how long Postgres continues to run when all its users have died without
	// stopping it (default: 2 s). Like the settings, it takes effect only in the process that
	// starts the postmaster.
	OrphanGrace time.Duration

	sources *sources // replaced by tests
}

// Server is one use of the private Postgres. The postmaster runs as long as it is in use.
type Server struct {
	files  layout
	owner  account
	bin    binaries
	config []byte
	logger *slog.Logger
	users  *fileLock

	mu      sync.Mutex    // held by Stop and by a restart of Supervise
	stopped chan struct{} // closed by the first Stop
}

// Start attaches to the Postgres of the data folder. If necessary, it creates the cluster and
// starts Postgres first. The folder is in use until Stop.
func Start(ctx context.Context, opts Options) (*Server, error) {
	s, err := start(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("private Postgres in %s: %w", opts.DataDir, err)
	}
	return s, nil
}

// start is Start without the prefix of its errors.
func start(ctx context.Context, opts Options) (_ *Server, err error) {
	// First prepare the folders, which needs no lock.
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

	// Then take the start lock, so that no other process starts or stops Postgres at the same time,
	// and register as a user.
	unlock, err := s.lockStart(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if s.users, err = openLock(files.usersLock(), owner); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil { // clean up even if ctx has ended
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
			defer cancel()
			err = errors.Join(err, s.leave(ctx))
		}
	}()
	// This does not wait: another process holds it exclusively only under the start lock, which
	// this process has.
	if err := s.users.lock(ctx, syscall.LOCK_SH); err != nil {
		return nil, err
	}
	// Last, make sure that there is a cluster, that Postgres runs, and that a watcher stops it
	// after a kill -9.
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

// run returns the folder of the socket.
func (s *Server) run() string { return s.files.run(s.owner) }

// URL returns the address of the database enisim. Both pgx and libpq understand it.
func (s *Server) URL() string { return s.DatabaseURL(Database) }

// DatabaseURL returns the address of another database, which need not exist.
func (s *Server) DatabaseURL(database string) string {
	// Clients take what is not set here from variables such as PGPORT. Neither pgx nor libpq
	// decodes a plus as a space.
	query := url.Values{"host": {s.run()}, "port": {strconv.Itoa(port)}, "sslmode": {"disable"}}.Encode()
	address := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Path:     "/" + database,
		RawQuery: strings.ReplaceAll(query, "+", "%20"),
	}
	return address.String()
}

// Command returns a command that runs a program of this Postgres, such as pg_dump, as the user that
// runs the postmaster. Its version is that of the cluster, unless only another one is installed. Of the
// environment of this process it gets only the paths of programs and libraries.
func (s *Server) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	return s.owner.command(ctx, s.files.home, s.bin.locate(program), args...)
}

// Stop ends this use of Postgres, and stops Postgres if it is the last one. A second Stop does
// nothing.
func (s *Server) Stop(ctx context.Context) error {
	return s.unlessStopped(ctx, func() error {
		close(s.stopped)
		return s.leave(ctx)
	})
}

// unlessStopped calls fn under the start lock, unless this use has ended.
func (s *Server) unlessStopped(ctx context.Context, fn func() error) error {
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
	return fn()
}

// leave ends this use, and stops Postgres if it is the last one. The caller holds the start lock.
func (s *Server) leave(ctx context.Context) error {
	last, err := s.users.tryLock(syscall.LOCK_EX)
	if last {
		err = s.stopPostgres(ctx)
	}
	return errors.Join(err, s.users.release())
}

// stopPostgres stops the postmaster if it runs.
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

// lockStart takes the start lock, and returns the function that releases it.
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

// ensureCluster chooses the binaries, and creates the cluster if there is none. The caller holds
// the start lock.
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

// ensureRunning makes sure that Postgres answers and has the database enisim. The caller holds the
// start lock.
func (s *Server) ensureRunning(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout,
		fmt.Errorf("Postgres did not answer within %v", startTimeout))
	defer cancel()
	// First attach to a postmaster that runs.
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
		// It was stopping already, and has stopped by now.
		if found, err = findPostmaster(s.files); err != nil {
			return err
		}
	}
	// Then start one. Find out whether the last one crashed, because its backends may still run.
	crashed := found.pid != 0 || found.malformed
	switch {
	case found.malformed:
		s.logger.Warn("postmaster.pid held no process id, as after a crash or on a full disk;"+
			" no Postgres runs there, so it is removed", "file", pidPath(s.files))
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
		// Try again: backends of the dead postmaster prevent a start until they notice that it has
		// died.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * processPoll):
		}
	}
}

// launchAndAwait starts a postmaster and waits until it answers. If it does not start, the error
// has the end of its log.
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
			// Stop it here, because it may not have written postmaster.pid yet, by which leave
			// would find it.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
			defer cancel()
			err = errors.Join(err, stop(ctx, s.files, pid))
		}
		return 0, fmt.Errorf("%s did not start: %w; the end of %s:\n%s",
			s.bin, err, s.files.log(), logTail(s.files, logStart))
	}
	return pid, nil
}

// awaitAnswer waits until Postgres answers. It returns an error if the process pid has exited.
func (s *Server) awaitAnswer(ctx context.Context, pid int) error {
	for {
		answer := s.ensureDatabase(ctx)
		if answer == nil {
			return nil
		}
		if how, exited := ended(s.files, pid); exited {
			return fmt.Errorf("it exited%s", how)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (last answer: %w)", context.Cause(ctx), answer)
		case <-time.After(processPoll):
		}
	}
}

// ensureDatabase creates the database enisim if it is missing.
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

// warnOfSettings logs a warning if the running Postgres was started with other settings than those
// of this Server.
func (s *Server) warnOfSettings() {
	current, err := os.ReadFile(configPath(s.files))
	if err == nil && !bytes.Equal(current, s.config) {
		s.logger.Warn("the running Postgres keeps the settings of the process that started it")
	}
}
