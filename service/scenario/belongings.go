package scenario

import (
	"net/netip"
	"slices"

	"enisim.alt/store"
	"enisim.alt/store/world"
)

// belongings are the rows of other tables that belong to an interface.
type belongings struct {
	groups     []string
	ipv4, ipv6 addressList
	prefixes   []netip.Prefix // of both families, in order
}

// addressList has the primary address first, and the others in order.
type addressList struct {
	addresses  []netip.Addr
	hasPrimary bool
}

func (l *addressList) add(a netip.Addr, primary bool) {
	at := 0
	if !primary {
		first := 0
		if l.hasPrimary {
			first = 1
		}
		at, _ = slices.BinarySearchFunc(l.addresses[first:], a, netip.Addr.Compare)
		at += first
	}
	l.addresses, l.hasPrimary = slices.Insert(l.addresses, at, a), l.hasPrimary || primary
}

// belongingsOf collects the belongings of all interfaces.
func belongingsOf(w *world.World) map[store.ResourceID]*belongings {
	out := make(map[store.ResourceID]*belongings, len(w.NetworkInterfaces))
	of := func(account, eni string) *belongings {
		id := store.ResourceID{AccountID: account, ID: eni}
		if out[id] == nil {
			out[id] = &belongings{}
		}
		return out[id]
	}
	for i := range w.GroupMemberships { // in the order of their positions
		m := &w.GroupMemberships[i]
		b := of(m.AccountID, m.NetworkInterfaceID)
		b.groups = append(b.groups, m.SecurityGroupID)
	}
	for i := range w.PrivateIPAddresses {
		a := &w.PrivateIPAddresses[i]
		b := of(a.AccountID, a.NetworkInterfaceID)
		list := &b.ipv6
		if a.Address.Is4() {
			list = &b.ipv4
		}
		list.add(a.Address, a.IsPrimary)
	}
	for i := range w.IPPrefixes {
		p := &w.IPPrefixes[i]
		b := of(p.AccountID, p.NetworkInterfaceID)
		at, _ := slices.BinarySearchFunc(b.prefixes, p.Prefix, netip.Prefix.Compare)
		b.prefixes = slices.Insert(b.prefixes, at, p.Prefix)
	}
	return out
}
