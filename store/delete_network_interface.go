package store

import (
	"context"
	"time"
)

// DeleteNetworkInterfaceScene is all that decides the deletion of an interface, read under its
// lock. A row that is missing is nil.
type DeleteNetworkInterfaceScene struct {
	ENI *NetworkInterface
}

const eniToDelete = `
	SELECT account_id, id, type, status, next_status, settles_at, service_managed
	FROM network_interfaces
	WHERE account_id = $1 AND region_id = $2 AND id = $3
	`

// LockForDeleteNetworkInterface locks an interface and reads it, in one round trip. atOnce tells
// whether its row is to be deleted, for which the lock is a stronger one. The instance that it may
// have left is not locked: whoever deletes that locks its interfaces too.
func (tx *Tx) LockForDeleteNetworkInterface(
	ctx context.Context, accountID, regionID, eniID string, atOnce bool,
) (*DeleteNetworkInterfaceScene, error) {
	sql := eniToDelete + "FOR NO KEY UPDATE"
	if atOnce {
		sql = eniToDelete + "FOR UPDATE"
	}
	scene := &DeleteNetworkInterfaceScene{}
	tx.lock(rankNetworkInterfaces, sql, accountID, regionID, eniID).
		Query(each(func(n *NetworkInterface) []any {
			return []any{&n.AccountID, &n.ID, &n.Type, &n.Status, &n.NextStatus, &n.SettlesAt, &n.ServiceManaged}
		}, func(n NetworkInterface) { scene.ENI = &n }))
	return scene, tx.send(ctx)
}

// Settle makes the scene stand as it does at now. It is pure.
func (s *DeleteNetworkInterfaceScene) Settle(now time.Time) { s.ENI = settledENI(s.ENI, now) }
