package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

var noonOfEvents = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// appendEvent commits an event of an account and a resource, recorded at a time.
func appendEvent(t *testing.T, st *store.Store, requestID string, at time.Time) {
	t.Helper()
	commitEvents(t, st, newEvent(requestID, at))
}

// commitEvents commits events in one transaction.
func commitEvents(t *testing.T, st *store.Store, events ...store.Event) {
	t.Helper()
	err := st.InTx(t.Context(), func(tx *store.Tx) error { return tx.AppendEvents(events) })
	if err != nil {
		t.Fatal(err)
	}
}

func newEvent(requestID string, at time.Time) store.Event {
	return store.Event{
		RecordedAt: at, At: at, AccountID: "1000000000000001", RequestID: requestID, Caller: "key",
		Action: "AttachNetworkInterface", Outcome: store.OutcomeOK, Resources: []string{"eni-a", "i-1", "sg-1"},
		Changes: []store.Change{{Resource: "eni-a", Field: "Status", From: "Available", To: "InUse"}},
	}
}

// readRequests returns the requests of the events after a number, and the last number.
func readRequests(t *testing.T, st *store.Store, after int64) (requests []string, last int64) {
	t.Helper()
	horizon, err := st.EventHorizon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, _, err := st.Events(t.Context(), store.EventQuery{After: after, Through: horizon, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	last = after
	for _, e := range events {
		requests, last = append(requests, e.RequestID), e.Number
	}
	return requests, last
}

// Each query of events returns those that it selects, in both orders.
func TestEventsAreSelected(t *testing.T) {
	t.Parallel()
	st := newStore(storetest.Pool(t))
	refusal := newEvent("r3", noonOfEvents)
	refusal.Outcome, refusal.Changes, refusal.Resources = "InvalidEniState", nil, []string{"eni-b"}
	refusal.Why = []byte(`{"rule":"InvalidEniState"}`)
	other := newEvent("r4", noonOfEvents)
	other.AccountID = "1000000000000002"
	other.AddResource(`"<é>/`)
	// The second and the third are committed together.
	commitEvents(t, st, newEvent("r1", noonOfEvents))
	commitEvents(t, st, newEvent("r2", noonOfEvents), refusal)
	commitEvents(t, st, other)
	horizon, err := st.EventHorizon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := st.Events(t.Context(), store.EventQuery{Through: horizon, Limit: 10})
	if err != nil || len(all) != 4 {
		t.Fatalf("got %d events, error %v, want 4", len(all), err)
	}
	second := all[1].Number
	for name, test := range map[string]struct {
		query store.EventQuery
		want  []string
	}{
		"all":                  {store.EventQuery{}, []string{"r1", "r2", "r3", "r4"}},
		"after":                {store.EventQuery{After: second}, []string{"r3", "r4"}},
		"up to":                {store.EventQuery{Through: second}, []string{"r1", "r2"}},
		"account":              {store.EventQuery{AccountID: "1000000000000001"}, []string{"r1", "r2", "r3"}},
		"resource":             {store.EventQuery{ResourceID: "eni-a"}, []string{"r1", "r2", "r4"}},
		"resource and account": {store.EventQuery{ResourceID: "i-1", AccountID: "1000000000000002"}, []string{"r4"}},
		"third resource":       {store.EventQuery{ResourceID: "sg-1"}, []string{"r1", "r2", "r4"}},
		"strange resource":     {store.EventQuery{ResourceID: `"<é>/`}, []string{"r4"}},
		"request":              {store.EventQuery{RequestID: "r2"}, []string{"r2"}},
		"refusals":             {store.EventQuery{Refusals: true}, []string{"r3"}},
		"refusals of an account": {
			store.EventQuery{Refusals: true, AccountID: "1000000000000002"}, nil},
	} {
		test.query.Through, test.query.Limit = cmp.Or(test.query.Through, horizon), 10
		for _, newestFirst := range []bool{false, true} {
			test.query.NewestFirst = newestFirst
			events, _, err := st.Events(t.Context(), test.query)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var got []string
			for _, e := range events {
				got = append(got, e.RequestID)
			}
			if newestFirst {
				slices.Reverse(got)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s: got %v, want %v", name, got, test.want)
			}
		}
	}
}

// A page ends when its events are large, and the next one goes on with the next event.
func TestAPageOfLargeEventsEndsEarly(t *testing.T) {
	t.Parallel()
	const events = 5
	st := newStore(storetest.Pool(t))
	for k := range events {
		large := newEvent(fmt.Sprint(k), noonOfEvents)
		large.Changes[0].To = strings.Repeat("x", 700<<10)
		commitEvents(t, st, large)
	}
	horizon, err := st.EventHorizon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got, sizes []string
	for after, isCut := int64(0), true; isCut; {
		var page []store.Event
		page, isCut, err = st.Events(t.Context(), store.EventQuery{After: after, Through: horizon, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, fmt.Sprint(len(page)))
		for _, e := range page {
			got, after = append(got, e.RequestID), e.Number
		}
	}
	if !slices.Equal(got, []string{"0", "1", "2", "3", "4"}) || !slices.Equal(sizes, []string{"2", "2", "1"}) {
		t.Errorf("got the events %v in pages of %v, want each once, and two in a page of 1 MiB", got, sizes)
	}
}

// A reader does not pass a number whose transaction is still running, although greater ones are
// visible. When the transaction has ended, the reader gets its event, or none if it was rolled back.
func TestReadersWaitForNumbersInFlight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  string
		want []string
	}{
		"committed":   {"commit", []string{"slow", "fast"}},
		"rolled back": {"rollback", []string{"fast"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := storetest.Pool(t)
			st := newStore(pool)
			appendEvent(t, st, "first", noonOfEvents)
			first, last := readRequests(t, st, 0)
			if !slices.Equal(first, []string{"first"}) {
				t.Fatalf("got %v, want the first", first)
			}
			// First a transaction takes the next number, and does not commit.
			slow, err := pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer slow.Rollback(t.Context()) //nolint:errcheck // it has ended, unless the test failed
			_, err = slow.Exec(t.Context(), `
				INSERT INTO event_batches (first_number, recorded_at, at, keys, events)
				VALUES (nextval('event_numbers'), $1, $1, '{}', '[{"request_id": "slow"}]')`, noonOfEvents)
			if err != nil {
				t.Fatal(err)
			}
			// Then another one gets a greater number, and commits.
			appendEvent(t, st, "fast", noonOfEvents)
			if early, _ := readRequests(t, st, last); len(early) != 0 {
				t.Errorf("while a smaller number is in flight: got %v, want nothing", early)
			}
			if _, err := slow.Exec(t.Context(), test.end); err != nil {
				t.Fatal(err)
			}
			if got, _ := readRequests(t, st, last); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// A long transaction that records no events does not stop readers.
func TestALongTransactionDoesNotStopReaders(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := newStore(pool)
	long, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer long.Rollback(t.Context()) //nolint:errcheck // nothing to keep
	if _, err := long.Exec(t.Context(), `SELECT pg_current_xact_id()`); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		appendEvent(t, st, fmt.Sprint(i), noonOfEvents)
	}
	if got, _ := readRequests(t, st, 0); !slices.Equal(got, []string{"0", "1", "2"}) {
		t.Errorf("got %v, want all three", got)
	}
}

// Three readers with other batch sizes follow while 16 writers commit, some of which roll back. Each
// reader gets every committed event once, in the order of the numbers.
func TestReadersMissNothingAndSeeNothingTwice(t *testing.T) {
	t.Parallel()
	const writers, perWriter = 16, 40
	pool := storetest.Pool(t)
	st := newStore(pool)
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	seen := make([][]store.Event, 3)
	for r := range seen {
		reader := newStore(pool) // a process of its own has a horizon of its own
		reading.Go(func() {
			var last int64
			for ended := false; ; {
				select {
				case <-done:
					ended = true
				default:
				}
				horizon, err := reader.EventHorizon(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				events, _, err := reader.Events(t.Context(), store.EventQuery{
					After: last, Through: horizon, Limit: 7 * (r + 1),
				})
				if err != nil {
					t.Error(err)
					return
				}
				if len(events) == 0 && ended {
					return
				}
				for _, e := range events {
					seen[r], last = append(seen[r], e), e.Number
				}
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range perWriter {
				err := st.InTx(t.Context(), func(tx *store.Tx) error {
					if err := tx.AppendEvents([]store.Event{
						newEvent(fmt.Sprint(w, " ", i, " a"), noonOfEvents),
						newEvent(fmt.Sprint(w, " ", i, " b"), noonOfEvents),
					}); err != nil {
						return err
					}
					if i%8 == 7 { // this transaction takes its numbers, and then fails
						tx.FailForTest()
					}
					return nil
				})
				if (err != nil) != (i%8 == 7) {
					t.Errorf("writer %d, event %d: %v", w, i, err)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	stored, err := pool.Query(t.Context(), `SELECT request_id FROM events ORDER BY number`)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(stored, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != writers*perWriter/8*7*2 {
		t.Fatalf("%d events are stored", len(want))
	}
	for r, events := range seen {
		var got []string
		for _, e := range events {
			got = append(got, e.RequestID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("reader %d: got %d events, want %d, each once and in order", r, len(got), len(want))
		}
	}
}

// Partitions are created ahead, and dropped when their events are too old or take too much. A reader
// finds out that events it has not seen are gone.
func TestEventsAreKeptForATime(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := newStore(pool)
	retention := store.EventRetention{Keep: 8 * time.Hour, MaxBytes: 1 << 40}
	maintain := func(now time.Time) {
		t.Helper()
		if err := st.MaintainEvents(t.Context(), now, retention); err != nil {
			t.Fatal(err)
		}
	}
	count := func(sql string) (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	appendEvent(t, st, "stray", noonOfEvents.Add(-time.Minute)) // before the first partition
	appendEvent(t, st, "early", noonOfEvents.Add(time.Minute))  // of its time, but before it exists
	maintain(noonOfEvents)
	if n := count(`SELECT count(*) FROM event_batches_default`); n != 1 {
		t.Errorf("%d events are in no partition, want only the stray one: the early one is moved", n)
	}
	if got, _ := readRequests(t, st, 0); !slices.Equal(got, []string{"stray", "early"}) {
		t.Errorf("after the move: got %v, want both", got)
	}
	for hour := range 12 {
		now := noonOfEvents.Add(time.Duration(hour) * time.Hour)
		maintain(now)
		maintain(now) // a second server finds nothing to do
		appendEvent(t, st, fmt.Sprint(hour), now)
	}
	if n := count(`SELECT count(*) FROM event_batches_default`); n != 0 {
		t.Errorf("%d events are in no partition of their time", n)
	}
	// At 23:00 the partitions that end up to 15:00 are gone.
	got, _ := readRequests(t, st, 0)
	if want := []string{"3", "4", "5", "6", "7", "8", "9", "10", "11"}; !slices.Equal(got, want) {
		t.Errorf("got the events of the hours %v, want %v", got, want)
	}
	dropped, err := st.DroppedEvents(t.Context())
	if err != nil || dropped != 5*64 {
		t.Errorf("dropped up to %d, error %v, want 320: the stray one, the early one and three hours", dropped, err)
	}
	// Without room for anything, the partition of the present stays.
	retention.MaxBytes = 1
	maintain(noonOfEvents.Add(11 * time.Hour))
	if got, _ := readRequests(t, st, 0); !slices.Equal(got, []string{"11"}) {
		t.Errorf("without room: got %v, want the last hour", got)
	}
	// After a day without a server there is a partition of the present again.
	maintain(noonOfEvents.Add(48 * time.Hour))
	appendEvent(t, st, "next", noonOfEvents.Add(48*time.Hour))
	if got, _ := readRequests(t, st, 0); !slices.Equal(got, []string{"next"}) {
		t.Errorf("after a day: got %v, want the new one", got)
	}
}

// A transaction may record more events than a batch has, and events whose time is that of their account.
func TestATransactionRecordsManyEvents(t *testing.T) {
	t.Parallel()
	const count = 150
	pool := storetest.Pool(t)
	st := newStore(pool)
	var recorded []store.Event
	var want []string
	for k := range count {
		e := newEvent(fmt.Sprint(k), noonOfEvents)
		switch k % 40 {
		case 1: // some have another time, and some have none
			e.At = noonOfEvents.Add(time.Hour)
		case 2:
			e.At = time.Time{}
		}
		recorded, want = append(recorded, e), append(want, e.RequestID)
	}
	commitEvents(t, st, recorded...)
	horizon, err := st.EventHorizon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, isCut, err := st.Events(t.Context(), store.EventQuery{Through: horizon, Limit: 1000})
	if err != nil || isCut || len(events) != count {
		t.Fatalf("got %d events, cut %t, error %v, want all %d", len(events), isCut, err, count)
	}
	var got []string
	for k, e := range events {
		got = append(got, e.RequestID)
		at := noonOfEvents // an account without a clock has the real time
		if k%40 == 1 {
			at = noonOfEvents.Add(time.Hour)
		}
		if !e.At.Equal(at) {
			t.Errorf("event %d has the time %v, want %v", k, e.At, at)
		}
		if k > 0 && e.Number <= events[k-1].Number {
			t.Errorf("event %d has the number %d after %d", k, e.Number, events[k-1].Number)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the events %v, want %v", got, want)
	}
}

// Pages of any size are the same events as one page, for each filter and in both orders, before and after
// new entries are moved to their places in the index.
func TestPagesOfEventsAreComplete(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := newStore(pool)
	for k := range 250 { // more batches than a statement reads
		e := newEvent(fmt.Sprint(k), noonOfEvents)
		e.Resources = []string{fmt.Sprint("eni-", k%3), fmt.Sprint("i-", k%2)}
		other := newEvent(fmt.Sprint(k, " other"), noonOfEvents)
		other.AccountID = "1000000000000002"
		commitEvents(t, st, e, other)
	}
	horizon, err := st.EventHorizon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	walk := func(q store.EventQuery) (found []string) {
		t.Helper()
		for isCut := true; isCut; {
			page, cut, err := st.Events(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				found = append(found, e.RequestID)
				if q.NewestFirst {
					q.Through = e.Number - 1
				} else {
					q.After = e.Number
				}
			}
			isCut = cut
		}
		return found
	}
	for range 2 {
		for want, q := range map[int]store.EventQuery{
			500: {},
			250: {AccountID: "1000000000000001"},
			84:  {ResourceID: "eni-0"},
			125: {ResourceID: "i-1", AccountID: "1000000000000001"},
			1:   {RequestID: "249 other"},
			0:   {ResourceID: "eni-1", AccountID: "1000000000000002"},
		} {
			q.Through = horizon
			for _, q.NewestFirst = range []bool{false, true} {
				q.Limit = 1000
				all := walk(q)
				q.Limit = 7
				if paged := walk(q); !slices.Equal(paged, all) || len(all) != want {
					t.Errorf("%+v: got %d events by pages of 7, and %d at once, want %d", q, len(paged), len(all), want)
				}
			}
		}
		if err := st.IndexEvents(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// The key of a text in the index is that of the function of the database, by which a person finds events
// with psql.
func TestEventKeys(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	commitEvents(t, newStore(pool), newEvent("é", noonOfEvents))
	for _, text := range []string{"1000000000000001", "é", "eni-a", "i-1", "sg-1"} {
		var found int
		err := pool.QueryRow(t.Context(), `
			SELECT count(*) FROM event_batches WHERE keys @> ARRAY[event_key($1)]`, text).Scan(&found)
		if err != nil || found != 1 {
			t.Errorf("%q: found %d, error %v, want the batch", text, found, err)
		}
	}
}
