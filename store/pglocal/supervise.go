package pglocal

import (
	"context"
	"time"
)

const (
	supervisePoll    = 100 * time.Millisecond
	superviseBackoff = 10 * time.Second
)

// Supervise starts Postgres again whenever it died, until ctx ends or the Server is stopped.
// Connections of the old one are lost; a pool makes new ones by itself.
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

// check starts Postgres if it died, and returns how long to wait for the next check: longer after
// each failure, since what prevents a start, a full disk say, rarely goes away within a second.
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

func (s *Server) restart(ctx context.Context) error {
	return s.unlessStopped(ctx, func() error { return s.ensureRunning(ctx) })
}
