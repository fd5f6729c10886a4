package store

import (
	"context"
	"time"
)

// ModifyInstanceSpecScene contains the rows on which a change of an instance's type depends, read
// under the locks. A missing row is nil.
type ModifyInstanceSpecScene struct {
	InstanceScene
	NewType *InstanceType
	Held    []HeldENI // the interfaces of the instance, by device index, so the primary one is first
	Freed   []string  // ids of interfaces that have left the instance, although their rows still refer to it
}

// HeldENI is an interface of an instance, with its number of addresses. A prefix counts as one.
type HeldENI struct {
	NetworkInterface
	IPv4, IPv6 int
}

// LockForModifyInstanceSpec locks an instance and all interfaces whose rows refer to it, in one
// round trip. Their rows have a copy of the limit of its type.
func (tx *Tx) LockForModifyInstanceSpec(
	ctx context.Context, accountID, regionID, instanceID, newType string,
) (*ModifyInstanceSpecScene, error) {
	scene := &ModifyInstanceSpecScene{}
	tx.lockInstanceForUpdate(accountID, regionID, instanceID, func(i Instance, t InstanceType) {
		scene.Instance, scene.Type = &i, &t
	})
	tx.lock(rankNetworkInterfaces, `
		SELECT id
		FROM network_interfaces
		WHERE account_id = $1 AND instance_id = $2
		ORDER BY id
		FOR NO KEY UPDATE`, accountID, instanceID)
	tx.queue(`
		SELECT `+NetworkInterfacesTable.SelectList("n")+`,
		       count(*) FILTER (WHERE family(has.address) = 4), count(*) FILTER (WHERE family(has.address) = 6)
		FROM network_interfaces n
		LEFT JOIN LATERAL (
		    SELECT address FROM private_ip_addresses a
		    WHERE a.account_id = n.account_id AND a.network_interface_id = n.id
		    UNION ALL
		    SELECT prefix FROM ip_prefixes p
		    WHERE p.account_id = n.account_id AND p.network_interface_id = n.id
		) has ON true
		WHERE n.account_id = $1 AND n.instance_id = $2
		GROUP BY n.account_id, n.id
		ORDER BY n.device_index`, accountID, instanceID).
		Query(each(func(n *HeldENI) []any {
			return append(NetworkInterfacesTable.Targets(&n.NetworkInterface), &n.IPv4, &n.IPv6)
		}, func(n HeldENI) { scene.Held = append(scene.Held, n) }))
	tx.readInstanceType(accountID, newType, func(t InstanceType) { scene.NewType = &t })
	return scene, tx.send(ctx)
}

// Settle settles the scene to now: an interface that has left the instance moves from Held to
// Freed. It is pure.
func (s *ModifyInstanceSpecScene) Settle(now time.Time) {
	s.InstanceScene.Settle(now)
	var held []HeldENI
	for _, n := range s.Held {
		if n.NetworkInterface = n.Settled(now); n.Status == ENIAvailable {
			s.Freed = append(s.Freed, n.ID)
		} else {
			held = append(held, n)
		}
	}
	s.Held = held
}

// ChangeType queues the writes that change the scene's instance to the scene's new type.
func (tx *Tx) ChangeType(scene *ModifyInstanceSpecScene) {
	// First settle the rows of the interfaces that have left, which frees their slots.
	i, t := scene.Instance, scene.NewType
	if len(scene.Freed) > 0 {
		tx.ReleaseNetworkInterfaces(i.AccountID, scene.Freed)
	}
	// Then give the interfaces above the new limit lower slots. There may be free ones, because
	// device indexes may have gaps.
	taken := map[int]bool{}
	for _, n := range scene.Held {
		taken[*n.DeviceIndex] = true
	}
	free := 1 // 0 is the primary interface's
	for _, n := range scene.Held {
		if *n.DeviceIndex < t.ENIQuantity {
			continue
		}
		for taken[free] {
			free++
		}
		taken[free] = true
		tx.write(1, `
			UPDATE network_interfaces SET device_index = $3 WHERE account_id = $1 AND id = $2`, n.AccountID, n.ID, free)
	}
	// Last, write the new type with its limit, which the foreign key copies into the rows of the
	// interfaces.
	tx.write(1, `
		UPDATE instances
		SET instance_type_owner_id = $3, instance_type = $4, eni_quantity = $5
		WHERE account_id = $1 AND id = $2`, i.AccountID, i.ID, t.OwnerID, t.ID, t.ENIQuantity)
}

// SetAttributes queues the write of a locked instance's attributes.
func (tx *Tx) SetAttributes(i Instance) {
	tx.write(1, `
		UPDATE instances SET attributes = $3 WHERE account_id = $1 AND id = $2`, i.AccountID, i.ID, i.Attributes)
}
