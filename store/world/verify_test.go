package world_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// verifyWorld extends storetest.SmallWorld to a world in which every invariant holds, with rows
// that each of them applies to.
const verifyWorld = storetest.SmallWorld + `
INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
    primary_of, mac_address, created_at) VALUES
    ('1000000000000001', 'eni-20', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-2', 'vsw-2', 'Primary', 'InUse',
        'i-2', '00:16:3e:00:00:20', '2026-11-22');
INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary) VALUES
    ('1000000000000001', 'vsw-h', '10.0.0.2', 'eni-0', true),
    ('1000000000000001', 'vsw-h', '10.0.0.3', 'eni-2', true),
    ('1000000000000001', 'vsw-i', '10.1.0.1', 'eni-i', true),
    ('1000000000000001', 'vsw-2', '172.16.0.1', 'eni-20', true);
INSERT INTO ip_prefixes (account_id, vswitch_id, prefix, network_interface_id)
VALUES ('1000000000000001', 'vsw-h', '10.0.0.16/28', 'eni-1');
INSERT INTO eips (account_id, id, region_id, ip_address, bandwidth, created_at) VALUES
    ('1000000000000001', 'eip-1', 'cn-hangzhou', '203.0.113.1', 5, '2026-11-22'),
    ('1000000000000001', 'eip-2', 'cn-hangzhou', '203.0.113.2', 5, '2026-11-22');
INSERT INTO eip_associations VALUES
    ('1000000000000001', 'eip-1', 'vsw-i', '10.1.0.1', 'eni-i', 'NORMAL', 'InUse', NULL, NULL),
    ('1000000000000001', 'eip-2', 'vsw-h', '10.0.0.2', 'eni-0', 'NORMAL', 'InUse', NULL, NULL);
INSERT INTO route_tables (account_id, id, vpc_id, region_id, type, created_at) VALUES
    ('1000000000000001', 'vtb-1', 'vpc-1', 'cn-hangzhou', 'System', '2026-11-22'),
    ('1000000000000001', 'vtb-own', 'vpc-1', 'cn-hangzhou', 'Custom', '2026-11-22');
INSERT INTO route_table_associations VALUES ('1000000000000001', 'vsw-i', 'vpc-1', 'vtb-own');
INSERT INTO route_entries (account_id, id, vpc_id, route_table_id, destination_cidr_block, instance_id,
    network_interface_id, created_at) VALUES
    ('1000000000000001', 'rte-1', 'vpc-1', 'vtb-own', '198.51.100.0/24', 'i-1', NULL, '2026-11-22'),
    ('1000000000000001', 'rte-2', 'vpc-1', 'vtb-1', '198.51.100.0/24', NULL, 'eni-i', '2026-11-22');
INSERT INTO key_pairs (account_id, region_id, name, public_key, fingerprint, created_at) VALUES
    ('1000000000000001', 'cn-hangzhou', 'ops', 'ssh-rsa Yg==', '92:eb:5f:fe:e6:ae:2f:ec:3a:d7:1c:77:75:31:57:8f',
     '2026-11-22');
INSERT INTO disks (account_id, id, region_id, zone_id, instance_id, slot, status, created_at) VALUES
    ('1000000000000001', 'd-1', 'cn-hangzhou', 'cn-hangzhou-h', 'i-1', 1, 'In_use', '2026-11-22'),
    ('1000000000000001', 'd-2', 'cn-hangzhou', 'cn-hangzhou-h', 'i-1', 2, 'In_use', '2026-11-22'),
    ('1000000000000001', 'd-3', 'cn-hangzhou', 'cn-hangzhou-i', NULL, NULL, 'Available', '2026-11-22');
UPDATE client_tokens SET request_hash = decode(repeat('00', 32), 'hex');
SELECT recount_capacity(ARRAY['1000000000000001']);
`

const recountCapacity = `SELECT recount_capacity(ARRAY['1000000000000001'])`

// brokenInvariants violates each invariant at least once. First the constraints that would refuse
// the statement are dropped, then the statement runs. A case wants every violation that follows
// from it.
var brokenInvariants = []struct {
	invariant string
	without   []string // constraints that are dropped first
	sql       string
	want      []string
}{
	{
		"an_instance_holds_what_its_type_takes",
		[]string{"a_device_index_is_below_the_limit_of_the_type"},
		`UPDATE instance_types SET eni_quantity = 1 WHERE id = 'ecs.g6.xlarge'`,
		[]string{
			"an_instance_holds_what_its_type_takes: instance i-1 holds 2 interfaces, its type ecs.g6.xlarge takes 1",
			"a_device_index_is_below_the_limit_of_the_type: " +
				"interface eni-1 has device index 1 on instance i-1, whose type ecs.g6.xlarge takes 1",
		},
	},
	{
		"a_trunk_has_no_more_members_than_its_type_takes",
		[]string{"a_vlan_is_within_the_limit_of_the_type"},
		storetest.TrunkWorld + `UPDATE instance_types SET eni_total_quantity = 3 WHERE id = 'ecs.g6.xlarge'`,
		[]string{
			"a_trunk_has_no_more_members_than_its_type_takes: " +
				"trunk eni-1 on instance i-1 has 1 members, type ecs.g6.xlarge takes 0",
			"a_vlan_is_one_of_those_that_the_type_takes: interface eni-2 has VLAN 1001 on a type that takes 0 members",
		},
	},
	{
		"an_instance_has_the_rdma_interfaces_of_its_type", nil,
		storetest.FormWorld + `UPDATE instance_types SET eri_quantity = 0 WHERE id = 'ecs.g6.xlarge'`,
		[]string{"an_instance_has_the_rdma_interfaces_of_its_type: " +
			"instance i-1 holds 1 RDMA interfaces, its type ecs.g6.xlarge takes 0"},
	},
	{
		"an_instance_has_the_queues_of_its_type", nil,
		storetest.FormWorld + `UPDATE instance_types SET total_eni_queues = 9 WHERE id = 'ecs.g6.xlarge'`,
		[]string{"an_instance_has_the_queues_of_its_type: " +
			"the interfaces of instance i-1 have 10 queues, its type ecs.g6.xlarge has 9"},
	},
	{
		"a_network_card_is_one_of_the_type", nil,
		storetest.FormWorld + `UPDATE instance_types SET network_cards = 1 WHERE id = 'ecs.g6.xlarge'`,
		[]string{"a_network_card_is_one_of_the_type: " +
			"interface eni-1 is on network card 1 of instance i-1, whose type ecs.g6.xlarge has 1"},
	},
	{
		"a_network_card_has_the_interfaces_of_its_type", nil,
		storetest.FormWorld + `UPDATE instance_types SET enis_per_network_card = 0 WHERE id = 'ecs.g6.xlarge'`,
		[]string{
			"a_network_card_has_the_interfaces_of_its_type: " +
				"network card 0 of instance i-1 has 1 interfaces, its type ecs.g6.xlarge takes 0",
			"a_network_card_has_the_interfaces_of_its_type: " +
				"network card 1 of instance i-1 has 1 interfaces, its type ecs.g6.xlarge takes 0",
		},
	},
	{
		"an_attachment_carries_the_mode_and_the_queues_of_its_interface", nil,
		storetest.FormWorld + `UPDATE attachments SET queues = 5`,
		[]string{"an_attachment_carries_the_mode_and_the_queues_of_its_interface: " +
			"the attachment of interface eni-1 is HighPerformance with 5 queues, the interface HighPerformance with 6"},
	},
	{
		"an_instance_has_one_trunk",
		[]string{"an_instance_has_one_trunk", "a_member_is_on_the_instance_of_its_trunk"},
		storetest.TrunkWorld + storetest.AttachToTrunk("eni-3", "eni-3", 2, 2) + `;
			DELETE FROM trunks WHERE network_interface_id = 'eni-3'`,
		[]string{
			"an_instance_has_one_trunk: instance i-1 has the trunks eni-1, eni-3",
			"the_trunks_that_are_attached_are_known: " +
				"instance i-1 has trunk eni-3 for 2 members; kept is eni-1 for 2 of ecs.g6.xlarge",
		},
	},
	{
		"an_attached_trunk_and_only_it_is_its_own_trunk", nil,
		storetest.TrunkWorld + `UPDATE network_interfaces SET type = 'Trunk' WHERE id = 'eni-2'`,
		[]string{"an_attached_trunk_and_only_it_is_its_own_trunk: Trunk interface eni-2 on i-1 has the trunk eni-1"},
	},
	{
		"a_member_is_on_the_instance_of_its_trunk",
		[]string{"a_member_is_on_the_instance_of_its_trunk"},
		storetest.TrunkWorld + `DELETE FROM attachments WHERE network_interface_id = 'eni-1'; ` + recountCapacity,
		[]string{"a_member_is_on_the_instance_of_its_trunk: " +
			"interface eni-2 on i-1 is a member of eni-1, which is on no instance"},
	},
	{
		"a_vlan_is_one_of_those_that_the_type_takes",
		[]string{"a_vlan_is_within_the_limit_of_the_type"},
		storetest.TrunkWorld + `UPDATE attachments SET device_index = 1003 WHERE network_interface_id = 'eni-2'`,
		[]string{"a_vlan_is_one_of_those_that_the_type_takes: " +
			"interface eni-2 has VLAN 1003 on a type that takes 2 members"},
	},
	{
		"the_trunks_that_are_attached_are_known",
		[]string{"a_member_is_on_the_instance_of_its_trunk"},
		storetest.TrunkWorld + `DELETE FROM trunks`,
		[]string{"the_trunks_that_are_attached_are_known: " +
			"instance i-1 has trunk eni-1 for 2 members; kept is none for no of no type"},
	},
	{
		"an_instance_has_one_primary_interface", nil,
		`DELETE FROM network_interfaces WHERE id = 'eni-20'`,
		[]string{"an_instance_has_one_primary_interface: vpc instance i-2 has 0 primary interfaces"},
	},
	{
		"an_interface_is_attached_as_its_status_says",
		[]string{"an_attachment_has_a_documented_status"},
		`UPDATE attachments SET status = 'Available' WHERE network_interface_id = 'eni-1'`,
		[]string{"an_interface_is_attached_as_its_status_says: interface eni-1 is Available on i-1"},
	},
	{
		"an_interface_is_attached_as_its_status_says",
		[]string{"an_eni_has_a_documented_status"},
		`UPDATE network_interfaces SET status = 'InUse' WHERE id = 'eni-2'`,
		[]string{"an_interface_is_attached_as_its_status_says: interface eni-2 is InUse on no instance"},
	},
	{
		"an_interface_is_on_an_instance_that_exists",
		[]string{"an_attached_eni_shares_vpc_and_zone_with_its_instance"},
		storetest.Attach("eni-2", "i-9", "vpc-1", "cn-hangzhou-h", 3, 1),
		[]string{
			"an_interface_is_on_an_instance_that_exists: interface eni-2 is on i-9, which does not exist",
			"an_attachment_carries_the_limit_of_its_instance: " +
				"the attachment of interface eni-2 carries a limit of 3, its instance i-9 has none",
		},
	},
	{
		"an_attached_interface_shares_vpc_and_zone_with_its_instance",
		[]string{"an_attached_eni_shares_vpc_and_zone_with_its_instance"},
		storetest.Attach("eni-i", "i-1", "vpc-1", "cn-hangzhou-i", 3, 2),
		[]string{"an_attached_interface_shares_vpc_and_zone_with_its_instance: " +
			"interface eni-i lies in vpc-1 and cn-hangzhou-i, its instance i-1 in vpc-1 and cn-hangzhou-h"},
	},
	{
		"an_attachment_is_of_a_secondary_interface_that_stays",
		[]string{"an_attached_eni_is_secondary_and_not_being_deleted"},
		`UPDATE network_interfaces SET status = 'Deleting' WHERE id = 'eni-1'`,
		[]string{"an_attachment_is_of_a_secondary_interface_that_stays: " +
			"interface eni-1 is attached to i-1 in vpc-1 and cn-hangzhou-h, " +
			"the interface is Secondary and Deleting in vpc-1 and cn-hangzhou-h"},
	},
	{
		"an_attachment_is_of_a_secondary_interface_that_stays",
		[]string{"an_attached_eni_is_secondary_and_not_being_deleted"},
		`DELETE FROM network_interfaces WHERE id = 'eni-1'; SELECT recount_capacity(ARRAY['1000000000000001'])`,
		[]string{"an_attachment_is_of_a_secondary_interface_that_stays: " +
			"interface eni-1 is attached to i-1 in vpc-1 and cn-hangzhou-h, the interface is gone"},
	},
	{
		"an_attachment_carries_the_limit_of_its_instance",
		[]string{"an_attached_eni_shares_vpc_and_zone_with_its_instance"},
		`UPDATE attachments SET instance_eni_quantity = 9`,
		[]string{"an_attachment_carries_the_limit_of_its_instance: " +
			"the attachment of interface eni-1 carries a limit of 9, its instance i-1 has 3"},
	},
	{
		"a_vswitch_keeps_count_of_its_interfaces_and_addresses", nil,
		`UPDATE vswitch_counts SET ipv4_addresses = 0 WHERE vswitch_id = 'vsw-2'`,
		[]string{"a_vswitch_keeps_count_of_its_interfaces_and_addresses: " +
			"VSwitch vsw-2 has 1 interfaces, 0 of them secondary, and 1 addresses; kept are 1, 0 and 0"},
	},
	{
		"a_tag_is_in_the_index_and_nothing_else", nil,
		`UPDATE instances SET tags = '{"team": "net"}' WHERE id = 'i-1';
		 UPDATE resource_tags SET resource_id = 'eni-2', kind = 'network interface'`,
		[]string{
			"a_tag_is_in_the_index_and_nothing_else: tag team=net of instance i-1 is missing in the index",
			"a_tag_is_in_the_index_and_nothing_else: " +
				"the index has a tag team=net that network interface eni-2 does not have",
		},
	},
	{
		"an_interface_has_a_status_and_time_that_agree",
		[]string{"an_eni_settles_from_a_transient_status"},
		`UPDATE network_interfaces SET next_status = 'InUse', settles_at = '2026-11-22' WHERE id = 'eni-2'`,
		[]string{"an_interface_has_a_status_and_time_that_agree: " +
			"interface eni-2 is Available, next InUse, at 2026-11-22 00:00:00+00"},
	},
	{
		"an_instance_has_a_status_and_times_that_agree",
		[]string{"an_instance_settles_from_a_transient_status"},
		`UPDATE instances SET next_status = 'Stopped' WHERE id = 'i-1'`,
		[]string{"an_instance_has_a_status_and_times_that_agree: " +
			"instance i-1 is Running, next Stopped, at no time, running at no time"},
	},
	{
		"a_device_index_is_taken_once",
		[]string{"a_device_index_is_taken_once"},
		storetest.Attach("eni-2", "i-1", "vpc-1", "cn-hangzhou-h", 3, 1),
		[]string{"a_device_index_is_taken_once: instance i-1 has eni-1, eni-2 at device index 1"},
	},
	{
		"a_device_index_is_below_the_limit_of_the_type",
		[]string{"a_device_index_is_below_the_limit_of_the_type"},
		storetest.Attach("eni-2", "i-1", "vpc-1", "cn-hangzhou-h", 3, 7),
		[]string{"a_device_index_is_below_the_limit_of_the_type: " +
			"interface eni-2 has device index 7 on instance i-1, whose type ecs.g6.xlarge takes 3"},
	},
	{
		"the_primary_interface_and_only_it_has_index_0",
		[]string{"a_primary_eni_and_only_it_is_part_of_an_instance", "an_eni_has_a_documented_status"},
		`UPDATE network_interfaces SET type = 'Primary' WHERE id = 'eni-2';
		 SELECT recount_vswitches(ARRAY['1000000000000001'])`,
		[]string{"the_primary_interface_and_only_it_has_index_0: Primary interface eni-2 has device index none"},
	},
	{
		"an_instance_carries_the_limit_of_its_type",
		[]string{"an_instance_has_the_limit_of_its_type"},
		`UPDATE instances SET eni_quantity = 9 WHERE id = 'i-2'`,
		[]string{"an_instance_carries_the_limit_of_its_type: " +
			"instance i-2 carries a limit of 9, its type ecs.g6.large of the catalogue takes 2"},
	},
	{
		"a_vswitch_lies_in_its_vpc", nil,
		`INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at) VALUES
		    ('1000000000000001', 'vsw-9', 'vpc-1', 'cn-hangzhou', 'cn-hangzhou-h', '192.168.0.0/16', '2026-11-22')`,
		[]string{"a_vswitch_lies_in_its_vpc: " +
			"VSwitch vsw-9 (cn-hangzhou, 192.168.0.0/16, no IPv6) lies outside VPC vpc-1 (cn-hangzhou, 10.0.0.0/8)"},
	},
	{
		"vswitches_of_a_vpc_do_not_overlap", nil,
		`INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at) VALUES
		    ('1000000000000001', 'vsw-9', 'vpc-1', 'cn-hangzhou', 'cn-hangzhou-h', '10.0.128.0/17', '2026-11-22')`,
		[]string{"vswitches_of_a_vpc_do_not_overlap: " +
			"VSwitches vsw-9 (10.0.128.0/17, no IPv6) and vsw-h (10.0.0.0/16, no IPv6) of VPC vpc-1 overlap"},
	},
	{
		"a_zone_lies_in_the_region",
		[]string{"a_vswitch_lies_in_a_zone_of_its_region"},
		`INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at) VALUES
		    ('1000000000000001', 'vsw-9', 'vpc-3', 'cn-beijing', 'cn-hangzhou-h', '10.9.0.0/16', '2026-11-22')`,
		[]string{"a_zone_lies_in_the_region: VSwitch vsw-9 lies in region cn-beijing and zone cn-hangzhou-h"},
	},
	{
		"a_resource_lies_where_its_vswitch_does",
		[]string{"an_eni_lies_in_the_vpc_and_zone_of_its_vswitch"},
		`UPDATE network_interfaces SET zone_id = 'cn-hangzhou-i' WHERE id = 'eni-2'`,
		[]string{"a_resource_lies_where_its_vswitch_does: " +
			"interface eni-2 lies in vpc-1 and cn-hangzhou-i, its VSwitch vsw-h in vpc-1 and cn-hangzhou-h"},
	},
	{
		"an_address_is_given_once_in_a_vswitch",
		[]string{"an_address_is_given_once_in_a_vswitch"},
		`INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-h', '10.0.0.1', 'eni-2', false)`,
		[]string{"an_address_is_given_once_in_a_vswitch: address 10.0.0.1 of VSwitch vsw-h is given to eni-1, eni-2"},
	},
	{
		"an_address_comes_from_the_vswitch_of_its_interface", nil,
		`UPDATE private_ip_addresses SET address = '10.9.0.1' WHERE network_interface_id = 'eni-2'`,
		[]string{"an_address_comes_from_the_vswitch_of_its_interface: " +
			"address 10.9.0.1 of interface eni-2 comes from VSwitch vsw-h (10.0.0.0/16, no IPv6), " +
			"the interface lies in vsw-h"},
	},
	{
		"an_address_comes_from_the_vswitch_of_its_interface",
		[]string{"an_address_comes_from_the_vswitch_of_its_eni"},
		`INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-i', '10.1.0.9', 'eni-2', false)`,
		[]string{"an_address_comes_from_the_vswitch_of_its_interface: " +
			"address 10.1.0.9 of interface eni-2 comes from VSwitch vsw-i (10.1.0.0/16, no IPv6), " +
			"the interface lies in vsw-h"},
	},
	{
		"an_address_comes_from_the_vswitch_of_its_interface", nil,
		`INSERT INTO ip_prefixes VALUES ('1000000000000001', 'vsw-h', 'fd00::/80', 'eni-2')`,
		[]string{"an_address_comes_from_the_vswitch_of_its_interface: " +
			"prefix fd00::/80 of interface eni-2 comes from VSwitch vsw-h (10.0.0.0/16, no IPv6), " +
			"the interface lies in vsw-h"},
	},
	{
		"a_reserved_address_is_given_to_nobody", nil,
		`UPDATE private_ip_addresses SET address = '10.0.0.0' WHERE network_interface_id = 'eni-2'`,
		[]string{"a_reserved_address_is_given_to_nobody: " +
			"address 10.0.0.0 of interface eni-2 is reserved in VSwitch vsw-h (10.0.0.0/16)"},
	},
	{
		"a_reserved_address_is_given_to_nobody", nil,
		`
			INSERT INTO private_ip_addresses SELECT '1000000000000001', 'vsw-h', ('10.0.255.' || n)::inet, 'eni-2',
			    false
			FROM generate_series(252, 253) n`,
		[]string{"a_reserved_address_is_given_to_nobody: " +
			"address 10.0.255.253 of interface eni-2 is reserved in VSwitch vsw-h (10.0.0.0/16)"},
	},
	{
		"an_address_lies_in_no_prefix", nil,
		`UPDATE private_ip_addresses SET address = '10.0.0.17' WHERE network_interface_id = 'eni-2'`,
		[]string{"an_address_lies_in_no_prefix: " +
			"address 10.0.0.17 of interface eni-2 lies in prefix 10.0.0.16/28 of interface eni-1"},
	},
	{
		"prefixes_do_not_overlap",
		[]string{"a_prefix_has_the_documented_length"},
		`INSERT INTO ip_prefixes VALUES ('1000000000000001', 'vsw-h', '10.0.0.16/30', 'eni-2')`,
		[]string{"prefixes_do_not_overlap: " +
			"prefix 10.0.0.16/28 of interface eni-1 and prefix 10.0.0.16/30 of interface eni-2 overlap"},
	},
	{
		"an_interface_has_one_primary_address", nil,
		`DELETE FROM private_ip_addresses WHERE network_interface_id = 'eni-2'`,
		[]string{"an_interface_has_one_primary_address: interface eni-2 has 0 primary IPv4 addresses"},
	},
	{
		"an_interface_has_one_primary_address", nil,
		`
			DROP INDEX an_eni_has_one_primary_ipv4; INSERT INTO private_ip_addresses
			VALUES ('1000000000000001', 'vsw-h', '10.0.0.9', 'eni-2', true)`,
		[]string{"an_interface_has_one_primary_address: interface eni-2 has 2 primary IPv4 addresses"},
	},
	{
		"an_interface_joins_groups_of_its_vpc",
		[]string{"an_eni_joins_groups_of_its_vpc_group"},
		`INSERT INTO network_interface_security_groups VALUES ('1000000000000001', 'eni-2', 'sg-2', 'vpc-1', 1)`,
		[]string{"an_interface_joins_groups_of_its_vpc: interface eni-2 of VPC vpc-1 is in group sg-2 of VPC vpc-2"},
	},
	{
		"a_group_has_no_more_instances_than_its_limit", nil,
		`UPDATE security_groups SET instance_limit = 0 WHERE id = 'sg-1'`,
		[]string{
			"a_group_has_no_more_instances_than_its_limit: group sg-1 has interfaces of 1 instances, its limit is 0",
			"a_group_keeps_count_of_its_capacity: " +
				"group sg-1 has a free capacity of 9, 1 instances, and 0 that depart; its limit is 0",
		},
	},
	{
		"a_group_keeps_count_of_its_capacity", nil,
		`UPDATE security_group_capacity SET free = free + 1 WHERE security_group_id = 'sg-1'`,
		[]string{"a_group_keeps_count_of_its_capacity: " +
			"group sg-1 has a free capacity of 10, 1 instances, and 0 that depart; its limit is 10"},
	},
	{
		"a_group_keeps_count_of_its_capacity", nil,
		`UPDATE security_group_capacity SET free = free - 1 WHERE security_group_id = 'sg-1';
		 INSERT INTO security_group_departures VALUES ('1000000000000001', 'sg-1', 'i-1', '2026-11-22')`,
		[]string{"a_group_keeps_count_of_its_capacity: instance i-1 departs from group sg-1 and stays in it"},
	},
	{
		"a_rule_names_groups_that_exist",
		[]string{"a_rule_names_a_known_source_group"},
		`UPDATE security_group_rules SET source_group_id = 'sg-9' WHERE id = 'sgr-1'`,
		[]string{"a_rule_names_groups_that_exist: rule sgr-1 of group sg-1 names group sg-9, which does not exist"},
	},
	{
		"a_key_pair_has_the_fingerprint_of_its_key", []string{"a_key_pair_has_the_fingerprint_of_its_key"},
		`UPDATE key_pairs SET public_key = 'ssh-rsa YQ=='`,
		[]string{"a_key_pair_has_the_fingerprint_of_its_key: key pair ops of cn-hangzhou has the fingerprint " +
			"92:eb:5f:fe:e6:ae:2f:ec:3a:d7:1c:77:75:31:57:8f, its key has the MD5 0cc175b9c0f1b6a831c399e269772661"},
	},
	{
		"a_disk_is_on_an_instance_of_its_zone", nil,
		`UPDATE disks SET zone_id = 'cn-hangzhou-i' WHERE id = 'd-1'`,
		[]string{"a_disk_is_on_an_instance_of_its_zone: " +
			"disk d-1 of zone cn-hangzhou-i is on instance i-1 of zone cn-hangzhou-h"},
	},
	{
		"an_instance_has_at_most_16_data_disks_each_in_a_slot", []string{"a_slot_has_one_disk"},
		`UPDATE disks SET slot = 1 WHERE id = 'd-2'`,
		[]string{"an_instance_has_at_most_16_data_disks_each_in_a_slot: " +
			"instance i-1 has 2 data disks in the slots 1, 1"},
	},
	{
		"an_eip_is_on_an_address_of_its_region", nil,
		`UPDATE eips SET region_id = 'cn-beijing' WHERE id = 'eip-1'`,
		[]string{"an_eip_is_on_an_address_of_its_region: EIP eip-1 of cn-beijing is on address 10.1.0.1 of interface " +
			"eni-i in VSwitch vsw-i, which eni-i has in cn-hangzhou"},
	},
	{
		"an_eip_is_on_an_address_of_its_region", nil,
		`UPDATE eip_associations SET network_interface_id = 'eni-2' WHERE eip_id = 'eip-1'`,
		[]string{"an_eip_is_on_an_address_of_its_region: EIP eip-1 of cn-hangzhou is on address 10.1.0.1 of " +
			"interface eni-2 in VSwitch vsw-i, which eni-i has in cn-hangzhou"},
	},
	{
		"an_eip_is_on_one_address_which_has_no_other",
		[]string{"a_private_address_has_one_eip"},
		`UPDATE eip_associations
		 SET vswitch_id = 'vsw-i', private_ip_address = '10.1.0.1', network_interface_id = 'eni-i'
		 WHERE eip_id = 'eip-2'`,
		[]string{"an_eip_is_on_one_address_which_has_no_other: " +
			"address 10.1.0.1 of VSwitch vsw-i has the EIPs eip-1, eip-2"},
	},
	{
		"blocks_of_a_vpc_do_not_overlap", nil,
		`UPDATE vpcs SET secondary_cidr_blocks = '{10.128.0.0/16}' WHERE id = 'vpc-1'`,
		[]string{"blocks_of_a_vpc_do_not_overlap: VPC vpc-1 (10.0.0.0/8) has the secondary blocks 10.128.0.0/16"},
	},
	{
		"a_vpc_has_its_system_route_table", nil,
		`DELETE FROM route_tables WHERE id = 'vtb-2'`,
		[]string{"a_vpc_has_its_system_route_table: VPC vpc-2 has the system route tables none"},
	},
	{
		"a_vswitch_uses_a_custom_route_table_of_its_vpc", nil,
		`UPDATE route_table_associations SET vpc_id = 'vpc-2', route_table_id = 'vtb-2'`,
		[]string{"a_vswitch_uses_a_custom_route_table_of_its_vpc: " +
			"VSwitch vsw-i of VPC vpc-1 uses System route table vtb-2 of VPC vpc-2"},
	},
	{
		"a_route_entry_leads_to_a_next_hop_in_its_vpc", nil,
		`UPDATE route_entries SET instance_id = 'i-2' WHERE id = 'rte-1'`,
		[]string{"a_route_entry_leads_to_a_next_hop_in_its_vpc: " +
			"entry rte-1 of route table vtb-own in VPC vpc-1 leads to i-2 in VPC vpc-2"},
	},
	{
		"a_route_entry_leads_out_of_the_vswitches", nil,
		`UPDATE route_entries SET destination_cidr_block = '10.1.1.0/24' WHERE id = 'rte-1'`,
		[]string{"a_route_entry_leads_out_of_the_vswitches: " +
			"entry rte-1 of route table vtb-own leads to 10.1.1.0/24, which is in VSwitch vsw-i (10.1.0.0/16)"},
	},
	{
		"a_route_table_has_200_custom_entries_at_most", nil,
		`INSERT INTO route_entries (account_id, id, vpc_id, route_table_id, destination_cidr_block, instance_id,
		     created_at)
		 SELECT '1000000000000001', 'rte-x' || n, 'vpc-1', 'vtb-own',
		     set_masklen('203.0.0.0'::inet + n, 32), 'i-1', now()
		 FROM generate_series(1, 200) n`,
		[]string{"a_route_table_has_200_custom_entries_at_most: route table vtb-own has 201 custom entries"},
	},
	{
		"a_vpc_has_9_custom_route_tables_at_most", nil,
		`INSERT INTO route_tables (account_id, id, vpc_id, region_id, type, created_at)
		 SELECT '1000000000000001', 'vtb-x' || n, 'vpc-1', 'cn-hangzhou', 'Custom', now() FROM generate_series(1, 9) n`,
		[]string{"a_vpc_has_9_custom_route_tables_at_most: VPC vpc-1 has 10 custom route tables"},
	},
	{
		"a_client_token_has_the_answer_to_its_request", nil,
		`UPDATE client_tokens SET answer = NULL`,
		[]string{"a_client_token_has_the_answer_to_its_request: " +
			"token t of CreateVpc has no answer, and a request of 32 bytes"},
	},
	{
		"a_key_belongs_to_a_user_that_exists",
		[]string{"an_access_key_belongs_to_a_user_of_its_account"},
		`UPDATE access_keys SET ram_user_name = 'nobody'`,
		[]string{"a_key_belongs_to_a_user_that_exists: key LTAI1 belongs to RAM user nobody, who does not exist"},
	},
	{
		"what_there_is_belongs_to_an_account",
		[]string{"a_client_token_belongs_to_an_account"},
		`UPDATE client_tokens SET account_id = '1000000000000009'`,
		[]string{"what_there_is_belongs_to_an_account: " +
			"client token t belongs to account 1000000000000009, which does not exist"},
	},
}

// Verify finds the violation of each invariant, and reports nothing for a world in which all of
// them hold. An invariant without a case fails the test too.
func TestEachInvariantFindsItsViolation(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for n, c := range brokenInvariants {
		tested[c.invariant] = true
		t.Run(fmt.Sprintf("%s/%d", c.invariant, n), func(t *testing.T) {
			t.Parallel()
			pool := storetest.Pool(t)
			execute(t, pool, verifyWorld)
			if got := verify(t, pool); len(got) > 0 {
				t.Fatalf("before the violation: got %q, want none", got)
			}
			for _, constraint := range c.without {
				dropConstraint(t, pool, constraint)
			}
			execute(t, pool, c.sql)
			if got := verify(t, pool); !slices.Equal(got, c.want) {
				t.Errorf("got\n%q, want\n%q", got, c.want)
			}
		})
	}
	for _, name := range world.Invariants() {
		if !tested[name] {
			t.Errorf("invariant %s: got no case that violates it, want at least one", name)
		}
	}
}

// The token of a refused request has no answer, and is not a violation.
func TestVerifyAcceptsTokensOfRefusedRequests(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	execute(t, pool, verifyWorld)
	execute(t, pool, `UPDATE client_tokens SET answer = NULL, failed = true`)
	if got := verify(t, pool); len(got) > 0 {
		t.Errorf("got %q, want none", got)
	}
	dropConstraint(t, pool, "a_failed_client_token_has_no_answer")
	execute(t, pool, `UPDATE client_tokens SET answer = '{}'`)
	if got, want := verify(t, pool), []string{"a_client_token_has_the_answer_to_its_request: " +
		"token t of CreateVpc has an answer, and a request of 32 bytes"}; !slices.Equal(got, want) {
		t.Errorf("a refused request with an answer: got %q, want %q", got, want)
	}
}

// Verify reports a limited number of violations of an invariant, and then checks the next one. Here
// one has 5000 violations, and a later one has one.
func TestVerifyReportsABoundedNumberOfViolations(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	execute(t, pool, verifyWorld)
	execute(t, pool, `
		INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
		    mac_address, created_at)
		SELECT '1000000000000001', 'eni-x' || n, 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h', 'Secondary',
		    'Available', '00:16:3e:00:00:02', '2026-11-22'
		FROM generate_series(1, 5000) n;
		UPDATE client_tokens SET answer = NULL`)
	got := verify(t, pool)
	const last = "a_client_token_has_the_answer_to_its_request: " +
		"token t of CreateVpc has no answer, and a request of 32 bytes"
	if len(got) != world.MaxViolations+1 || got[len(got)-1] != last {
		t.Errorf("got %d violations, the last %q, want %d and then %q",
			len(got), got[len(got)-1], world.MaxViolations, last)
	}
}

// verify returns the violations that Verify reports. Each must be of the account of verifyWorld, or
// of the account that a case invents.
func verify(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	found, err := world.Verify(t.Context(), newStore(pool))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, v := range found {
		if v.AccountID != "1000000000000001" && v.AccountID != "1000000000000009" {
			t.Errorf("%s: got account %q, want that of the world", v.What, v.AccountID)
		}
		out = append(out, v.Invariant+": "+v.What)
	}
	return out
}

func execute(t *testing.T, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// dropConstraint drops a constraint by its name, and the foreign keys that need it.
func dropConstraint(t *testing.T, pool *pgxpool.Pool, name string) {
	t.Helper()
	var table string
	if err := pool.QueryRow(t.Context(), `SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = $1`,
		name).Scan(&table); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	execute(t, pool, "ALTER TABLE "+table+" DROP CONSTRAINT "+pgx.Identifier{name}.Sanitize()+" CASCADE")
}
