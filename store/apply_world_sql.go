package store

// The statements of ApplyWorld concern only the accounts in staged_accounts. They take no
// arguments, so that they can be pasted into psql. That also keeps Postgres from caching plans for
// staging tables, which are dropped with the transaction. Only a statement that fills a large table
// takes two arguments, which are positions in its staging table. It copies the rows from the first
// position up to the second. For all rows these are '(0,0)' and '(4294967295,0)'.

// The locks. An account that does not exist yet has no row to lock. So an advisory lock makes sure
// that one transaction at a time applies a world to an account.
const (
	lockAccountIDs = `
	SELECT pg_advisory_xact_lock(hashtextextended('enisim account ' || id, 0))
	FROM (SELECT id FROM staged_accounts ORDER BY id) AS in_order`

	// Client tokens are locked before the accounts. A request that claims a token again holds the
	// token's lock, and then waits for locks that conflict with those of the accounts.
	lockClientTokens = `
	SELECT FROM client_tokens
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, action, token FOR UPDATE`

	lockAccounts = `
	SELECT FROM accounts
	WHERE id IN (SELECT id FROM staged_accounts)
	ORDER BY id FOR UPDATE`

	lockVPCs = `
	SELECT FROM vpcs
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, id FOR UPDATE`

	// Every new interface refers to its VSwitch, so after this lock no interface is created.
	lockVSwitches = `
	SELECT FROM vswitches
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, id FOR UPDATE`

	lockInstances = `
	SELECT FROM instances
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, id FOR UPDATE`

	lockNetworkInterfaces = `
	SELECT FROM network_interfaces
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, id FOR UPDATE`

	lockSecurityGroups = `
	SELECT FROM security_groups
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, id FOR UPDATE`

	lockDepartures = `
	SELECT FROM security_group_departures
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, instance_id, security_group_id FOR UPDATE`

	lockCapacity = `
	SELECT FROM security_group_capacity
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, security_group_id, share FOR NO KEY UPDATE`
)

// These statements keep the identity of an account when a world resets it. The keys are locked,
// because a key that is disabled or deleted at the same time would otherwise be restored.
const (
	expiredAccounts = `
	SELECT id FROM accounts WHERE id IN (SELECT id FROM staged_accounts) AND expires_at <= $1 ORDER BY id`

	lockAccessKeys = `
	SELECT FROM access_keys
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY id FOR UPDATE`

	keepAccounts = `
	UPDATE staged_accounts s
	SET (name, network_interfaces_per_region, repeats) = (a.name, a.network_interfaces_per_region, a.repeats)
	FROM accounts a
	WHERE a.id = s.id`

	keepAccessKeys = `
	INSERT INTO staged_access_keys
	SELECT * FROM access_keys WHERE account_id IN (SELECT id FROM staged_accounts)`

	keepRAMUsers = `
	INSERT INTO staged_ram_users
	SELECT u.* FROM ram_users u
	WHERE u.account_id IN (SELECT id FROM staged_accounts)
	  AND EXISTS (SELECT FROM access_keys k WHERE k.account_id = u.account_id AND k.ram_user_name = u.name)
	  AND NOT EXISTS (SELECT FROM staged_ram_users s WHERE s.account_id = u.account_id AND s.name = u.name)`
)

const deleteClientTokens = `
	DELETE FROM client_tokens WHERE account_id IN (SELECT id FROM staged_accounts)`

const (
	insertRegions = `
	INSERT INTO regions (id, local_name_en, local_name_zh)
	SELECT id, local_name_en, local_name_zh FROM staged_regions ORDER BY id
	ON CONFLICT (id) DO NOTHING`

	insertZones = `
	INSERT INTO zones (id, region_id)
	SELECT id, region_id FROM staged_zones ORDER BY id
	ON CONFLICT (id) DO NOTHING`
)

const (
	updateAccounts = `
	UPDATE accounts a
	SET (name, network_interfaces_per_region, repeats) = (s.name, s.network_interfaces_per_region, s.repeats)
	FROM staged_accounts s
	WHERE a.id = s.id
	  AND (a.name, a.network_interfaces_per_region, a.repeats) IS DISTINCT FROM (s.name, s.network_interfaces_per_region, s.repeats)`

	insertAccounts = `
	INSERT INTO accounts (id, name, network_interfaces_per_region, created_at, expires_at, repeats)
	SELECT id, name, network_interfaces_per_region, created_at, expires_at, repeats
	FROM staged_accounts s
	WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.id = s.id)`
)

const (
	deleteRAMUsers = `
	DELETE FROM ram_users u
	WHERE u.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (SELECT FROM staged_ram_users s WHERE s.account_id = u.account_id AND s.name = u.name)`

	updateRAMUsers = `
	UPDATE ram_users u
	SET allow = s.allow
	FROM staged_ram_users s
	WHERE u.account_id = s.account_id AND u.name = s.name AND u.allow <> s.allow`

	insertRAMUsers = `
	INSERT INTO ram_users (account_id, name, allow)
	SELECT account_id, name, allow
	FROM staged_ram_users s
	WHERE NOT EXISTS (SELECT FROM ram_users u WHERE u.account_id = s.account_id AND u.name = s.name)`
)

const (
	deleteAccessKeys = `
	DELETE FROM access_keys k
	WHERE k.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (SELECT FROM staged_access_keys s WHERE s.id = k.id AND s.account_id = k.account_id)`

	updateAccessKeys = `
	UPDATE access_keys k
	SET (ram_user_name, secret, security_token, assumed_role, status, expires_at)
	  = (s.ram_user_name, s.secret, s.security_token, s.assumed_role, s.status, s.expires_at)
	FROM staged_access_keys s
	WHERE k.id = s.id AND k.account_id = s.account_id
	  AND (k.ram_user_name, k.secret, k.security_token, k.assumed_role, k.status, k.expires_at)
	   IS DISTINCT FROM
	      (s.ram_user_name, s.secret, s.security_token, s.assumed_role, s.status, s.expires_at)`

	// It waits for another account that is inserting the same key, and leaves the error to
	// verifyAccessKeys.
	insertAccessKeys = `
	INSERT INTO access_keys (id, account_id, ram_user_name, secret, security_token, assumed_role, status, expires_at, created_at)
	SELECT id, account_id, ram_user_name, secret, security_token, assumed_role, status, expires_at, created_at
	FROM staged_access_keys s
	WHERE NOT EXISTS (SELECT FROM access_keys k WHERE k.id = s.id AND k.account_id = s.account_id)
	ORDER BY id
	ON CONFLICT (id) DO NOTHING`
)

const (
	deleteInstanceTypes = `
	DELETE FROM instance_types t
	WHERE t.owner_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (SELECT FROM staged_instance_types s WHERE s.owner_id = t.owner_id AND s.id = t.id)`

	updateInstanceTypes = `
	UPDATE instance_types t
	SET (family, generation, vcpus, memory_gib, eni_quantity, private_ipv4_per_eni, ipv6_per_eni, eni_trunk_supported,
	     eni_total_quantity, bandwidth_gbps, pps_10k, network_cards, cpu_architecture, hot_plug, io_optimized)
	  = (s.family, s.generation, s.vcpus, s.memory_gib, s.eni_quantity, s.private_ipv4_per_eni, s.ipv6_per_eni, s.eni_trunk_supported,
	     s.eni_total_quantity, s.bandwidth_gbps, s.pps_10k, s.network_cards, s.cpu_architecture, s.hot_plug, s.io_optimized)
	FROM staged_instance_types s
	WHERE t.owner_id = s.owner_id AND t.id = s.id
	  AND (t.family, t.generation, t.vcpus, t.memory_gib, t.eni_quantity, t.private_ipv4_per_eni, t.ipv6_per_eni, t.eni_trunk_supported,
	       t.eni_total_quantity, t.bandwidth_gbps, t.pps_10k, t.network_cards, t.cpu_architecture, t.hot_plug, t.io_optimized)
	   IS DISTINCT FROM
	      (s.family, s.generation, s.vcpus, s.memory_gib, s.eni_quantity, s.private_ipv4_per_eni, s.ipv6_per_eni, s.eni_trunk_supported,
	       s.eni_total_quantity, s.bandwidth_gbps, s.pps_10k, s.network_cards, s.cpu_architecture, s.hot_plug, s.io_optimized)`

	insertInstanceTypes = `
	INSERT INTO instance_types (owner_id, id, family, generation, vcpus, memory_gib, eni_quantity, private_ipv4_per_eni, ipv6_per_eni,
	    eni_trunk_supported, eni_total_quantity, bandwidth_gbps, pps_10k, network_cards, cpu_architecture, hot_plug, io_optimized)
	SELECT owner_id, id, family, generation, vcpus, memory_gib, eni_quantity, private_ipv4_per_eni, ipv6_per_eni,
	    eni_trunk_supported, eni_total_quantity, bandwidth_gbps, pps_10k, network_cards, cpu_architecture, hot_plug, io_optimized
	FROM staged_instance_types s
	WHERE NOT EXISTS (SELECT FROM instance_types t WHERE t.owner_id = s.owner_id AND t.id = s.id)`
)

const (
	deleteVPCs = `
	DELETE FROM vpcs v
	WHERE v.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT FROM staged_vpcs s
	      WHERE s.account_id = v.account_id AND s.id = v.id AND s.region_id = v.region_id)`

	updateVPCs = `
	UPDATE vpcs v
	SET (cidr_block, ipv6_cidr_block, name, description, resource_group_id, tags, attributes, available_at)
	  = (s.cidr_block, s.ipv6_cidr_block, s.name, s.description, s.resource_group_id, s.tags, s.attributes, s.available_at)
	FROM staged_vpcs s
	WHERE v.account_id = s.account_id AND v.id = s.id
	  AND (v.cidr_block, v.ipv6_cidr_block, v.name, v.description, v.resource_group_id, v.tags, v.attributes, v.available_at)
	   IS DISTINCT FROM
	      (s.cidr_block, s.ipv6_cidr_block, s.name, s.description, s.resource_group_id, s.tags, s.attributes, s.available_at)`

	insertVPCs = `
	INSERT INTO vpcs (account_id, id, region_id, cidr_block, ipv6_cidr_block, name, description, resource_group_id,
	    tags, attributes, created_at, available_at)
	SELECT account_id, id, region_id, cidr_block, ipv6_cidr_block, name, description, resource_group_id,
	    tags, attributes, created_at, available_at
	FROM staged_vpcs s
	WHERE NOT EXISTS (SELECT FROM vpcs v WHERE v.account_id = s.account_id AND v.id = s.id)`
)

const (
	deleteVSwitches = `
	DELETE FROM vswitches v
	WHERE v.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT FROM staged_vswitches s
	      WHERE s.account_id = v.account_id AND s.id = v.id
	        AND (s.region_id, s.zone_id, s.vpc_id) = (v.region_id, v.zone_id, v.vpc_id))`

	updateVSwitches = `
	UPDATE vswitches v
	SET (cidr_block, ipv6_cidr_block, name, description, resource_group_id, tags, available_at, next_host)
	  = (s.cidr_block, s.ipv6_cidr_block, s.name, s.description, s.resource_group_id, s.tags, s.available_at, s.next_host)
	FROM staged_vswitches s
	WHERE v.account_id = s.account_id AND v.id = s.id
	  AND (v.cidr_block, v.ipv6_cidr_block, v.name, v.description, v.resource_group_id, v.tags, v.available_at, v.next_host)
	   IS DISTINCT FROM
	      (s.cidr_block, s.ipv6_cidr_block, s.name, s.description, s.resource_group_id, s.tags, s.available_at, s.next_host)`

	insertVSwitches = `
	INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, ipv6_cidr_block, name, description, resource_group_id,
	    tags, created_at, available_at, next_host)
	SELECT account_id, id, vpc_id, region_id, zone_id, cidr_block, ipv6_cidr_block, name, description, resource_group_id,
	    tags, created_at, available_at, next_host
	FROM staged_vswitches s
	WHERE NOT EXISTS (SELECT FROM vswitches v WHERE v.account_id = s.account_id AND v.id = s.id)`
)

const (
	deleteSecurityGroups = `
	DELETE FROM security_groups g
	WHERE g.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT FROM staged_security_groups s
	      WHERE s.account_id = g.account_id AND s.id = g.id AND (s.region_id, s.vpc_id) = (g.region_id, g.vpc_id))`

	updateSecurityGroups = `
	UPDATE security_groups g
	SET (type, instance_limit, inner_access_policy, name, description, resource_group_id, tags)
	  = (s.type, s.instance_limit, s.inner_access_policy, s.name, s.description, s.resource_group_id, s.tags)
	FROM staged_security_groups s
	WHERE g.account_id = s.account_id AND g.id = s.id
	  AND (g.type, g.instance_limit, g.inner_access_policy, g.name, g.description, g.resource_group_id, g.tags)
	   IS DISTINCT FROM (s.type, s.instance_limit, s.inner_access_policy, s.name, s.description, s.resource_group_id, s.tags)`

	insertSecurityGroups = `
	INSERT INTO security_groups (account_id, id, vpc_id, region_id, type, instance_limit, inner_access_policy,
	    name, description, resource_group_id, tags, created_at)
	SELECT account_id, id, vpc_id, region_id, type, instance_limit, inner_access_policy,
	    name, description, resource_group_id, tags, created_at
	FROM staged_security_groups s
	WHERE NOT EXISTS (SELECT FROM security_groups g WHERE g.account_id = s.account_id AND g.id = s.id)`
)

const (
	// Locations are compared with IS NOT DISTINCT FROM, because a classic instance has no VPC.
	deleteInstances = `
	DELETE FROM instances i
	WHERE i.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT FROM staged_instances s
	      WHERE s.account_id = i.account_id AND s.id = i.id
	        AND (s.region_id, s.zone_id, s.vpc_id, s.vswitch_id) IS NOT DISTINCT FROM (i.region_id, i.zone_id, i.vpc_id, i.vswitch_id))`

	updateInstances = `
	UPDATE instances i
	SET (instance_type_owner_id, instance_type, eni_quantity, status, next_status, settles_at, running_at,
	     name, description, host_name, resource_group_id, tags, attributes)
	  = (s.instance_type_owner_id, s.instance_type, s.eni_quantity, s.status, s.next_status, s.settles_at, s.running_at,
	     s.name, s.description, s.host_name, s.resource_group_id, s.tags, s.attributes)
	FROM staged_instances s
	WHERE i.account_id = s.account_id AND i.id = s.id
	  AND (i.instance_type_owner_id, i.instance_type, i.eni_quantity, i.status, i.next_status, i.settles_at, i.running_at,
	       i.name, i.description, i.host_name, i.resource_group_id, i.tags, i.attributes)
	   IS DISTINCT FROM
	      (s.instance_type_owner_id, s.instance_type, s.eni_quantity, s.status, s.next_status, s.settles_at, s.running_at,
	       s.name, s.description, s.host_name, s.resource_group_id, s.tags, s.attributes)`

	insertInstances = `
	INSERT INTO instances (account_id, id, region_id, zone_id, network_type, vpc_id, vswitch_id, instance_type_owner_id, instance_type,
	    eni_quantity, status, next_status, settles_at, running_at, started_at, name, description, host_name, resource_group_id,
	    tags, attributes, created_at)
	SELECT account_id, id, region_id, zone_id, network_type, vpc_id, vswitch_id, instance_type_owner_id, instance_type,
	    eni_quantity, status, next_status, settles_at, running_at, started_at, name, description, host_name, resource_group_id,
	    tags, attributes, created_at
	FROM staged_instances s
	WHERE s.ctid >= $1::tid AND s.ctid < $2::tid
	  AND NOT EXISTS (SELECT FROM instances i WHERE i.account_id = s.account_id AND i.id = s.id)`
)

const (
	deleteNetworkInterfaces = `
	DELETE FROM network_interfaces n
	WHERE n.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT FROM staged_network_interfaces s
	      WHERE s.account_id = n.account_id AND s.id = n.id
	        AND (s.region_id, s.zone_id, s.vpc_id, s.vswitch_id) = (n.region_id, n.zone_id, n.vpc_id, n.vswitch_id))`

	// The interfaces that differ, and those on an instance that gets another type or moves to
	// another VSwitch of its zone. Another type matters because types and instances change one
	// after the other: in between, the instance's limit may be lower than before and than after.
	markChangedNetworkInterfaces = `
	CREATE TEMP TABLE changed_network_interfaces ON COMMIT DROP AS
	SELECT n.account_id, n.id
	FROM network_interfaces n
	JOIN staged_network_interfaces s ON s.account_id = n.account_id AND s.id = n.id
	WHERE (n.type, n.status, n.next_status, n.settles_at, n.instance_id, n.instance_eni_quantity, n.device_index, n.network_card_index,
	       n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
	       n.name, n.description, n.resource_group_id, n.tags, n.attributes)
	   IS DISTINCT FROM
	      (s.type, s.status, s.next_status, s.settles_at, s.instance_id, s.instance_eni_quantity, s.device_index, s.network_card_index,
	       s.mac_address, s.queue_number, s.delete_on_release, s.source_dest_check, s.service_managed,
	       s.name, s.description, s.resource_group_id, s.tags, s.attributes)
	   OR (n.account_id, n.instance_id) IN (
	      SELECT i.account_id, i.id
	      FROM instances i
	      JOIN staged_instances w ON w.account_id = i.account_id AND w.id = i.id
	      WHERE (i.instance_type_owner_id, i.instance_type, i.vswitch_id)
	         IS DISTINCT FROM (w.instance_type_owner_id, w.instance_type, w.vswitch_id))`

	detachChangedNetworkInterfaces = `
	UPDATE network_interfaces n
	SET type = 'Secondary', status = 'Available', next_status = NULL, settles_at = NULL,
	    instance_id = NULL, instance_eni_quantity = NULL, device_index = NULL, network_card_index = NULL
	FROM changed_network_interfaces c
	WHERE n.account_id = c.account_id AND n.id = c.id AND n.instance_id IS NOT NULL`

	updateNetworkInterfaces = `
	UPDATE network_interfaces n
	SET (type, status, next_status, settles_at, instance_id, instance_eni_quantity, device_index, network_card_index,
	     mac_address, queue_number, delete_on_release, source_dest_check, service_managed,
	     name, description, resource_group_id, tags, attributes)
	  = (s.type, s.status, s.next_status, s.settles_at, s.instance_id, s.instance_eni_quantity, s.device_index, s.network_card_index,
	     s.mac_address, s.queue_number, s.delete_on_release, s.source_dest_check, s.service_managed,
	     s.name, s.description, s.resource_group_id, s.tags, s.attributes)
	FROM changed_network_interfaces c
	JOIN staged_network_interfaces s ON s.account_id = c.account_id AND s.id = c.id
	WHERE n.account_id = c.account_id AND n.id = c.id`

	insertNetworkInterfaces = `
	INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status, next_status, settles_at,
	    instance_id, instance_eni_quantity, device_index, network_card_index, mac_address, queue_number,
	    delete_on_release, source_dest_check, service_managed, name, description, resource_group_id,
	    tags, attributes, created_at)
	SELECT account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status, next_status, settles_at,
	    instance_id, instance_eni_quantity, device_index, network_card_index, mac_address, queue_number,
	    delete_on_release, source_dest_check, service_managed, name, description, resource_group_id,
	    tags, attributes, created_at
	FROM staged_network_interfaces s
	WHERE s.ctid >= $1::tid AND s.ctid < $2::tid
	  AND NOT EXISTS (SELECT FROM network_interfaces n WHERE n.account_id = s.account_id AND n.id = s.id)`
)

// An address or a membership that differs counts as another one, so these are only deleted and
// inserted. So two interfaces can also swap their addresses.
const (
	deletePrivateIPAddresses = `
	DELETE FROM private_ip_addresses a
	WHERE a.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT FROM staged_private_ip_addresses s
	      WHERE s.account_id = a.account_id AND s.vswitch_id = a.vswitch_id AND s.address = a.address
	        AND s.network_interface_id = a.network_interface_id AND s.is_primary = a.is_primary)`

	insertPrivateIPAddresses = `
	INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
	SELECT account_id, vswitch_id, address, network_interface_id, is_primary
	FROM staged_private_ip_addresses s
	WHERE s.ctid >= $1::tid AND s.ctid < $2::tid
	  AND NOT EXISTS (
	    SELECT FROM private_ip_addresses a
	    WHERE a.account_id = s.account_id AND a.vswitch_id = s.vswitch_id AND a.address = s.address)`

	deleteGroupMemberships = `
	DELETE FROM network_interface_security_groups m
	WHERE m.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT FROM staged_network_interface_security_groups s
	      WHERE s.account_id = m.account_id AND s.network_interface_id = m.network_interface_id
	        AND s.security_group_id = m.security_group_id AND s.vpc_id = m.vpc_id AND s.position = m.position)`

	insertGroupMemberships = `
	INSERT INTO network_interface_security_groups (account_id, network_interface_id, security_group_id, vpc_id, position)
	SELECT account_id, network_interface_id, security_group_id, vpc_id, position
	FROM staged_network_interface_security_groups s
	WHERE s.ctid >= $1::tid AND s.ctid < $2::tid
	  AND NOT EXISTS (
	    SELECT FROM network_interface_security_groups m
	    WHERE m.account_id = s.account_id AND m.network_interface_id = s.network_interface_id
	      AND m.security_group_id = s.security_group_id)`
)

// countCapacity counts the capacity of all groups anew.
const countCapacity = `
	SELECT recount_capacity(array_agg(id)) FROM staged_accounts`
