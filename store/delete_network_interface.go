package store

import (
	"context"
	"time"
)

// DeleteNetworkInterfaceScene contains the rows on which the deletion of an interface depends, read
// under its lock. A missing row is nil.
type DeleteNetworkInterfaceScene struct {
	ENI *NetworkInterface
}

// LockForDeleteNetworkInterface locks and reads an interface, in one round trip. The instance that it
// may have left is not locked, because a transaction that deletes the instance locks its interfaces
// too.
func (tx *Tx) LockForDeleteNetworkInterface(
	ctx context.Context, accountID, regionID, eniID string,
) (*DeleteNetworkInterfaceScene, error) {
	scene := &DeleteNetworkInterfaceScene{}
	tx.lockENIs(forUpdate, oneInterface, []any{accountID, regionID, eniID},
		func(n NetworkInterface) { scene.ENI = &n })
	return scene, tx.send(ctx)
}

// Settle settles the scene to now. It is pure.
func (s *DeleteNetworkInterfaceScene) Settle(now time.Time) { s.ENI = settledENI(s.ENI, now) }
