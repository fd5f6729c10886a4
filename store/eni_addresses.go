package store

import (
	"net/netip"
	"slices"
	"time"
)

// AddressScene is a locked interface whose addresses are to change. A missing row is nil.
type AddressScene struct {
	Busy      bool // whether another transaction is changing the interface's addresses; then nothing was read
	ENI       *NetworkInterface
	Instance  *Instance     // the one that holds ENI
	Type      *InstanceType // of Instance
	Addresses []PrivateIPAddress
	Prefixes  []netip.Prefix
}

// Settle settles the scene to now: an interface that has left its instance has no instance. It is
// pure.
func (s *AddressScene) Settle(now time.Time) {
	s.Instance, s.ENI = settledInstance(s.Instance, now), settledENI(s.ENI, now)
	if s.ENI == nil || s.ENI.InstanceID == nil {
		s.Instance, s.Type = nil, nil
	}
}

// Count returns how many addresses of one family count against the interface's limit. The primary
// address counts, and a prefix counts as one address.
func (s *AddressScene) Count(isOfFamily func(netip.Addr) bool) int {
	n := 0
	for _, a := range s.Addresses {
		if isOfFamily(a.Address) {
			n++
		}
	}
	for _, p := range s.Prefixes {
		if isOfFamily(p.Addr()) {
			n++
		}
	}
	return n
}

// AssignScene contains the rows on which an assignment of addresses depends.
type AssignScene struct {
	AddressScene
	Offer AddressOffer // of the interface's VSwitch
}

// AssignScene returns the view of a request that assigns addresses to an interface.
func (b *InterfaceBatch) AssignScene(c InterfaceChange) *AssignScene {
	scene := &AssignScene{AddressScene: *b.AddressScene(c)}
	if c.Assigns != nil {
		scene.Offer = *b.pools.offer(c.RegionID, *c.Assigns)
	}
	return scene
}

// AddressScene returns the view of a request that releases addresses of an interface.
func (b *InterfaceBatch) AddressScene(c InterfaceChange) *AddressScene {
	n := b.enis[c.NetworkInterfaceID]
	switch {
	case n == nil:
		return &AddressScene{}
	case n.Busy:
		return &AddressScene{Busy: true}
	case n.regionID != c.RegionID:
		return &AddressScene{}
	}
	scene := n.AddressScene
	return &scene
}

// Assign adds addresses and prefixes to an interface. For found see Create.
func (b *InterfaceBatch) Assign(
	n NetworkInterface, addresses []PrivateIPAddress, prefixes []netip.Prefix, found []netip.Addr,
) {
	b.take(n.VSwitchID, addresses, prefixes, found)
	eni := b.enis[n.ID]
	eni.Addresses, eni.Prefixes = slices.Concat(eni.Addresses, addresses), slices.Concat(eni.Prefixes, prefixes)
	b.changes.assigned = n.appendAddresses(b.changes.assigned, addresses)
	b.changes.blocks = n.appendPrefixes(b.changes.blocks, prefixes)
	b.logAddresses(n.ID, nil, addressesOf(addresses), nil, prefixes)
}

// Release takes addresses and prefixes off an interface. Requests of the same batch do not get them.
func (b *InterfaceBatch) Release(n NetworkInterface, addresses []netip.Addr, prefixes []netip.Prefix) {
	eni := b.enis[n.ID]
	var released []PrivateIPAddress
	for _, a := range addresses {
		released = append(released, PrivateIPAddress{Address: a})
	}
	eni.Addresses = slices.DeleteFunc(slices.Clone(eni.Addresses), func(a PrivateIPAddress) bool {
		return slices.Contains(addresses, a.Address)
	})
	eni.Prefixes = slices.DeleteFunc(slices.Clone(eni.Prefixes), func(p netip.Prefix) bool {
		return slices.Contains(prefixes, p)
	})
	b.changes.released = n.appendAddresses(b.changes.released, released)
	b.changes.unblocked = n.appendPrefixes(b.changes.unblocked, prefixes)
	b.logAddresses(n.ID, addresses, nil, prefixes, nil)
}
