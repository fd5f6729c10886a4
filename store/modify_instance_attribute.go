package store

import (
	"context"
	"slices"
	"time"
)

// ModifyInstanceScene contains the rows on which a change of an instance's attributes depends, read
// under the locks. A missing row is nil, or not in the map.
type ModifyInstanceScene struct {
	InstanceScene
	Primary *NetworkInterface // the primary interface
	Forms   InstanceForms
	Joined  []string              // the groups that Primary is in; read only if new ones are named
	Groups  map[string]GroupScene // the new groups of Primary, by ID
}

// LockForModifyInstance locks an instance and its primary interface. If touchesForms, it reads what the other
// interfaces take of the limits of the type. If new groups are named, it
// then locks these groups, with their capacity and that of the groups that the interface leaves.
// The groups are looked up in the region of the instance.
func (tx *Tx) LockForModifyInstance(
	ctx context.Context, accountID, regionID, instanceID string, touchesForms bool, groupIDs []string,
) (*ModifyInstanceScene, error) {
	// First lock the instance and its primary interface, in the lock order, and read the
	// interface's groups.
	scene := &ModifyInstanceScene{Groups: map[string]GroupScene{}}
	tx.lockInstance(accountID, regionID, instanceID, func(i Instance, t InstanceType) {
		scene.Instance, scene.Type = &i, &t
	})
	tx.lockENIs(forNoKeyUpdate, `t.account_id = $1 AND t.id = (
		    SELECT id FROM network_interfaces WHERE account_id = $1 AND primary_of = $2)`,
		[]any{accountID, instanceID}, func(n NetworkInterface) { scene.Primary = &n })
	if touchesForms {
		tx.readForms(accountID, `SELECT id FROM network_interfaces WHERE account_id = $1 AND primary_of = $2`,
			instanceID, &scene.Forms)
	}
	if len(groupIDs) > 0 {
		tx.queue(`
			SELECT m.security_group_id
			FROM network_interfaces n
			JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
			WHERE n.account_id = $1 AND n.primary_of = $2
			ORDER BY m.position`, accountID, instanceID).
			Query(appendTo(&scene.Joined))
	}
	if err := tx.send(ctx); err != nil || scene.Instance == nil || len(groupIDs) == 0 {
		return scene, err
	}
	// Then lock the new and the old groups. They need a second round trip, because the region and
	// the old groups are known only now.
	tx.lockGroups(accountID, scene.Instance.RegionID, slices.Concat(groupIDs, scene.Joined), instanceID,
		func(g GroupScene) {
			if slices.Contains(groupIDs, g.ID) {
				scene.Groups[g.ID] = g
			}
		})
	return scene, tx.send(ctx)
}

// Settle settles the scene to now. It is pure.
func (s *ModifyInstanceScene) Settle(now time.Time) {
	s.InstanceScene.Settle(now)
	s.Forms.settle(now)
	for id, g := range s.Groups {
		s.Groups[id] = g.Settled(now)
	}
}

// ChangeInstance queues the write of a locked instance's texts and attributes.
func (tx *Tx) ChangeInstance(i Instance) {
	tx.write(1, `
		UPDATE instances
		SET name = $3, description = $4, host_name = $5, attributes = $6
		WHERE account_id = $1 AND id = $2`,
		i.AccountID, i.ID, i.Name, i.Description, i.HostName, i.Attributes)
}
