package store_test

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// The migration to version 13 adds up the shares of each group's capacity, and its reversal spreads
// the capacity evenly over shares. The reversal restores the functions and constraints, too. In both
// schemas a new group has all its capacity, and the capacity can be recounted, released and acquired.
func TestMigrationOfGroupCapacityAddsUpItsShares(t *testing.T) {
	t.Parallel()
	url, pool := migratedDatabase(t)
	down := func() { t.Helper(); reverse(t, url, "00013_group_capacity.sql") }
	up := func() {
		t.Helper()
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	expect := func(when, sql string, want ...string) {
		t.Helper()
		rows, _ := pool.Query(t.Context(), sql)
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", when, got, want)
		}
	}
	const (
		shares = `
			SELECT security_group_id || ' ' || string_agg(free::text, ' ' ORDER BY share)
			FROM security_group_capacity GROUP BY security_group_id ORDER BY security_group_id`
		capacity = `
			SELECT security_group_id || ' ' || free FROM security_group_capacity ORDER BY security_group_id`
		// The capacity of i-1 in sg-1 is released and acquired again, in two statements as requests do.
		release = `SELECT release_capacity('1000000000000001', '{sg-1}', 'i-1', '2026-11-22')`
		acquire = `SELECT acquire_capacity('1000000000000001', '{sg-1}', '{i-1}', '2026-11-22')`
		recount = `SELECT recount_capacity('{1000000000000001}')`
		schema  = `
			SELECT proname || prosrc FROM pg_proc WHERE proname LIKE '%\_capacity'
			UNION ALL
			SELECT conname || pg_get_constraintdef(oid)
			FROM pg_constraint WHERE conrelid = 'security_group_capacity'::regclass AND contype <> 'n'
			ORDER BY 1`
	)
	down()
	exec(storetest.SmallWorld)
	exec(recount)
	expect("before", shares, "sg-1 2 1 1 1 1 1 1 1", "sg-2 2 2 1 1 1 1 1 1")
	exec(`
		UPDATE security_group_capacity SET free = CASE share WHEN 2 THEN 9 ELSE 0 END
		WHERE security_group_id = 'sg-1'`)
	rows, _ := pool.Query(t.Context(), schema)
	oldSchema, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(oldSchema) != 9 {
		t.Fatalf("got %q, %v, want five functions and four constraints", oldSchema, err)
	}

	up()
	expect("after the migration", capacity, "sg-1 9", "sg-2 10")
	exec(`
		INSERT INTO security_groups (account_id, id, vpc_id, region_id, instance_limit, created_at)
		VALUES ('1000000000000001', 'sg-new', 'vpc-1', 'cn-hangzhou', 21, '2026-11-22')`)
	exec(release)
	expect("released", capacity, "sg-1 10", "sg-2 10", "sg-new 21")
	exec(acquire)
	exec(`UPDATE security_group_capacity SET free = 1 WHERE security_group_id = 'sg-2'`)
	exec(recount)
	expect("acquired and recounted", capacity, "sg-1 9", "sg-2 10", "sg-new 21")
	violations, err := world.Verify(t.Context(), store.New(pool, slog.New(slog.DiscardHandler)))
	for _, v := range violations {
		if v.Invariant == "a_group_keeps_count_of_its_capacity" {
			t.Errorf("got the violation %v, want none", v)
		}
	}
	if err != nil {
		t.Error(err)
	}

	down()
	expect("after the reversal", shares, "sg-1 2 1 1 1 1 1 1 1", "sg-2 2 2 1 1 1 1 1 1", "sg-new 3 3 3 3 3 2 2 2")
	expect("functions and constraints after the reversal", schema, oldSchema...)
	exec(release)
	exec(acquire)
	expect("released and acquired after the reversal", shares,
		"sg-1 2 1 1 1 1 1 1 1", "sg-2 2 2 1 1 1 1 1 1", "sg-new 3 3 3 3 3 2 2 2")
	up()
	expect("after another migration", capacity, "sg-1 9", "sg-2 10", "sg-new 21")
}
