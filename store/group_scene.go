package store

import "time"

// GroupScene is a security group that an instance would join, and how many more it takes.
type GroupScene struct {
	ID, VPCID, Type string      // an attach reads the ID only
	Free            int         // how many more instances may join
	LeavesAt        []time.Time // when each of the others leaves that is about to, and whose place is not among the free ones
	HasInstance     bool        // whether the instance has a place in the group already
}

// Settled is the group as it stands at now: the places of those who have left are free.
func (g GroupScene) Settled(now time.Time) GroupScene {
	var leaving []time.Time
	for _, at := range g.LeavesAt {
		if at.After(now) {
			leaving = append(leaving, at)
		} else {
			g.Free++
		}
	}
	g.LeavesAt = leaving
	return g
}

// lockGroups queues the locks of security groups against going away, and of all their places, and
// reads them as instance sees them; "" is one that does not exist yet. A group that is not there,
// or in another region, is not found.
func (tx *Tx) lockGroups(accountID, regionID string, ids []string, instance string, found func(GroupScene)) {
	tx.lock(rankSecurityGroups, `
		SELECT id
		FROM security_groups
		WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id
		FOR KEY SHARE`, accountID, regionID, ids)
	leaving := map[string][]departureRow{} // as far as their rows are locked: one that comes later may have another owner
	tx.lock(rankDepartures, `
		SELECT account_id, security_group_id, instance_id, leaves_at
		FROM security_group_leavers
		WHERE account_id = $1 AND security_group_id = ANY ($2)
		ORDER BY account_id, instance_id, security_group_id
		FOR UPDATE`, accountID, ids).
		Query(each(departureFields, func(l departureRow) { leaving[l.groupID] = append(leaving[l.groupID], l) }))
	tx.lock(rankCapacity, `
		SELECT share
		FROM security_group_places
		WHERE account_id = $1 AND security_group_id = ANY ($2)
		ORDER BY account_id, security_group_id, share
		FOR NO KEY UPDATE`, accountID, ids)
	tx.queue(`
		SELECT g.id, g.vpc_id, g.type,
		       (SELECT coalesce(sum(p.free), 0) FROM security_group_places p WHERE p.account_id = g.account_id AND p.security_group_id = g.id),
		       EXISTS (
		           SELECT FROM network_interfaces n
		           JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
		           WHERE n.account_id = g.account_id AND n.instance_id = $4 AND n.next_status IS DISTINCT FROM 'Available'
		             AND m.security_group_id = g.id)
		FROM security_groups g
		WHERE g.account_id = $1 AND g.region_id = $2 AND g.id = ANY ($3)`, accountID, regionID, ids, instance).
		Query(each(func(g *GroupScene) []any {
			return []any{&g.ID, &g.VPCID, &g.Type, &g.Free, &g.HasInstance}
		}, func(g GroupScene) {
			for _, l := range leaving[g.ID] {
				if l.instanceID == instance {
					g.HasInstance = true
				} else {
					g.LeavesAt = append(g.LeavesAt, *l.at)
				}
			}
			found(g)
		}))
}

// Whoever changes which groups the interfaces of an instance are in, or which interfaces a new or a
// deleted instance has, first gives back the places that the instance has in the groups in
// question, then writes, and then takes the places that it has now. lockGroups holds the locks for
// it.

// GiveBackPlaces queues the write that gives back what an instance has in locked groups.
func (tx *Tx) GiveBackPlaces(accountID string, groupIDs []string, instanceID string, now time.Time) {
	tx.queue(`SELECT give_back_places($1, $2, $3, $4)`, accountID, groupIDs, instanceID, now)
}

// TakePlaces queues the write that takes what instances have in locked groups by the interfaces
// that they hold.
func (tx *Tx) TakePlaces(accountID string, groupIDs, instanceIDs []string, now time.Time) {
	tx.queue(`SELECT take_places($1, $2, $3, $4)`, accountID, groupIDs, instanceIDs, now)
}
