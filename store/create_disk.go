package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// CreateDiskScene contains what a new data disk depends on, read under the account's lock.
type CreateDiskScene struct {
	ZoneKnown bool
	Free      int // disks of the account in the region that are on no instance
}

// LockForCreateDisk locks an account, so that no other transaction creates a disk of it, and reads how many of
// its disks in a region are on no instance, and whether the region has a zone.
func (tx *Tx) LockForCreateDisk( //nolint:dupl // locks of accounts have one shape
	ctx context.Context, accountID, regionID, zoneID string,
) (*CreateDiskScene, error) {
	scene := &CreateDiskScene{}
	tx.lock(rankAccounts, `SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, accountID)
	tx.queue(`
		SELECT EXISTS (SELECT FROM zones WHERE id = $3 AND region_id = $2),
		       (SELECT count(*) FROM disks WHERE account_id = $1 AND region_id = $2 AND instance_id IS NULL)`,
		accountID, regionID, zoneID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.ZoneKnown, &scene.Free) })
	return scene, tx.send(ctx)
}

// Creating returns a new disk that is on no instance, in transition until end.
func (d DataDisk) Creating(end *Ending) DataDisk {
	d.Status, d.NextStatus, d.SettlesAt = end.statusUntil(DiskCreating, DiskAvailable)
	return d
}

// InsertDisk queues the write that creates a data disk.
func (tx *Tx) InsertDisk(d DataDisk) { insertRow(tx, DisksTable, d) }
