package store

import (
	"net/netip"
	"time"
)

// InterfaceChange names the rows that one request of an InterfaceBatch needs. It creates an
// interface, deletes one, or assigns or releases addresses of one.
type InterfaceChange struct {
	RegionID           string
	NetworkInterfaceID string       // "" for a creation
	Deletes            bool         // whether it deletes the interface, so that it needs nothing but its row
	Assigns            *AddressWant // what a creation or an assignment needs of a VSwitch; nil: nothing
	SecurityGroupIDs   []string     // of a creation
}

func (c InterfaceChange) creates() bool { return c.NetworkInterfaceID == "" }

// ChangesAddresses reports whether it assigns or releases addresses of an interface that exists.
func (c InterfaceChange) ChangesAddresses() bool { return !c.creates() && !c.Deletes }

// InterfaceBatch contains the locked rows on which a batch of changes of interfaces of one account
// depends, and the changes that its requests have made so far. Each request sees the changes of
// those before it. In the end, WriteInterfaceBatch writes all changes. Between
// LockInterfaceBatch and WriteInterfaceBatch it is pure.
type InterfaceBatch struct {
	accountID string
	now       time.Time
	tokens    map[ClientToken]*batchToken
	quotas    map[string]*InterfaceQuota   // by region
	pools     addressPools                 // by VSwitch
	groups    map[string]regionalGroup     // by id
	enis      map[string]*batchedInterface // by id
	located   map[string]VSwitch           // the VSwitches of the interfaces that get addresses, read before the locks
	goneSince time.Time                    // interfaces deleted before then are purged
	changes   interfaceChanges
	log       []Change // what requests have changed, for their events
}

// batchedInterface is a locked interface as the next request sees it. Its ENI is nil once the
// interface is deleted. If it is Busy, only a deletion may use its ENI.
type batchedInterface struct {
	AddressScene
	regionID string
	eips     []DescribedEIP // on its addresses
	// isNextHop is read for an interface that is to be deleted.
	isNextHop bool
}

// interfaceChanges are what the requests of a batch have changed.
type interfaceChanges struct {
	created   []NewNetworkInterface
	assigned  []PrivateIPAddress
	blocks    []IPPrefix            // assigned prefixes
	found     map[string]netip.Addr // by VSwitch, the last address that the search had found
	released  []PrivateIPAddress
	unblocked []IPPrefix // released prefixes
	deleted   []NetworkInterface
	deleting  []DeletingInterface
}

// Settle sets the time at which the batch is decided.
func (b *InterfaceBatch) Settle(now time.Time) {
	b.now = now
	for _, n := range b.enis {
		n.Settle(now)
	}
}

// Now returns the time at which the batch is decided.
func (b *InterfaceBatch) Now() time.Time { return b.now }

// VSwitchOf returns the VSwitch of an interface that gets addresses, as it was before the locks. It
// returns nil if there is no such interface, or another transaction is changing its addresses.
func (b *InterfaceBatch) VSwitchOf(eniID string) *VSwitch {
	v, found := b.located[eniID]
	if !found {
		return nil
	}
	return &v
}

// take takes addresses and prefixes out of the pool of a VSwitch.
func (b *InterfaceBatch) take(
	vswitchID string, addresses []PrivateIPAddress, prefixes []netip.Prefix, found []netip.Addr,
) {
	b.pools[vswitchID].assign(addressesOf(addresses), prefixes)
	if len(found) > 0 {
		b.changes.found[vswitchID] = found[len(found)-1]
	}
}

// Changed reports whether there is anything to write.
func (b *InterfaceBatch) Changed() bool {
	c := b.changes
	return len(c.created)+len(c.assigned)+len(c.blocks)+len(c.released)+len(c.unblocked)+
		len(c.deleted)+len(c.deleting) > 0 || b.keepsTokens()
}
