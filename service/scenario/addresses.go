package scenario

import (
	"net/netip"

	"enisim.alt/store"
)

// addressDemand is the addresses that an interface still needs after the addresses in the file are
// claimed. Demands are met at the end, in file order, so that an address in the file is never
// assigned to an earlier interface.
type addressDemand struct {
	eni                      string
	vswitch                  *vswitch
	at                       position
	primary, secondary, ipv6 int
	primaryIPv6              bool // whether the next IPv6 address is its primary one
}

// addDemand records a demand, to be met later.
func (x *accountExpansion) addDemand(d addressDemand) {
	d.vswitch.wanted += uint64(d.primary + d.secondary)
	if d.primary+d.secondary+d.ipv6 > 0 {
		x.demands = append(x.demands, d)
	}
}

// claim assigns an address in the file to an interface. The first IPv4 address of an interface is
// its primary one.
func (x *accountExpansion) claim(d *addressDemand, text located[string], from *pool, key string) {
	if from == nil {
		return // the VSwitch's block is broken, and reported
	}
	a, err := netip.ParseAddr(text.value)
	switch {
	case err != nil || a.Zone() != "":
		x.add(text.at, "", "%s: %q is no IP address", key, text.value)
		return
	case a.BitLen() != from.block.Addr().BitLen() || !from.block.Contains(a):
		x.add(text.at, "", "address %s lies outside %s of VSwitch %s", a, from.block, d.vswitch.row.ID)
		return
	case from.isReserved(a):
		x.add(
			text.at,
			"the first address of a VSwitch and the last three are the cloud's own",
			"address %s is reserved in VSwitch %s",
			a,
			d.vswitch.row.ID,
		)
		return
	}
	if before, twice := from.claim(a, text.at); twice && before == text.at {
		x.add(text.at, "give it a {n}, or leave it out", "copies of this entry share the address %s", a)
		return
	} else if twice {
		x.add(text.at, "", "address %s is given twice in VSwitch %s, first on line %d",
			a, d.vswitch.row.ID, before.line)
		return
	}
	primary := a.Is4() && d.primary > 0
	if a.Is4() {
		d.vswitch.wanted++
		d.primary = 0
	}
	x.addAddress(d, a, primary)
}

// claimPrefixes assigns the prefixes in the file to an interface.
func (x *accountExpansion) claimPrefixes(d *addressDemand, prefixes []located[template], n int) {
	v := d.vswitch
	for _, text := range prefixes {
		p, err := netip.ParsePrefix(text.value.expand(n))
		if err != nil || p != p.Masked() || p.Bits() != prefixBits(p) {
			x.add(
				text.at,
				"",
				"a prefix is a /%d such as 10.0.0.16/28, or a /%d of IPv6, got %q",
				ipv4PrefixBits,
				ipv6PrefixBits,
				text.value.expand(n),
			)
			continue
		}
		from := v.ipv4
		if p.Addr().Is6() {
			if from = v.ipv6; from == nil {
				x.add(
					text.at,
					"give the VSwitch and its VPC an ipv6_cidr_block",
					"the interface has an IPv6 prefix, VSwitch %s has no IPv6 block",
					v.row.ID,
				)
				continue
			}
		}
		if from == nil {
			continue // the VSwitch's block is broken, and reported
		}
		if !from.block.Contains(p.Addr()) || from.block.Bits() > p.Bits() {
			x.add(text.at, "", "prefix %s lies outside %s of VSwitch %s", p, from.block, v.row.ID)
			continue
		}
		if from.overlapsReserved(p) {
			x.add(
				text.at,
				"the first and the last prefix of a VSwitch have addresses that are the cloud's own",
				"prefix %s is reserved in VSwitch %s",
				p,
				v.row.ID,
			)
			continue
		}
		if before, twice := from.claimPrefix(p, text.at); twice {
			x.add(text.at, "", "prefix %s is given twice in VSwitch %s, first on line %d", p, v.row.ID, before.line)
			continue
		}
		if p.Addr().Is4() {
			v.wanted += 1 << from.within
		}
		x.world.IPPrefixes = append(
			x.world.IPPrefixes,
			store.IPPrefix{AccountID: x.accountID, VSwitchID: v.row.ID, Prefix: p, NetworkInterfaceID: d.eni},
		)
	}
}

// checkPrefixes reports addresses in the file that lie in prefixes in the file.
func (x *accountExpansion) checkPrefixes() {
	for _, id := range sortedKeys(x.vswitches) {
		for _, from := range []*pool{x.vswitches[id].ipv4, x.vswitches[id].ipv6} {
			if from == nil || len(from.prefixes) == 0 {
				continue
			}
			for _, offset := range sortedKeys(from.taken) {
				if prefix, whole := from.prefixes[offset>>from.within]; whole {
					x.add(
						from.taken[offset],
						"",
						"address %s lies in a prefix that the file gives to an interface on line %d",
						from.at(offset),
						prefix.line,
					)
				}
			}
		}
	}
}

// assignAddresses meets the demands.
func (x *accountExpansion) assignAddresses() {
	for i := range x.demands {
		d := &x.demands[i]
		x.assign(d, d.vswitch.ipv4, d.primary, true)
		x.assign(d, d.vswitch.ipv4, d.secondary, false)
		x.assign(d, d.vswitch.ipv6, d.ipv6, false)
	}
}

func (x *accountExpansion) assign(d *addressDemand, from *pool, count int, primary bool) {
	if from == nil {
		return
	}
	for range count {
		a, free := from.take()
		if !free {
			return // checkFull reports it
		}
		x.addAddress(d, a, primary)
	}
}

func (x *accountExpansion) addAddress(d *addressDemand, a netip.Addr, primary bool) {
	if a.Is6() {
		primary, d.primaryIPv6 = d.primaryIPv6, false
	}
	x.world.PrivateIPAddresses = append(x.world.PrivateIPAddresses, store.PrivateIPAddress{
		AccountID:          x.accountID,
		VSwitchID:          d.vswitch.row.ID,
		Address:            a,
		NetworkInterfaceID: d.eni,
		IsPrimary:          primary,
	})
}

// checkFull reports VSwitches with fewer addresses than the file needs. An IPv6 block is never
// full, because it has more addresses than any file can need.
func (x *accountExpansion) checkFull() {
	for _, id := range sortedKeys(x.vswitches) {
		v := x.vswitches[id]
		if v.ipv4 != nil && v.wanted > v.ipv4.capacity() {
			x.add(
				v.at,
				"give it a larger block, or spread the interfaces over more VSwitches",
				"VSwitch %s is full: its block %s has %d addresses for use, the file wants %d",
				id,
				v.ipv4.block,
				v.ipv4.capacity(),
				v.wanted,
			)
		}
	}
}
