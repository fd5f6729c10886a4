package store

import (
	"context"
	"time"
)

// DeleteInstanceScene is an instance under its lock, with the interfaces that name it. A missing
// instance is nil.
type DeleteInstanceScene struct {
	InstanceScene
	Held   []NetworkInterface // ID, type, status and whether it goes with the instance only
	groups []string           // that they are in
}

// LockForDeleteInstance locks an instance and all interfaces that name it, and in a second round
// trip the places in their groups. The interfaces are looked for under the instance's lock: from
// then on none comes, and one that is due elsewhere either has gone when its lock is granted or
// goes with this transaction.
func (tx *Tx) LockForDeleteInstance(
	ctx context.Context, accountID, regionID, instanceID string,
) (*DeleteInstanceScene, error) {
	scene := &DeleteInstanceScene{}
	tx.lockInstanceForUpdate(accountID, regionID, instanceID, func(i Instance, t InstanceType) { scene.Instance, scene.Type = &i, &t })
	tx.lock(rankNetworkInterfaces, `
		SELECT id, type, status, next_status, settles_at, delete_on_release
		FROM network_interfaces
		WHERE account_id = $1 AND instance_id = $2
		ORDER BY id
		FOR UPDATE`, accountID, instanceID).
		Query(each(func(n *NetworkInterface) []any {
			return []any{&n.ID, &n.Type, &n.Status, &n.NextStatus, &n.SettlesAt, &n.DeleteOnRelease}
		}, func(n NetworkInterface) { scene.Held = append(scene.Held, n) }))
	tx.queue(`
		SELECT security_group_id FROM security_group_leavers WHERE account_id = $1 AND instance_id = $2
		UNION
		SELECT m.security_group_id
		FROM network_interfaces n
		JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
		WHERE n.account_id = $1 AND n.instance_id = $2`, accountID, instanceID).
		Query(each(func(id *string) []any { return []any{id} }, func(id string) { scene.groups = append(scene.groups, id) }))
	if err := tx.send(ctx); err != nil || scene.Instance == nil {
		return scene, err
	}
	tx.lockGroups(accountID, scene.Instance.RegionID, scene.groups, instanceID, func(GroupScene) {})
	return scene, tx.send(ctx)
}

// Going are the interfaces that go with the instance: the primary one and the others. Staying
// become Available: those that outlive an instance, and those that are on their way off it, or have
// left.
func (s *DeleteInstanceScene) Going() (primary, secondary, staying []string) {
	for _, n := range s.Held {
		leaving := n.Status == ENIDetaching || (n.NextStatus != nil && *n.NextStatus == ENIAvailable)
		switch {
		case n.Type == ENIPrimary:
			primary = append(primary, n.ID)
		case n.DeleteOnRelease && !leaving:
			secondary = append(secondary, n.ID)
		default:
			staying = append(staying, n.ID)
		}
	}
	return primary, secondary, staying
}

// GiveBackAllPlaces queues the write that gives back the places that the scene's instance has in
// groups, while its interfaces still name it.
func (tx *Tx) GiveBackAllPlaces(s *DeleteInstanceScene, now time.Time) {
	tx.GiveBackPlaces(s.Instance.AccountID, s.groups, s.Instance.ID, now)
}

// DeleteInstance queues the deletion of a locked instance that no interface names any more.
func (tx *Tx) DeleteInstance(i Instance) {
	tx.write(1, `
		DELETE FROM instances WHERE account_id = $1 AND id = $2`, i.AccountID, i.ID)
}
