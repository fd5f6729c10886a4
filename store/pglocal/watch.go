package pglocal

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// The watcher is a small process beside the postmaster. It stops the postmaster when all its users
// have died without stopping it, for example after a kill -9 of the last server. If the watcher
// itself dies, nothing is lost: the next Start starts another one.
//
// It checks only locks, which end with the processes that hold them, so a reused pid does not
// mislead it. It checks them under the start lock, like every process that changes the state. A
// server that starts again within the grace period attaches to the running postmaster.

const (
	watchVariable = "ENISIM_PGLOCAL_WATCH" // set only in the environment of the watcher
	watchPoll     = 250 * time.Millisecond
	orphanGrace   = 2 * time.Second
)

// watchOrder is the watcher's configuration. The lock files are its descriptors 3, 4 and 5.
type watchOrder struct {
	Home  string
	Grace time.Duration
}

const (
	watchStartFD = 3 + iota
	watchUsersFD
	watchSelfFD
)

// The watcher is the same binary as its user, started again. So init runs it before the binary does
// anything else.
func init() {
	order := os.Getenv(watchVariable)
	if order == "" {
		return
	}
	var w watcher
	if err := json.Unmarshal([]byte(order), &w.watchOrder); err != nil {
		os.Exit(1)
	}
	w.files = layout{home: w.Home}
	w.start = &fileLock{os.NewFile(watchStartFD, w.files.startLock())}
	w.users = &fileLock{os.NewFile(watchUsersFD, w.files.usersLock())}
	w.self = &fileLock{os.NewFile(watchSelfFD, w.files.watchLock())}
	w.run()
	os.Exit(0)
}

// ensureWatcher starts a watcher unless there is one. The caller holds the start lock.
func (s *Server) ensureWatcher(ctx context.Context, grace time.Duration) error {
	// First take the watcher's lock. If that fails, there is a watcher already.
	self, err := openLock(s.files.watchLock(), s.owner)
	if err != nil {
		return err
	}
	// The file is closed, but not unlocked: the watcher inherits the lock with its copy of the
	// file.
	defer self.file.Close()
	if free, err := self.tryLock(syscall.LOCK_EX); err != nil || !free {
		return err
	}
	// Then open the other locks for it, without locking them.
	start, err := openLock(s.files.startLock(), s.owner)
	if err != nil {
		return err
	}
	defer start.file.Close()
	users, err := openLock(s.files.usersLock(), s.owner)
	if err != nil {
		return err
	}
	defer users.file.Close()

	if grace == 0 {
		grace = orphanGrace
	}
	order, err := json.Marshal(watchOrder{s.files.home, grace})
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if _, err := os.Stat(program); err != nil { // replaced or removed since we were started
		program = "/proc/" + strconv.Itoa(os.Getpid()) + "/exe"
	}
	// Last, start it through a shell that exits at once, so that no process has to wait for it.
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", `"$0" enisim-postgres-watcher &`, program)
	cmd.Dir = "/"
	cmd.Env = []string{watchVariable + "=" + string(order)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a ctrl-C at the terminal is for enisim
	cmd.ExtraFiles = []*os.File{start.file, users.file, self.file}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("start the watcher of Postgres: %w", err)
	}
	return nil
}

// watcher is the state of the watching process.
type watcher struct {
	watchOrder
	files              layout
	start, users, self *fileLock
	unusedSince        time.Time // zero while Postgres is in use
}

// run returns when there is nothing left to watch.
func (w *watcher) run() {
	for range time.Tick(watchPoll) {
		if w.finished() {
			return
		}
	}
}

// finished checks the locks once, stops an unused postmaster, and reports whether there is nothing
// left to watch.
func (w *watcher) finished() bool {
	// First take the start lock, so that no process starts or stops Postgres at the same time.
	if !w.isCurrent() {
		return true
	}
	if alone, err := w.start.tryLock(syscall.LOCK_EX); err != nil || !alone {
		return err != nil
	}
	defer w.start.unlock()
	// Then find out whether Postgres is in use: every user holds a shared lock.
	unused, err := w.users.tryLock(syscall.LOCK_EX)
	if err != nil {
		return true
	}
	if !unused {
		w.unusedSince = time.Time{}
		return false
	}
	defer w.users.unlock()
	// If it is unused, finish when it has stopped, or stop it after the grace period.
	found, err := findPostmaster(w.files)
	if err == nil && !found.running {
		w.self.unlock() // before the start lock, so that the next Start starts a new watcher
		return true
	}
	if w.unusedSince.IsZero() {
		w.unusedSince = time.Now()
	}
	if err != nil || time.Since(w.unusedSince) < w.Grace {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := stop(ctx, w.files, found.pid); err != nil {
		return false
	}
	w.self.unlock()
	return true
}

// isCurrent reports whether the locks still belong to the data folder. The folder may have been
// removed, and even created again.
func (w *watcher) isCurrent() bool {
	current, err := os.Stat(w.files.startLock())
	if err != nil {
		return false
	}
	own, err := w.start.file.Stat()
	return err == nil && os.SameFile(current, own)
}
