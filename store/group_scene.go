package store

import "time"

// GroupScene is a security group that an instance would join, and the instances that have an attached interface in it.
type GroupScene struct {
	ID, VPCID, Type string // an attach reads the ID only
	InstanceLimit   int
	Others          int         // other instances that are in the group to stay
	OthersLeaving   []time.Time // when each of the other ones leaves that is about to
	Stays           bool        // whether the instance itself is in the group to stay
	LeavesAt        *time.Time  // when the instance itself leaves the group, if it is about to
	HasInstance     bool        // whether it is in the group now; Settled finds out
}

// Settled is the group's membership as it stands at now.
func (g GroupScene) Settled(now time.Time) GroupScene {
	for _, leaves := range g.OthersLeaving {
		if leaves.After(now) {
			g.Others++
		}
	}
	g.OthersLeaving = nil
	g.HasInstance = g.Stays || (g.LeavesAt != nil && g.LeavesAt.After(now))
	return g
}

// lockGroups queues the locks of security groups by id, and the count of the instances that have an attached interface in each: of instance apart
// from all others. instance is "" for one that does not exist yet. A group that is not there, or in another region, is not found.
func (tx *Tx) lockGroups(accountID, regionID string, ids []string, instance string, found func(GroupScene)) {
	tx.lock(rankSecurityGroups, `
		SELECT id
		FROM security_groups
		WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id
		FOR NO KEY UPDATE`, accountID, regionID, ids)
	tx.queue(`
		SELECT g.id, g.vpc_id, g.type, g.instance_limit,
		       count(*) FILTER (WHERE i.id <> $4 AND i.stays),
		       coalesce(array_agg(i.leaves_at) FILTER (WHERE i.id <> $4 AND NOT i.stays), '{}'),
		       coalesce(bool_or(i.id = $4 AND i.stays), false),
		       max(i.leaves_at) FILTER (WHERE i.id = $4 AND NOT i.stays)
		FROM security_groups g
		LEFT JOIN LATERAL (
		    SELECT n.instance_id AS id, bool_or(n.next_status IS DISTINCT FROM 'Available') AS stays, max(n.settles_at) AS leaves_at
		    FROM network_interface_security_groups m
		    JOIN network_interfaces n ON n.account_id = m.account_id AND n.id = m.network_interface_id
		    WHERE m.account_id = g.account_id AND m.security_group_id = g.id AND n.instance_id IS NOT NULL
		    GROUP BY n.instance_id
		) i ON true
		WHERE g.account_id = $1 AND g.region_id = $2 AND g.id = ANY ($3)
		GROUP BY g.account_id, g.id`, accountID, regionID, ids, instance).
		Query(each(func(g *GroupScene) []any {
			return []any{&g.ID, &g.VPCID, &g.Type, &g.InstanceLimit, &g.Others, &g.OthersLeaving, &g.Stays, &g.LeavesAt}
		}, found))
}
