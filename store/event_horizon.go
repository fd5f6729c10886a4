package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// eventHorizon is what a process knows of the numbers of events. A transaction gets the numbers of its
// events before it commits, so a number may become visible after a greater one. A number is final when
// its transaction has ended: the event is visible, or it never will be. Readers read final numbers
// only. So they miss nothing, and see nothing twice.
type eventHorizon struct {
	mu    sync.Mutex
	final int64 // all numbers up to it are final
	seen  []seenNumber
}

// seenNumber says that all numbers up to number are final when no transaction before xid is running.
type seenNumber struct{ number, xid int64 }

const (
	// maxSeenNumbers bounds what is remembered while an old transaction runs.
	maxSeenNumbers = 64
	// maxHorizonScan is how many numbers one step of an horizon looks at one by one.
	maxHorizonScan = 10_000
	// maxHorizonWait is how long a reader waits for transactions that were running when it came.
	maxHorizonWait = time.Second
	horizonPause   = 5 * time.Millisecond
)

// EventHorizon returns a number up to which all events are final. Every event that was committed before
// the call is among them, unless a transaction that has a smaller number runs for longer than a second.
func (s *Store) EventHorizon(ctx context.Context) (int64, error) {
	deadline := time.Now().Add(maxHorizonWait)
	var want int64 // the newest number at the time of the call
	for {
		newest, err := s.advanceHorizon(ctx)
		if err != nil {
			return 0, err
		}
		if want == 0 {
			want = newest
		}
		s.horizon.mu.Lock()
		final := s.horizon.final
		s.horizon.mu.Unlock()
		if final >= want || time.Now().After(deadline) {
			return final, nil
		}
		select {
		case <-time.After(horizonPause):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// advanceHorizon finds out which numbers are final now, and returns the newest number of all.
func (s *Store) advanceHorizon(ctx context.Context) (newest int64, err error) {
	// First read the newest number, and only then which transactions are running, in a later statement
	// with a snapshot of its own. Each transaction that has one of these numbers has begun by then.
	conn, err := s.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	var oldestRunning, next int64
	batch := &pgx.Batch{}
	batch.Queue(`SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_numbers`).
		QueryRow(func(row pgx.Row) error { return row.Scan(&newest) })
	batch.Queue(`
		SELECT pg_snapshot_xmin(now_running)::text::bigint, pg_snapshot_xmax(now_running)::text::bigint
		FROM pg_current_snapshot() AS now_running`).
		QueryRow(func(row pgx.Row) error { return row.Scan(&oldestRunning, &next) })
	if err := classify(conn.SendBatch(ctx, batch).Close(), conn.Conn()); err != nil {
		return 0, err
	}
	// Then numbers are final whose transactions have all ended.
	known := s.horizon.observe(newest, oldestRunning, next)
	if known >= newest {
		return newest, nil
	}
	// Otherwise a transaction runs that may have some of the rest, or may be a long one that has none.
	// Numbers that follow each other without a gap are final.
	var through *int64
	err = conn.QueryRow(ctx, `
		SELECT max(number) FROM (
		    SELECT number, row_number() OVER (ORDER BY number) AS position
		    FROM (SELECT number FROM events WHERE number > $1 ORDER BY number LIMIT $2) following
		) numbered
		WHERE number = $1 + position`, known, maxHorizonScan).Scan(&through)
	if err != nil {
		return 0, classify(err, conn.Conn())
	}
	if through != nil {
		s.horizon.advance(*through)
	}
	return newest, nil
}

// observe takes in the newest number and the transactions that were running after it was read, and
// returns the horizon.
func (h *eventHorizon) observe(newest, oldestRunning, next int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if newest > h.final && len(h.seen) < maxSeenNumbers {
		h.seen = append(h.seen, seenNumber{newest, next})
	}
	rest := h.seen[:0]
	for _, seen := range h.seen {
		if seen.xid <= oldestRunning {
			h.final = max(h.final, seen.number)
			continue
		}
		rest = append(rest, seen)
	}
	h.seen = rest
	return h.final
}

func (h *eventHorizon) advance(final int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.final = max(h.final, final)
}
