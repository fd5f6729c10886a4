package store

import "context"

// DeleteDiskScene is a locked disk. Disk is nil if there is no such data disk.
type DeleteDiskScene struct {
	Disk     *DataDisk
	IsSystem bool // whether it is the system disk of an instance
}

// LockForDeleteDisk locks a disk that goes.
func (tx *Tx) LockForDeleteDisk(ctx context.Context, accountID, id string) (*DeleteDiskScene, error) {
	scene := &DeleteDiskScene{}
	tx.lockSystemDisks(accountID, "", []string{id}, func(*Instance) { scene.IsSystem = true })
	tx.lockDataDisks(forUpdate, `d.account_id = $1 AND d.id = $2`, []any{accountID, id},
		func(d DataDisk) { scene.Disk = &d })
	return scene, tx.send(ctx)
}

// DeleteDisk queues the deletion of a locked disk.
func (tx *Tx) DeleteDisk(d DataDisk) {
	tx.write(1, `DELETE FROM disks WHERE account_id = $1 AND id = $2`, d.AccountID, d.ID)
}
