package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// ModifyNetworkInterfaceScene contains the rows on which a change of an interface depends, read
// under the locks. A row that is missing or not needed is nil.
type ModifyNetworkInterfaceScene struct {
	ENI      *NetworkInterface
	Instance *Instance // the one that held ENI before the wait for ENI's lock: id and status only
	Forms    InstanceForms
	IPv6     int // number of IPv6 addresses of ENI
	// PrimaryIPv6 reports whether one of them is its primary one.
	PrimaryIPv6 bool

	Joined []string     // the groups that ENI is in; read only if new ones are named
	Groups []GroupScene // the existing ones of the new groups; with their capacity if an instance holds ENI
}

// LockForModifyNetworkInterface locks an interface. If touchesInstance, it also locks the instance
// that holds the interface. If touchesForms, it reads what the other interfaces of that instance take of the
// limits of its type. New groups of the interface are locked in a second round trip. If an
// instance holds the interface, the capacity of these groups and of those that the interface leaves
// is locked too. Otherwise the groups are only kept from being deleted.
func (tx *Tx) LockForModifyNetworkInterface(
	ctx context.Context, accountID, regionID, eniID string, touchesInstance, touchesForms bool, groupIDs []string,
) (*ModifyNetworkInterfaceScene, error) {
	// First lock the instance and the interface, in the lock order. The instance is looked up
	// without a lock.
	scene := &ModifyNetworkInterfaceScene{}
	if touchesInstance {
		tx.lock(rankInstances, `
			SELECT `+InstancesTable.SelectList("t")+`
			FROM instances t
			WHERE account_id = $1 AND region_id = $2
			  AND id = (SELECT n.instance_id FROM whole_network_interfaces n WHERE n.account_id = $1 AND n.id = $3)
			FOR NO KEY UPDATE`, accountID, regionID, eniID).
			Query(each(InstancesTable.Targets, func(i Instance) { scene.Instance = &i }))
	}
	tx.lockENIs(forNoKeyUpdate, oneInterface, []any{accountID, regionID, eniID},
		func(n NetworkInterface) { scene.ENI = &n })
	if touchesForms {
		tx.readForms(accountID, `SELECT $2::text`, eniID, &scene.Forms)
	}
	tx.queue(`
		SELECT count(*), coalesce(bool_or(is_primary), false)
		FROM private_ip_addresses
		WHERE account_id = $1 AND network_interface_id = $2 AND family(address) = 6`, accountID, eniID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.IPv6, &scene.PrimaryIPv6) })
	if len(groupIDs) > 0 {
		tx.readGroupsOf(accountID, eniID, &scene.Joined)
	}
	if err := tx.send(ctx); err != nil || scene.ENI == nil || len(groupIDs) == 0 {
		return scene, err
	}
	// Then lock the groups, which depend on the groups and the instance of the locked interface.
	found := func(g GroupScene) {
		if slices.Contains(groupIDs, g.ID) {
			scene.Groups = append(scene.Groups, g)
		}
	}
	if instanceID := scene.ENI.InstanceID; instanceID != nil {
		tx.lockGroups(accountID, regionID, slices.Concat(groupIDs, scene.Joined), *instanceID, found)
	} else {
		tx.lockGroupsForKeyShare(accountID, groupIDs, func(g regionalGroup) {
			if g.regionID == regionID {
				found(g.GroupScene)
			}
		})
	}
	return scene, tx.send(ctx)
}

// Settle settles the scene to now. It is pure.
func (s *ModifyNetworkInterfaceScene) Settle(now time.Time) {
	s.Instance, s.ENI = settledInstance(s.Instance, now), settledENI(s.ENI, now)
	s.Forms.settle(now)
	for i, g := range s.Groups {
		s.Groups[i] = g.Settled(now)
	}
}

// ModifyNetworkInterface queues the write of the attributes of an interface that can be changed.
func (tx *Tx) ModifyNetworkInterface(n NetworkInterface) {
	tx.write(1, `
		UPDATE network_interfaces
		SET name = $3, description = $4, queue_number = $5, delete_on_release = $6, source_dest_check = $7,
		    attributes = $8
		WHERE account_id = $1 AND id = $2`,
		n.AccountID, n.ID, n.Name, n.Description, n.QueueNumber, n.DeleteOnRelease, n.SourceDestCheck, n.Attributes)
}

// ModifyForms queues the write of the traffic mode of a locked interface, and of the queues that it takes on its
// instance, which is locked too if there is one. One statement changes both rows, because the attachment carries
// the mode of its interface.
func (tx *Tx) ModifyForms(n NetworkInterface) {
	if n.InstanceID == nil { // an attachment that has ended may still have a row, which would be checked
		tx.ReleaseNetworkInterfaces(n.AccountID, []string{n.ID})
	}
	tx.write(1, `
		WITH attachment AS (
		    UPDATE attachments SET traffic_mode = $3, queues = $4 WHERE account_id = $1 AND network_interface_id = $2
		)
		UPDATE network_interfaces SET traffic_mode = $3 WHERE account_id = $1 AND id = $2`,
		n.AccountID, n.ID, n.TrafficMode, n.Queues)
}

// SetPrimaryIPv6 queues the write that gives an interface a primary IPv6 address or, without
// enable, takes it away. The primary address stays the same if there is one, and is the lowest
// address otherwise.
func (tx *Tx) SetPrimaryIPv6(n NetworkInterface, enable bool) {
	tx.queue(`
		UPDATE private_ip_addresses
		SET is_primary = $3 AND address = (
		    SELECT a.address
		    FROM private_ip_addresses a
		    WHERE a.account_id = $1 AND a.network_interface_id = $2 AND family(a.address) = 6
		    ORDER BY a.is_primary DESC, a.address
		    LIMIT 1)
		WHERE account_id = $1 AND network_interface_id = $2 AND family(address) = 6`, n.AccountID, n.ID, enable)
}
