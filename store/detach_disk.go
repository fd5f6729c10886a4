package store

import (
	"context"
	"time"
)

// LockForDetachDisk locks an instance and a disk.
func (tx *Tx) LockForDetachDisk(ctx context.Context, accountID, instanceID, diskID string) (*DiskScene, error) {
	scene := &DiskScene{}
	tx.lockInstance(accountID, "", instanceID, func(i Instance, _ InstanceType) { scene.Instance = &i })
	tx.lockDataDisks(forNoKeyUpdate, `d.account_id = $1 AND d.id = $2`, []any{accountID, diskID},
		func(d DataDisk) { scene.Disk = &d })
	tx.readIsSystemDisk(accountID, diskID, &scene.IsSystem)
	return scene, tx.send(ctx)
}

// Detached returns the disk as it leaves its instance until end. At a nil end it has left. It does not go with
// the instance any more.
func (d DataDisk) Detached(end *Ending, now time.Time) DataDisk {
	d.Status, d.NextStatus, d.SettlesAt = end.statusUntil(DiskDetaching, DiskAvailable)
	d.DetachedAt, d.Attributes.KeepWithoutInstance = &now, true
	if d.Status == DiskAvailable {
		d.InstanceID, d.Slot = nil, nil
	}
	return d
}
