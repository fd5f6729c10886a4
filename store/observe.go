package store

import "time"

// Observer receives measurements of transactions. Its functions are called while callers wait, from
// many goroutines at once, so they must be quick.
type Observer struct {
	// Locked receives how long a round trip took that locked rows. The wait for other transactions is
	// most of it, if there was one.
	Locked func(time.Duration)
	// Committed receives how long a round trip took that wrote and committed.
	Committed func(time.Duration)
}

// Observe makes an observer receive the measurements of all transactions from now on. It must be
// called before the first transaction.
func (s *Store) Observe(o Observer) { s.observer = &o }

// committed passes on how long the commit took that began at a time.
func (o *Observer) committed(started time.Time) {
	if o != nil {
		o.Committed(time.Since(started))
	}
}

// locked passes on how long the locks took that were asked for at a time.
func (o *Observer) locked(started time.Time) {
	if o != nil {
		o.Locked(time.Since(started))
	}
}
