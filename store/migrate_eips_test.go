package store_test

import (
	"testing"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// The migration to version 22 adds EIPs to a database with interfaces. Its reversal drops them, and leaves
// the interfaces as they are.
func TestMigrationOfEIPsKeepsInterfaces(t *testing.T) {
	t.Parallel()
	url, pool := migratedDatabase(t)
	rows := func() (text string) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `
			SELECT string_agg(concat_ws(' ', network_interface_id, host(address)), ',')
			FROM private_ip_addresses`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	reverse(t, url, "00022_eips.sql")
	if _, err := pool.Exec(t.Context(), storetest.SmallWorld); err != nil {
		t.Fatal(err)
	}
	before := rows()
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), anEIP); err != nil {
		t.Fatal(err)
	}
	reverse(t, url, "00022_eips.sql")
	if got := rows(); got != before {
		t.Errorf("addresses: got %s, want %s", got, before)
	}
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	var eips int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM eips`).Scan(&eips); err != nil || eips != 0 {
		t.Errorf("EIPs: got %d, %v, want none", eips, err)
	}
}
