package store

import "time"

// DeleteNetworkInterfaceScene contains the rows on which the deletion of an interface depends, read
// under its lock. A missing row is nil.
type DeleteNetworkInterfaceScene struct {
	ENI *NetworkInterface
}

// DeleteScene returns the view of a request that deletes an interface.
func (b *InterfaceBatch) DeleteScene(c InterfaceChange) *DeleteNetworkInterfaceScene {
	n := b.enis[c.NetworkInterfaceID]
	if n == nil || n.regionID != c.RegionID {
		return &DeleteNetworkInterfaceScene{}
	}
	return &DeleteNetworkInterfaceScene{ENI: n.ENI}
}

// Delete deletes an interface at once.
func (b *InterfaceBatch) Delete(n NetworkInterface) {
	b.enis[n.ID].ENI = nil
	b.changes.deleted = append(b.changes.deleted, n)
}

// BeginDelete makes an interface Deleting until settlesAt, which has to be the same for all requests
// of the batch.
func (b *InterfaceBatch) BeginDelete(n NetworkInterface, settlesAt time.Time) {
	b.changes.deleting, b.changes.deletedAt = append(b.changes.deleting, n), settlesAt
	n.Status, n.NextStatus, n.SettlesAt = ENIDeleting, new(ENIDeleted), &settlesAt
	b.enis[n.ID].ENI = &n
}
