package scenario

import (
	"net/netip"

	"enisim/store"
)

// demand is what an interface still wants of its VSwitch once the addresses that the file names are claimed. Demands are met at the end, in
// file order, so that an address that the file names is never given to an earlier interface.
type demand struct {
	eni                      string
	vswitch                  *vswitch
	at                       position
	primary, secondary, ipv6 int
}

// demand notes a demand for later.
func (x *accountExpansion) demand(d demand) {
	d.vswitch.wanted += uint64(d.primary + d.secondary)
	if d.primary+d.secondary+d.ipv6 > 0 {
		x.demands = append(x.demands, d)
	}
}

// claim gives an interface an address that the file names. The first IPv4 address of an interface is its primary one.
func (x *accountExpansion) claim(d *demand, text located[string], from *pool, key string) {
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
	case from.reserves(a):
		x.add(text.at, "the first address of a VSwitch and the last three are the cloud's own", "address %s is reserved in VSwitch %s", a, d.vswitch.row.ID)
		return
	}
	if before, twice := from.claim(a, text.at); twice && before == text.at {
		x.add(text.at, "give it a {n}, or leave it out", "copies of this entry share the address %s", a)
		return
	} else if twice {
		x.add(text.at, "", "address %s is given twice in VSwitch %s, first on line %d", a, d.vswitch.row.ID, before.line)
		return
	}
	primary := a.Is4() && d.primary > 0
	if a.Is4() {
		d.vswitch.wanted++
		d.primary = 0
	}
	x.give(d, a, primary)
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

func (x *accountExpansion) assign(d *demand, from *pool, count int, primary bool) {
	if from == nil {
		return
	}
	for range count {
		a, free := from.take()
		if !free {
			return // checkFull reports it
		}
		x.give(d, a, primary)
	}
}

func (x *accountExpansion) give(d *demand, a netip.Addr, primary bool) {
	x.world.PrivateIPAddresses = append(x.world.PrivateIPAddresses, store.PrivateIPAddress{
		AccountID:          x.accountID,
		VSwitchID:          d.vswitch.row.ID,
		Address:            a,
		NetworkInterfaceID: d.eni,
		IsPrimary:          primary,
	})
}

// checkFull reports VSwitches of which the file wants more than they have. An IPv6 block has more addresses than any file can ask for.
func (x *accountExpansion) checkFull() {
	for _, id := range sortedKeys(x.vswitches) {
		v := x.vswitches[id]
		if v.ipv4 != nil && v.wanted > v.ipv4.capacity() {
			x.add(v.at, "give it a larger block, or spread the interfaces over more VSwitches",
				"VSwitch %s is full: its block %s has %d addresses for use, the file wants %d", id, v.ipv4.block, v.ipv4.capacity(), v.wanted)
		}
	}
}
