package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// The migration to version 20 makes each event a batch, and its reversal makes each event of a batch a row
// again. Partitions and numbers stay.
func TestMigrationOfEvents(t *testing.T) {
	t.Parallel()
	const migration = "00020_event_batches.sql"
	url, pool := migratedDatabase(t)
	st := newStore(pool)
	rows := func(sql string) []string {
		t.Helper()
		rows, _ := pool.Query(t.Context(), sql)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	migrate := func() {
		t.Helper()
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
	const (
		events = `
			SELECT concat_ws(' ', number, recorded_at, at, account_id, request_id, caller, user_name, action, outcome,
			    fault, resources, changes::jsonb, why::jsonb)
			FROM events ORDER BY number`
		places = `SELECT tableoid::regclass || ' ' || number FROM events ORDER BY number`
		schema = `
			SELECT c.relname || ' ' || c.relkind::text || coalesce(pg_get_indexdef(i.indexrelid), '')
			FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
			WHERE c.relnamespace = 'public'::regnamespace AND c.relname ~ 'event|refusal'
			UNION ALL
			SELECT prosrc FROM pg_proc WHERE proname ~ 'event'
			ORDER BY 1`
	)
	// First a database of the old version has events with a partition and without one.
	reverse(t, url, migration)
	before := rows(schema)
	for _, sql := range []string{
		`SELECT add_event_partition('2026-11-30 12:00Z', '2026-11-30 13:00Z')::text`,
		`INSERT INTO events (number, recorded_at, at, account_id, request_id, caller, user_name, action, outcome, fault,
		     resources, changes, why)
		 SELECT nextval('event_numbers'), timestamptz '2026-11-30 11:59:59Z' + n * interval '1 s', '2026-01-01Z', 'a',
		     'r' || n, 'key', '', 'AttachNetworkInterface', CASE n WHEN 1 THEN 'InvalidEniState' ELSE 'OK' END, '',
		     ARRAY['eni-1', 'i-' || n, 'sg-1'], '[{"resource": "eni-1", "field": "Name", "from": "<\"é", "to": ""}]',
		     CASE n WHEN 1 THEN '{"rule": "InvalidEniState"}' END
		 FROM generate_series(0, 2) n`,
		`INSERT INTO event_resources SELECT 'sg-1', number, recorded_at FROM events`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	old, oldPlaces := rows(events), rows(places)
	// Then they are found after the migration, with their numbers, and new ones come after them.
	migrate()
	if got := rows(events); !slices.Equal(got, old) {
		t.Errorf("after the migration: got the events\n%q, want\n%q", got, old)
	}
	for requests, q := range map[string]store.EventQuery{
		"r0 r1 r2": {ResourceID: "sg-1"}, "r1": {RequestID: "r1"}, "r2": {ResourceID: "i-2", AccountID: "a"},
	} {
		q.Through, q.Limit = 3, 10
		found, _, err := st.Events(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range found {
			got = append(got, e.RequestID)
		}
		if strings.Join(got, " ") != requests {
			t.Errorf("%+v: got %v, want %s", q, got, requests)
		}
	}
	commitEvents(t, st, newEvent("new 1", noonOfEvents), newEvent("new 2", noonOfEvents))
	if got, last := readRequests(t, st, 3); !slices.Equal(got, []string{"new 1", "new 2"}) || last != 5 {
		t.Errorf("after the old events: got %v up to the number %d, want the two new ones, 4 and 5", got, last)
	}
	retention := store.EventRetention{Keep: time.Hour, MaxBytes: 1 << 30}
	if err := st.MaintainEvents(t.Context(), noonOfEvents, retention); err != nil {
		t.Errorf("the partitions of before: %v", err)
	}
	// At last the reversal has all of them, each in its partition.
	reverse(t, url, migration)
	got := rows(events)
	if len(got) != 5 || !slices.Equal(got[:3], old) {
		t.Errorf("after the reversal: got the events\n%q, want these and two more:\n%q", got, old)
	}
	if got := rows(places); len(got) != 5 || !slices.Equal(got[:3], oldPlaces) {
		t.Errorf("after the reversal: got the partitions %v, want %v", got, oldPlaces)
	}
	var number int64
	if err := pool.QueryRow(t.Context(), `SELECT nextval('event_numbers')`).Scan(&number); err != nil || number <= 5 {
		t.Errorf("after the reversal: got the number %d, error %v, want one after 5", number, err)
	}
	isOfPartition := func(text string) bool {
		return strings.Contains(text, "events_1") || strings.Contains(text, "resources_1")
	}
	if after := slices.DeleteFunc(rows(schema), isOfPartition); !slices.Equal(after, before) {
		t.Errorf("the reversal leaves the schema %q, want %q", after, before)
	}
}
