package store

import (
	"context"
	"strconv"
	"time"
)

// DiskToModify is a locked disk whose attributes may change.
type DiskToModify struct {
	ID string
	lockedDisk
	Instance *Instance // of a system disk, or of a data disk that LockDiskToResize has locked
}

// Data returns the row of a data disk, or nil for a system disk.
func (d *DiskToModify) Data() *DataDisk { return d.data }

// Attributes returns what may change.
func (d *DiskToModify) Attributes() *Disk { return d.disk() }

// Settle settles the disk and its instance to now. It is pure.
func (d *DiskToModify) Settle(now time.Time) {
	d.data, d.Instance = SettledDisk(d.data, now), settledInstance(d.Instance, now)
}

// LockDisks locks disks, or the instances whose system disks they are. It returns those that exist.
func (tx *Tx) LockDisks(ctx context.Context, accountID string, ids []string) ([]*DiskToModify, error) {
	var found []*DiskToModify
	tx.lockSystemDisks(accountID, "", ids, func(i *Instance) {
		found = append(found, &DiskToModify{ID: SystemDiskID(i.ID), lockedDisk: lockedDisk{system: i}, Instance: i})
	})
	tx.lockDataDisks(forNoKeyUpdate, `d.account_id = $1 AND d.id = ANY ($2)`, []any{accountID, ids},
		func(d DataDisk) { found = append(found, &DiskToModify{ID: d.ID, lockedDisk: lockedDisk{data: &d}}) })
	err := tx.send(ctx)
	return found, err
}

// UpdateDisk queues the write of the attributes of a locked disk, and returns what changes against before.
func (tx *Tx) UpdateDisk(d *DiskToModify, before Disk, now time.Time) []Change {
	tx.updateDisk(&d.lockedDisk)
	was, is := systemDisk{before}, systemDisk{*d.disk()}
	was.ID, is.ID = d.ID, d.ID
	changes := ChangesOf(&was, &is, now)
	if was.KeepWithoutInstance != is.KeepWithoutInstance {
		changes = append(changes, Change{
			Resource: d.ID, Field: "DeleteWithInstance", From: strconv.FormatBool(!was.KeepWithoutInstance),
			To: strconv.FormatBool(!is.KeepWithoutInstance),
		})
	}
	return changes
}
