package store

import (
	"maps"
	"net/netip"
	"slices"
	"time"
)

// AddressWant says which addresses and prefixes of one VSwitch are to be assigned.
type AddressWant struct {
	VSwitchID    string
	IPv4         int            // number of free IPv4 addresses to find
	Named        []netip.Addr   // addresses of either family that the caller chose
	IPv4Prefixes int            // number of free /28 to find
	IPv6Prefixes int            // number of free /80 to find
	NamedBlocks  []netip.Prefix // prefixes of either family that the caller chose

	ofNewInterface bool // whether it is of a secondary interface to be created, which the quota limits
}

// AddressOffer lists the addresses and prefixes that a VSwitch can assign for an AddressWant. It is
// valid until the transaction assigns others of the VSwitch, or ends.
type AddressOffer struct {
	VSwitch      *VSwitch       // nil if the region has no VSwitch with this id
	IPv4         []netip.Addr   // fewer than wanted if the VSwitch has no more
	IPv4Prefixes []netip.Prefix // fewer than wanted if the VSwitch has no more
	IPv6Prefixes []netip.Prefix // fewer than wanted if the VSwitch has no more
	Taken        []netip.Addr   // those of Named that an interface has, as an address or in a prefix
	TakenBlocks  []netip.Prefix // those of NamedBlocks of which an interface has the prefix or an address in it
}

// Number of addresses at the start and at the end of a VSwitch that are never assigned.
const (
	ReservedFirst = 1
	ReservedLast  = 3
)

// UsableIPv4 returns how many IPv4 addresses of a block can be assigned.
func UsableIPv4(block netip.Prefix) int {
	return 1<<(32-block.Bits()) - ReservedFirst - ReservedLast
}

// ReservedBlocks are ranges that no VPC and no VSwitch may use (docs/reference/states.md, section
// 6).
var ReservedBlocks = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/4"),
}

// lockVSwitches queues the locks of VSwitches, without which no address of them is assigned.
func (tx *Tx) lockVSwitches(accountID string, ids []string, pools addressPools) {
	tx.lock(rankVSwitches, `
		SELECT `+VSwitchesTable.SelectList("t")+`
		FROM vswitches t
		WHERE account_id = $1 AND id = ANY ($2)
		ORDER BY id
		`+vswitchLock, accountID, ids).
		Query(each(VSwitchesTable.Targets, func(v VSwitch) { pools[v.ID] = newAddressPool(v) }))
}

// fillAddressPools queues the search for free addresses and prefixes of locked VSwitches, as many as
// all wants together may use. Interfaces deleted before goneBefore are purged first, which frees
// their addresses. This has to come after the last lock, because it locks these interfaces: it skips
// those that another transaction has locked, but holds the others.
//
// The search for single addresses begins after the last one that was assigned. So it finds one at
// once unless the VSwitch is nearly full, and a released address is not assigned again right away.
// IPv6 prefixes come from the upper half of a VSwitch's /64. Single IPv6 addresses are drawn from
// the lower half, so the two never collide unless a caller names them.
func (tx *Tx) fillAddressPools(accountID string, pools addressPools, wants []AddressWant, goneBefore time.Time) {
	byVSwitch := map[string][]AddressWant{}
	for _, w := range wants {
		byVSwitch[w.VSwitchID] = append(byVSwitch[w.VSwitchID], w)
	}
	ids := slices.Sorted(maps.Keys(byVSwitch))
	if len(ids) == 0 {
		return
	}
	tx.purgeNetworkInterfaces(accountID, ids, goneBefore)
	tx.queue(`
		SELECT compact_vswitch_counts(account_id, id)
		FROM vswitches
		WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids)
	for _, id := range ids {
		tx.findFreeAddresses(accountID, id, byVSwitch[id], pools, goneBefore)
	}
}

// purgeNetworkInterfaces queues the removal of interfaces in VSwitches whose deletion was due at
// goneBefore. It skips rows that are locked by another transaction.
func (tx *Tx) purgeNetworkInterfaces(accountID string, vswitchIDs []string, goneBefore time.Time) {
	tx.queue(`
		DELETE FROM network_interfaces
		WHERE (account_id, id) IN (
		    SELECT account_id, id FROM network_interfaces
		    WHERE account_id = $1 AND vswitch_id = ANY ($2) AND next_status = 'Deleted' AND settles_at <= $3
		    FOR UPDATE SKIP LOCKED)`, accountID, vswitchIDs, goneBefore)
}

// CompactCounts queues the compaction of the counts of some VSwitches, for a transaction that only
// deletes something in them and so has not locked them. It has to come after all locks. It skips a
// VSwitch that is locked by another transaction, and locks one only if its counts have many rows.
func (tx *Tx) CompactCounts(accountID string, vswitchIDs ...string) {
	tx.queue(`
		SELECT compact_vswitch_counts(v.account_id, v.id)
		FROM (
		    SELECT t.account_id, t.id
		    FROM vswitches t
		    WHERE t.account_id = $1 AND t.id = ANY ($2) AND (
		        SELECT count(*) FROM vswitch_counts c WHERE c.account_id = t.account_id AND c.vswitch_id = t.id) > 64
		    FOR NO KEY UPDATE SKIP LOCKED) v`, accountID, vswitchIDs)
}

// findFreeAddresses queues the search for free addresses and prefixes of one VSwitch. It also
// queues the check of the addresses that the callers named. It finds as many as the wants use in
// whichever way: an address in a prefix that another one of them takes is not free any more.
func (tx *Tx) findFreeAddresses(
	accountID, vswitchID string, wants []AddressWant, pools addressPools, goneBefore time.Time,
) {
	// The series of candidates are in select lists, where Postgres makes their numbers one by one
	// until the limit is reached. In FROM it would make all of them first. OFFSET 0 makes it look each
	// candidate up, and ORDER BY by the index that has the address in it. Otherwise a plan from a
	// time when there were few addresses would read all of the VSwitch.
	//
	// First find IPv4 prefixes.
	needed := sumOf(wants)
	limits := needed.candidates()
	if needed.IPv4Prefixes > 0 {
		// The first and the last block are left out, because they contain reserved addresses.
		tx.queue(`
			SELECT block.prefix
			FROM vswitches v
			CROSS JOIN LATERAL (
			    SELECT generate_series(1, (1 << greatest(28 - masklen(v.cidr_block), 0)) - 2) AS n) g
			CROSS JOIN LATERAL (SELECT network(set_masklen(v.cidr_block::inet + 16 * g.n, 28)) AS prefix) block
			WHERE v.account_id = $1 AND v.id = $2
			  AND NOT EXISTS (
			      SELECT FROM private_ip_addresses a
			      WHERE a.account_id = $1 AND a.vswitch_id = $2
			        AND a.address >= host(block.prefix)::inet AND a.address <= host(broadcast(block.prefix))::inet
			      ORDER BY a.address OFFSET 0)
			  AND NOT EXISTS (
			      SELECT FROM ip_prefixes p
			      WHERE p.account_id = $1 AND p.vswitch_id = $2
			        AND p.prefix >= block.prefix AND p.prefix <= block.prefix
			      ORDER BY p.prefix OFFSET 0)
			LIMIT $3`, accountID, vswitchID, limits.ipv4Prefixes).
			Query(eachValue(func(free netip.Prefix) { pools.of(vswitchID).addFreePrefix(free) }))
	}
	// Then find single IPv4 addresses. If all of them are for new interfaces, and the quota is used up,
	// none is assigned. Then only the next few are searched, because such a batch does not keep the place
	// to which the search has come, so that each one would read all taken addresses again. Postgres
	// counts the quota only if these are taken.
	if needed.IPv4 > 0 {
		tx.queue(`
			WITH quota AS MATERIALIZED (
			    SELECT `+keptSecondaryInterfaces+` - `+goneSecondaryInterfaces+`
			           < a.network_interfaces_per_region AS is_left
			    FROM accounts a
			    JOIN vswitches v ON v.account_id = a.id AND v.id = $2
			    CROSS JOIN LATERAL (SELECT v.region_id AS id) r
			    WHERE a.id = $1
			)
			SELECT candidate.address
			FROM vswitches v
			CROSS JOIN LATERAL (
			    SELECT host(v.cidr_block::inet + n)::inet AS address
			    FROM (
			        SELECT generate_series(v.next_host,
			                               least(v.next_host + 255, (1 << (32 - masklen(v.cidr_block))) - 4)) AS n
			        UNION ALL
			        SELECT generate_series(v.next_host + 256, (1 << (32 - masklen(v.cidr_block))) - 4)
			        WHERE NOT $5 OR (SELECT is_left FROM quota)
			        UNION ALL
			        SELECT generate_series(1, least(v.next_host, (1 << (32 - masklen(v.cidr_block))) - 3) - 1)
			        WHERE NOT $5 OR (SELECT is_left FROM quota)
			    ) g
			) candidate
			WHERE v.account_id = $1 AND v.id = $2
			  AND NOT EXISTS (
			      SELECT FROM private_ip_addresses a
			      WHERE a.account_id = $1 AND a.vswitch_id = $2
			        AND a.address >= candidate.address AND a.address <= candidate.address
			      ORDER BY a.address OFFSET 0)
			  AND NOT EXISTS (
			      SELECT FROM ip_prefixes p
			      WHERE p.account_id = $1 AND p.vswitch_id = $2
			        AND p.prefix >= network(set_masklen(candidate.address, 28))
			        AND p.prefix <= network(set_masklen(candidate.address, 28))
			      ORDER BY p.prefix OFFSET 0)
			LIMIT $4`, accountID, vswitchID, goneBefore, limits.ipv4, needed.ofNewInterface).
			Query(eachValue(func(free netip.Addr) { pools.of(vswitchID).addFreeAddress(free) }))
	}
	if needed.IPv6Prefixes > 0 {
		// A /64 has 65,536 prefixes of /80; search the upper half. g * 2^48 is added in two steps,
		// because it does not fit into a bigint.
		tx.queue(`
			SELECT block.prefix
			FROM vswitches v
			CROSS JOIN LATERAL (SELECT generate_series(32768, 65535) AS n) g
			CROSS JOIN LATERAL (
			    SELECT network(set_masklen(
			               v.ipv6_cidr_block::inet + g.n * (1::bigint << 47) + g.n * (1::bigint << 47), 80)) AS prefix
			) block
			WHERE v.account_id = $1 AND v.id = $2 AND v.ipv6_cidr_block IS NOT NULL
			  AND NOT EXISTS (
			      SELECT FROM ip_prefixes p
			      WHERE p.account_id = $1 AND p.vswitch_id = $2
			        AND p.prefix >= block.prefix AND p.prefix <= block.prefix
			      ORDER BY p.prefix OFFSET 0)
			  AND NOT EXISTS (
			      SELECT FROM private_ip_addresses a
			      WHERE a.account_id = $1 AND a.vswitch_id = $2
			        AND a.address >= host(block.prefix)::inet AND a.address <= host(broadcast(block.prefix))::inet
			      ORDER BY a.address OFFSET 0)
			LIMIT $3`, accountID, vswitchID, limits.ipv6Prefixes).
			Query(eachValue(func(free netip.Prefix) { pools.of(vswitchID).addFreePrefix(free) }))
	}
	// Last, check which of the named addresses and prefixes are taken. The VSwitch may not exist.
	if len(needed.Named) > 0 {
		tx.queue(`
			SELECT chosen
			FROM unnest($3::inet[]) chosen
			WHERE EXISTS (
			          SELECT FROM private_ip_addresses a
			          WHERE a.account_id = $1 AND a.vswitch_id = $2 AND a.address = chosen)
			   OR EXISTS (
			          SELECT FROM ip_prefixes p
			          WHERE p.account_id = $1 AND p.vswitch_id = $2
			            AND p.prefix = network(set_masklen(chosen, CASE family(chosen) WHEN 4 THEN 28 ELSE 80 END)))`,
			accountID, vswitchID, needed.Named).
			Query(eachValue(func(a netip.Addr) { pools.of(vswitchID).taken[a] = true }))
	}
	if len(needed.NamedBlocks) > 0 {
		tx.queue(`
			SELECT chosen
			FROM unnest($3::cidr[]) chosen
			WHERE EXISTS (
			          SELECT FROM private_ip_addresses a
			          WHERE a.account_id = $1 AND a.vswitch_id = $2
			            AND a.address >= host(chosen)::inet AND a.address <= host(broadcast(chosen))::inet)
			   OR EXISTS (
			          SELECT FROM ip_prefixes p
			          WHERE p.account_id = $1 AND p.vswitch_id = $2 AND p.prefix = chosen)`,
			accountID, vswitchID, needed.NamedBlocks).
			Query(eachValue(func(p netip.Prefix) { pools.of(vswitchID).takenBlocks[p] = true }))
	}
}

// sumOf returns what the wants of one VSwitch need together.
func sumOf(wants []AddressWant) (sum AddressWant) {
	sum.ofNewInterface = true
	for _, w := range wants {
		sum.ofNewInterface = sum.ofNewInterface && w.ofNewInterface
		sum.IPv4, sum.IPv4Prefixes = sum.IPv4+w.IPv4, sum.IPv4Prefixes+w.IPv4Prefixes
		sum.IPv6Prefixes += w.IPv6Prefixes
		sum.Named, sum.NamedBlocks = append(sum.Named, w.Named...), append(sum.NamedBlocks, w.NamedBlocks...)
	}
	return sum
}

// insertAddresses queues the writes that assign addresses and prefixes to interfaces. found has, by
// VSwitch, the last address that a search had found: the next search begins after it.
func (tx *Tx) insertAddresses(
	accountID string, addresses []PrivateIPAddress, prefixes []IPPrefix, found map[string]netip.Addr,
) {
	insertRows(tx, PrivateIPAddressesTable, addresses)
	insertRows(tx, IPPrefixesTable, prefixes)
	if len(found) == 0 {
		return
	}
	ids := slices.Sorted(maps.Keys(found))
	last := make([]netip.Addr, len(ids))
	for k, id := range ids {
		last[k] = found[id]
	}
	tx.write(int64(len(ids)), `
		UPDATE vswitches v
		SET next_host = c.address - host(v.cidr_block)::inet + 1
		FROM unnest($2::text[], $3::inet[]) AS c (id, address)
		WHERE v.account_id = $1 AND v.id = c.id`, accountID, ids, last)
}
