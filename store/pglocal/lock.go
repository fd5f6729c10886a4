package pglocal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockPoll is how often a waiting process asks for a lock. A blocking flock would not notice that its context ended.
const lockPoll = 10 * time.Millisecond

// fileLock is an flock on a file that is never removed: removing it would let two processes lock two different files of
// the same name.
type fileLock struct {
	file *os.File
}

func openLock(path string, owner account) (*fileLock, error) {
	file, err := owner.openFile(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	return &fileLock{file: file}, nil
}

// lock waits for the lock in the given mode, syscall.LOCK_SH or syscall.LOCK_EX, until ctx ends.
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

// tryLock takes the lock if it is free. A lock held already is converted to the new mode; where that fails, it may be
// lost, so only its last use may be a conversion.
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

// release unlocks in words before it closes: a child that is just being forked holds a copy of the descriptor until its
// exec, and closing ours alone would leave the lock with it for that moment.
func (l *fileLock) release() error {
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}

// unlock gives the lock back and keeps the file. It fails only where the file is closed, and then nothing is locked.
func (l *fileLock) unlock() { _ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN) }
