package store

import "time"

// GroupScene is a security group that an instance would join, with the capacity that it has left.
type GroupScene struct {
	ID, VPCID, Type string      // an attach reads the ID only
	Free            int         // number of instances that may still join
	LeavesAt        []time.Time // departure times of other instances that still count against the limit
	HasInstance     bool        // whether the instance counts against the limit already
}

// Settled returns the group settled to now: the capacity of departures that are due is free.
func (g GroupScene) Settled(now time.Time) GroupScene {
	var departures []time.Time
	for _, at := range g.LeavesAt {
		if at.After(now) {
			departures = append(departures, at)
		} else {
			g.Free++
		}
	}
	g.LeavesAt = departures
	return g
}

// regionalGroup is a security group with its region.
type regionalGroup struct {
	GroupScene
	regionID string
}

// lockGroupsForKeyShare queues the locks that keep security groups from being deleted, and reads the
// groups. FOR KEY SHARE is enough for a transaction that changes neither a group nor its capacity.
func (tx *Tx) lockGroupsForKeyShare(accountID string, ids []string, found func(regionalGroup)) {
	tx.lock(rankSecurityGroups, `
		SELECT id, vpc_id, type, region_id
		FROM security_groups
		WHERE account_id = $1 AND id = ANY ($2)
		ORDER BY id
		FOR KEY SHARE`, accountID, ids).
		Query(each(func(g *regionalGroup) []any { return []any{&g.ID, &g.VPCID, &g.Type, &g.regionID} }, found))
}

// lockGroups queues the locks of security groups, so that they cannot be deleted, and of their
// departures and capacity. It then reads the groups as an instance sees them. An instance of ""
// does not exist yet. found is called for each group that exists in the region.
func (tx *Tx) lockGroups(accountID, regionID string, ids []string, instance string, found func(GroupScene)) {
	// First lock the groups, their departures and their capacity, in the lock order.
	tx.lock(rankSecurityGroups, `
		SELECT id
		FROM security_groups
		WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id
		FOR KEY SHARE`, accountID, regionID, ids)
	departures := map[string][]departureRow{} // the locked ones: a later departure may belong to another transaction
	tx.lock(rankDepartures, `
		SELECT account_id, security_group_id, instance_id, due_at
		FROM security_group_departures
		WHERE account_id = $1 AND security_group_id = ANY ($2)
		ORDER BY account_id, instance_id, security_group_id
		FOR UPDATE`, accountID, ids).
		Query(each(departureFields, func(d departureRow) { departures[d.groupID] = append(departures[d.groupID], d) }))
	tx.lock(rankCapacity, `
		SELECT security_group_id
		FROM security_group_capacity
		WHERE account_id = $1 AND security_group_id = ANY ($2)
		ORDER BY security_group_id
		FOR NO KEY UPDATE`, accountID, ids)
	// Then read the groups, in a statement after the locks, whose snapshot sees the transactions
	// that they waited for.
	tx.queue(`
		SELECT g.id, g.vpc_id, g.type,
		       (SELECT p.free
		        FROM security_group_capacity p
		        WHERE p.account_id = g.account_id AND p.security_group_id = g.id),
		       EXISTS (
		           SELECT FROM slots s
		           JOIN network_interface_security_groups m
		             ON m.account_id = s.account_id AND m.network_interface_id = s.network_interface_id
		           WHERE s.account_id = g.account_id AND s.instance_id = $4
		             AND s.next_status IS DISTINCT FROM 'Available' AND m.security_group_id = g.id)
		FROM security_groups g
		WHERE g.account_id = $1 AND g.region_id = $2 AND g.id = ANY ($3)`, accountID, regionID, ids, instance).
		Query(each(func(g *GroupScene) []any {
			return []any{&g.ID, &g.VPCID, &g.Type, &g.Free, &g.HasInstance}
		}, func(g GroupScene) {
			for _, d := range departures[g.ID] {
				if d.instanceID == instance {
					g.HasInstance = true
				} else {
					g.LeavesAt = append(g.LeavesAt, *d.at)
				}
			}
			found(g)
		}))
}

// Capacity changes in three steps when a transaction changes the groups of an instance's
// interfaces, or creates or deletes an instance. First it releases the capacity of the instance in
// the affected groups. Then it writes its changes. Then it acquires the capacity that the instance
// needs now. lockGroups takes the locks for this.

// ReleaseCapacity queues the write that releases the capacity of an instance in locked groups.
func (tx *Tx) ReleaseCapacity(accountID string, groupIDs []string, instanceID string, now time.Time) {
	tx.queue(`SELECT release_capacity($1, $2, $3, $4)`, accountID, groupIDs, instanceID, now)
}

// AcquireCapacity queues the write that acquires the capacity of instances in locked groups, according
// to the interfaces that they hold.
func (tx *Tx) AcquireCapacity(accountID string, groupIDs, instanceIDs []string, now time.Time) {
	tx.queue(`SELECT acquire_capacity($1, $2, $3, $4)`, accountID, groupIDs, instanceIDs, now)
}
