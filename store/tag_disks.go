package store

import (
	"context"
	"maps"
)

// lockedDisk is a locked disk whose tags change: a data disk, or the system disk of an instance.
type lockedDisk struct {
	data   *DataDisk
	system *Instance
}

// disk returns what is stored of the disk.
func (d *lockedDisk) disk() *Disk {
	if d.system != nil {
		return &d.system.Attributes.SystemDisk
	}
	return &d.data.Attributes
}

// lockDisks locks disks, or the instances whose system disks they are, and reads their tags.
func (tx *Tx) lockDisks(ctx context.Context, accountID, regionID string, ids []string) ([]TaggedResource, error) {
	var found []TaggedResource
	add := func(id string, d *lockedDisk) {
		found = append(found, TaggedResource{ID: id, Tags: tags(d.disk().Tags), disk: d})
	}
	tx.lockSystemDisks(accountID, regionID, ids, func(i *Instance) {
		add(SystemDiskID(i.ID), &lockedDisk{system: i})
	})
	tx.lockDataDisks(forNoKeyUpdate, `d.account_id = $1 AND d.region_id = $2 AND d.id = ANY ($3)`,
		[]any{accountID, regionID, ids}, func(d DataDisk) { add(d.ID, &lockedDisk{data: &d}) })
	err := tx.send(ctx)
	return found, err
}

// changeDiskTags queues the writes of ChangeTags for disks.
func (tx *Tx) changeDiskTags(found []TaggedResource, remove []string, add map[string]string) {
	for _, r := range found {
		changed := maps.Clone(r.Tags)
		for _, key := range remove {
			delete(changed, key)
		}
		maps.Copy(changed, add)
		if len(changed) == 0 {
			changed = nil // like a disk that never had tags
		}
		r.disk.disk().Tags = changed
		tx.updateDisk(r.disk)
	}
}

// updateDisk queues the write of what is stored of a locked disk.
func (tx *Tx) updateDisk(d *lockedDisk) {
	if i := d.system; i != nil {
		tx.write(1, `UPDATE instances SET attributes = $3 WHERE account_id = $1 AND id = $2`,
			i.AccountID, i.ID, i.Attributes)
		return
	}
	tx.write(1, `UPDATE disks SET attributes = $3 WHERE account_id = $1 AND id = $2`,
		d.data.AccountID, d.data.ID, d.data.Attributes)
}
