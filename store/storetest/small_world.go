package storetest

import "fmt"

// Attach returns the statement that attaches an interface of the account of SmallWorld to an
// instance, as InUse. vpc and zone are those of the interface, quantity is the limit that the
// attachment carries.
func Attach(eni, instance, vpc, zone string, quantity, index int) string {
	return fmt.Sprintf(`
		INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id,
		                         instance_eni_quantity, device_index, status)
		VALUES ('1000000000000001', '%s', '%s', '%s', '%s', %d, %d, 'InUse')`,
		eni, instance, vpc, zone, quantity, index)
}

// AttachToTrunk returns the statement that attaches an interface of the account of TrunkWorld to i-1, as a
// member of a trunk, or as a trunk with itself as trunk. quantity is the limit of members that the
// attachment carries.
func AttachToTrunk(eni, trunk string, quantity, index int) string {
	return fmt.Sprintf(`
		INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id, instance_eni_quantity,
		                         device_index, status, trunk_id, held_trunk_id, member_quantity)
		VALUES ('1000000000000001', '%s', 'i-1', 'vpc-1', 'cn-hangzhou-h', 3, %d, 'InUse', '%s', '%s', %d)`,
		eni, index, trunk, trunk, quantity)
}

// FormWorld is SQL that adds to SmallWorld: the type of i-1 takes one RDMA interface, 10 queues, and on each of its
// two network cards one interface. The RDMA interface eni-1 is on card 1 of i-1 with 6 queues, beside the primary one
// with 4.
const FormWorld = `
UPDATE instance_types
SET eri_quantity = 1, primary_eni_queues = 4, secondary_eni_queues = 2, total_eni_queues = 10, network_cards = 2,
    enis_per_network_card = 1
WHERE id = 'ecs.g6.xlarge';
DELETE FROM attachments;
UPDATE network_interfaces SET traffic_mode = 'HighPerformance', queue_number = 6 WHERE id = 'eni-1';
INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id, instance_eni_quantity,
                         device_index, status, traffic_mode, queues, network_card_index)
VALUES ('1000000000000001', 'eni-1', 'i-1', 'vpc-1', 'cn-hangzhou-h', 3, 1, 'InUse', 'HighPerformance', 6, 1);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
`

// AttachForm returns the statement that attaches eni-2 of FormWorld to i-1 with a mode, a number of queues, and a
// network card, each as SQL.
func AttachForm(mode, queues, card string) string {
	return fmt.Sprintf(`
		UPDATE network_interfaces SET traffic_mode = %s WHERE id = 'eni-2';
		INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id, instance_eni_quantity,
		                         device_index, status, traffic_mode, queues, network_card_index)
		VALUES ('1000000000000001', 'eni-2', 'i-1', 'vpc-1', 'cn-hangzhou-h', 3, 2, 'InUse', %s, %s, %s)`,
		mode, mode, queues, card)
}

// TrunkWorld is SQL that adds to SmallWorld: the type of i-1 takes two members, and i-1 has the trunk eni-1
// with the member eni-2. The interfaces eni-3 and eni-4 are free.
var TrunkWorld = `
UPDATE instance_types SET eni_trunk_supported = true, eni_total_quantity = 5 WHERE id = 'ecs.g6.xlarge';
DELETE FROM attachments;
UPDATE network_interfaces SET type = 'Trunk' WHERE id = 'eni-1';
INSERT INTO network_interfaces
    (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status, mac_address, created_at) VALUES
    ('1000000000000001', 'eni-3', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h', 'Trunk', 'Available',
     '00:16:3e:00:00:04', '2026-11-22'),
    ('1000000000000001', 'eni-4', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h', 'Secondary', 'Available',
     '00:16:3e:00:00:05', '2026-11-22');
INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary) VALUES
    ('1000000000000001', 'vsw-h', '10.0.0.4', 'eni-3', true),
    ('1000000000000001', 'vsw-h', '10.0.0.5', 'eni-4', true);
` + AttachToTrunk("eni-1", "eni-1", 2, 1) + ";" + AttachToTrunk("eni-2", "eni-1", 2, 1001) + ";"

// SmallWorld is SQL that inserts a small valid world with a row in most tables. Tests of constraints
// and invariants break it.
const SmallWorld = `
INSERT INTO accounts (id, created_at) VALUES ('1000000000000001', '2026-11-22'), ('1000000000000002', '2026-11-22');
INSERT INTO ram_users (account_id, name) VALUES ('1000000000000001', 'ci');
INSERT INTO access_keys (id, account_id, secret, created_at) VALUES ('LTAI1', '1000000000000001', 's', '2026-11-22');
INSERT INTO vpcs (account_id, id, region_id, cidr_block, created_at) VALUES
    ('1000000000000001', 'vpc-1', 'cn-hangzhou', '10.0.0.0/8', '2026-11-22'),
    ('1000000000000001', 'vpc-2', 'cn-hangzhou', '172.16.0.0/12', '2026-11-22'),
    ('1000000000000001', 'vpc-3', 'cn-beijing', '10.0.0.0/8', '2026-11-22');
INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at) VALUES
    ('1000000000000001', 'vsw-h', 'vpc-1', 'cn-hangzhou', 'cn-hangzhou-h', '10.0.0.0/16', '2026-11-22'),
    ('1000000000000001', 'vsw-i', 'vpc-1', 'cn-hangzhou', 'cn-hangzhou-i', '10.1.0.0/16', '2026-11-22'),
    ('1000000000000001', 'vsw-2', 'vpc-2', 'cn-hangzhou', 'cn-hangzhou-h', '172.16.0.0/16', '2026-11-22');
INSERT INTO security_groups (account_id, id, vpc_id, region_id, instance_limit, created_at) VALUES
    ('1000000000000001', 'sg-1', 'vpc-1', 'cn-hangzhou', 10, '2026-11-22'),
    ('1000000000000001', 'sg-2', 'vpc-2', 'cn-hangzhou', 10, '2026-11-22');
INSERT INTO instances
    (account_id, id, region_id, zone_id, vpc_id, vswitch_id,
     instance_type_owner_id, instance_type, eni_quantity, status, created_at) VALUES
    ('1000000000000001', 'i-1', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h',
     '', 'ecs.g6.xlarge', 3, 'Running', '2026-11-22'),
    ('1000000000000001', 'i-2', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-2', 'vsw-2',
     '', 'ecs.g6.large', 2, 'Running', '2026-11-22');
INSERT INTO network_interfaces
    (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status, primary_of, mac_address, created_at) VALUES
    ('1000000000000001', 'eni-0', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h', 'Primary', 'InUse',
     'i-1', '00:16:3e:00:00:00', '2026-11-22'),
    ('1000000000000001', 'eni-1', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h', 'Secondary', 'Available',
     NULL, '00:16:3e:00:00:01', '2026-11-22'),
    ('1000000000000001', 'eni-2', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h', 'Secondary', 'Available',
     NULL, '00:16:3e:00:00:02', '2026-11-22'),
    ('1000000000000001', 'eni-i', 'cn-hangzhou', 'cn-hangzhou-i', 'vpc-1', 'vsw-i', 'Secondary', 'Available',
     NULL, '00:16:3e:00:00:03', '2026-11-22');
INSERT INTO attachments
    (account_id, network_interface_id, instance_id, vpc_id, zone_id, instance_eni_quantity, device_index, status) VALUES
    ('1000000000000001', 'eni-1', 'i-1', 'vpc-1', 'cn-hangzhou-h', 3, 1, 'InUse');
INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary) VALUES
    ('1000000000000001', 'vsw-h', '10.0.0.1', 'eni-1', true);
INSERT INTO network_interface_security_groups
    (account_id, network_interface_id, security_group_id, vpc_id, position) VALUES
    ('1000000000000001', 'eni-1', 'sg-1', 'vpc-1', 1);
INSERT INTO security_group_rules
    (account_id, id, security_group_id, direction, ip_protocol, port_range,
     policy, priority, nic_type, source_group_id, created_at) VALUES
    ('1000000000000001', 'sgr-1', 'sg-1', 'ingress', 'TCP', '22/22', 'Accept', 1, 'intranet', 'sg-2', '2026-11-22'),
    ('1000000000000001', 'sgr-2', 'sg-1', 'ingress', 'TCP', '80/80', 'Accept', 1, 'intranet', NULL, '2026-11-22');
INSERT INTO snapshots (account_id, name, schema, resources, created_at) VALUES
    ('1000000000000001', 'before', 'x', 1, '2026-11-22');
INSERT INTO snapshot_rows (account_id, snapshot_name, of_table, piece, content) VALUES
    ('1000000000000001', 'before', 'vpcs', 0, '[]');
INSERT INTO client_tokens (account_id, action, token, request_hash, answer, created_at) VALUES
    ('1000000000000001', 'CreateVpc', 't', '', '{}', '2026-11-22');
`
