package store_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// The migration to version 16 lets a start fail. Its reversal makes such a start succeed, and restores
// the function and the constraint of the old schema.
func TestMigrationOfFailingStarts(t *testing.T) {
	t.Parallel()
	url, pool := migratedDatabase(t)
	query := func(sql string) []string {
		t.Helper()
		rows, _ := pool.Query(t.Context(), sql)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	const (
		schema = `
			SELECT conname || pg_get_constraintdef(oid)
			FROM pg_constraint WHERE conrelid = 'instances'::regclass AND contype <> 'n'
			UNION ALL
			SELECT prosrc FROM pg_proc WHERE proname = 'settled_instances'
			ORDER BY 1`
		atTheEnd = `SELECT id || ' ' || status FROM settled_instances('2026-11-22 12:00Z') ORDER BY id`
	)
	reverse(t, url, "00016_failing_starts.sql")
	before := query(schema)
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		storetest.SmallWorld,
		`UPDATE instances SET status = 'Starting', next_status = 'Stopped', settles_at = '2026-11-22 11:00Z'
		 WHERE id = 'i-1'`,
		`UPDATE instances
		 SET status = 'Pending', next_status = 'Starting', settles_at = '2026-11-22 11:00Z',
		     running_at = '2026-11-22 11:30Z', start_fails = true
		 WHERE id = 'i-2'`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := query(atTheEnd)[:2], []string{"i-1 Stopped", "i-2 Stopped"}; !slices.Equal(got, want) {
		t.Errorf("after the migration: got %q, want %q", got, want)
	}
	reverse(t, url, "00016_failing_starts.sql")
	if got, want := query(atTheEnd)[:2], []string{"i-1 Running", "i-2 Running"}; !slices.Equal(got, want) {
		t.Errorf("after the reversal: got %q, want %q", got, want)
	}
	if after := query(schema); !slices.Equal(after, before) {
		t.Errorf("the reversal leaves the schema %q, want %q", after, before)
	}
}
