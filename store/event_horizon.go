package store

import (
	"context"
	"slices"
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
	added int64 // how many have been added to seen
}

// seenNumber says that all numbers up to number are final when none of the transactions is running any
// longer.
type seenNumber struct {
	number  int64
	writers []string // virtual transaction ids
	order   int64    // greater than that of each number that was seen before
}

const (
	// maxSeenNumbers bounds what is remembered while a transaction runs that has recorded events.
	maxSeenNumbers = 16
	// maxHorizonScan is how many batches of numbers one step looks at one by one.
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
		newest, final, err := s.advanceHorizon(ctx)
		if err != nil {
			return 0, err
		}
		if want == 0 {
			want = newest
		}
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

// advanceHorizon finds out which numbers are final now. It returns the newest number of all, and the
// horizon.
func (s *Store) advanceHorizon(ctx context.Context) (newest, final int64, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Release()
	// First read the newest number, and how far the visible ones follow each other without a gap.
	known := s.horizon.current()
	begun := s.horizon.begin()
	batch := &pgx.Batch{}
	batch.Queue(`SELECT CASE WHEN is_called THEN last_value + 63 ELSE last_value - 1 END FROM event_numbers`).
		QueryRow(func(row pgx.Row) error { return row.Scan(&newest) })
	batch.Queue(`
		SELECT greatest(known.number,
		    max(batch.first_number) FILTER (WHERE batch.first_number = known.number + 1 + 64 * position) + 63)
		FROM (SELECT greatest($1, number) AS number FROM dropped_events) known
		LEFT JOIN LATERAL (
		    SELECT first_number, row_number() OVER (ORDER BY first_number) - 1 AS position
		    FROM (SELECT b.first_number FROM event_batches b WHERE b.first_number > known.number
		          ORDER BY b.first_number LIMIT $2) b
		) batch ON true
		GROUP BY known.number`, known, maxHorizonScan).
		QueryRow(func(row pgx.Row) error { return row.Scan(&final) })
	if err := classify(conn.SendBatch(ctx, batch).Close(), conn.Conn()); err != nil {
		return 0, 0, err
	}
	if final = s.horizon.advance(final); final >= newest {
		return newest, final, nil
	}
	// Then there is a gap: a transaction that is running, or was rolled back. A transaction locks the
	// table before it gets its numbers, and until it has ended. So all numbers are final when those that
	// have the lock now have ended.
	rows, err := conn.Query(ctx, `
		SELECT DISTINCT virtualtransaction FROM pg_locks
		WHERE relation = 'event_batches'::regclass AND mode = 'RowExclusiveLock' AND granted
		  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	if err == nil {
		var writers []string
		if writers, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			final = s.horizon.observe(begun, newest, writers)
		}
	}
	return newest, final, classify(err, conn.Conn())
}

func (h *eventHorizon) current() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.final
}

// advance takes in that all numbers up to one are final, and returns the horizon.
func (h *eventHorizon) advance(final int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.final = max(h.final, final)
	return h.final
}

// begin returns the order of the last number that was seen before an observation begins.
func (h *eventHorizon) begin() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.added
}

// observe takes in the newest number, and the transactions that were recording events after it was
// read. begun is what begin returned before. It returns the horizon.
func (h *eventHorizon) observe(begun, newest int64, writers []string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	// Numbers that were seen while this observation ran are left to later ones: their transactions may
	// have begun after the transactions of this one were read.
	h.seen = slices.DeleteFunc(h.seen, func(seen seenNumber) bool {
		isRunning := func(id string) bool { return slices.Contains(writers, id) }
		if seen.order > begun || slices.ContainsFunc(seen.writers, isRunning) {
			return false
		}
		h.final = max(h.final, seen.number)
		return true
	})
	switch {
	case len(writers) == 0:
		h.final = max(h.final, newest)
	case newest > h.final && len(h.seen) < maxSeenNumbers:
		h.added++
		h.seen = append(h.seen, seenNumber{newest, writers, h.added})
	}
	h.seen = slices.DeleteFunc(h.seen, func(seen seenNumber) bool { return seen.number <= h.final })
	return h.final
}
