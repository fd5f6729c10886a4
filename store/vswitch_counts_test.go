package store_test

import (
	"strings"
	"testing"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/world"
)

// Each change of a VSwitch adds a row to its counts. The next transaction that has the VSwitch's lock
// replaces them by one row with the same sums.
func TestCountsOfAVSwitchAreCompacted(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	const manyChanges = `
		DO $$ BEGIN FOR n IN 1..40 LOOP
		    INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
		        mac_address, created_at)
		    VALUES ('1000000000000001', 'eni-n' || n, 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h', 'Secondary',
		        'Available', '', '2026-11-22');
		    INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
		    VALUES ('1000000000000001', 'vsw-h', '10.0.9.0'::inet + n, 'eni-n' || n, true);
		    DELETE FROM network_interfaces WHERE n % 2 = 0 AND id = 'eni-n' || n;
		END LOOP; END $$`
	if _, err := pool.Exec(t.Context(), manyChanges); err != nil {
		t.Fatal(err)
	}
	rows := func() (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM vswitch_counts WHERE vswitch_id = 'vsw-h'`).
			Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := rows(); n < 80 {
		t.Fatalf("got %d changes, want one for each statement", n)
	}
	var quota store.InterfaceQuota
	if err := s.InTx(t.Context(), func(tx *store.Tx) error {
		_, scene, err := lockForCreation(t, tx, store.AddressWant{VSwitchID: "vsw-h", IPv4: 1}, time.Time{})
		if err != nil {
			return err
		}
		quota = scene.Quota
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := 3 + 20; quota.Count != want { // those of the small world, and those that were not deleted
		t.Errorf("secondary interfaces: got %d, want %d", quota.Count, want)
	}
	if n := rows(); n != 1 {
		t.Errorf("rows of the counts: got %d, want 1", n)
	}
	// A transaction that only deletes compacts too, without the lock of the VSwitch.
	others := strings.NewReplacer("eni-n", "eni-m", "10.0.9.", "10.0.8.").Replace(manyChanges)
	if _, err := pool.Exec(t.Context(), others); err != nil {
		t.Fatal(err)
	}
	if n := rows(); n < 80 {
		t.Fatalf("got %d changes, want one for each statement", n)
	}
	if err := s.InTx(t.Context(), func(tx *store.Tx) error {
		tx.CompactCounts(account, "vsw-h", "vsw-i")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := rows(); n != 1 {
		t.Errorf("rows of the counts after a deletion: got %d, want 1", n)
	}
	violations, err := world.Verify(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		if v.Invariant == "a_vswitch_keeps_count_of_its_interfaces_and_addresses" {
			t.Errorf("got %v, want counts that are true", v)
		}
	}
}

// Deleted interfaces do not count against the quota. If there are many, a creation purges some of
// them, also in other VSwitches, so that the next count finds few.
func TestCreationPurgesDeletedInterfacesOfOtherVSwitches(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type,
		    status, next_status, settles_at, mac_address, created_at)
		SELECT '1000000000000001', 'eni-n' || n, 'cn-hangzhou', 'cn-hangzhou-i', 'vpc-1', 'vsw-i', 'Secondary',
		    'Deleting', 'Deleted', '2026-11-22', '', '2026-11-22'
		FROM generate_series(1, 60) n`); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	var quota store.InterfaceQuota
	if err := s.InTx(t.Context(), func(tx *store.Tx) error {
		batch, scene, err := lockForCreation(t, tx, store.AddressWant{VSwitchID: "vsw-h", IPv4: 1}, now)
		if err != nil {
			return err
		}
		quota = scene.Quota
		tx.WriteInterfaceBatch(batch, now, 1)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if quota.Count != 3 { // those of the small world
		t.Errorf("secondary interfaces: got %d, want 3", quota.Count)
	}
	var left int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM network_interfaces WHERE vswitch_id = 'vsw-i'`).
		Scan(&left); err != nil || left != 1 {
		t.Errorf("interfaces in the other VSwitch: got %d, %v, want the one that is not deleted", left, err)
	}
}

// lockForCreation locks what the creation of an interface in the small world depends on.
func lockForCreation(t *testing.T, tx *store.Tx, want store.AddressWant, now time.Time) (
	*store.InterfaceBatch, *store.CreateNetworkInterfaceScene, error,
) {
	t.Helper()
	change := store.InterfaceChange{RegionID: "cn-hangzhou", Assigns: &want}
	batch, err := tx.NewInterfaceBatch(t.Context(), account, nil, nil, now, now)
	if err != nil {
		return nil, nil, err
	}
	if err := tx.LockInterfaceBatch(t.Context(), batch, []store.InterfaceChange{change}); err != nil {
		return nil, nil, err
	}
	batch.Settle(now)
	return batch, batch.CreateScene(change), nil
}
