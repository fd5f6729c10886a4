package store_test

import (
	"testing"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// The migration to version 23 gives each VPC of a database its system route table, with the id that its VPC
// always showed. Its reversal drops the tables.
func TestMigrationOfRoutesGivesVPCsTheirTables(t *testing.T) {
	t.Parallel()
	url, pool := migratedDatabase(t)
	tables := func() (text string) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `
			SELECT coalesce(string_agg(concat_ws(' ', id, vpc_id, type), ',' ORDER BY id), '') FROM route_tables`).
			Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	reverse(t, url, "00023_routes.sql")
	if _, err := pool.Exec(t.Context(), storetest.SmallWorld); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	const want = "vtb-1 vpc-1 System,vtb-2 vpc-2 System,vtb-3 vpc-3 System"
	if got := tables(); got != want {
		t.Errorf("route tables: got %s, want %s", got, want)
	}
	if got := store.SystemRouteTableID("vpc-1"); got != "vtb-1" {
		t.Errorf("id: got %s, want that of the migration", got)
	}
	if _, err := pool.Exec(t.Context(), aRoute); err != nil {
		t.Fatal(err)
	}
	reverse(t, url, "00023_routes.sql")
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if got := tables(); got != want {
		t.Errorf("route tables after a reversal: got %s, want %s", got, want)
	}
}
