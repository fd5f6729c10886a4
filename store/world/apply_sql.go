package world

import "enisim.alt/store"

// The statements of Apply concern only the accounts in staged_accounts. They take no arguments, and
// similar ones are written out, so that they can be pasted into psql. That also keeps Postgres from
// caching plans for staging tables, which are dropped with the transaction. Only a statement that
// fills a large table takes two arguments, which are positions in its staging table. It copies the
// rows from the first position up to the second. For all rows these are '(0,0)' and
// '(4294967295,0)'.

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

	lockKeyPairs = `
	SELECT FROM key_pairs
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, region_id, name FOR UPDATE`

	lockVPCs = `
	SELECT FROM vpcs
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, id FOR UPDATE`

	lockRouteTables = `
	SELECT FROM route_tables
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

	lockEIPs = `
	SELECT FROM eips
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY account_id, id FOR UPDATE`

	lockDisks = `
	SELECT FROM disks
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
	ORDER BY account_id, security_group_id FOR NO KEY UPDATE`
)

// These statements keep the identity of an account when a world resets it. The keys are locked,
// because a key that is disabled or deleted at the same time would otherwise be restored.
const (
	expiredAccounts = `
	SELECT id FROM accounts WHERE id = ANY ($1) AND expires_at <= account_now(id, $2) ORDER BY id`

	lockAccessKeys = `
	SELECT FROM access_keys
	WHERE account_id IN (SELECT id FROM staged_accounts)
	ORDER BY id FOR UPDATE`

	keepAccounts = `
	UPDATE staged_accounts s
	SET (name, network_interfaces_per_region, repeats, instances_per_region, security_groups_per_network_interface,
	     private_ipv4_per_network_interface, ipv6_per_network_interface, trunking, without_network_cards)
	  = (a.name, a.network_interfaces_per_region, a.repeats, a.instances_per_region,
	     a.security_groups_per_network_interface, a.private_ipv4_per_network_interface, a.ipv6_per_network_interface,
	     a.trunking, a.without_network_cards)
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

// The statements of one table that its list of columns does not give.
var (
	// The instances that get another type or move to another VSwitch of their zone. Another type
	// matters because types and instances change one after the other: in between, the instance's
	// limit may be lower than before and than after.
	markChangedInstances = `
	CREATE TEMP TABLE changed_instances ON COMMIT DROP AS
	SELECT i.account_id, i.id
	FROM instances i
	JOIN staged_instances w ON w.account_id = i.account_id AND w.id = i.id
	WHERE (i.instance_type_owner_id, i.instance_type, i.vswitch_id)
	   IS DISTINCT FROM (w.instance_type_owner_id, w.instance_type, w.vswitch_id)`

	// The interfaces that differ, and those that are the primary ones of such instances.
	markChangedNetworkInterfaces = `
	CREATE TEMP TABLE changed_network_interfaces ON COMMIT DROP AS
	SELECT t.account_id, t.id
	FROM network_interfaces t
	JOIN staged_network_interfaces s ON s.account_id = t.account_id AND s.id = t.id
	WHERE ` + store.NetworkInterfacesTable.Differs() + `
	   OR (t.account_id, t.primary_of) IN (SELECT account_id, id FROM changed_instances)`

	// The attachments that differ, that are gone, or that an interface or an instance that changes
	// refers to. They are inserted again after all other changes. The condition is one NOT EXISTS, so
	// that the tables are joined by hashing: with several, each row would read a whole staging table.
	deleteChangedAttachments = `
	DELETE FROM attachments t
	WHERE t.account_id IN (SELECT id FROM staged_accounts)
	  AND NOT EXISTS (
	      SELECT
	      FROM staged_attachments s
	      JOIN network_interfaces n ON n.account_id = s.account_id AND n.id = s.network_interface_id
	      JOIN staged_network_interfaces w ON w.account_id = n.account_id AND w.id = n.id AND w.status = 'Available'
	        AND (w.region_id, w.zone_id, w.vpc_id, w.vswitch_id) = (n.region_id, n.zone_id, n.vpc_id, n.vswitch_id)
	      LEFT JOIN changed_instances c ON c.account_id = s.account_id AND c.id = s.instance_id
	      WHERE s.account_id = t.account_id AND s.network_interface_id = t.network_interface_id
	        AND c.id IS NULL AND NOT ` + store.AttachmentsTable.Differs() + `)`

	separateChangedPrimaryInterfaces = `
	UPDATE network_interfaces n
	SET type = 'Secondary', status = 'Available', primary_of = NULL, network_card_index = NULL
	FROM changed_network_interfaces c
	WHERE n.account_id = c.account_id AND n.id = c.id AND n.primary_of IS NOT NULL`

	updateNetworkInterfaces = `
	UPDATE network_interfaces t
	` + store.NetworkInterfacesTable.SetMerged() + `
	FROM changed_network_interfaces c
	JOIN staged_network_interfaces s ON s.account_id = c.account_id AND s.id = c.id
	WHERE t.account_id = c.account_id AND t.id = c.id`

	// The disks that leave their slots or their instances, or that these leave. Two of them can swap their
	// slots, and an instance can go.
	detachChangedDisks = `
	UPDATE disks t
	SET instance_id = NULL, slot = NULL, status = 'Available', next_status = NULL, settles_at = NULL
	WHERE t.account_id IN (SELECT id FROM staged_accounts) AND t.instance_id IS NOT NULL
	  AND (NOT EXISTS (
	      SELECT FROM staged_disks s
	      WHERE s.account_id = t.account_id AND s.id = t.id
	        AND (s.instance_id, s.slot) = (t.instance_id, t.slot))
	    OR (t.account_id, t.instance_id) IN (
	      SELECT t.account_id, t.id FROM instances t
	      WHERE t.account_id IN (SELECT id FROM staged_accounts) AND ` + store.InstancesTable.IsMissing() + `))`

	// It also deletes the entries whose next hop is to be deleted, or replaced by another one with the
	// same id.
	deleteRouteEntries = `
	DELETE FROM route_entries t
	WHERE t.account_id IN (SELECT id FROM staged_accounts)
	  AND (` + store.RouteEntriesTable.IsMissing() + `
	    OR (t.account_id, t.instance_id) IN (
	      SELECT t.account_id, t.id FROM instances t
	      WHERE t.account_id IN (SELECT id FROM staged_accounts) AND ` + store.InstancesTable.IsMissing() + `)
	    OR (t.account_id, t.network_interface_id) IN (
	      SELECT t.account_id, t.id FROM network_interfaces t
	      WHERE t.account_id IN (SELECT id FROM staged_accounts) AND ` + store.NetworkInterfacesTable.IsMissing() + `))`

	// A system table of which the world says nothing becomes as it came with its VPC.
	resetSystemRouteTables = `
	UPDATE route_tables t
	SET name = '', description = '', route_propagation = true, tags = '{}'
	WHERE t.account_id IN (SELECT id FROM staged_accounts) AND t.type = 'System'
	  AND (t.name, t.description, t.route_propagation, t.tags) <> ('', '', true, '{}')
	  AND ` + store.RouteTablesTable.IsMissing()

	// The system tables go with their VPCs.
	deleteRouteTables = store.RouteTablesTable.DeleteSQL() + `
	  AND t.type = 'Custom'`

	// It also deletes the rules that refer to a group that is to be replaced by another one with
	// the same id.
	deleteSecurityGroupRules = `
	DELETE FROM security_group_rules t
	WHERE t.account_id IN (SELECT id FROM staged_accounts)
	  AND (` + store.SecurityGroupRulesTable.IsMissing() + `
	    OR EXISTS (
	      SELECT FROM security_groups g
	      JOIN staged_security_groups s ON s.account_id = g.account_id AND s.id = g.id
	      WHERE g.account_id = t.account_id AND g.id IN (t.security_group_id, t.source_group_id, t.dest_group_id)
	        AND (s.region_id, s.vpc_id) <> (g.region_id, g.vpc_id)))`
)

// These count anew what is kept: the capacity of all groups, and the contents of all VSwitches.
const (
	countCapacity = `
	SELECT recount_capacity(array_agg(id)) FROM staged_accounts`

	countVSwitches = `
	SELECT recount_vswitches(array_agg(id)) FROM staged_accounts`
)
