package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DiskScene contains an instance, its data disks and one disk, read under their locks. A missing row is nil.
type DiskScene struct {
	Instance *Instance
	Disk     *DataDisk
	IsSystem bool       // whether the disk is the system disk of an instance
	On       []DataDisk // the data disks that are on the instance, or on their way to it or off it
	left     []DataDisk // those that have left it, although their rows say otherwise
}

// LockForAttachDisk locks an instance, a disk, and all data disks of the instance.
func (tx *Tx) LockForAttachDisk(ctx context.Context, accountID, instanceID, diskID string) (*DiskScene, error) {
	scene := &DiskScene{}
	tx.lockInstance(accountID, "", instanceID, func(i Instance, _ InstanceType) { scene.Instance = &i })
	tx.lockDataDisks(forNoKeyUpdate, `d.account_id = $1 AND (d.id = $3 OR d.instance_id = $2)`,
		[]any{accountID, instanceID, diskID}, func(d DataDisk) {
			if d.ID == diskID {
				scene.Disk = &d
			}
			if d.IsOn(instanceID) {
				scene.On = append(scene.On, d)
			}
		})
	tx.readIsSystemDisk(accountID, diskID, &scene.IsSystem)
	return scene, tx.send(ctx)
}

// readIsSystemDisk queues the read of whether a disk is the system disk of an instance.
func (tx *Tx) readIsSystemDisk(accountID, diskID string, found *bool) {
	tx.queue(`
		SELECT EXISTS (
		    SELECT FROM instances
		    WHERE account_id = $1 AND $2 LIKE 'd-%'
		      AND id IN (regexp_replace($2, '^d-', 'i-'), regexp_replace($2, '^d-', '')))`,
		accountID, diskID).
		QueryRow(func(row pgx.Row) error { return row.Scan(found) })
}

// Settle settles the scene to now. It is pure.
func (s *DiskScene) Settle(now time.Time) {
	s.Instance, s.Disk = settledInstance(s.Instance, now), SettledDisk(s.Disk, now)
	var on []DataDisk
	for _, d := range s.On {
		if settled := d.Settled(now); settled.InstanceID != nil {
			on = append(on, settled)
		} else {
			s.left = append(s.left, settled)
		}
	}
	s.On = on
}

// FreeSlot returns the lowest slot of the instance that is free, or 0 if there is none.
func (s *DiskScene) FreeSlot() int {
	for slot := 1; slot <= MaxDataDisks; slot++ {
		if !s.IsTaken(slot) {
			return slot
		}
	}
	return 0
}

// IsTaken reports whether a disk is in a slot.
func (s *DiskScene) IsTaken(slot int) bool {
	for _, d := range s.On {
		if *d.Slot == slot {
			return true
		}
	}
	return false
}

// Attached returns the disk of the scene as it comes to the instance, in transition until end.
func (s *DiskScene) Attached(slot int, keep bool, end *Ending, now time.Time) DataDisk {
	d := *s.Disk
	d.InstanceID, d.Slot, d.AttachedAt = &s.Instance.ID, &slot, &now
	d.Attributes.KeepWithoutInstance = keep
	if end.fails() {
		d.Status, d.NextStatus, d.SettlesAt = end.statusUntil(DiskAttaching, DiskAvailable)
	} else {
		d.Status, d.NextStatus, d.SettlesAt = end.statusUntil(DiskAttaching, DiskInUse)
	}
	return d
}

// AttachDisk queues the writes that bring a disk to the instance of a scene. Disks that have left the instance
// make room for it.
func (tx *Tx) AttachDisk(s *DiskScene, d DataDisk) {
	for _, left := range s.left {
		if left.ID != d.ID {
			tx.UpdateDiskPlace(left)
		}
	}
	tx.UpdateDiskPlace(d)
}

// UpdateDiskPlace queues the write of where a locked disk is, of its status and its attributes.
func (tx *Tx) UpdateDiskPlace(d DataDisk) {
	tx.write(1, `
		UPDATE disks
		SET instance_id = $3, slot = $4, status = $5, next_status = $6, settles_at = $7, attributes = $8,
		    attached_at = $9, detached_at = $10
		WHERE account_id = $1 AND id = $2`,
		d.AccountID, d.ID, d.InstanceID, d.Slot, d.Status, d.NextStatus, d.SettlesAt, d.Attributes,
		d.AttachedAt, d.DetachedAt)
}
