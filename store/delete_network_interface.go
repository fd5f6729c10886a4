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

// eniToDelete is the locking statement without its locking clause.
var eniToDelete = `
	SELECT ` + NetworkInterfacesTable.SelectList("t") + `
	FROM network_interfaces t
	WHERE account_id = $1 AND region_id = $2 AND id = $3
	`

// LockForDeleteNetworkInterface locks and reads an interface, in one round trip. If atOnce is true,
// its row is to be deleted at once, which needs the stronger lock. The instance that it may have
// left is not locked, because a transaction that deletes the instance locks its interfaces too.
func (tx *Tx) LockForDeleteNetworkInterface(
	ctx context.Context, accountID, regionID, eniID string, atOnce bool,
) (*DeleteNetworkInterfaceScene, error) {
	sql := eniToDelete + "FOR NO KEY UPDATE"
	if atOnce {
		sql = eniToDelete + "FOR UPDATE"
	}
	scene := &DeleteNetworkInterfaceScene{}
	tx.lock(rankNetworkInterfaces, sql, accountID, regionID, eniID).
		Query(each(NetworkInterfacesTable.Targets, func(n NetworkInterface) { scene.ENI = &n }))
	return scene, tx.send(ctx)
}

// Settle settles the scene to now. It is pure.
func (s *DeleteNetworkInterfaceScene) Settle(now time.Time) { s.ENI = settledENI(s.ENI, now) }
