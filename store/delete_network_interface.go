package store

import "slices"

// DeleteNetworkInterfaceScene contains the rows on which the deletion of an interface depends, read
// under its lock. A missing row is nil.
type DeleteNetworkInterfaceScene struct {
	ENI       *NetworkInterface
	IsNextHop bool // whether it is the next hop of a route entry
}

// DeleteScene returns the view of a request that deletes an interface.
func (b *InterfaceBatch) DeleteScene(c InterfaceChange) *DeleteNetworkInterfaceScene {
	n := b.enis[c.NetworkInterfaceID]
	if n == nil || n.regionID != c.RegionID {
		return &DeleteNetworkInterfaceScene{}
	}
	return &DeleteNetworkInterfaceScene{ENI: n.ENI, IsNextHop: n.isNextHop}
}

// Delete deletes an interface at once.
func (b *InterfaceBatch) Delete(n NetworkInterface) {
	b.enis[n.ID].ENI = nil
	b.changes.dropDeleting(n.ID)
	b.changes.deleted = append(b.changes.deleted, n)
	b.logDeletion(n, ENIDeleted, nil)
}

// BeginDelete makes an interface Deleting, and in the end it counts as deleted.
func (b *InterfaceBatch) BeginDelete(n NetworkInterface, end Ending) {
	b.changes.dropDeleting(n.ID)
	b.changes.deleting = append(b.changes.deleting, DeletingInterface{n.ID, end})
	b.logDeletion(n, ENIDeleting, &end)
	n.Status, n.NextStatus, n.SettlesAt = end.statusUntil(ENIDeleting, ENIDeleted)
	b.enis[n.ID].ENI = &n
}

// dropDeleting takes back an earlier deletion of the batch that does not end: another request repeats it.
func (c *interfaceChanges) dropDeleting(id string) {
	c.deleting = slices.DeleteFunc(c.deleting, func(d DeletingInterface) bool { return d.ID == id })
}
