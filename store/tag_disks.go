package store

import (
	"context"
	"maps"
)

// lockedDisk is a disk within the attributes of its locked instance.
type lockedDisk struct {
	instanceID string
	attributes *InstanceAttributes // shared by the disks of one instance
	position   int                 // 0 is the system disk
}

// disk returns the disk itself.
func (d *lockedDisk) disk() *Disk {
	if d.position == 0 {
		return &d.attributes.SystemDisk
	}
	return &d.attributes.DataDisks[d.position-1]
}

// lockDisks locks the instances of the named disks, because disks are stored with their instances,
// and reads the tags of the disks.
func (tx *Tx) lockDisks(ctx context.Context, accountID, regionID string, ids []string) ([]TaggedResource, error) {
	type row struct {
		id, instanceID string
		position       int
		attributes     InstanceAttributes
	}
	instances := map[string]*InstanceAttributes{}
	var found []TaggedResource
	tx.lock(rankInstances, `
		WITH i AS MATERIALIZED (
		    SELECT *
		    FROM instances
		    WHERE account_id = $1 AND region_id = $2
		      AND (id = ANY (ARRAY(
		               SELECT regexp_replace(d, '^d-', prefix)
		               FROM unnest($3::text[]) d, unnest('{i-,""}'::text[]) prefix))
		           OR EXISTS (
		               SELECT FROM jsonb_array_elements(attributes->'DataDisks') data
		               WHERE data->>'ID' = ANY ($3)))
		    ORDER BY id FOR NO KEY UPDATE
		)
		SELECT d.id, i.id, d.position, i.attributes
		FROM i
		CROSS JOIN LATERAL (`+disksOfInstance+`) d
		WHERE d.id = ANY ($3)
		ORDER BY i.id, d.position`, accountID, regionID, ids).
		Query(each(func(r *row) []any { return []any{&r.id, &r.instanceID, &r.position, &r.attributes} }, func(r row) {
			if instances[r.instanceID] == nil {
				instances[r.instanceID] = &r.attributes
			}
			locked := &lockedDisk{r.instanceID, instances[r.instanceID], r.position}
			found = append(found, TaggedResource{ID: r.id, Tags: tags(locked.disk().Tags), disk: locked})
		}))
	err := tx.send(ctx)
	return found, err
}

// changeDiskTags queues the writes of ChangeTags for disks, one for each instance. The disks of an
// instance must be next to each other in found.
func (tx *Tx) changeDiskTags(accountID string, found []TaggedResource, remove []string, add map[string]string) {
	for k, r := range found {
		changed := maps.Clone(r.Tags)
		for _, key := range remove {
			delete(changed, key)
		}
		maps.Copy(changed, add)
		if len(changed) == 0 {
			changed = nil // like a disk that never had tags
		}
		r.disk.disk().Tags = changed
		if k+1 == len(found) || found[k+1].disk.instanceID != r.disk.instanceID { // the last disk of its instance
			tx.write(1, `UPDATE instances SET attributes = $3 WHERE account_id = $1 AND id = $2`,
				accountID, r.disk.instanceID, r.disk.attributes)
		}
	}
}
