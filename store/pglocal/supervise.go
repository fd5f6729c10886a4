package pglocal

import (
	"context"
	"time"
)

const (
	supervisePoll    = 100 * time.Millisecond
	superviseBackoff = 10 * time.Second
)

// Supervise restarts Postgres whenever it has died, until ctx ends or the Server is stopped. The
// old connections are lost; a pool opens new ones by itself.
func (s *Server) Supervise(ctx context.Context) {
	wait := supervisePoll
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.stopped:
			return
		case <-time.After(wait):
		}
		wait = s.check(ctx, wait)
	}
}

// check restarts Postgres if it has died, and returns how long to wait until the next check. It
// waits longer after each failure, because what prevents a start, such as a full disk, rarely ends
// within a second.
func (s *Server) check(ctx context.Context, lastWait time.Duration) time.Duration {
	if found, err := findPostmaster(s.files); err == nil && found.running {
		return supervisePoll
	}
	if err := s.restart(ctx); err != nil {
		wait := min(2*lastWait, superviseBackoff)
		if ctx.Err() == nil {
			s.logger.Error("Postgres died and does not start again", "error", err, "next_attempt_in", wait)
		}
		return wait
	}
	return supervisePoll
}

// restart starts Postgres, unless the Server is stopped.
func (s *Server) restart(ctx context.Context) error {
	return s.unlessStopped(ctx, func() error { return s.ensureRunning(ctx) })
}
