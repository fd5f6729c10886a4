package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// batchNumbers is how many numbers a batch of events takes, and so how many events it has at most. It
	// is the increment of the sequence event_numbers.
	batchNumbers = 64
	// refusalsKey is the text whose key batches with a refusal have.
	refusalsKey = "refusals"
)

// appendEventsSQL inserts a batch of events. The transaction locks the table before the batch gets its
// numbers, by which EventHorizon sees it.
const appendEventsSQL = `
	INSERT INTO event_batches (first_number, recorded_at, at, keys, events)
	VALUES (nextval('event_numbers'), $1, coalesce($2, account_now($3, $1)), $4, $5)`

// batchEvents divides events into batches, and calls add with the arguments of appendEventsSQL for each.
func batchEvents(events []Event, add func(args ...any)) error {
	for len(events) > 0 {
		n := min(len(events), batchNumbers)
		// An event without a time gets that of its account, which the database knows: it is alone.
		if k := slices.IndexFunc(events[:n], func(e Event) bool { return e.At.IsZero() }); k >= 0 {
			n = max(k, 1)
		}
		args, err := eventBatchArguments(events[:n])
		if err != nil {
			return err
		}
		add(args...)
		events = events[n:]
	}
	return nil
}

// eventBatchArguments returns the arguments of appendEventsSQL for a batch.
func eventBatchArguments(events []Event) ([]any, error) {
	var (
		first = events[0]
		at    *time.Time // nil: by the clock of the account
		keys  = make([]int64, 0, 5*len(events))
		text  = make([]byte, 0, 640*len(events))
		err   error
	)
	if !first.At.IsZero() {
		at = &first.At
	}
	for k, e := range events {
		if e.At.Equal(first.At) {
			e.At = time.Time{}
		}
		text = append(text, "[,"[min(k, 1)])
		if text, err = appendEventJSON(text, &e); err != nil {
			return nil, err
		}
		keys = append(keys, eventKey(e.AccountID), eventKey(e.RequestID))
		for _, id := range e.Resources {
			keys = append(keys, eventKey(id))
		}
		if e.Outcome != OutcomeOK {
			keys = append(keys, eventKey(refusalsKey))
		}
	}
	slices.Sort(keys)
	return []any{first.RecordedAt, at, first.AccountID, slices.Compact(keys), string(append(text, ']'))}, nil
}

// eventKey returns what the index of events has in place of a text. It is the function event_key of the
// database.
func eventKey(text string) int64 {
	sum := sha256.Sum256([]byte(text))
	return int64(binary.BigEndian.Uint64(sum[:])) //nolint:gosec // a hash may be negative
}

const (
	// maxEventBytes is the size of the events after which a page of them ends. Most events have a few
	// hundred bytes, but that of a large launch may have a million.
	maxEventBytes = 1 << 20
	// maxBatchesRead is how many batches of events a statement reads.
	maxBatchesRead = 100
)

// Events returns the events of a query in the order of their numbers, at least one of them. Through must
// not be beyond the horizon of the events, or some may be missed. isCut reports that the page has ended
// before the last event of the query, because of the limit or of the size of the events.
func (s *Store) Events(ctx context.Context, q EventQuery) (events []Event, isCut bool, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	defer conn.Release()
	keys := q.keys()
	statement := q.statement(len(keys) > 0)
	page := eventPage{query: q, low: q.After - batchNumbers, high: q.Through}
	for !page.isFull && !page.isLast {
		rows, err := conn.Query(ctx, statement, pgx.QueryExecModeExec, page.low, page.high, maxBatchesRead, keys)
		if err != nil {
			return nil, false, classify(err, conn.Conn())
		}
		if err := page.read(rows); err != nil {
			return nil, false, classify(err, conn.Conn())
		}
	}
	return page.events, page.isFull, nil
}

// statement returns the statement that reads the next batches of a query: all of them, or those that have
// its keys.
func (q EventQuery) statement(hasKeys bool) string {
	order, selected := "ASC", "($4::bigint[]) IS NOT NULL"
	if q.NewestFirst {
		order = "DESC"
	}
	if hasKeys {
		selected = "b.keys @> $4"
	}
	return `
		SELECT b.first_number, b.recorded_at, b.at, b.events FROM event_batches b
		WHERE b.first_number > $1 AND b.first_number <= $2 AND ` + selected + `
		ORDER BY b.first_number ` + order + ` LIMIT $3`
}

// keys returns the keys of the batches that may have events of the query.
func (q EventQuery) keys() []int64 {
	keys := []int64{}
	for _, text := range []string{q.AccountID, q.ResourceID, q.RequestID} {
		if text != "" {
			keys = append(keys, eventKey(text))
		}
	}
	if q.Refusals {
		keys = append(keys, eventKey(refusalsKey))
	}
	return keys
}

// selects reports whether an event is one of the query.
func (q EventQuery) selects(e Event) bool {
	return e.Number > q.After && e.Number <= q.Through &&
		(q.AccountID == "" || q.AccountID == e.AccountID) && (q.RequestID == "" || q.RequestID == e.RequestID) &&
		(q.ResourceID == "" || slices.Contains(e.Resources, q.ResourceID)) && (!q.Refusals || e.Outcome != OutcomeOK)
}

// eventPage is a page of events that is being read.
type eventPage struct {
	query     EventQuery
	low, high int64 // the next batches begin after low, and up to high
	events    []Event
	size      int  // of the events, in bytes
	isFull    bool // there may be more events
	isLast    bool // there are no more batches
}

// read reads batches until the page is full. It closes rows.
func (p *eventPage) read(rows pgx.Rows) error {
	defer rows.Close() // reads the rest and forgets it
	batches := 0
	for ; rows.Next(); batches++ {
		var first int64
		var recordedAt, at time.Time
		var text []byte
		if err := rows.Scan(&first, &recordedAt, &at, &text); err != nil {
			return err
		}
		if p.query.NewestFirst {
			p.high = first - 1
		} else {
			p.low = first
		}
		if err := p.add(first, recordedAt, at, text); err != nil || p.isFull {
			return err
		}
	}
	p.isLast = batches < maxBatchesRead
	return rows.Err()
}

// add adds the events of a batch that the query selects, until the page is full.
func (p *eventPage) add(first int64, recordedAt, at time.Time, text []byte) error {
	var batch []json.RawMessage
	if err := json.Unmarshal(text, &batch); err != nil {
		return err
	}
	for k := range batch {
		if p.query.NewestFirst {
			k = len(batch) - 1 - k
		}
		// Most events of a batch are of other resources. They are left out before they are decoded.
		if id := p.query.ResourceID; isPlain(id) && !bytes.Contains(batch[k], []byte(id)) {
			continue
		}
		e := Event{Number: first + int64(k), RecordedAt: recordedAt, At: at}
		if err := json.Unmarshal(batch[k], &e); err != nil {
			return err
		}
		if !p.query.selects(e) {
			continue
		}
		if p.isFull = p.size >= maxEventBytes; p.isFull {
			return nil
		}
		p.events, p.size = append(p.events, e), p.size+len(batch[k])
		if p.isFull = len(p.events) == p.query.Limit; p.isFull {
			return nil
		}
	}
	return nil
}
