package world

// invariant is a condition that holds at all times, whatever requests run at the same time. Its
// query finds the violations: the account and a description. The query takes no arguments, so that
// it can be pasted into psql. It relies on no constraint and no stored count: it counts the rows.
type invariant struct{ name, sql string }

// invariants are all invariants. A row that is due counts as it is stored, because each action
// writes it back before it counts.
//
// The quota of interfaces is not an invariant: it limits callers, but a scenario or an operator may
// exceed it.
var invariants = []invariant{
	{"an_instance_holds_what_its_type_takes", `
	SELECT i.account_id, format('instance %s holds %s interfaces, its type %s takes %s',
	    i.id, count(*), t.id, t.eni_quantity)
	FROM whole_network_interfaces n
	JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
	JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	WHERE coalesce(n.trunk_id = n.id, true) -- no member
	GROUP BY i.account_id, i.id, t.id, t.eni_quantity
	HAVING count(*) > t.eni_quantity
	ORDER BY 1, 2`},

	{"a_trunk_has_no_more_members_than_its_type_takes", `
	SELECT i.account_id, format('trunk %s on instance %s has %s members, type %s takes %s',
	    n.trunk_id, i.id, count(*), t.id, t.members)
	FROM whole_network_interfaces n
	JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
	CROSS JOIN LATERAL (
	    SELECT y.id, CASE WHEN y.eni_trunk_supported
	                 THEN greatest(coalesce(y.eni_total_quantity - y.eni_quantity, 3094), 0) ELSE 0 END AS members
	    FROM instance_types y
	    WHERE y.owner_id = i.instance_type_owner_id AND y.id = i.instance_type) t
	WHERE n.trunk_id <> n.id
	GROUP BY i.account_id, i.id, n.trunk_id, t.id, t.members
	HAVING count(*) > t.members
	ORDER BY 1, 2`},

	{"an_instance_has_the_rdma_interfaces_of_its_type", `
	SELECT i.account_id, format('instance %s holds %s RDMA interfaces, its type %s takes %s',
	    i.id, count(*), t.id, t.eri_quantity)
	FROM whole_network_interfaces n
	JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
	JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	WHERE n.traffic_mode = 'HighPerformance'
	GROUP BY i.account_id, i.id, t.id, t.eri_quantity
	HAVING count(*) > t.eri_quantity
	ORDER BY 1, 2`},

	{"an_instance_has_the_queues_of_its_type", `
	SELECT i.account_id, format('the interfaces of instance %s have %s queues, its type %s has %s',
	    i.id, sum(n.queues), t.id, t.total_eni_queues)
	FROM (
	    SELECT account_id, instance_id, queues FROM attachments
	    UNION ALL
	    SELECT n.account_id, i.id, coalesce(n.queue_number, t.primary_eni_queues)
	    FROM network_interfaces n
	    JOIN instances i ON i.account_id = n.account_id AND i.id = n.primary_of
	    JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type) n
	JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
	JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	GROUP BY i.account_id, i.id, t.id, t.total_eni_queues
	HAVING sum(n.queues) > t.total_eni_queues
	ORDER BY 1, 2`},

	{"a_network_card_is_one_of_the_type", `
	SELECT n.account_id, format('interface %s is on network card %s of instance %s, whose type %s has %s',
	    n.id, n.network_card_index, i.id, t.id, coalesce(t.network_cards, 0))
	FROM whole_network_interfaces n
	JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
	JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	WHERE n.network_card_index >= coalesce(t.network_cards, 0)
	ORDER BY 1, 2`},

	{"a_network_card_has_the_interfaces_of_its_type", `
	SELECT i.account_id, format('network card %s of instance %s has %s interfaces, its type %s takes %s',
	    n.card, i.id, count(*), t.id, t.enis_per_network_card)
	FROM (
	    SELECT account_id, instance_id, network_card_index AS card FROM attachments
	    UNION ALL
	    SELECT account_id, primary_of, 0 FROM network_interfaces WHERE primary_of IS NOT NULL) n
	JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
	JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	WHERE n.card IS NOT NULL
	GROUP BY i.account_id, i.id, n.card, t.id, t.enis_per_network_card
	HAVING count(*) > t.enis_per_network_card
	ORDER BY 1, 2`},

	{"an_attachment_carries_the_mode_and_the_queues_of_its_interface", `
	SELECT a.account_id, format('the attachment of interface %s is %s with %s queues, the interface %s with %s',
	    n.id, a.traffic_mode, coalesce(a.queues::text, 'no'), n.traffic_mode, coalesce(n.queue_number::text, 'no'))
	FROM attachments a
	JOIN network_interfaces n ON n.account_id = a.account_id AND n.id = a.network_interface_id
	WHERE a.traffic_mode <> n.traffic_mode OR a.queues <> n.queue_number
	ORDER BY 1, 2`},

	{"an_instance_has_one_trunk", `
	SELECT n.account_id, format('instance %s has the trunks %s', n.instance_id, string_agg(n.id, ', ' ORDER BY n.id))
	FROM whole_network_interfaces n
	WHERE n.trunk_id = n.id
	GROUP BY n.account_id, n.instance_id
	HAVING count(*) > 1
	ORDER BY 1, 2`},

	{"an_attached_trunk_and_only_it_is_its_own_trunk", `
	SELECT n.account_id, format('%s interface %s on %s has the trunk %s',
	    n.type, n.id, n.instance_id, coalesce(n.trunk_id, 'none'))
	FROM whole_network_interfaces n
	WHERE n.instance_id IS NOT NULL AND (n.type = 'Trunk') <> coalesce(n.trunk_id = n.id, false)
	   OR n.type <> 'Secondary' AND n.trunk_id <> n.id
	ORDER BY 1, 2`},

	{"a_member_is_on_the_instance_of_its_trunk", `
	SELECT m.account_id, format('interface %s on %s is a member of %s, which is on %s',
	    m.id, m.instance_id, m.trunk_id, coalesce(t.instance_id, 'no instance'))
	FROM whole_network_interfaces m
	LEFT JOIN whole_network_interfaces t ON t.account_id = m.account_id AND t.id = m.trunk_id
	WHERE m.trunk_id <> m.id AND m.next_status IS DISTINCT FROM 'Available'
	  AND (t.instance_id = m.instance_id AND t.status = 'InUse') IS NOT TRUE
	ORDER BY 1, 2`},

	{"a_vlan_is_one_of_those_that_the_type_takes", `
	SELECT n.account_id, format('interface %s has VLAN %s on a type that takes %s members',
	    n.id, n.device_index, n.member_quantity)
	FROM whole_network_interfaces n
	WHERE n.trunk_id <> n.id AND (n.device_index > 1000 AND n.device_index <= 1000 + n.member_quantity) IS NOT TRUE
	ORDER BY 1, 2`},

	{"the_trunks_that_are_attached_are_known", `
	SELECT coalesce(a.account_id, t.account_id), format(
	    'instance %s has trunk %s for %s members; kept is %s for %s of %s',
	    coalesce(a.instance_id, t.instance_id), coalesce(a.network_interface_id, 'none'),
	    coalesce(a.member_quantity::text, 'no'), coalesce(t.network_interface_id, 'none'),
	    coalesce(t.member_quantity::text, 'no'), coalesce(t.instance_type, 'no type'))
	FROM (SELECT a.*, i.instance_type
	      FROM attachments a
	      JOIN instances i ON i.account_id = a.account_id AND i.id = a.instance_id
	      WHERE a.trunk_id = a.network_interface_id) a
	FULL JOIN trunks t ON t.account_id = a.account_id AND t.instance_id = a.instance_id
	WHERE (a.network_interface_id, a.instance_type) IS DISTINCT FROM (t.network_interface_id, t.instance_type)
	   OR a.held_trunk_id IS NOT NULL AND a.member_quantity IS DISTINCT FROM t.member_quantity
	ORDER BY 1, 2`},

	{"an_instance_has_one_primary_interface", `
	SELECT i.account_id, format('%s instance %s has %s primary interfaces', i.network_type, i.id, count(n.id))
	FROM instances i
	LEFT JOIN whole_network_interfaces n ON n.account_id = i.account_id AND n.instance_id = i.id AND n.type = 'Primary'
	GROUP BY i.account_id, i.id, i.network_type
	HAVING count(n.id) <> CASE i.network_type WHEN 'vpc' THEN 1 ELSE 0 END
	ORDER BY 1, 2`},

	{"an_interface_is_attached_as_its_status_says", `
	SELECT n.account_id, format('interface %s is %s on %s', n.id, n.status, coalesce(n.instance_id, 'no instance'))
	FROM whole_network_interfaces n
	WHERE (n.instance_id IS NOT NULL) <> (n.status IN ('Attaching', 'InUse', 'Detaching'))
	ORDER BY 1, 2`},

	{"an_interface_is_on_an_instance_that_exists", `
	SELECT n.account_id, format('interface %s is on %s, which does not exist', n.id, n.instance_id)
	FROM whole_network_interfaces n
	WHERE n.instance_id IS NOT NULL
	  AND NOT EXISTS (SELECT FROM instances i WHERE i.account_id = n.account_id AND i.id = n.instance_id)
	ORDER BY 1, 2`},

	{"an_attached_interface_shares_vpc_and_zone_with_its_instance", `
	SELECT n.account_id, format('interface %s lies in %s and %s, its instance %s in %s and %s',
	    n.id, n.vpc_id, n.zone_id, i.id, coalesce(i.vpc_id, 'no VPC'), i.zone_id)
	FROM whole_network_interfaces n
	JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
	WHERE (n.vpc_id, n.zone_id) IS DISTINCT FROM (i.vpc_id, i.zone_id)
	ORDER BY 1, 2`},

	{"an_attachment_is_of_a_secondary_interface_that_stays", `
	SELECT a.account_id, format('interface %s is attached to %s in %s and %s, the interface is %s',
	    a.network_interface_id, a.instance_id, a.vpc_id, a.zone_id,
	    CASE WHEN n.id IS NULL THEN 'gone'
	         ELSE format('%s and %s in %s and %s', n.type, n.status, n.vpc_id, n.zone_id) END)
	FROM attachments a
	LEFT JOIN network_interfaces n ON n.account_id = a.account_id AND n.id = a.network_interface_id
	WHERE (n.type <> 'Primary', n.status, n.vpc_id, n.zone_id)
	   IS DISTINCT FROM (true, 'Available', a.vpc_id, a.zone_id)
	ORDER BY 1, 2`},

	{"an_attachment_carries_the_limit_of_its_instance", `
	SELECT a.account_id, format('the attachment of interface %s carries a limit of %s, its instance %s has %s',
	    a.network_interface_id, a.instance_eni_quantity, a.instance_id, coalesce(i.eni_quantity::text, 'none'))
	FROM attachments a
	LEFT JOIN instances i ON i.account_id = a.account_id AND i.id = a.instance_id
	WHERE i.eni_quantity IS DISTINCT FROM a.instance_eni_quantity
	ORDER BY 1, 2`},

	{"an_interface_has_a_status_and_time_that_agree", `
	SELECT n.account_id, format('interface %s is %s, next %s, at %s',
	    n.id, n.status, coalesce(n.next_status, 'nothing'), coalesce(n.settles_at::text, 'no time'))
	FROM whole_network_interfaces n
	WHERE n.status NOT IN ('Available', 'Attaching', 'InUse', 'Detaching', 'Deleting')
	   OR (n.next_status IS NULL) <> (n.settles_at IS NULL)
	   OR n.next_status IS NOT NULL AND (n.status, n.next_status) NOT IN
	      (('Attaching', 'InUse'), ('Attaching', 'Available'), ('Detaching', 'Available'), ('Deleting', 'Deleted'))
	ORDER BY 1, 2`},

	{"an_instance_has_a_status_and_times_that_agree", `
	SELECT i.account_id, format('instance %s is %s, next %s, at %s, running at %s',
	    i.id, i.status, coalesce(i.next_status, 'nothing'),
	    coalesce(i.settles_at::text, 'no time'), coalesce(i.running_at::text, 'no time'))
	FROM instances i
	WHERE i.status NOT IN ('Pending', 'Starting', 'Running', 'Stopping', 'Stopped')
	   OR (i.next_status IS NULL) <> (i.settles_at IS NULL)
	   OR i.next_status IS NOT NULL AND (i.status, i.next_status) NOT IN
	      (('Pending', 'Running'), ('Pending', 'Stopped'), ('Pending', 'Starting'),
	       ('Starting', 'Running'), ('Starting', 'Stopped'), ('Stopping', 'Stopped'))
	   OR (i.next_status IS NOT DISTINCT FROM 'Starting') <> (i.running_at IS NOT NULL)
	   OR i.running_at < i.settles_at
	   OR i.start_fails AND i.running_at IS NULL
	ORDER BY 1, 2`},

	{"a_device_index_is_taken_once", `
	SELECT n.account_id, format('instance %s has %s at device index %s',
	    n.instance_id, string_agg(n.id, ', ' ORDER BY n.id), n.device_index)
	FROM whole_network_interfaces n
	WHERE n.instance_id IS NOT NULL
	GROUP BY n.account_id, n.instance_id, n.device_index
	HAVING count(*) > 1
	ORDER BY 1, 2`},

	{"a_device_index_is_below_the_limit_of_the_type", `
	SELECT n.account_id, format('interface %s has device index %s on instance %s, whose type %s takes %s',
	    n.id, coalesce(n.device_index::text, 'none'), i.id, t.id, t.eni_quantity)
	FROM whole_network_interfaces n
	JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
	JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	WHERE (n.device_index >= 0 AND n.device_index < t.eni_quantity) IS NOT TRUE
	  AND coalesce(n.trunk_id = n.id, true) -- no member
	ORDER BY 1, 2`},

	{"the_primary_interface_and_only_it_has_index_0", `
	SELECT n.account_id, format('%s interface %s has device index %s',
	    n.type, n.id, coalesce(n.device_index::text, 'none'))
	FROM whole_network_interfaces n
	WHERE n.type NOT IN ('Primary', 'Secondary', 'Trunk')
	   OR (n.type = 'Primary') <> (n.device_index IS NOT DISTINCT FROM 0)
	ORDER BY 1, 2`},

	{"an_instance_carries_the_limit_of_its_type", `
	SELECT i.account_id, format('instance %s carries a limit of %s, its type %s of %s takes %s',
	    i.id, i.eni_quantity, i.instance_type,
	    CASE i.instance_type_owner_id WHEN '' THEN 'the catalogue' ELSE i.instance_type_owner_id END,
	    coalesce(t.eni_quantity::text, 'nothing: there is none'))
	FROM instances i
	LEFT JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	WHERE t.eni_quantity IS DISTINCT FROM i.eni_quantity OR i.instance_type_owner_id NOT IN ('', i.account_id)
	ORDER BY 1, 2`},

	{"a_vswitch_lies_in_its_vpc", `
	SELECT s.account_id, format('VSwitch %s (%s, %s, %s) lies outside VPC %s (%s, %s)',
	    s.id, s.region_id, s.cidr_block, coalesce(s.ipv6_cidr_block::text, 'no IPv6'),
	    s.vpc_id, coalesce(v.region_id, 'which does not exist'),
	    concat_ws(', ', v.cidr_block, nullif(array_to_string(v.secondary_cidr_blocks, ', '), '')))
	FROM vswitches s
	LEFT JOIN vpcs v ON v.account_id = s.account_id AND v.id = s.vpc_id
	WHERE (v.region_id = s.region_id AND s.cidr_block <<= ANY (v.cidr_block || v.secondary_cidr_blocks)) IS NOT TRUE
	   OR s.ipv6_cidr_block IS NOT NULL AND (s.ipv6_cidr_block <<= v.ipv6_cidr_block) IS NOT TRUE
	ORDER BY 1, 2`},

	{"vswitches_of_a_vpc_do_not_overlap", `
	SELECT a.account_id, format('VSwitches %s (%s, %s) and %s (%s, %s) of VPC %s overlap',
	    a.id, a.cidr_block, coalesce(a.ipv6_cidr_block::text, 'no IPv6'),
	    b.id, b.cidr_block, coalesce(b.ipv6_cidr_block::text, 'no IPv6'), a.vpc_id)
	FROM vswitches a
	JOIN vswitches b ON b.account_id = a.account_id AND b.vpc_id = a.vpc_id AND b.id > a.id
	WHERE a.cidr_block && b.cidr_block OR a.ipv6_cidr_block && b.ipv6_cidr_block
	ORDER BY 1, 2`},

	{"a_zone_lies_in_the_region", `
	SELECT p.account_id, format('%s %s lies in region %s and zone %s', p.kind, p.id, p.region_id, p.zone_id)
	FROM (
	    SELECT 'VSwitch' AS kind, account_id, id, region_id, zone_id FROM vswitches
	    UNION ALL SELECT 'instance', account_id, id, region_id, zone_id FROM instances
	    UNION ALL SELECT 'interface', account_id, id, region_id, zone_id FROM network_interfaces) p
	WHERE NOT EXISTS (SELECT FROM zones z WHERE z.id = p.zone_id AND z.region_id = p.region_id)
	ORDER BY 1, 2`},

	{"a_resource_lies_where_its_vswitch_does", `
	SELECT p.account_id, format('%s %s lies in %s and %s, its VSwitch %s in %s and %s',
	    p.kind, p.id, p.vpc_id, p.zone_id, p.vswitch_id,
	    coalesce(s.vpc_id, 'no VPC'), coalesce(s.zone_id, 'no zone'))
	FROM (
	    SELECT 'instance' AS kind, account_id, id, vpc_id, zone_id, vswitch_id FROM instances WHERE network_type = 'vpc'
	    UNION ALL SELECT 'interface', account_id, id, vpc_id, zone_id, vswitch_id FROM network_interfaces) p
	LEFT JOIN vswitches s ON s.account_id = p.account_id AND s.id = p.vswitch_id
	WHERE (s.vpc_id, s.zone_id) IS DISTINCT FROM (p.vpc_id, p.zone_id)
	ORDER BY 1, 2`},

	{"an_address_is_given_once_in_a_vswitch", `
	SELECT a.account_id, format('address %s of VSwitch %s is given to %s',
	    host(a.address), a.vswitch_id, string_agg(a.network_interface_id, ', ' ORDER BY a.network_interface_id))
	FROM private_ip_addresses a
	GROUP BY a.account_id, a.vswitch_id, a.address
	HAVING count(*) > 1
	ORDER BY 1, 2`},

	{"an_address_comes_from_the_vswitch_of_its_interface", `
	SELECT g.account_id, format('%s of interface %s comes from VSwitch %s (%s, %s), the interface lies in %s',
	    g.given, g.network_interface_id, g.vswitch_id,
	    coalesce(s.cidr_block::text, 'which does not exist'), coalesce(s.ipv6_cidr_block::text, 'no IPv6'),
	    coalesce(n.vswitch_id, 'none: it does not exist'))
	FROM (
	    SELECT account_id, vswitch_id, network_interface_id, address AS block, 'address ' || host(address) AS given
	    FROM private_ip_addresses
	    UNION ALL
	    SELECT account_id, vswitch_id, network_interface_id, prefix::inet, 'prefix ' || prefix
	    FROM ip_prefixes) g
	LEFT JOIN vswitches s ON s.account_id = g.account_id AND s.id = g.vswitch_id
	LEFT JOIN network_interfaces n ON n.account_id = g.account_id AND n.id = g.network_interface_id
	WHERE n.vswitch_id IS DISTINCT FROM g.vswitch_id
	   OR (g.block <<= CASE family(g.block) WHEN 4 THEN s.cidr_block ELSE s.ipv6_cidr_block END) IS NOT TRUE
	ORDER BY 1, 2`},

	{"a_reserved_address_is_given_to_nobody", `
	SELECT a.account_id, format('address %s of interface %s is reserved in VSwitch %s (%s)',
	    host(a.address), a.network_interface_id, s.id, s.cidr_block)
	FROM private_ip_addresses a
	JOIN vswitches s ON s.account_id = a.account_id AND s.id = a.vswitch_id
	WHERE family(a.address) = 4 AND a.address <<= s.cidr_block
	  AND (host(a.address)::inet = host(s.cidr_block)::inet
	       OR host(broadcast(s.cidr_block))::inet - host(a.address)::inet < 3)
	ORDER BY 1, 2`},

	{"an_address_lies_in_no_prefix", `
	SELECT a.account_id, format('address %s of interface %s lies in prefix %s of interface %s',
	    host(a.address), a.network_interface_id, p.prefix, p.network_interface_id)
	FROM ip_prefixes p
	JOIN private_ip_addresses a ON a.account_id = p.account_id AND a.vswitch_id = p.vswitch_id
	    AND a.address <<= p.prefix
	ORDER BY 1, 2`},

	{"prefixes_do_not_overlap", `
	SELECT a.account_id, format('prefix %s of interface %s and prefix %s of interface %s overlap',
	    a.prefix, a.network_interface_id, b.prefix, b.network_interface_id)
	FROM ip_prefixes a
	JOIN ip_prefixes b ON b.account_id = a.account_id AND b.vswitch_id = a.vswitch_id AND b.prefix && a.prefix
	    AND (b.prefix, b.network_interface_id) > (a.prefix, a.network_interface_id)
	ORDER BY 1, 2`},

	{"an_interface_has_one_primary_address", `
	SELECT n.account_id, format('interface %s has %s primary IPv4 addresses', n.id, count(a.address))
	FROM whole_network_interfaces n
	LEFT JOIN private_ip_addresses a ON a.account_id = n.account_id AND a.network_interface_id = n.id
	    AND a.is_primary AND family(a.address) = 4
	GROUP BY n.account_id, n.id
	HAVING count(a.address) <> 1
	ORDER BY 1, 2`},

	{"a_key_pair_has_the_fingerprint_of_its_key", `
	SELECT account_id, format('key pair %s of %s has the fingerprint %s, its key has the MD5 %s',
	    name, region_id, fingerprint, md5(decode(split_part(public_key, ' ', 2), 'base64')))
	FROM key_pairs
	WHERE replace(fingerprint, ':', '') <> md5(decode(split_part(public_key, ' ', 2), 'base64'))
	ORDER BY 1, 2`},

	{"a_disk_is_on_an_instance_of_its_zone", `
	SELECT d.account_id, format('disk %s of zone %s is on instance %s of zone %s',
	    d.id, d.zone_id, d.instance_id, coalesce(i.zone_id, 'none: it does not exist'))
	FROM disks d
	LEFT JOIN instances i ON i.account_id = d.account_id AND i.id = d.instance_id
	WHERE d.instance_id IS NOT NULL AND (i.zone_id, i.region_id) IS DISTINCT FROM (d.zone_id, d.region_id)
	ORDER BY 1, 2`},

	{"an_instance_has_at_most_16_data_disks_each_in_a_slot", `
	SELECT d.account_id, format('instance %s has %s data disks in the slots %s',
	    d.instance_id, count(*), string_agg(d.slot::text, ', ' ORDER BY d.slot))
	FROM disks d
	WHERE d.instance_id IS NOT NULL
	GROUP BY d.account_id, d.instance_id
	HAVING count(*) > 16 OR count(DISTINCT d.slot) < count(*)
	ORDER BY 1, 2`},

	{"an_eip_is_on_an_address_of_its_region", `
	SELECT a.account_id, format('EIP %s of %s is on address %s of interface %s in VSwitch %s, which %s has in %s',
	    a.eip_id, coalesce(e.region_id, 'none: it does not exist'), host(a.private_ip_address), a.network_interface_id,
	    a.vswitch_id, coalesce(p.network_interface_id, 'nothing'), coalesce(n.region_id, 'no region'))
	FROM eip_associations a
	LEFT JOIN eips e ON e.account_id = a.account_id AND e.id = a.eip_id
	LEFT JOIN private_ip_addresses p ON p.account_id = a.account_id AND p.vswitch_id = a.vswitch_id
	    AND p.address = a.private_ip_address
	LEFT JOIN network_interfaces n ON n.account_id = p.account_id AND n.id = p.network_interface_id
	WHERE (p.network_interface_id = a.network_interface_id AND n.region_id = e.region_id
	       AND (n.primary_of IS NULL OR p.is_primary) AND n.status <> 'Deleting') IS NOT TRUE
	ORDER BY 1, 2`},

	{"an_eip_is_on_one_address_which_has_no_other", `
	SELECT a.account_id, format('address %s of VSwitch %s has the EIPs %s',
	    host(a.private_ip_address), a.vswitch_id, string_agg(a.eip_id, ', ' ORDER BY a.eip_id))
	FROM eip_associations a
	GROUP BY a.account_id, a.vswitch_id, a.private_ip_address
	HAVING count(*) > 1
	UNION ALL
	SELECT a.account_id, format('EIP %s is on %s addresses', a.eip_id, count(*))
	FROM eip_associations a
	GROUP BY a.account_id, a.eip_id
	HAVING count(*) > 1
	ORDER BY 1, 2`},

	{"blocks_of_a_vpc_do_not_overlap", `
	SELECT v.account_id, format('VPC %s (%s) has the secondary blocks %s', v.id, v.cidr_block,
	    array_to_string(v.secondary_cidr_blocks, ', '))
	FROM vpcs v
	WHERE EXISTS (
	    SELECT
	    FROM unnest(v.cidr_block || v.secondary_cidr_blocks) WITH ORDINALITY a (block, place)
	    JOIN unnest(v.cidr_block || v.secondary_cidr_blocks) WITH ORDINALITY b (block, place) ON b.place > a.place
	    WHERE a.block && b.block)
	ORDER BY 1, 2`},

	{"a_vpc_has_its_system_route_table", `
	SELECT v.account_id, format('VPC %s has the system route tables %s', v.id,
	    coalesce(string_agg(r.id, ', ' ORDER BY r.id), 'none'))
	FROM vpcs v
	LEFT JOIN route_tables r ON r.account_id = v.account_id AND r.vpc_id = v.id AND r.type = 'System'
	GROUP BY v.account_id, v.id
	HAVING count(r.id) <> 1
	ORDER BY 1, 2`},

	{"a_vswitch_uses_a_custom_route_table_of_its_vpc", `
	SELECT a.account_id, format('VSwitch %s of VPC %s uses %s route table %s of VPC %s', a.vswitch_id,
	    coalesce(s.vpc_id, 'none: it does not exist'), coalesce(r.type, 'missing'), a.route_table_id,
	    coalesce(r.vpc_id, 'none'))
	FROM route_table_associations a
	LEFT JOIN vswitches s ON s.account_id = a.account_id AND s.id = a.vswitch_id
	LEFT JOIN route_tables r ON r.account_id = a.account_id AND r.id = a.route_table_id
	WHERE (s.vpc_id = r.vpc_id AND r.vpc_id = a.vpc_id AND r.type = 'Custom') IS NOT TRUE
	ORDER BY 1, 2`},

	{"a_route_entry_leads_to_a_next_hop_in_its_vpc", `
	SELECT e.account_id, format('entry %s of route table %s in VPC %s leads to %s in VPC %s', e.id, e.route_table_id,
	    coalesce(r.vpc_id, 'none: it does not exist'), coalesce(e.instance_id, e.network_interface_id),
	    coalesce(i.vpc_id, n.vpc_id, 'none'))
	FROM route_entries e
	LEFT JOIN route_tables r ON r.account_id = e.account_id AND r.id = e.route_table_id
	LEFT JOIN instances i ON i.account_id = e.account_id AND i.id = e.instance_id
	LEFT JOIN network_interfaces n ON n.account_id = e.account_id AND n.id = e.network_interface_id
	WHERE (r.vpc_id = e.vpc_id AND r.vpc_id = coalesce(i.vpc_id, n.vpc_id)
	       AND n.status IS DISTINCT FROM 'Deleting') IS NOT TRUE
	ORDER BY 1, 2`},

	{"a_route_entry_leads_out_of_the_vswitches", `
	SELECT e.account_id, format('entry %s of route table %s leads to %s, which is in VSwitch %s (%s)', e.id,
	    e.route_table_id, e.destination_cidr_block, s.id, s.cidr_block)
	FROM route_entries e
	JOIN vswitches s ON s.account_id = e.account_id AND s.vpc_id = e.vpc_id
	    AND e.destination_cidr_block <<= s.cidr_block
	ORDER BY 1, 2`},

	{"a_route_table_has_200_custom_entries_at_most", `
	SELECT e.account_id, format('route table %s has %s custom entries', e.route_table_id, count(*))
	FROM route_entries e
	GROUP BY e.account_id, e.route_table_id
	HAVING count(*) > 200
	ORDER BY 1, 2`},

	{"a_vpc_has_9_custom_route_tables_at_most", `
	SELECT r.account_id, format('VPC %s has %s custom route tables', r.vpc_id, count(*))
	FROM route_tables r
	WHERE r.type = 'Custom'
	GROUP BY r.account_id, r.vpc_id
	HAVING count(*) > 9
	ORDER BY 1, 2`},

	{"an_interface_joins_groups_of_its_vpc", `
	SELECT m.account_id, format('interface %s of VPC %s is in group %s of VPC %s',
	    m.network_interface_id, coalesce(n.vpc_id, 'none: it does not exist'),
	    m.security_group_id, coalesce(g.vpc_id, 'none: it does not exist'))
	FROM network_interface_security_groups m
	LEFT JOIN network_interfaces n ON n.account_id = m.account_id AND n.id = m.network_interface_id
	LEFT JOIN security_groups g ON g.account_id = m.account_id AND g.id = m.security_group_id
	WHERE (n.vpc_id = g.vpc_id) IS NOT TRUE
	ORDER BY 1, 2`},

	{"a_group_has_no_more_instances_than_its_limit", `
	SELECT g.account_id, format('group %s has interfaces of %s instances, its limit is %s',
	    g.id, count(DISTINCT n.instance_id), g.instance_limit)
	FROM security_groups g
	JOIN network_interface_security_groups m ON m.account_id = g.account_id AND m.security_group_id = g.id
	JOIN whole_network_interfaces n ON n.account_id = m.account_id AND n.id = m.network_interface_id
	WHERE n.instance_id IS NOT NULL AND n.next_status IS DISTINCT FROM 'Available'
	GROUP BY g.account_id, g.id, g.instance_limit
	HAVING count(DISTINCT n.instance_id) > g.instance_limit
	ORDER BY 1, 2`},

	{"a_group_keeps_count_of_its_capacity", `
	WITH held AS (
	    SELECT m.account_id, m.security_group_id, n.instance_id
	    FROM whole_network_interfaces n
	    JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
	    WHERE n.instance_id IS NOT NULL AND n.next_status IS DISTINCT FROM 'Available'
	    GROUP BY 1, 2, 3
	), staying AS (
	    SELECT account_id, security_group_id, count(*) AS instances FROM held GROUP BY 1, 2
	), leaving AS (
	    SELECT account_id, security_group_id, count(*) AS instances FROM security_group_departures GROUP BY 1, 2
	)
	SELECT g.account_id, format('group %s has a free capacity of %s, %s instances, and %s that depart; its limit is %s',
	    g.id, coalesce(o.free, 0), coalesce(s.instances, 0), coalesce(l.instances, 0), g.instance_limit)
	FROM security_groups g
	LEFT JOIN security_group_capacity o ON o.account_id = g.account_id AND o.security_group_id = g.id
	LEFT JOIN staying s ON s.account_id = g.account_id AND s.security_group_id = g.id
	LEFT JOIN leaving l ON l.account_id = g.account_id AND l.security_group_id = g.id
	WHERE coalesce(o.free, 0) + coalesce(s.instances, 0) + coalesce(l.instances, 0) <> g.instance_limit
	UNION ALL
	SELECT l.account_id, format('instance %s departs from group %s and stays in it', l.instance_id, l.security_group_id)
	FROM security_group_departures l
	JOIN held h ON (h.account_id, h.security_group_id, h.instance_id)
	    = (l.account_id, l.security_group_id, l.instance_id)
	ORDER BY 1, 2`},

	{"a_vswitch_keeps_count_of_its_interfaces_and_addresses", `
	WITH counted AS (
	    SELECT account_id, vswitch_id, 1 AS interfaces, (type <> 'Primary')::integer AS secondary, 0 AS ipv4
	    FROM network_interfaces
	    UNION ALL
	    SELECT account_id, vswitch_id, 0, 0, 1 FROM private_ip_addresses WHERE family(address) = 4
	    UNION ALL
	    SELECT account_id, vswitch_id, 0, 0, 16 FROM ip_prefixes WHERE family(prefix) = 4
	), found AS (
	    SELECT account_id, vswitch_id, sum(interfaces) AS interfaces, sum(secondary) AS secondary, sum(ipv4) AS ipv4
	    FROM counted GROUP BY 1, 2
	), kept AS (
	    SELECT account_id, vswitch_id, sum(interfaces) AS interfaces,
	           sum(secondary_interfaces) AS secondary, sum(ipv4_addresses) AS ipv4
	    FROM vswitch_counts GROUP BY 1, 2
	)
	SELECT account_id, format('VSwitch %s has %s interfaces, %s of them secondary, and %s addresses; '
	    'kept are %s, %s and %s', vswitch_id, coalesce(f.interfaces, 0), coalesce(f.secondary, 0), coalesce(f.ipv4, 0),
	    coalesce(k.interfaces, 0), coalesce(k.secondary, 0), coalesce(k.ipv4, 0))
	FROM found f
	FULL JOIN kept k USING (account_id, vswitch_id)
	WHERE (coalesce(f.interfaces, 0), coalesce(f.secondary, 0), coalesce(f.ipv4, 0))
	   <> (coalesce(k.interfaces, 0), coalesce(k.secondary, 0), coalesce(k.ipv4, 0))
	ORDER BY 1, 2`},

	{"a_tag_is_in_the_index_and_nothing_else", `
	WITH found AS (
	    SELECT r.account_id, r.kind, tag_in_index(t.key) AS key, tag_in_index(t.value) AS value, r.id AS resource_id
	    FROM (
	        SELECT account_id, 'instance' AS kind, id, tags FROM instances
	        UNION ALL
	        SELECT account_id, 'network interface', id, tags FROM network_interfaces) r
	    CROSS JOIN LATERAL jsonb_each_text(r.tags) t
	)
	SELECT account_id, format('tag %s=%s of %s %s is missing in the index', key, value, kind, resource_id)
	FROM (SELECT * FROM found EXCEPT SELECT account_id, kind, key, value, resource_id FROM resource_tags) missing
	UNION ALL
	SELECT account_id, format('the index has a tag %s=%s that %s %s does not have', key, value, kind, resource_id)
	FROM (SELECT account_id, kind, key, value, resource_id FROM resource_tags EXCEPT SELECT * FROM found) excess
	ORDER BY 1, 2`},

	{"a_rule_names_groups_that_exist", `
	SELECT r.account_id, format('rule %s of group %s names group %s, which does not exist',
	    r.id, r.security_group_id, named.id)
	FROM security_group_rules r
	CROSS JOIN LATERAL (VALUES (r.security_group_id), (r.source_group_id), (r.dest_group_id)) AS named (id)
	WHERE named.id IS NOT NULL
	  AND NOT EXISTS (SELECT FROM security_groups g WHERE g.account_id = r.account_id AND g.id = named.id)
	ORDER BY 1, 2`},

	{"a_client_token_has_the_answer_to_its_request", `
	SELECT t.account_id, format('token %s of %s has %s, and a request of %s bytes', t.token, t.action,
	    CASE WHEN t.answer IS NULL THEN 'no answer' ELSE 'an answer' END, length(t.request_hash))
	FROM client_tokens t
	WHERE (t.answer IS NULL) <> t.failed OR length(t.request_hash) <> 32 -- a refused request has no answer
	ORDER BY 1, 2`},

	{"a_key_belongs_to_a_user_that_exists", `
	SELECT k.account_id, format('key %s belongs to RAM user %s, who does not exist', k.id, k.ram_user_name)
	FROM access_keys k
	WHERE k.ram_user_name IS NOT NULL
	  AND NOT EXISTS (SELECT FROM ram_users u WHERE u.account_id = k.account_id AND u.name = k.ram_user_name)
	ORDER BY 1, 2`},

	{"what_there_is_belongs_to_an_account", `
	SELECT r.account_id, format('%s %s belongs to account %s, which does not exist', r.kind, r.id, r.account_id)
	FROM (
	    SELECT 'VPC' AS kind, account_id, id FROM vpcs
	    UNION ALL SELECT 'VSwitch', account_id, id FROM vswitches
	    UNION ALL SELECT 'security group', account_id, id FROM security_groups
	    UNION ALL SELECT 'instance', account_id, id FROM instances
	    UNION ALL SELECT 'interface', account_id, id FROM network_interfaces
	    UNION ALL SELECT 'RAM user', account_id, name FROM ram_users
	    UNION ALL SELECT 'key', account_id, id FROM access_keys
	    UNION ALL SELECT 'count of VSwitch', account_id, vswitch_id FROM vswitch_counts
	    UNION ALL SELECT 'tag in the index of ' || kind, account_id, resource_id FROM resource_tags
	    UNION ALL SELECT 'client token', account_id, token FROM client_tokens
	    UNION ALL SELECT 'snapshot', account_id, name FROM snapshots
	    UNION ALL SELECT 'instance type', owner_id, id FROM instance_types WHERE owner_id <> '') r
	WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.id = r.account_id)
	ORDER BY 1, 2`},
}
