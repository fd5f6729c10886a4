package store_test

import (
	"log/slog"
	"maps"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/world"
)

// worldBeforeAttachments is a world in the schema of version 6, in which an interface had columns
// for its instance: interfaces in every status, and a primary one with a network card.
const worldBeforeAttachments = `
INSERT INTO accounts (id, created_at) VALUES ('1000000000000001', '2026-11-22');
INSERT INTO vpcs (account_id, id, region_id, cidr_block, created_at) VALUES
    ('1000000000000001', 'vpc-1', 'cn-hangzhou', '10.0.0.0/8', '2026-11-22');
INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at) VALUES
    ('1000000000000001', 'vsw-1', 'vpc-1', 'cn-hangzhou', 'cn-hangzhou-h', '10.0.0.0/16', '2026-11-22');
INSERT INTO security_groups (account_id, id, vpc_id, region_id, instance_limit, created_at) VALUES
    ('1000000000000001', 'sg-1', 'vpc-1', 'cn-hangzhou', 10, '2026-11-22');
INSERT INTO instances (account_id, id, region_id, zone_id, vpc_id, vswitch_id,
    instance_type_owner_id, instance_type, eni_quantity, status, created_at)
SELECT '1000000000000001', 'i-1', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-1',
       '', id, eni_quantity, 'Running', '2026-11-22'
FROM instance_types WHERE id = 'ecs.g7nex.32xlarge'; -- which has two network cards
INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type,
    status, next_status, settles_at, instance_id, instance_eni_quantity, device_index, network_card_index,
    mac_address, created_at)
SELECT i.account_id, n.id, i.region_id, i.zone_id, i.vpc_id, i.vswitch_id,
       CASE n.index WHEN 0 THEN 'Primary' ELSE 'Secondary' END,
       n.status, n.next_status, n.settles_at::timestamptz,
       CASE WHEN n.index IS NOT NULL THEN i.id END, CASE WHEN n.index IS NOT NULL THEN i.eni_quantity END,
       n.index, n.card, '', '2026-11-22'
FROM instances i, (VALUES
    ('eni-primary', 'InUse', NULL, NULL, 0, 0),
    ('eni-available', 'Available', NULL, NULL, NULL, NULL),
    ('eni-attaching', 'Attaching', 'InUse', '2026-11-22', 1, NULL),
    ('eni-falling-back', 'Attaching', 'Available', '2026-11-22', 2, NULL),
    ('eni-stuck-attaching', 'Attaching', NULL, NULL, 3, NULL),
    ('eni-in-use', 'InUse', NULL, NULL, 4, 1),
    ('eni-detaching', 'Detaching', 'Available', '2026-11-22', 5, NULL),
    ('eni-deleting', 'Deleting', 'Deleted', '2026-11-22', NULL, NULL),
    ('eni-stuck-deleting', 'Deleting', NULL, NULL, NULL, NULL)
) AS n (id, status, next_status, settles_at, index, card);
INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
SELECT account_id, vswitch_id, '10.0.0.0'::inet + row_number() OVER (ORDER BY id), id, true FROM network_interfaces;
INSERT INTO network_interface_security_groups (account_id, network_interface_id, security_group_id, vpc_id, position)
SELECT account_id, id, 'sg-1', vpc_id, 0 FROM network_interfaces;
SELECT recount_capacity(ARRAY['1000000000000001'])`

// The migration to version 10 moves the attachments to their own table, and its reversal moves them
// back. No interface changes. With it and the later migrations, all invariants hold.
func TestMigrationOfAttachmentsMovesEachRow(t *testing.T) {
	t.Parallel()
	url, pool := migratedDatabase(t)
	down := func() { t.Helper(); reverse(t, url, "00010_attachments.sql") }
	down()
	if _, err := pool.Exec(t.Context(), worldBeforeAttachments); err != nil {
		t.Fatal(err)
	}
	before := interfacesOf(t, pool, "network_interfaces")
	if len(before) != 9 {
		t.Fatalf("got %d interfaces, want 9", len(before))
	}

	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if got := interfacesOf(t, pool, "whole_network_interfaces"); !maps.Equal(got, before) {
		t.Errorf("after the migration: got\n%v\nwant\n%v", got, before)
	}
	violations, err := world.Verify(t.Context(), store.New(pool, slog.New(slog.DiscardHandler)))
	if err != nil || len(violations) > 0 {
		t.Errorf("got %v and the violations %v, want none", err, violations)
	}

	down()
	if got := interfacesOf(t, pool, "network_interfaces"); !maps.Equal(got, before) {
		t.Errorf("after the reversal: got\n%v\nwant\n%v", got, before)
	}
}

// interfacesOf returns what a table or a view says of each interface.
func interfacesOf(t *testing.T, pool *pgxpool.Pool, table string) map[string]string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT id, concat_ws(' ', type, status, coalesce(next_status, '-'), coalesce(settles_at::text, '-'),
		                     coalesce(instance_id, '-'), coalesce(device_index, -1), coalesce(network_card_index, -1))
		FROM `+table)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	var id, row string
	if _, err := pgx.ForEachRow(rows, []any{&id, &row}, func() error {
		found[id] = row
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
