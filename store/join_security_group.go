package store

import (
	"cmp"
	"context"
	"time"
)

// JoinScene contains the rows on which joining or leaving a security group depends, read under the
// locks. A missing row is nil.
type JoinScene struct {
	Instance *Instance         // the one that holds ENI
	ENI      *NetworkInterface // the named one, or the primary one of the named instance
	Joined   []JoinedGroup     // the groups of ENI
	Group    *GroupScene       // the group to join or to leave
}

// JoinedGroup is a security group that an interface is in.
type JoinedGroup struct {
	ID, Type string
	Position int
}

// LockForJoin locks an interface, the instance that holds it, and the capacity of a security group
// that it is to join or leave. The interface is identified by its id. If that is "", it is the
// primary interface of an instance. A regionID of "" stands for the region of the interface.
func (tx *Tx) LockForJoin(
	ctx context.Context, accountID, regionID, instanceID, eniID, groupID string,
) (*JoinScene, error) {
	scene, region, err := tx.lockInstanceAndENI(ctx, accountID, regionID, instanceID, eniID)
	if err != nil {
		return nil, err
	}
	heldBy := ""
	if scene.ENI != nil && scene.ENI.InstanceID != nil {
		heldBy = *scene.ENI.InstanceID
	}
	tx.lockGroups(accountID, region, []string{groupID}, heldBy, func(g GroupScene) { scene.Group = &g })
	tx.readJoinedGroups(accountID, scene)
	return scene, tx.send(ctx)
}

// lockInstanceAndENI locks an interface and, before it, the instance that holds it. The instance is
// looked up without a lock. By the time the interface is locked, it may have moved to another one:
// see Moved.
func (tx *Tx) lockInstanceAndENI(
	ctx context.Context, accountID, regionID, instanceID, eniID string,
) (scene *JoinScene, region string, err error) {
	// First lock the instance and the interface, in the lock order. For an interface that is named
	// by its id, the instance is looked up in the same statement.
	scene = &JoinScene{}
	tx.lock(rankInstances, `
		SELECT `+InstancesTable.SelectList("t")+`
		FROM instances t
		WHERE account_id = $1 AND ($2 = '' OR region_id = $2)
		  AND id = CASE WHEN $4 = '' THEN $3
		                ELSE (SELECT instance_id FROM whole_network_interfaces WHERE account_id = $1 AND id = $4) END
		FOR NO KEY UPDATE`, accountID, regionID, instanceID, eniID).
		Query(each(InstancesTable.Targets, func(i Instance) { scene.Instance = &i }))
	tx.lockENIs(forNoKeyUpdate, `t.account_id = $1 AND ($2 = '' OR t.region_id = $2)
		  AND t.id = CASE WHEN $4 = '' THEN (
		                      SELECT id FROM network_interfaces WHERE account_id = $1 AND primary_of = $3)
		                  ELSE $4 END`, []any{accountID, regionID, instanceID, eniID},
		func(n NetworkInterface) { scene.ENI = &n })
	if err := tx.send(ctx); err != nil {
		return nil, "", err
	}
	// Then find out the region in which the group is to be looked up.
	region = regionID
	if scene.ENI != nil {
		region = cmp.Or(region, scene.ENI.RegionID)
	} else if scene.Instance != nil {
		region = cmp.Or(region, scene.Instance.RegionID)
	}
	return scene, region, nil
}

// readJoinedGroups queues the read of the groups that the scene's interface is in.
func (tx *Tx) readJoinedGroups(accountID string, scene *JoinScene) {
	if scene.ENI == nil {
		return
	}
	tx.queue(`
		SELECT m.security_group_id, g.type, m.position
		FROM network_interface_security_groups m
		JOIN security_groups g ON g.account_id = m.account_id AND g.id = m.security_group_id
		WHERE m.account_id = $1 AND m.network_interface_id = $2
		ORDER BY m.position, m.security_group_id`, accountID, scene.ENI.ID).
		Query(each(func(g *JoinedGroup) []any { return []any{&g.ID, &g.Type, &g.Position} }, func(g JoinedGroup) {
			scene.Joined = append(scene.Joined, g)
		}))
}

// Moved reports whether the interface moved to another instance than the locked one during the wait
// for the locks.
func (s *JoinScene) Moved() bool {
	return s.ENI != nil && s.ENI.InstanceID != nil && (s.Instance == nil || s.Instance.ID != *s.ENI.InstanceID)
}

// Settle settles the scene to now. It is pure.
func (s *JoinScene) Settle(now time.Time) {
	s.Instance, s.ENI = settledInstance(s.Instance, now), settledENI(s.ENI, now)
	if s.Group != nil {
		settled := s.Group.Settled(now)
		s.Group = &settled
	}
}

// JoinGroup queues the writes that add the scene's interface to the scene's group. The group
// becomes the last in the interface's order.
func (tx *Tx) JoinGroup(s *JoinScene, now time.Time) {
	position := 0
	for _, g := range s.Joined {
		position = max(position, g.Position+1)
	}
	tx.changeMembership(s, now, func() {
		tx.write(1, `
			INSERT INTO network_interface_security_groups
			    (account_id, network_interface_id, security_group_id, vpc_id, position)
			VALUES ($1, $2, $3, $4, $5)`, s.ENI.AccountID, s.ENI.ID, s.Group.ID, s.ENI.VPCID, position)
	})
}

// LeaveGroup queues the writes that remove the scene's interface from the scene's group. Later
// groups move up in the interface's order.
func (tx *Tx) LeaveGroup(s *JoinScene, now time.Time) {
	tx.changeMembership(s, now, func() {
		tx.queue(`
			UPDATE network_interface_security_groups m
			SET position = m.position - 1
			FROM network_interface_security_groups gone
			WHERE m.account_id = $1 AND m.network_interface_id = $2
			  AND gone.account_id = $1 AND gone.network_interface_id = $2 AND gone.security_group_id = $3
			  AND m.position > gone.position`,
			s.ENI.AccountID, s.ENI.ID, s.Group.ID)
		tx.write(1, `
			DELETE FROM network_interface_security_groups
			WHERE account_id = $1 AND network_interface_id = $2 AND security_group_id = $3`,
			s.ENI.AccountID, s.ENI.ID, s.Group.ID)
	})
}

// changeMembership calls write, which queues the write of a membership. If an instance holds the
// interface, it also queues the changes of the group's capacity.
func (tx *Tx) changeMembership(s *JoinScene, now time.Time, write func()) {
	if s.ENI.InstanceID == nil {
		write()
		return
	}
	groups := []string{s.Group.ID}
	tx.ReleaseCapacity(s.ENI.AccountID, groups, *s.ENI.InstanceID, now)
	write()
	tx.AcquireCapacity(s.ENI.AccountID, groups, []string{*s.ENI.InstanceID}, now)
}
