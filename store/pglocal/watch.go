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

// The watcher is a small process beside the postmaster. It stops the postmaster when all who use it
// are gone without having stopped it, as after a kill -9 of the last server. Its end changes
// nothing: the next Start starts another one.
//
// It only looks at locks, which end with the processes that hold them, so a pid that is used again
// does not fool it. It looks under the start lock, as whoever changes the state does; a server that
// starts again within the grace period attaches to the running postmaster.

const (
	watchVariable = "ENISIM_PGLOCAL_WATCH" // set for the watcher itself, by nobody else
	watchPoll     = 250 * time.Millisecond
	orphanGrace   = 2 * time.Second
)

// watchOrder tells a watcher what to watch. The files of the locks are its descriptors 3, 4 and 5.
type watchOrder struct {
	Home  string
	Grace time.Duration
}

const (
	watchStartFD = 3 + iota
	watchUsersFD
	watchSelfFD
)

// A watcher is the binary that uses this package, whatever it does otherwise, so it must turn off
// before that begins: here.
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

// ensureWatcher starts a watcher unless there is one; the caller holds the start lock.
func (s *Server) ensureWatcher(ctx context.Context, grace time.Duration) error {
	self, err := openLock(s.files.watchLock(), s.owner)
	if err != nil {
		return err
	}
	// Closed and not unlocked: the lock goes to the watcher with its copy of the file.
	defer self.file.Close()
	if free, err := self.tryLock(syscall.LOCK_EX); err != nil || !free {
		return err
	}
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
	// The shell starts it and ends, so it is nobody's child to wait for.
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
	unusedSince        time.Time // zero while somebody uses Postgres
}

// run returns when there is nothing left to watch.
func (w *watcher) run() {
	for range time.Tick(watchPoll) {
		if w.finished() {
			return
		}
	}
}

// finished looks once, and reports whether there is nothing left to watch.
func (w *watcher) finished() bool {
	if !w.isCurrent() {
		return true
	}
	if alone, err := w.start.tryLock(syscall.LOCK_EX); err != nil || !alone {
		return err != nil
	}
	defer w.start.unlock()
	unused, err := w.users.tryLock(syscall.LOCK_EX)
	if err != nil {
		return true
	}
	if !unused {
		w.unusedSince = time.Time{}
		return false
	}
	defer w.users.unlock()
	found, err := findPostmaster(w.files)
	if err == nil && !found.running {
		w.self.unlock() // before the start lock, so that the next Start sees it
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

// isCurrent reports whether the locks are still those of the data folder. It may have been removed,
// and even made anew.
func (w *watcher) isCurrent() bool {
	there, err := os.Stat(w.files.startLock())
	if err != nil {
		return false
	}
	ours, err := w.start.file.Stat()
	return err == nil && os.SameFile(there, ours)
}
