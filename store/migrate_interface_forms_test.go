package store_test

import (
	"log/slog"
	"maps"
	"testing"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// The reversal of the migration of RDMA, queues and network cards leaves each interface where it is. The
// migration changes none either, and with it all invariants hold: attachments of before take no queues.
func TestMigrationOfInterfaceFormsKeepsSlots(t *testing.T) {
	t.Parallel()
	url, pool := migratedDatabase(t)
	// eni-20 is the primary interface of i-2, which has none in the small world.
	if _, err := pool.Exec(t.Context(), storetest.SmallWorld+storetest.FormWorld+`
		INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
		    primary_of, mac_address, created_at)
		VALUES ('1000000000000001', 'eni-20', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-2', 'vsw-2', 'Primary', 'InUse',
		    'i-2', '00:16:3e:00:00:20', '2026-11-22');
		UPDATE client_tokens SET request_hash = decode(repeat('00', 32), 'hex');
		INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary) VALUES
		    ('1000000000000001', 'vsw-h', '10.0.0.2', 'eni-0', true),
		    ('1000000000000001', 'vsw-h', '10.0.0.3', 'eni-2', true),
		    ('1000000000000001', 'vsw-i', '10.1.0.1', 'eni-i', true),
		    ('1000000000000001', 'vsw-2', '172.16.0.1', 'eni-20', true);
		UPDATE attachments SET network_card_index = NULL; -- the catalogue's type of i-1 has no cards
		SELECT recount_capacity(ARRAY['1000000000000001'])`); err != nil {
		t.Fatal(err)
	}
	want := interfacesOf(t, pool, "whole_network_interfaces")
	reverse(t, url, "00029_interface_forms.sql")
	if got := interfacesOf(t, pool, "whole_network_interfaces"); !maps.Equal(got, want) {
		t.Errorf("after the reversal: got\n%v\nwant\n%v", got, want)
	}
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if got := interfacesOf(t, pool, "whole_network_interfaces"); !maps.Equal(got, want) {
		t.Errorf("after the migration: got\n%v\nwant\n%v", got, want)
	}
	violations, err := world.Verify(t.Context(), store.New(pool, slog.New(slog.DiscardHandler)))
	if err != nil || len(violations) > 0 {
		t.Errorf("got %v and the violations %v, want none", err, violations)
	}
}
