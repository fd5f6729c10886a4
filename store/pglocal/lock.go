package pglocal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockPoll is how often a waiting process tries to get a lock. A blocking flock would not notice
// that its context has ended.
const lockPoll = 10 * time.Millisecond

// fileLock is an flock on a file that is never removed. Otherwise two processes could lock two
// different files of the same name.
type fileLock struct {
	file *os.File
}

// openLock opens the file of a lock, and creates it if it is missing.
func openLock(path string, owner account) (*fileLock, error) {
	file, err := owner.openFile(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	return &fileLock{file: file}, nil
}

// lock waits until it gets the lock or ctx ends. The mode is syscall.LOCK_SH or syscall.LOCK_EX.
func (l *fileLock) lock(ctx context.Context, mode int) error {
	for {
		ok, err := l.tryLock(mode)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s, which another enisim process holds: %w", l.file.Name(), context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// tryLock takes the lock if it is free. If this process holds it already, it is converted to the
// new mode. A failed conversion may lose the lock, so only its last use may be a conversion.
func (l *fileLock) tryLock(mode int) (bool, error) {
	err := syscall.Flock(int(l.file.Fd()), mode|syscall.LOCK_NB)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
		return false, nil
	default:
		return false, fmt.Errorf("lock %s: %w", l.file.Name(), err)
	}
}

// release unlocks explicitly before it closes the file. A child that is just being forked has a
// copy of the descriptor until its exec. With close alone it would keep the lock until then.
func (l *fileLock) release() error {
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}

// unlock releases the lock and keeps the file open. It fails only if the file is closed, and then
// there is no lock.
func (l *fileLock) unlock() { _ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN) }
