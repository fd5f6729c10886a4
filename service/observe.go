package service

import (
	"context"
	"time"

	"enisim.alt/store"
)

// Observer receives measurements of requests that share transactions, and of the transactions. Its
// functions are called while callers wait, from many goroutines at once, so they must be quick.
type Observer struct {
	Batch      func(requests int)  // the size of a batch that a lane runs
	QueueWait  func(time.Duration) // how long a request of a batch has waited for it
	LockWait   func(time.Duration) // how long the round trip of a transaction took that locks rows
	CommitTime func(time.Duration) // how long the round trip took that writes and commits
}

// observeWith makes an observer receive measurements. The lanes of lookups and of counts are not
// measured, because no request of the API is decided there.
func (s *Service) observeWith(o *Observer) {
	if o == nil {
		return
	}
	s.attachmentLanes.observe = o
	s.interfaceLanes.creating.observe, s.interfaceLanes.releasing.observe = o, o
	s.store.Observe(store.Observer{Locked: o.LockWait, Committed: o.CommitTime})
}

// observeBatch measures a batch that begins at a time.
func observeBatch[Work any](o *Observer, batch []*laneRequest[Work], begins time.Time) {
	if o == nil || len(batch) == 0 {
		return
	}
	o.Batch(len(batch))
	for _, r := range batch {
		o.QueueWait(begins.Sub(r.queuedAt))
	}
}

// QueueLength returns how many requests wait for a batch.
func (s *Service) QueueLength() int {
	return s.attachmentLanes.queued() + s.interfaceLanes.creating.queued() + s.interfaceLanes.releasing.queued()
}

// Usage are the resources of all accounts.
type Usage = store.Usage

// Usage counts the resources of all accounts. With a million interfaces that takes 0.7 s, so the caller
// limits how often it asks.
func (s *Service) Usage(ctx context.Context) (Usage, error) { return s.store.Usage(ctx, s.Now()) }
