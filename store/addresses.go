package store

import (
	"net/netip"
	"slices"
	"time"
)

// AddressWant is what is to be given out of one VSwitch.
type AddressWant struct {
	VSwitchID    string
	IPv4         int            // how many free IPv4 addresses to find
	Named        []netip.Addr   // addresses of either family that the caller chose
	IPv4Prefixes int            // how many free /28 to find
	IPv6Prefixes int            // how many free /80 to find
	NamedBlocks  []netip.Prefix // prefixes of either family that the caller chose
}

// AddressOffer is what a VSwitch has for a want. It holds as long as the transaction does.
type AddressOffer struct {
	VSwitch      *VSwitch       // nil: there is none of this id in the region
	IPv4         []netip.Addr   // fewer than wanted when the VSwitch has no more
	IPv4Prefixes []netip.Prefix // the same
	IPv6Prefixes []netip.Prefix // the same
	Taken        []netip.Addr   // those of Named that an interface has, alone or in a prefix
	TakenBlocks  []netip.Prefix // those of NamedBlocks that an interface has, or of which it has an address
}

// ReservedHosts are how many addresses of a VSwitch nobody gets: its first, and the last three.
const (
	ReservedFirst = 1
	ReservedLast  = 3
)

// UsableIPv4 is how many IPv4 addresses of a block can be given out.
func UsableIPv4(block netip.Prefix) int {
	return 1<<(32-block.Bits()) - ReservedFirst - ReservedLast
}

// ReservedBlocks are ranges that no VPC and no VSwitch may use (docs/reference/states.md, section 6).
var ReservedBlocks = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/4"),
}

// LockAddresses queues the locks of VSwitches, and the search for what is wanted of each: one want a VSwitch. Interfaces that were gone at
// the time before give their addresses back for good.
//
// The search for single addresses begins behind the one that was given last, so it finds one at once as long as the VSwitch is not nearly full, and
// an address is not given anew right after it was given back. IPv6 prefixes come from the upper half of a VSwitch's /64;
// who draws single IPv6 addresses draws them from the lower half, so the two never meet unless a caller names them.
func (tx *Tx) LockAddresses(accountID, regionID string, wants []AddressWant, before time.Time) []*AddressOffer {
	offers := make([]*AddressOffer, len(wants))
	ids := make([]string, len(wants))
	byID := map[string]*AddressOffer{}
	for k, want := range wants {
		offers[k], ids[k] = &AddressOffer{}, want.VSwitchID
		byID[want.VSwitchID] = offers[k]
	}
	tx.lock(rankVSwitches, `
		SELECT account_id, id, vpc_id, region_id, zone_id, cidr_block, ipv6_cidr_block, available_at
		FROM vswitches
		WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id
		FOR NO KEY UPDATE`, accountID, regionID, ids).
		Query(each(func(v *VSwitch) []any {
			return []any{&v.AccountID, &v.ID, &v.VPCID, &v.RegionID, &v.ZoneID, &v.CIDRBlock, &v.IPv6CIDRBlock, &v.AvailableAt}
		}, func(v VSwitch) { byID[v.ID].VSwitch = &v }))
	tx.purgeNetworkInterfaces(accountID, ids, before)
	for k, want := range wants {
		tx.offer(accountID, want, offers[k])
	}
	return offers
}

// purgeNetworkInterfaces queues the deletion of interfaces in VSwitches that were gone at a moment. One that somebody else is looking at stays.
func (tx *Tx) purgeNetworkInterfaces(accountID string, vswitchIDs []string, before time.Time) {
	tx.queue(`
		DELETE FROM network_interfaces
		WHERE (account_id, id) IN (
		    SELECT account_id, id FROM network_interfaces
		    WHERE account_id = $1 AND vswitch_id = ANY ($2) AND next_status = 'Deleted' AND settles_at <= $3
		    FOR UPDATE SKIP LOCKED)`, accountID, vswitchIDs, before)
}

// offer queues the search of one VSwitch. Prefixes are looked for first, so that the addresses that are found do not lie in them.
func (tx *Tx) offer(accountID string, want AddressWant, offer *AddressOffer) {
	chosen := append([]netip.Addr{}, want.Named...) // nil would be NULL
	if want.IPv4Prefixes > 0 {
		// The first and the last block have addresses that nobody gets.
		tx.queue(`
			SELECT block.prefix
			FROM vswitches v
			CROSS JOIN generate_series(1, (1 << greatest(28 - masklen(v.cidr_block), 0)) - 2) g
			CROSS JOIN LATERAL (SELECT network(set_masklen(v.cidr_block::inet + 16 * g, 28)) AS prefix) block
			WHERE v.account_id = $1 AND v.id = $2
			  AND NOT EXISTS (
			      SELECT FROM private_ip_addresses a
			      WHERE a.account_id = $1 AND a.vswitch_id = $2
			        AND a.address >= host(block.prefix)::inet AND a.address <= host(broadcast(block.prefix))::inet)
			  AND NOT EXISTS (
			      SELECT FROM ip_prefixes p
			      WHERE p.account_id = $1 AND p.vswitch_id = $2 AND p.prefix = block.prefix)
			  AND NOT EXISTS (SELECT FROM unnest($4::inet[]) chosen WHERE chosen <<= block.prefix::inet)
			LIMIT $3`, accountID, want.VSwitchID, want.IPv4Prefixes, chosen).
			Query(each(func(p *netip.Prefix) []any { return []any{p} }, func(p netip.Prefix) { offer.IPv4Prefixes = append(offer.IPv4Prefixes, p) }))
	}
	if want.IPv4 > 0 {
		spare := 16 * (want.IPv4Prefixes + len(want.NamedBlocks)) // as many as those prefixes can hold
		tx.queue(`
			SELECT candidate.address
			FROM vswitches v
			CROSS JOIN LATERAL (
			    SELECT host(v.cidr_block::inet + g)::inet AS address
			    FROM generate_series(v.next_host, (1 << (32 - masklen(v.cidr_block))) - 4) g
			    UNION ALL
			    SELECT host(v.cidr_block::inet + g)::inet
			    FROM generate_series(1, least(v.next_host, (1 << (32 - masklen(v.cidr_block))) - 3) - 1) g
			) candidate
			WHERE v.account_id = $1 AND v.id = $2
			  AND NOT EXISTS (
			      SELECT FROM private_ip_addresses a
			      WHERE a.account_id = $1 AND a.vswitch_id = $2 AND a.address = candidate.address)
			  AND NOT EXISTS (
			      SELECT FROM ip_prefixes p
			      WHERE p.account_id = $1 AND p.vswitch_id = $2 AND p.prefix = network(set_masklen(candidate.address, 28)))
			  AND candidate.address <> ALL ($4::inet[])
			LIMIT $3`, accountID, want.VSwitchID, want.IPv4+spare, chosen).
			Query(each(func(a *netip.Addr) []any { return []any{a} }, func(a netip.Addr) {
				if len(offer.IPv4) < want.IPv4 && !within(a, offer.IPv4Prefixes) && !within(a, want.NamedBlocks) {
					offer.IPv4 = append(offer.IPv4, a)
				}
			}))
	}
	if want.IPv6Prefixes > 0 {
		// A /64 has 65,536 of them; the upper half is searched.
		// g * 2^48 in two steps: the whole is beyond a bigint.
		tx.queue(`
			SELECT block.prefix
			FROM vswitches v
			CROSS JOIN generate_series(32768, 65535) g
			CROSS JOIN LATERAL (SELECT network(set_masklen(v.ipv6_cidr_block::inet + g * (1::bigint << 47) + g * (1::bigint << 47), 80)) AS prefix) block
			WHERE v.account_id = $1 AND v.id = $2 AND v.ipv6_cidr_block IS NOT NULL
			  AND NOT EXISTS (
			      SELECT FROM ip_prefixes p
			      WHERE p.account_id = $1 AND p.vswitch_id = $2 AND p.prefix = block.prefix)
			  AND NOT EXISTS (
			      SELECT FROM private_ip_addresses a
			      WHERE a.account_id = $1 AND a.vswitch_id = $2
			        AND a.address >= host(block.prefix)::inet AND a.address <= host(broadcast(block.prefix))::inet)
			  AND NOT EXISTS (SELECT FROM unnest($4::inet[]) chosen WHERE chosen <<= block.prefix::inet)
			LIMIT $3`, accountID, want.VSwitchID, want.IPv6Prefixes, chosen).
			Query(each(func(p *netip.Prefix) []any { return []any{p} }, func(p netip.Prefix) { offer.IPv6Prefixes = append(offer.IPv6Prefixes, p) }))
	}
	if len(want.Named) > 0 {
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
			accountID, want.VSwitchID, want.Named).
			Query(each(func(a *netip.Addr) []any { return []any{a} }, func(a netip.Addr) { offer.Taken = append(offer.Taken, a) }))
	}
	if len(want.NamedBlocks) > 0 {
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
			accountID, want.VSwitchID, want.NamedBlocks).
			Query(each(func(p *netip.Prefix) []any { return []any{p} }, func(p netip.Prefix) { offer.TakenBlocks = append(offer.TakenBlocks, p) }))
	}
}

// within tells whether an address lies in one of the prefixes.
func within(a netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// GiveAddresses queues the writes that give addresses and prefixes of an interface's VSwitch to it. found are those of the IPv4 addresses
// that an offer found, rather than the caller: the next search begins behind them.
func (tx *Tx) GiveAddresses(n NetworkInterface, addresses []PrivateIPAddress, prefixes []netip.Prefix, found []netip.Addr) {
	for _, a := range addresses {
		tx.write(1, `
			INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
			VALUES ($1, $2, $3, $4, $5)`, n.AccountID, n.VSwitchID, a.Address, n.ID, a.IsPrimary)
	}
	for _, p := range prefixes {
		tx.write(1, `
			INSERT INTO ip_prefixes (account_id, vswitch_id, prefix, network_interface_id)
			VALUES ($1, $2, $3, $4)`, n.AccountID, n.VSwitchID, p, n.ID)
	}
	if len(found) > 0 {
		tx.write(1, `
			UPDATE vswitches
			SET next_host = $3::inet - host(cidr_block)::inet + 1
			WHERE account_id = $1 AND id = $2`, n.AccountID, n.VSwitchID, found[len(found)-1])
	}
}
