package store

import "context"

// LockDiskToResize locks a disk, and the instance that it is on: an instance that changes its status meanwhile
// waits. It returns nil if there is no such disk.
func (tx *Tx) LockDiskToResize(ctx context.Context, accountID, id string) (*DiskToModify, error) {
	var found *DiskToModify
	var instance *Instance
	tx.lock(rankInstances, `
		SELECT `+InstancesTable.SelectList("i")+`
		FROM instances i
		WHERE i.account_id = $1
		  AND i.id = ANY (ARRAY(
		      SELECT regexp_replace($2, '^d-', prefix) FROM unnest('{i-,""}'::text[]) prefix
		      UNION ALL
		      SELECT instance_id FROM disks WHERE account_id = $1 AND id = $2))
		ORDER BY i.id FOR NO KEY UPDATE`, accountID, id).
		Query(each(InstancesTable.Targets, func(i Instance) {
			instance = &i
			if SystemDiskID(i.ID) == id {
				found = &DiskToModify{ID: id, lockedDisk: lockedDisk{system: &i}, Instance: &i}
			}
		}))
	tx.lockDataDisks(forNoKeyUpdate, `d.account_id = $1 AND d.id = $2`, []any{accountID, id}, func(d DataDisk) {
		found = &DiskToModify{ID: d.ID, lockedDisk: lockedDisk{data: &d}}
		if instance != nil && d.IsOn(instance.ID) { // it may have moved meanwhile
			found.Instance = instance
		}
	})
	return found, tx.send(ctx)
}
