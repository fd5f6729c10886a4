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

// The migration to version 12 puts the tags that exist into the index of tags. Its reversal and the
// migration after it change no tag.
func TestMigrationIndexesTagsThatExist(t *testing.T) {
	t.Parallel()
	url, pool := migratedDatabase(t)
	down := func() { t.Helper(); reverse(t, url, "00012_lists.sql") }
	query := func(sql string) []string {
		t.Helper()
		rows, _ := pool.Query(t.Context(), sql)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	const tags = `
		SELECT 'instance ' || id || ' ' || tags FROM instances
		UNION ALL SELECT 'network interface ' || id || ' ' || tags FROM network_interfaces
		ORDER BY 1`
	down()
	for _, sql := range []string{
		storetest.SmallWorld,
		`UPDATE instances SET tags = '{"team": "net"}' WHERE id = 'i-1'`,
		`UPDATE network_interfaces SET tags = '{"team": "net", "stage": ""}' WHERE id IN ('eni-1', 'eni-i')`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	before := query(tags)

	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	indexed := query(`SELECT concat_ws(' ', kind, resource_id, key || '=' || value) FROM resource_tags ORDER BY 1`)
	want := []string{
		"instance i-1 team=net",
		"network interface eni-1 stage=", "network interface eni-1 team=net",
		"network interface eni-i stage=", "network interface eni-i team=net",
	}
	if !slices.Equal(indexed, want) {
		t.Errorf("got the tags %q in the index, want %q", indexed, want)
	}
	violations, err := world.Verify(t.Context(), store.New(pool, slog.New(slog.DiscardHandler)))
	for _, v := range violations {
		if v.Invariant == "a_tag_is_in_the_index_and_nothing_else" {
			t.Errorf("got the violation %v, want none", v)
		}
	}
	if err != nil {
		t.Error(err)
	}

	down()
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if got := query(tags); !slices.Equal(got, before) {
		t.Errorf("after the reversal and another migration: got the tags %q, want %q", got, before)
	}
}

// Each change of tags changes the index of tags: new resources, calls, and deletions. Texts that are
// too long for an index are shortened there.
func TestIndexOfTagsFollowsTheirChanges(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	for _, sql := range []string{
		`UPDATE network_interfaces SET tags = '{"team": "net", "stage": "test"}' WHERE id IN ('eni-2', 'eni-i')`,
		`UPDATE network_interfaces SET tags = tags - 'stage' || '{"team": "web"}' WHERE id = 'eni-2'`,
		`UPDATE network_interfaces SET name = 'without a change of tags'`,
		`UPDATE instances SET tags = jsonb_build_object(repeat('k', 3000), repeat('v', 3000))`,
		`DELETE FROM network_interfaces WHERE id = 'eni-i'`,
		`INSERT INTO instances SELECT (i).* FROM (
		     SELECT jsonb_populate_record(i, '{"id": "i-new", "tags": {"team": "net"}}') AS i
		     FROM instances i WHERE id = 'i-1') AS copy`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	rows, _ := pool.Query(t.Context(), `
		SELECT concat_ws(' ', kind, resource_id, left(key, 4) || '=' || left(value, 4)) FROM resource_tags ORDER BY 1`)
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if want := []string{
		"instance i-1 kkkk=vvvv", "instance i-2 kkkk=vvvv", "instance i-new team=net",
		"network interface eni-2 team=web",
	}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	violations, err := world.Verify(t.Context(), s)
	for _, v := range violations {
		if v.Invariant == "a_tag_is_in_the_index_and_nothing_else" {
			t.Errorf("got the violation %v, want none", v)
		}
	}
	if err != nil {
		t.Error(err)
	}
}
