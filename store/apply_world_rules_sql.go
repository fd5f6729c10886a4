package store

// A prefix or a rule that differs counts as another one, like an address. It is deleted and
// inserted, not updated.
const (
	deleteIPPrefixes = `
	DELETE FROM ip_prefixes p
	WHERE p.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT FROM staged_ip_prefixes s
	      WHERE s.account_id = p.account_id AND s.vswitch_id = p.vswitch_id AND s.prefix = p.prefix
	        AND s.network_interface_id = p.network_interface_id)`

	insertIPPrefixes = `
	INSERT INTO ip_prefixes (account_id, vswitch_id, prefix, network_interface_id)
	SELECT account_id, vswitch_id, prefix, network_interface_id
	FROM staged_ip_prefixes s
	WHERE NOT EXISTS (
	    SELECT FROM ip_prefixes p
	    WHERE p.account_id = s.account_id AND p.vswitch_id = s.vswitch_id AND p.prefix = s.prefix)`

	// It also deletes the rules that refer to a group that is to be replaced by another one with
	// the same id.
	deleteSecurityGroupRules = `
	DELETE FROM security_group_rules r
	WHERE r.account_id IN (SELECT id FROM staged_accounts)
	  AND (NOT EXISTS (
	      SELECT FROM staged_security_group_rules s
	      WHERE s.account_id = r.account_id AND s.id = r.id
	        AND (s.security_group_id, s.direction, s.ip_protocol, s.port_range, s.source_port_range, s.policy, s.priority, s.nic_type,
	             s.source_cidr_ip, s.ipv6_source_cidr_ip, s.source_group_id, s.source_prefix_list_id,
	             s.dest_cidr_ip, s.ipv6_dest_cidr_ip, s.dest_group_id, s.dest_prefix_list_id, s.description)
	         IS NOT DISTINCT FROM
	            (r.security_group_id, r.direction, r.ip_protocol, r.port_range, r.source_port_range, r.policy, r.priority, r.nic_type,
	             r.source_cidr_ip, r.ipv6_source_cidr_ip, r.source_group_id, r.source_prefix_list_id,
	             r.dest_cidr_ip, r.ipv6_dest_cidr_ip, r.dest_group_id, r.dest_prefix_list_id, r.description))
	    OR EXISTS (
	      SELECT FROM security_groups g
	      JOIN staged_security_groups s ON s.account_id = g.account_id AND s.id = g.id
	      WHERE g.account_id = r.account_id AND g.id IN (r.security_group_id, r.source_group_id, r.dest_group_id)
	        AND (s.region_id, s.vpc_id) <> (g.region_id, g.vpc_id)))`

	insertSecurityGroupRules = `
	INSERT INTO security_group_rules (account_id, id, security_group_id, direction, ip_protocol, port_range, source_port_range,
	    policy, priority, nic_type, source_cidr_ip, ipv6_source_cidr_ip, source_group_id, source_prefix_list_id,
	    dest_cidr_ip, ipv6_dest_cidr_ip, dest_group_id, dest_prefix_list_id, description, created_at)
	SELECT account_id, id, security_group_id, direction, ip_protocol, port_range, source_port_range,
	    policy, priority, nic_type, source_cidr_ip, ipv6_source_cidr_ip, source_group_id, source_prefix_list_id,
	    dest_cidr_ip, ipv6_dest_cidr_ip, dest_group_id, dest_prefix_list_id, description, created_at
	FROM staged_security_group_rules s
	WHERE NOT EXISTS (SELECT FROM security_group_rules r WHERE r.account_id = s.account_id AND r.id = s.id)`
)
