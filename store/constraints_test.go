package store_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"enisim.alt/store/storetest"
)

// checkNow checks the constraints that are otherwise checked at the commit.
const checkNow = `; SET CONSTRAINTS ALL IMMEDIATE`

// violations has, for each constraint of the schema, at least one statement that violates it, as a
// bug or a statement typed into psql could.
var violations = []struct{ constraint, sql string }{
	{"event_batches_default_pkey", `
		INSERT INTO event_batches (first_number, recorded_at, at, keys, events)
		SELECT 1, '2026-11-22', '2026-11-22', '{}', '[]' FROM generate_series(1, 2)`},
	{"an_event_partition_exists_once", `
		INSERT INTO event_partitions (id, from_at, to_at) OVERRIDING SYSTEM VALUE
		SELECT 1, '2026-11-22', '2026-11-23' FROM generate_series(1, 2)`},
	{"an_event_partition_has_a_length", `
		INSERT INTO event_partitions (from_at, to_at) VALUES ('2026-11-22', '2026-11-22')`},
	{"dropped_events_has_one_row", `INSERT INTO dropped_events DEFAULT VALUES`},
	{"dropped_events_has_no_other_row", `INSERT INTO dropped_events (is_row) VALUES (false)`},

	// The main promises: an interface is on one instance, in one slot, within the limit, and in the
	// instance's VPC and zone.
	{"a_device_index_is_below_the_limit_of_the_type", storetest.Attach("eni-2", "i-1", "vpc-1", "cn-hangzhou-h", 3, 3)},
	{"a_device_index_is_below_the_limit_of_the_type", storetest.Attach("eni-2", "i-1", "vpc-1", "cn-hangzhou-h", 3, 0)},
	{"an_attached_eni_shares_vpc_and_zone_with_its_instance",
		storetest.Attach("eni-2", "i-1", "vpc-1", "cn-hangzhou-h", 99, 2)},
	{"an_attached_eni_shares_vpc_and_zone_with_its_instance",
		storetest.Attach("eni-i", "i-1", "vpc-1", "cn-hangzhou-i", 3, 2)},
	{"an_attached_eni_shares_vpc_and_zone_with_its_instance",
		storetest.Attach("eni-2", "i-2", "vpc-1", "cn-hangzhou-h", 2, 1)},
	{"an_attached_eni_shares_vpc_and_zone_with_its_instance",
		storetest.Attach("eni-2", "i-nowhere", "vpc-1", "cn-hangzhou-h", 2, 1)},
	{"an_attached_eni_is_secondary_and_not_being_deleted",
		storetest.Attach("eni-i", "i-1", "vpc-1", "cn-hangzhou-h", 3, 2)},
	{"an_attached_eni_is_secondary_and_not_being_deleted",
		storetest.Attach("eni-0", "i-1", "vpc-1", "cn-hangzhou-h", 3, 2)},
	{"an_attached_eni_is_secondary_and_not_being_deleted",
		storetest.Attach("eni-nowhere", "i-1", "vpc-1", "cn-hangzhou-h", 3, 2)},
	{"an_attached_eni_is_secondary_and_not_being_deleted", `
		UPDATE network_interfaces SET status = 'Deleting', next_status = 'Deleted', settles_at = '2026-11-22'
		WHERE id = 'eni-1'`},
	{"an_attached_eni_is_secondary_and_not_being_deleted", `DELETE FROM network_interfaces WHERE id = 'eni-1'`},
	{"an_eni_is_attached_once", storetest.Attach("eni-1", "i-1", "vpc-1", "cn-hangzhou-h", 3, 2)},
	{"a_device_index_is_taken_once", storetest.Attach("eni-2", "i-1", "vpc-1", "cn-hangzhou-h", 3, 1)},
	{"an_attachment_has_a_documented_status", `UPDATE attachments SET status = 'Available'`},
	{"an_attachment_settles_from_a_transient_status", `
		UPDATE attachments SET next_status = 'Available', settles_at = '2026-11-22'`},
	{"an_attachment_settles_from_a_transient_status", `UPDATE attachments SET settles_at = '2026-11-22'`},
	{"a_primary_eni_and_only_it_is_part_of_an_instance", `
		UPDATE network_interfaces SET type = 'Secondary', status = 'Available' WHERE id = 'eni-0'`},
	{"a_primary_eni_and_only_it_is_part_of_an_instance", `
		UPDATE network_interfaces SET primary_of = 'i-1' WHERE id = 'eni-2'`},
	{"a_primary_eni_shares_vpc_and_zone_with_its_instance", `
		UPDATE network_interfaces SET primary_of = 'i-2' WHERE id = 'eni-0'`},
	{"an_instance_has_one_primary_eni",
		`UPDATE network_interfaces SET type = 'Primary', status = 'InUse', primary_of = 'i-1' WHERE id = 'eni-2'`},
	{"only_a_primary_eni_has_a_network_card_of_its_own", `
		UPDATE network_interfaces SET network_card_index = 0 WHERE id = 'eni-2'`},
	{"an_eni_has_a_documented_status", `UPDATE network_interfaces SET status = 'Linked' WHERE id = 'eni-2'`},
	{"an_eni_has_a_documented_status", `UPDATE network_interfaces SET status = 'InUse' WHERE id = 'eni-2'`},
	{"an_eni_has_a_documented_status", `UPDATE network_interfaces SET status = 'Available' WHERE id = 'eni-0'`},
	{"an_eni_settles_from_a_transient_status", `
		UPDATE network_interfaces SET next_status = 'Deleted', settles_at = '2026-11-22' WHERE id = 'eni-2'`},
	{"an_eni_settles_from_a_transient_status", `
		UPDATE network_interfaces SET settles_at = '2026-11-22' WHERE id = 'eni-2'`},
	{"an_eni_is_primary_secondary_or_trunk", `UPDATE network_interfaces SET type = 'Member' WHERE id = 'eni-2'`},

	// An instance has no more RDMA interfaces, queues and interfaces on a network card than its type.
	{"an_instance_has_the_rdma_interfaces_of_its_type",
		storetest.FormWorld + storetest.AttachForm(`'HighPerformance'`, `NULL`, `NULL`) + checkNow},
	{"an_instance_has_the_queues_of_its_type",
		storetest.FormWorld + storetest.AttachForm(`'Standard'`, `1`, `NULL`) + checkNow},
	{"an_instance_has_the_queues_of_its_type", storetest.FormWorld + `UPDATE attachments SET queues = 7` + checkNow},
	{"a_network_card_is_one_of_the_type",
		storetest.FormWorld + storetest.AttachForm(`'Standard'`, `NULL`, `2`) + checkNow},
	{"a_network_card_has_the_interfaces_of_its_type",
		storetest.FormWorld + storetest.AttachForm(`'Standard'`, `NULL`, `1`) + checkNow},
	{"a_network_card_has_the_interfaces_of_its_type", // the primary interface is on card 0
		storetest.FormWorld + storetest.AttachForm(`'Standard'`, `NULL`, `0`) + checkNow},
	{"an_attached_eni_takes_a_positive_number_of_queues", storetest.FormWorld + `UPDATE attachments SET queues = 0`},
	{"an_attached_eni_is_secondary_and_not_being_deleted",
		storetest.FormWorld + `UPDATE attachments SET traffic_mode = 'Standard'`},
	{"an_eni_has_a_documented_traffic_mode", `UPDATE network_interfaces SET traffic_mode = 'Fast' WHERE id = 'eni-2'`},
	{"a_primary_eni_is_standard", `UPDATE network_interfaces SET traffic_mode = 'HighPerformance' WHERE id = 'eni-0'`},

	// A trunk is the only one of its instance, has members on the same instance, and within the limit.
	{"an_instance_has_one_trunk", storetest.TrunkWorld + storetest.AttachToTrunk("eni-3", "eni-3", 2, 2)},
	{"a_vlan_is_within_the_limit_of_the_type",
		storetest.TrunkWorld + storetest.AttachToTrunk("eni-4", "eni-1", 2, 1003)},
	{"a_vlan_is_within_the_limit_of_the_type", storetest.TrunkWorld + storetest.AttachToTrunk("eni-4", "eni-1", 2, 2)},
	{"a_device_index_is_taken_once", storetest.TrunkWorld + storetest.AttachToTrunk("eni-4", "eni-1", 2, 1001)},
	{"a_member_is_on_the_instance_of_its_trunk",
		storetest.TrunkWorld + storetest.AttachToTrunk("eni-4", "eni-3", 2, 1002) + checkNow},
	{"a_member_is_on_the_instance_of_its_trunk",
		storetest.TrunkWorld + storetest.AttachToTrunk("eni-4", "eni-1", 99, 1003) + checkNow},
	{"a_member_is_on_the_instance_of_its_trunk",
		storetest.TrunkWorld + `DELETE FROM attachments WHERE network_interface_id = 'eni-1'` + checkNow},
	{"a_device_index_is_below_the_limit_of_the_type",
		storetest.TrunkWorld + `UPDATE attachments SET device_index = 3 WHERE network_interface_id = 'eni-1'`},
	{"an_attachment_to_a_trunk_has_its_limit",
		storetest.TrunkWorld + `UPDATE attachments SET member_quantity = NULL WHERE network_interface_id = 'eni-2'`},
	{"a_trunk_is_held_until_its_member_leaves",
		storetest.TrunkWorld + `UPDATE attachments SET held_trunk_id = NULL WHERE network_interface_id = 'eni-2'`},
	{"a_trunk_has_the_limit_of_a_type", storetest.TrunkWorld + `UPDATE trunks SET member_quantity = 99`},
	{"a_type_with_trunks_leaves_the_vlans_free",
		`UPDATE instance_types SET eni_quantity = 1002, eni_trunk_supported = true WHERE id = 'ecs.g7.large'`},
	{"a_resource_has_a_tag_once", `
		INSERT INTO resource_tags
		SELECT '1000000000000001', 'instance', 'team', 'net', 'i-1' FROM generate_series(1, 2)`},
	{"an_eni_exists_once", `UPDATE network_interfaces SET id = 'eni-i' WHERE id = 'eni-2'`},
	{"an_eni_lies_in_the_vpc_and_zone_of_its_vswitch", `
		UPDATE network_interfaces SET vpc_id = 'vpc-2' WHERE id = 'eni-2'`},
	{"an_eni_lies_in_a_zone_of_its_region", `
		UPDATE network_interfaces SET region_id = 'cn-beijing' WHERE id = 'eni-2'`},

	{"an_instance_exists_once", `UPDATE instances SET id = 'i-1' WHERE id = 'i-2'`},
	{"an_instance_belongs_to_an_account", `
		INSERT INTO instances (account_id, id, region_id, zone_id, network_type, instance_type_owner_id, instance_type,
		    eni_quantity, status, created_at)
		VALUES ('1000000000000009', 'i-9', 'cn-hangzhou', 'cn-hangzhou-h', 'classic', '', 'ecs.g6.large', 2, 'Running',
		    '2026-11-22')`},
	{"an_instance_lies_in_a_zone_of_its_region", `UPDATE instances SET region_id = 'cn-beijing' WHERE id = 'i-2'`},
	{"an_instance_lies_in_the_zone_of_its_vswitch", `UPDATE instances SET zone_id = 'cn-hangzhou-i' WHERE id = 'i-2'`},
	{"an_instance_has_the_limit_of_its_type", `UPDATE instances SET eni_quantity = 99 WHERE id = 'i-2'`},
	{"an_instance_has_a_type_of_its_account_or_the_catalogue", `
		UPDATE instances SET instance_type_owner_id = '1000000000000002' WHERE id = 'i-2'`},
	{"an_instance_is_vpc_with_a_vswitch_or_classic_without", `
		UPDATE instances SET network_type = 'classic' WHERE id = 'i-2'`},
	{"an_instance_has_a_documented_status", `UPDATE instances SET status = 'Deleted' WHERE id = 'i-2'`},
	{"an_instance_settles_from_a_transient_status", `
		UPDATE instances SET next_status = 'Stopped', settles_at = '2026-11-22' WHERE id = 'i-2'`},

	{"an_instance_that_will_start_will_run", `
		UPDATE instances SET status = 'Pending', next_status = 'Starting', settles_at = '2026-11-22' WHERE id = 'i-2'`},
	{"an_instance_that_will_start_will_run", `UPDATE instances SET running_at = '2026-11-22' WHERE id = 'i-2'`},
	{"an_instance_that_will_start_will_run", `
		UPDATE instances
		SET status = 'Pending', next_status = 'Starting', settles_at = '2026-11-22', running_at = '2026-11-21'
		WHERE id = 'i-2'`},

	{"a_start_that_fails_has_a_time", `
		UPDATE instances
		SET status = 'Starting', next_status = 'Running', settles_at = '2026-11-22', start_fails = true
		WHERE id = 'i-2'`},

	{"a_disturbance_exists_once", `
		INSERT INTO disturbances (id, kind, rule, created_at)
		VALUES ('fault-1', 'fault', '{}', '2026-11-22'), ('fault-1', 'fault', '{}', '2026-11-22')`},
	{"a_disturbance_belongs_to_a_known_account", `
		INSERT INTO disturbances (id, account_id, kind, rule, created_at)
		VALUES ('fault-1', '1999999999999999', 'fault', '{}', '2026-11-22')`},
	{"a_disturbance_is_of_a_known_kind", `
		INSERT INTO disturbances (id, kind, rule, created_at) VALUES ('x-1', 'x', '{}', '2026-11-22')`},
	{"a_rule_touches_no_more_calls_than_it_matches", `
		INSERT INTO disturbances (id, kind, rule, struck, created_at)
		VALUES ('fault-1', 'fault', '{}', 1, '2026-11-22')`},
	{"an_account_has_one_throttle", `
		INSERT INTO disturbances (id, kind, rule, created_at)
		VALUES ('throttle-1', 'throttle', '{}', '2026-11-22'), ('throttle-2', 'throttle', '{}', '2026-11-22')`},

	{"a_prefix_is_given_once_in_a_vswitch", `
		INSERT INTO ip_prefixes
		VALUES ('1000000000000001', 'vsw-h', '10.0.0.16/28', 'eni-1'),
		       ('1000000000000001', 'vsw-h', '10.0.0.16/28', 'eni-2')`},
	{"a_prefix_comes_from_the_vswitch_of_its_eni", `
		INSERT INTO ip_prefixes VALUES ('1000000000000001', 'vsw-i', '10.1.0.16/28', 'eni-1')`},
	{"a_prefix_has_the_documented_length", `
		INSERT INTO ip_prefixes VALUES ('1000000000000001', 'vsw-h', '10.0.0.16/29', 'eni-1')`},
	{"a_prefix_has_the_documented_length", `
		INSERT INTO ip_prefixes VALUES ('1000000000000001', 'vsw-h', '2408:4005::/64', 'eni-1')`},

	{"a_rule_exists_once", `UPDATE security_group_rules SET id = 'sgr-1'`},
	{"a_rule_belongs_to_a_group", `UPDATE security_group_rules SET security_group_id = 'sg-nowhere'`},
	{"a_rule_names_a_known_source_group", `UPDATE security_group_rules SET source_group_id = 'sg-nowhere'`},
	{"a_rule_names_a_known_source_group", `DELETE FROM security_groups WHERE id = 'sg-2'`},
	{"a_rule_names_a_known_destination_group", `UPDATE security_group_rules SET dest_group_id = 'sg-nowhere'`},
	{"a_rule_has_a_direction", `UPDATE security_group_rules SET direction = 'sideways'`},
	{"a_rule_accepts_or_drops", `UPDATE security_group_rules SET policy = 'maybe'`},
	{"a_rule_has_a_documented_priority", `UPDATE security_group_rules SET priority = 101`},
	{"a_group_accepts_or_drops_what_its_members_send", `UPDATE security_groups SET inner_access_policy = 'maybe'`},

	{"a_client_token_takes_effect_once", `
		INSERT INTO client_tokens (account_id, action, token, request_hash, answer, created_at)
		VALUES ('1000000000000001', 'CreateVpc', 't', '', '{}', '2026-11-22')`},
	{"a_client_token_belongs_to_an_account", `UPDATE client_tokens SET account_id = '1000000000000009'`},
	{"a_snapshot_exists_once_per_account", `
		INSERT INTO snapshots VALUES ('1000000000000001', 'before', 'x', 1, '2026-11-22')`},
	{"a_snapshot_belongs_to_an_account", `
		INSERT INTO snapshots VALUES ('1000000000000009', 'before', 'x', 1, '2026-11-22')`},
	{"a_piece_exists_once", `INSERT INTO snapshot_rows VALUES ('1000000000000001', 'before', 'vpcs', 0, '[]')`},
	{"a_piece_belongs_to_a_snapshot", `
		INSERT INTO snapshot_rows VALUES ('1000000000000001', 'after', 'vpcs', 0, '[]')`},
	{"only_a_temporary_key_has_a_role", `UPDATE access_keys SET assumed_role = 'ci/session'`},
	{"the_search_for_an_address_begins_behind_the_network", `UPDATE vswitches SET next_host = 0`},

	{"an_address_is_given_once_in_a_vswitch", `
		INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-h', '10.0.0.1', 'eni-2', true)`},
	{"an_address_comes_from_the_vswitch_of_its_eni", `
		INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-i', '10.1.0.1', 'eni-2', true)`},
	{"an_address_is_a_single_host", `
		INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-h', '10.0.0.0/24', 'eni-2', true)`},
	{"an_eni_has_one_primary_ipv4", `
		INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-h', '10.0.0.2', 'eni-1', true)`},
	{"an_eni_joins_a_group_once", `
		INSERT INTO network_interface_security_groups VALUES ('1000000000000001', 'eni-1', 'sg-1', 'vpc-1', 2)`},
	{"an_eni_joins_groups_of_its_vpc_group", `
		INSERT INTO network_interface_security_groups VALUES ('1000000000000001', 'eni-1', 'sg-2', 'vpc-1', 2)`},
	{"an_eni_joins_groups_of_its_vpc_eni", `
		INSERT INTO network_interface_security_groups VALUES ('1000000000000001', 'eni-1', 'sg-2', 'vpc-2', 2)`},

	{"a_security_group_exists_once", `UPDATE security_groups SET id = 'sg-1' WHERE id = 'sg-2'`},
	{"a_security_group_lies_in_a_vpc_of_its_region", `
		UPDATE security_groups SET region_id = 'cn-beijing' WHERE id = 'sg-2'`},
	{"a_security_group_is_normal_or_enterprise", `UPDATE security_groups SET type = 'basic' WHERE id = 'sg-2'`},
	{"a_security_group_limit_is_not_negative", `UPDATE security_groups SET instance_limit = -1 WHERE id = 'sg-2'`},
	{"a_group_has_its_capacity_once", `INSERT INTO security_group_capacity SELECT * FROM security_group_capacity`},
	{"capacity_belongs_to_a_known_group", `
		UPDATE security_group_capacity SET security_group_id = 'sg-9' WHERE security_group_id = 'sg-1'`},
	{"a_group_takes_no_more_instances_than_its_limit", `UPDATE security_group_capacity SET free = -1`},
	{"an_instance_departs_from_a_group_once", `
		INSERT INTO security_group_departures SELECT '1000000000000001', 'sg-1', 'i-1', '2026-11-22'
		FROM generate_series(1, 2)`},
	{"a_departure_is_from_a_known_group", `
		INSERT INTO security_group_departures VALUES ('1000000000000001', 'sg-9', 'i-1', '2026-11-22')`},
	{"a_departure_is_of_a_known_instance", `
		INSERT INTO security_group_departures VALUES ('1000000000000001', 'sg-1', 'i-9', '2026-11-22')`},
	{"a_vswitch_exists_once", `INSERT INTO vswitches SELECT * FROM vswitches WHERE id = 'vsw-h'`},
	{"a_vswitch_lies_in_a_vpc_of_its_region", `
		INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at)
		VALUES ('1000000000000001', 'vsw-9', 'vpc-3', 'cn-hangzhou', 'cn-hangzhou-h', '10.0.0.0/16', '2026-11-22')`},
	{"a_vswitch_lies_in_a_zone_of_its_region", `
		INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at)
		VALUES ('1000000000000001', 'vsw-9', 'vpc-3', 'cn-beijing', 'cn-hangzhou-h', '10.0.0.0/16', '2026-11-22')`},
	{"a_vswitch_has_ipv4", `UPDATE vswitches SET cidr_block = 'fd00::/64' WHERE id = 'vsw-2'`},
	{"a_vpc_exists_once", `UPDATE vpcs SET id = 'vpc-1' WHERE id = 'vpc-3'`},
	{"a_vpc_belongs_to_an_account", `
		INSERT INTO vpcs (account_id, id, region_id, cidr_block, created_at)
		VALUES ('1000000000000009', 'vpc-9', 'cn-hangzhou', '10.0.0.0/8', '2026-11-22')`},
	{"a_vpc_lies_in_a_known_region", `
		DELETE FROM route_tables WHERE vpc_id = 'vpc-3';
		UPDATE vpcs SET region_id = 'mars-1' WHERE id = 'vpc-3'`},
	{"a_vpc_has_ipv4", `UPDATE vpcs SET ipv6_cidr_block = '10.0.0.0/8' WHERE id = 'vpc-3'`},

	{"an_account_exists_once", `UPDATE accounts SET id = '1000000000000001' WHERE id = '1000000000000002'`},
	{"an_account_id_has_16_digits", `INSERT INTO accounts (id, created_at) VALUES ('42', '2026-11-22')`},
	{"an_account_expires_after_it_was_made", `UPDATE accounts SET expires_at = created_at`},
	{"repeats_are_accepted_or_refused", `UPDATE accounts SET repeats = 'sometimes'`},
	{"a_failed_client_token_has_no_answer", `
		INSERT INTO client_tokens (account_id, action, token, request_hash, answer, failed, created_at)
		VALUES ('1000000000000001', 'CreateVpc', 'failed', '', '{}', true, '2026-11-22')`},
	{"a_quota_is_not_negative", `UPDATE accounts SET network_interfaces_per_region = -1`},
	{"a_quota_of_instances_is_not_negative", `UPDATE accounts SET instances_per_region = -1`},
	{"an_interface_may_be_in_a_group", `UPDATE accounts SET security_groups_per_network_interface = 0`},
	{"an_interface_may_have_its_primary_address", `UPDATE accounts SET private_ipv4_per_network_interface = 0`},
	{"a_quota_of_ipv6_is_not_negative", `UPDATE accounts SET ipv6_per_network_interface = -1`},
	{"a_ram_user_exists_once_per_account", `
		INSERT INTO ram_users (account_id, name) VALUES ('1000000000000001', 'ci')`},
	{"a_ram_user_belongs_to_an_account", `INSERT INTO ram_users (account_id, name) VALUES ('1000000000000009', 'ci')`},
	{"an_access_key_exists_once", `
		INSERT INTO access_keys (id, account_id, secret, created_at)
		VALUES ('LTAI1', '1000000000000002', 's', '2026-11-22')`},
	{"an_access_key_belongs_to_an_account", `
		INSERT INTO access_keys (id, account_id, secret, created_at)
		VALUES ('LTAI9', '1000000000000009', 's', '2026-11-22')`},
	{"an_access_key_belongs_to_a_user_of_its_account", `
		INSERT INTO access_keys (id, account_id, ram_user_name, secret, created_at)
		VALUES ('LTAI9', '1000000000000002', 'ci', 's', '2026-11-22')`},
	{"an_access_key_is_active_or_inactive", `UPDATE access_keys SET status = 'Lost'`},
	{"a_temporary_key_expires", `UPDATE access_keys SET security_token = 't'`},
	{"an_account_has_one_clock", `
		INSERT INTO account_clocks (account_id, real_base, account_base, rate, frozen, announced)
		SELECT '1000000000000001', '2026-11-22', '2026-11-22', 1, false, false FROM generate_series(1, 2)`},
	{"a_clock_belongs_to_a_known_account", `
		INSERT INTO account_clocks VALUES ('1000000000000009', '2026-11-22', '2026-11-22', 1, false, true)`},
	{"a_clock_runs_forwards", `
		INSERT INTO account_clocks VALUES ('1000000000000001', '2026-11-22', '2026-11-22', 0, false, true)`},
	{"a_clock_runs_forwards", `
		INSERT INTO account_clocks VALUES ('1000000000000001', '2026-11-22', '2026-11-22', 'NaN', false, true)`},
	{"a_clock_ends_a_century_before_the_calendar", `
		INSERT INTO account_clocks VALUES ('1000000000000001', '2026-11-22', '9900-01-01', 1, false, true)`},
	{"a_clock_says_real_time_until_it_is_announced", `
		INSERT INTO account_clocks VALUES ('1000000000000001', '2026-11-22', '2026-11-22', 1, true, false)`},

	{"an_account_has_its_token_buckets_once", `
		INSERT INTO token_buckets SELECT '1000000000000001', '[]' FROM generate_series(1, 2)`},
	{"a_row_of_token_buckets_belongs_to_an_account", `INSERT INTO token_buckets VALUES ('1000000000000009', '[]')`},

	{"an_eip_exists_once", anEIP + `
		INSERT INTO eips (account_id, id, region_id, ip_address, bandwidth, created_at)
		VALUES ('1000000000000001', 'eip-1', 'cn-hangzhou', '203.0.113.9', 5, '2026-11-22')`},
	{"a_public_address_is_of_one_eip", anEIP + `UPDATE eips SET ip_address = '203.0.113.2' WHERE id = 'eip-1'`},
	{"an_eip_belongs_to_an_account", anEIP + `UPDATE eips SET account_id = '1000000000000009' WHERE id = 'eip-2'`},
	{"an_eip_lies_in_a_known_region", anEIP + `UPDATE eips SET region_id = 'mars-1'`},
	{"an_eip_is_an_ipv4_address", anEIP + `UPDATE eips SET ip_address = '203.0.113.0/24' WHERE id = 'eip-1'`},
	{"an_eip_has_bandwidth", anEIP + `UPDATE eips SET bandwidth = 0`},
	{"an_eip_is_on_one_address", anEIP + `
		INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-h', '10.0.0.3', 'eni-2', true);
		INSERT INTO eip_associations
		VALUES ('1000000000000001', 'eip-1', 'vsw-h', '10.0.0.3', 'eni-2', 'NORMAL', 'InUse', NULL, NULL)`},
	{"a_private_address_has_one_eip", anEIP + `
		INSERT INTO eip_associations
		VALUES ('1000000000000001', 'eip-2', 'vsw-h', '10.0.0.1', 'eni-1', 'NORMAL', 'InUse', NULL, NULL)`},
	{"an_association_is_of_a_known_eip", anEIP + `UPDATE eip_associations SET eip_id = 'eip-9'`},
	{"an_eip_is_on_an_assigned_address", anEIP + `UPDATE eip_associations SET private_ip_address = '10.0.0.99'`},
	{"an_eip_is_on_an_ipv4_address", anEIP + `UPDATE eip_associations SET private_ip_address = '2001:db8::1'`},
	{"an_eip_has_a_documented_mode", anEIP + `UPDATE eip_associations SET mode = 'LOOSE'`},
	{"an_association_has_a_documented_status", anEIP + `UPDATE eip_associations SET status = 'Available'`},
	{"an_association_settles_from_a_transient_status", anEIP + `
		UPDATE eip_associations SET next_status = 'Available', settles_at = '2026-11-22'`},

	{"a_key_pair_has_a_name_of_its_own_in_a_region", aKeyPair + `
		INSERT INTO key_pairs (account_id, region_id, name, public_key, fingerprint, created_at)
		SELECT account_id, region_id, name, public_key, fingerprint, '2026-11-23' FROM key_pairs`},
	{"a_key_pair_belongs_to_an_account", aKeyPair + `UPDATE key_pairs SET account_id = '1000000000000009'`},
	{"a_key_pair_lies_in_a_known_region", aKeyPair + `UPDATE key_pairs SET region_id = 'mars-1'`},
	{"a_key_pair_has_the_fingerprint_of_its_key", aKeyPair + `UPDATE key_pairs SET public_key = 'ssh-rsa YQ=='`},

	{"a_vpc_has_few_secondary_blocks", `
		UPDATE vpcs SET secondary_cidr_blocks = '{1.0.0.0/16,2.0.0.0/16,3.0.0.0/16,4.0.0.0/16,5.0.0.0/16,6.0.0.0/16}'`},
	{"a_route_table_exists_once", aRoute + `
		INSERT INTO route_tables (account_id, id, vpc_id, region_id, type, created_at)
		VALUES ('1000000000000001', 'vtb-own', 'vpc-1', 'cn-hangzhou', 'Custom', '2026-11-22')`},
	{"a_route_table_lies_in_a_vpc_of_its_region", `
		UPDATE route_tables SET region_id = 'cn-beijing' WHERE id = 'vtb-1'`},
	{"a_route_table_has_a_documented_type", `UPDATE route_tables SET type = 'Gateway'`},
	{"a_vpc_has_one_system_route_table", aRoute + `UPDATE route_tables SET type = 'System' WHERE id = 'vtb-own'`},
	{"a_vswitch_uses_one_route_table", aRoute + `
		INSERT INTO route_table_associations VALUES ('1000000000000001', 'vsw-h', 'vpc-1', 'vtb-own')`},
	{"a_route_table_is_used_by_known_vswitches", aRoute + `UPDATE route_table_associations SET vswitch_id = 'vsw-9'`},
	{"a_vswitch_uses_a_route_table_of_the_vpc", aRoute + `UPDATE route_table_associations SET vpc_id = 'vpc-2'`},
	{"a_route_entry_exists_once", aRoute + `UPDATE route_entries SET id = 'rte-1'`},
	{"a_destination_is_in_a_route_table_once", aRoute + `
		UPDATE route_entries SET destination_cidr_block = '192.168.0.0/24'`},
	{"a_route_entry_is_in_a_known_table", aRoute + `UPDATE route_entries SET vpc_id = 'vpc-2'`},
	{"a_next_hop_is_a_known_instance", aRoute + `UPDATE route_entries SET instance_id = 'i-9' WHERE id = 'rte-1'`},
	{"a_next_hop_is_a_known_instance", aRoute + `
		DELETE FROM attachments; DELETE FROM network_interfaces WHERE id = 'eni-0';
		DELETE FROM instances WHERE id = 'i-1'`},
	{"a_next_hop_is_a_known_interface", aRoute + `DELETE FROM network_interfaces WHERE id = 'eni-2'`},
	{"a_route_entry_has_one_next_hop", aRoute + `UPDATE route_entries SET instance_id = 'i-1'`},
	{"a_destination_is_an_ipv4_block_of_customers", aRoute + `
		UPDATE route_entries SET destination_cidr_block = '100.65.0.0/16' WHERE id = 'rte-1'`},

	{"a_disk_exists_once", aDisk + `
		INSERT INTO disks (account_id, id, region_id, zone_id, status, created_at)
		VALUES ('1000000000000001', 'd-1', 'cn-hangzhou', 'cn-hangzhou-h', 'Available', '2026-11-22')`},
	{"a_disk_belongs_to_an_account", aDisk + `UPDATE disks SET account_id = '1000000000000009' WHERE id = 'd-2'`},
	{"a_disk_lies_in_a_zone_of_its_region", aDisk + `UPDATE disks SET region_id = 'cn-beijing' WHERE id = 'd-2'`},
	{"a_disk_is_on_a_known_instance", aDisk + `UPDATE disks SET instance_id = 'i-9' WHERE id = 'd-1'`},
	{"a_slot_has_one_disk", aDisk + `
		UPDATE disks SET instance_id = 'i-1', slot = 1, status = 'In_use' WHERE id = 'd-2'`},
	{"an_instance_has_at_most_16_data_disks", aDisk + `UPDATE disks SET slot = 17 WHERE id = 'd-1'`},
	{"an_instance_has_at_most_16_data_disks", aDisk + `UPDATE disks SET slot = 0 WHERE id = 'd-1'`},
	{"a_disk_has_a_documented_status", aDisk + `UPDATE disks SET status = 'Linked' WHERE id = 'd-2'`},
	{"a_disk_has_an_instance_and_a_slot_by_its_status", aDisk + `UPDATE disks SET slot = 2 WHERE id = 'd-2'`},
	{"a_disk_has_an_instance_and_a_slot_by_its_status", aDisk + `
		UPDATE disks SET instance_id = NULL, slot = NULL WHERE id = 'd-1'`},
	{"a_disk_settles_from_a_transient_status", aDisk + `
		UPDATE disks SET next_status = 'Available', settles_at = '2026-11-22' WHERE id = 'd-1'`},

	{"a_type_is_defined_once_per_owner", `
		INSERT INTO instance_types (id, family, vcpus, memory_gib, eni_quantity)
		VALUES ('ecs.g6.large', 'ecs.g6', 2, 8, 2)`},
	{"a_type_holds_at_least_the_primary_eni", `UPDATE instance_types SET eni_quantity = 0 WHERE id = 'ecs.g7.large'`},
	{"a_region_is_listed_once", `INSERT INTO regions (id) VALUES ('cn-hangzhou')`},
	{"a_zone_is_listed_once", `INSERT INTO zones (id, region_id) VALUES ('cn-hangzhou-h', 'cn-beijing')`},
	{"a_zone_lies_in_a_known_region", `INSERT INTO zones (id, region_id) VALUES ('mars-1a', 'mars-1')`},
}

// aKeyPair adds a key pair.
const aKeyPair = `
		INSERT INTO key_pairs (account_id, region_id, name, public_key, fingerprint, created_at)
		VALUES ('1000000000000001', 'cn-hangzhou', 'ops', 'ssh-rsa Yg==',
		    '92:eb:5f:fe:e6:ae:2f:ec:3a:d7:1c:77:75:31:57:8f', '2026-11-22');`

// anEIP adds two EIPs, the first of which is on an address of eni-1.
const anEIP = `
		INSERT INTO eips (account_id, id, region_id, ip_address, bandwidth, created_at) VALUES
		    ('1000000000000001', 'eip-1', 'cn-hangzhou', '203.0.113.1', 5, '2026-11-22'),
		    ('1000000000000001', 'eip-2', 'cn-hangzhou', '203.0.113.2', 5, '2026-11-22');
		INSERT INTO eip_associations
		VALUES ('1000000000000001', 'eip-1', 'vsw-h', '10.0.0.1', 'eni-1', 'NORMAL', 'InUse', NULL, NULL);`

// aRoute adds a custom route table to vpc-1, which vsw-h uses, with two entries.
const aRoute = `
		INSERT INTO route_tables (account_id, id, vpc_id, region_id, type, created_at)
		VALUES ('1000000000000001', 'vtb-own', 'vpc-1', 'cn-hangzhou', 'Custom', '2026-11-22');
		INSERT INTO route_table_associations VALUES ('1000000000000001', 'vsw-h', 'vpc-1', 'vtb-own');
		INSERT INTO route_entries (account_id, id, vpc_id, route_table_id, destination_cidr_block, instance_id,
		    network_interface_id, created_at) VALUES
		    ('1000000000000001', 'rte-1', 'vpc-1', 'vtb-own', '192.168.0.0/24', 'i-1', NULL, '2026-11-22'),
		    ('1000000000000001', 'rte-2', 'vpc-1', 'vtb-own', '192.168.1.0/24', NULL, 'eni-2', '2026-11-22');`

// aDisk adds a disk on i-1 and one on no instance.
const aDisk = `
		INSERT INTO disks (account_id, id, region_id, zone_id, instance_id, slot, status, created_at) VALUES
		    ('1000000000000001', 'd-1', 'cn-hangzhou', 'cn-hangzhou-h', 'i-1', 1, 'In_use', '2026-11-22'),
		    ('1000000000000001', 'd-2', 'cn-hangzhou', 'cn-hangzhou-h', NULL, NULL, 'Available', '2026-11-22');`

// foreignKeyTargets are constraints that no statement can violate alone. Each adds columns to those
// of a primary key, which is checked first, so that a foreign key can refer to these columns too.
var foreignKeyTargets = map[string]bool{
	"a_zone_lies_in_one_region":                  true,
	"a_route_table_lies_in_one_vpc":              true,
	"a_type_has_one_eni_quantity":                true,
	"a_vpc_lies_in_one_region":                   true,
	"a_vswitch_lies_in_one_vpc_and_zone":         true,
	"a_security_group_lies_in_one_vpc":           true,
	"an_instance_carries_its_location_and_limit": true,
	"a_type_has_one_member_quantity":             true,
	"a_trunk_carries_its_instance_and_limit":     true,
	"an_eni_lies_in_one_vpc":                     true,
	"an_eni_lies_in_one_vswitch":                 true,
	"an_eni_carries_its_location_and_status":     true,
	"an_instance_lies_in_one_vpc_and_zone":       true,
}

// Each constraint of the schema refuses a statement that violates it, under its own name. A
// constraint without such a statement fails the test too.
func TestEachConstraintRefusesItsViolation(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	if _, err := pool.Exec(t.Context(), storetest.SmallWorld); err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, v := range violations {
		tested[v.constraint] = true
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), v.sql)
			if err == nil {
				err = errAccepted // which rolls back
			}
			return err
		})
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok {
			t.Errorf("%s: got %v, want a violation, of: %s", v.constraint, err, v.sql)
		} else if refused.ConstraintName != v.constraint {
			t.Errorf("got a violation of %q (%s), want of %s, by: %s",
				refused.ConstraintName, refused.Message, v.constraint, v.sql)
		}
	}

	rows, err := pool.Query(t.Context(), `
		SELECT conname FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u')
		AND conrelid::regclass::text NOT LIKE 'goose%'
		AND conrelid NOT IN (SELECT partrelid FROM pg_partitioned_table) -- their partitions have the constraint
		UNION
		SELECT indexrelid::regclass::text FROM pg_index
		WHERE indisunique AND indpred IS NOT NULL
		AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("found no constraints to check the list of violations against")
	}
	for _, name := range names {
		if !tested[name] && !foreignKeyTargets[name] {
			t.Errorf("constraint %s: got no violation in this test, want at least one", name)
		}
	}
}

var errAccepted = errors.New("accepted")
