package store

import (
	"context"
	"time"
)

// TaggedKind is a kind of resource that has tags.
type TaggedKind string

// The kinds of resources that have tags.
const (
	TaggedVPC              TaggedKind = "vpc"
	TaggedVSwitch          TaggedKind = "vswitch"
	TaggedInstance         TaggedKind = "instance"
	TaggedNetworkInterface TaggedKind = "network interface"
	TaggedSecurityGroup    TaggedKind = "security group"
	TaggedDisk             TaggedKind = "disk"
	TaggedEIP              TaggedKind = "eip"
	TaggedRouteTable       TaggedKind = "route table"
	TaggedKeyPair          TaggedKind = "key pair" // whose id is its name
)

// tagStatements lock resources and change their tags. Those of disks are in tag_disks.go. They
// differ only in the table, and in that an interface may have a row although its deletion is due.
var tagStatements = map[TaggedKind]struct {
	rank        rank
	lock, write string
}{
	TaggedKeyPair: {rankKeyPairs, `
		SELECT name, tags, NULL::timestamptz
		FROM key_pairs WHERE account_id = $1 AND region_id = $2 AND name = ANY ($3)
		ORDER BY name FOR NO KEY UPDATE`, `
		UPDATE key_pairs SET tags = (tags - $3::text[]) || $4::jsonb
		WHERE account_id = $1 AND region_id = $5 AND name = ANY ($2)`},
	TaggedVPC: {rankVPCs, `
		SELECT id, tags, NULL::timestamptz
		FROM vpcs WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id FOR NO KEY UPDATE`, `
		UPDATE vpcs SET tags = (tags - $3::text[]) || $4::jsonb
		WHERE account_id = $1 AND region_id = $5 AND id = ANY ($2)`},
	TaggedRouteTable: {rankRouteTables, `
		SELECT id, tags, NULL::timestamptz
		FROM route_tables WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id FOR NO KEY UPDATE`, `
		UPDATE route_tables SET tags = (tags - $3::text[]) || $4::jsonb
		WHERE account_id = $1 AND region_id = $5 AND id = ANY ($2)`},
	TaggedVSwitch: {rankVSwitches, `
		SELECT id, tags, NULL::timestamptz
		FROM vswitches WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id FOR NO KEY UPDATE`, `
		UPDATE vswitches SET tags = (tags - $3::text[]) || $4::jsonb
		WHERE account_id = $1 AND region_id = $5 AND id = ANY ($2)`},
	TaggedInstance: {rankInstances, `
		SELECT id, tags, NULL::timestamptz
		FROM instances WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id FOR NO KEY UPDATE`, `
		UPDATE instances SET tags = (tags - $3::text[]) || $4::jsonb
		WHERE account_id = $1 AND region_id = $5 AND id = ANY ($2)`},
	TaggedNetworkInterface: {rankNetworkInterfaces, `
		SELECT id, tags, CASE WHEN next_status = 'Deleted' THEN settles_at END
		FROM network_interfaces WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id FOR NO KEY UPDATE`, `
		UPDATE network_interfaces SET tags = (tags - $3::text[]) || $4::jsonb
		WHERE account_id = $1 AND region_id = $5 AND id = ANY ($2)`},
	TaggedSecurityGroup: {rankSecurityGroups, `
		SELECT id, tags, NULL::timestamptz
		FROM security_groups WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id FOR NO KEY UPDATE`, `
		UPDATE security_groups SET tags = (tags - $3::text[]) || $4::jsonb
		WHERE account_id = $1 AND region_id = $5 AND id = ANY ($2)`},
	TaggedEIP: {rankEIPs, `
		SELECT id, tags, NULL::timestamptz
		FROM eips WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id FOR NO KEY UPDATE`, `
		UPDATE eips SET tags = (tags - $3::text[]) || $4::jsonb
		WHERE account_id = $1 AND region_id = $5 AND id = ANY ($2)`},
}

// TaggedResource is a locked resource with its tags.
type TaggedResource struct {
	ID     string
	Tags   map[string]string
	goneAt *time.Time  // when its deletion is due; nil if it is not being deleted
	disk   *lockedDisk // set for a disk
}

// GoneBy reports whether the deletion of the resource is due at now.
func (r TaggedResource) GoneBy(now time.Time) bool { return due(r.goneAt, now) }

// LockTagged locks the existing ones of some resources of one kind, and reads their tags.
func (tx *Tx) LockTagged(
	ctx context.Context, accountID, regionID string, kind TaggedKind, ids []string,
) ([]TaggedResource, error) {
	if kind == TaggedDisk {
		return tx.lockDisks(ctx, accountID, regionID, ids)
	}
	var found []TaggedResource
	statements := tagStatements[kind]
	tx.lock(statements.rank, statements.lock, accountID, regionID, ids).
		Query(each(func(r *TaggedResource) []any { return []any{&r.ID, &r.Tags, &r.goneAt} },
			func(r TaggedResource) { found = append(found, r) }))
	err := tx.send(ctx)
	return found, err
}

// ChangeTags queues the write that removes the tags with some keys from locked resources, and then
// adds or replaces others.
func (tx *Tx) ChangeTags(
	accountID, regionID string, kind TaggedKind, found []TaggedResource, remove []string, add map[string]string,
) {
	if kind == TaggedDisk {
		tx.changeDiskTags(found, remove, add)
		return
	}
	ids := make([]string, len(found))
	for k, r := range found {
		ids[k] = r.ID
	}
	keys := append([]string{}, remove...) // nil would be NULL
	tx.write(int64(len(ids)), tagStatements[kind].write, accountID, ids, keys, tags(add), regionID)
}

// tags returns a resource's tags for a column that is never NULL.
func tags(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
