package scenario

import (
	"cmp"
	"crypto/sha256"
	"net/netip"
	"slices"

	"enisim.alt/store"
)

// eipPlaces are the interfaces of an account with their IPv4 addresses, on which EIPs may be.
type eipPlaces struct {
	interfaces map[string]*store.NetworkInterface
	primaries  map[string]*store.NetworkInterface // by instance
	addresses  map[string][]store.PrivateIPAddress
	taken      map[string]position // by VSwitch and private address: the EIP on it
}

func (x *accountExpansion) newEIPPlaces() *eipPlaces {
	p := &eipPlaces{
		interfaces: map[string]*store.NetworkInterface{},
		primaries:  map[string]*store.NetworkInterface{},
		addresses:  map[string][]store.PrivateIPAddress{},
		taken:      map[string]position{},
	}
	for i := range x.world.NetworkInterfaces {
		n := &x.world.NetworkInterfaces[i]
		if n.AccountID != x.accountID {
			continue
		}
		p.interfaces[n.ID] = n
		if n.Type == store.ENIPrimary && n.InstanceID != nil {
			p.primaries[*n.InstanceID] = n
		}
	}
	for _, a := range x.world.PrivateIPAddresses {
		if a.AccountID == x.accountID && a.Address.Is4() {
			p.addresses[a.NetworkInterfaceID] = append(p.addresses[a.NetworkInterfaceID], a)
		}
	}
	return p
}

// expandEIPs adds the EIPs, when all interfaces have their addresses.
func (x *accountExpansion) expandEIPs(regions []regionEntry) {
	if !slices.ContainsFunc(regions, func(r regionEntry) bool { return len(r.eips) > 0 }) {
		return
	}
	places, seen := x.newEIPPlaces(), map[string]position{}
	for i := range regions {
		for j := range regions[i].eips {
			x.eip(&regions[i].eips[j], regions[i].id.value, places, seen)
		}
	}
}

func (x *accountExpansion) eip(e *eipEntry, region string, places *eipPlaces, seen map[string]position) {
	if !e.id.given || !x.checkID(e.id.value, e.id.at) || !x.checkUnique(seen, "EIP", e.id.value, e.id.at) {
		return
	}
	address, ok := x.publicAddress(e)
	if !ok {
		return
	}
	x.world.EIPs = append(x.world.EIPs, store.EIP{
		AccountID:       x.accountID,
		ID:              e.id.value,
		RegionID:        region,
		IPAddress:       address,
		Bandwidth:       e.bandwidth,
		Name:            e.name.value,
		Description:     e.description.value,
		ResourceGroupID: e.resourceGroup,
		Tags:            e.tags,
		Attributes:      e.attributes,
	})
	status := x.placedStatus(e.status, e.associatedWith, "associated_with", "name an instance or an interface",
		store.EIPAvailable, store.EIPInUse, associatedStatuses)
	x.checkSettlesIn(e.settlesIn.given, e.settlesIn.at, status, nextEIPStatus)
	if e.associatedWith.given {
		x.associate(e, region, status, places)
	}
}

// publicAddress returns the address of an EIP. ok is false for an address that is reported.
func (x *accountExpansion) publicAddress(e *eipEntry) (address netip.Addr, ok bool) {
	at := e.id.at
	if address = derivedPublicAddress(e.id.value); e.ipAddress.given {
		var err error
		at = e.ipAddress.at
		if address, err = netip.ParseAddr(e.ipAddress.value); err != nil || !address.Is4() {
			x.add(at, "", "ip_address must be an IPv4 address such as 203.0.113.7, got %q", e.ipAddress.value)
			return address, false
		}
	}
	return address, x.takePublicIP(address, at)
}

// takePublicIP reports a public address that an instance or another EIP of the account has. ok is false then.
func (x *accountExpansion) takePublicIP(address netip.Addr, at position) (ok bool) {
	if before, taken := x.publicIPs[address]; taken {
		x.add(at, "give each of the two a public address of its own", "line %d has the public address %s too",
			before.line, address)
		return false
	}
	x.publicIPs[address] = at
	return true
}

// derivedPublicAddress returns the address of an EIP that names none.
func derivedPublicAddress(id string) netip.Addr {
	sum := sha256.Sum256([]byte(id))
	return netip.AddrFrom4([4]byte{47, 64 + sum[0]%128, sum[1], 1 + sum[2]%254})
}

// associate puts an EIP on an address, if the real cloud would allow it.
func (x *accountExpansion) associate(e *eipEntry, region, status string, places *eipPlaces) {
	n := x.findEIPTarget(e, region, places)
	if n == nil {
		return
	}
	place := x.findEIPPlace(e, n, places)
	if place == nil {
		return
	}
	key := place.VSwitchID + " " + place.Address.String()
	if before, taken := places.taken[key]; taken {
		x.add(e.associatedWith.at, "", "address %s of %s has the EIP on line %d already", place.Address, n.ID,
			before.line)
		return
	}
	places.taken[key] = e.id.at
	row := store.EIPAssociation{
		AccountID:          x.accountID,
		EIPID:              e.id.value,
		VSwitchID:          place.VSwitchID,
		PrivateIPAddress:   place.Address,
		NetworkInterfaceID: n.ID,
		Mode:               e.mode,
		Status:             status,
	}
	if e.settlesIn.given {
		row.NextStatus = new(nextEIPStatus[status])
		x.world.EIPsSettleIn[store.ResourceID{AccountID: x.accountID, ID: e.id.value}] = e.settlesIn.value
	}
	x.world.EIPAssociations = append(x.world.EIPAssociations, row)
}

// findEIPTarget returns the interface that an EIP is to be on: a secondary one, or the primary one of an
// instance. It returns nil for one that is reported.
func (x *accountExpansion) findEIPTarget(e *eipEntry, region string, places *eipPlaces) *store.NetworkInterface {
	id, at := e.associatedWith.value, e.associatedWith.at
	i, isInstance := x.instances[id]
	n := places.primaries[id]
	if !isInstance {
		n = places.interfaces[id]
	}
	switch {
	case isInstance && i.row != nil && i.row.VPCID == nil:
		x.add(at, "", "instance %s is a classic one, which takes no EIP", id)
		return nil
	case isInstance && i.row != nil && i.row.Attributes.PublicIPAddress != "":
		x.add(at, "leave out its public_ip_address", "instance %s has a public address", id)
		return nil
	case n == nil && !isInstance:
		x.addReference(at, cmp.Or(suggest(x.report, id, x.instances), suggest(x.report, id, x.interfaces)),
			"there is no instance or network interface %s in this account", id)
		return nil
	case n == nil:
		return nil // reported with the instance
	case !isInstance && n.Type == store.ENIPrimary:
		x.add(at, "name its instance", "network interface %s is the primary one of instance %s", id, *n.InstanceID)
		return nil
	case n.RegionID != region:
		x.add(at, "", "%s lies in region %s, EIP %s in %s", id, n.RegionID, e.id.value, region)
		return nil
	case n.Status == store.ENIDeleting:
		x.add(at, "", "network interface %s is being deleted, and takes no EIP", id)
		return nil
	}
	return n
}

// findEIPPlace returns the address of an interface that an EIP is to be on, or nil for one that is reported.
func (x *accountExpansion) findEIPPlace(
	e *eipEntry, n *store.NetworkInterface, places *eipPlaces,
) *store.PrivateIPAddress {
	for k := range places.addresses[n.ID] {
		a := &places.addresses[n.ID][k]
		isWanted := a.IsPrimary
		if e.privateAddress.given {
			isWanted = a.Address.String() == e.privateAddress.value
		}
		if !isWanted {
			continue
		}
		if n.Type == store.ENIPrimary && !a.IsPrimary {
			x.add(e.privateAddress.at, "leave it out", "the EIP of an instance is on its primary address")
			return nil
		}
		return a
	}
	if e.privateAddress.given {
		x.add(e.privateAddress.at, "", "network interface %s has no address %s", n.ID, e.privateAddress.value)
	}
	return nil // without an address, the VSwitch is full, which is reported
}
