package store

import (
	"context"
	"slices"
	"time"
)

// ModifyInstanceSpecScene contains the rows on which a change of an instance's type depends, read
// under the locks. A missing row is nil.
type ModifyInstanceSpecScene struct {
	InstanceScene
	NewType *InstanceType
	Held    []HeldENI // the interfaces of the instance, by device index: the primary one first, members last
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
		SELECT t.id
		FROM network_interfaces t
		WHERE `+interfacesOfLockedInstances+`
		ORDER BY t.id
		`+forNoKeyUpdate, accountID, []string{instanceID})
	tx.queue(`
		SELECT `+WholeInterfacesTable.SelectList("n")+`, has.ipv4, has.ipv6
		FROM slots s
		JOIN whole_network_interfaces n ON n.account_id = s.account_id AND n.id = s.network_interface_id
		CROSS JOIN LATERAL (
		    SELECT count(*) FILTER (WHERE family(address) = 4) AS ipv4,
		           count(*) FILTER (WHERE family(address) = 6) AS ipv6
		    FROM (
		        SELECT address FROM private_ip_addresses a
		        WHERE a.account_id = n.account_id AND a.network_interface_id = n.id
		        UNION ALL
		        SELECT prefix FROM ip_prefixes p
		        WHERE p.account_id = n.account_id AND p.network_interface_id = n.id) both_kinds) has
		WHERE s.account_id = $1 AND s.instance_id = $2
		ORDER BY s.device_index`, accountID, instanceID).
		Query(each(func(n *HeldENI) []any {
			return append(WholeInterfacesTable.Targets(&n.NetworkInterface), &n.IPv4, &n.IPv6)
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

// Members returns how many of the interfaces are members of the instance's trunk.
func (s *ModifyInstanceSpecScene) Members() (members int) {
	for _, n := range s.Held {
		if n.IsMember() {
			members++
		}
	}
	return members
}

// HasTrunk reports whether the instance holds a trunk.
func (s *ModifyInstanceSpecScene) HasTrunk() bool {
	return slices.ContainsFunc(s.Held, func(n HeldENI) bool { return n.TrunkID != nil })
}

// ChangeType queues the writes that change the scene's instance to the scene's new type. It returns the
// changes of the slots of its interfaces.
func (tx *Tx) ChangeType(scene *ModifyInstanceSpecScene) (moved []Change) {
	// First settle the rows of the interfaces that have left, which frees their slots.
	i, t := scene.Instance, scene.NewType
	if len(scene.Freed) > 0 {
		tx.ReleaseNetworkInterfaces(i.AccountID, scene.Freed)
	}
	// Then give the interfaces above the new limit lower slots. There may be free ones, because
	// device indexes may have gaps.
	// Likewise give the members above their limit lower VLANs.
	taken := map[int]bool{}
	for _, n := range scene.Held {
		taken[*n.DeviceIndex] = true
	}
	freeSlot, freeVLAN := 1, MinVLAN // 0 is the primary interface's
	for _, n := range scene.Held {
		free, end := &freeSlot, t.ENIQuantity
		if n.IsMember() {
			free, end = &freeVLAN, MinVLAN+t.maxMembers()
		}
		if *n.DeviceIndex < end {
			continue
		}
		for taken[*free] {
			*free++
		}
		taken[*free] = true
		tx.write(1, `
			UPDATE attachments SET device_index = $3
			WHERE account_id = $1 AND network_interface_id = $2`, n.AccountID, n.ID, *free)
		moved = append(moved, Change{
			Resource: n.ID, Field: "DeviceIndex", From: formatIndex(n.DeviceIndex), To: formatIndex(free),
		})
	}
	// Then write how many queues the interfaces take of the total of the new type.
	for _, n := range scene.Held {
		if n.Type == ENIPrimary {
			continue
		}
		if counted := t.CountedQueues(&n.AttachableENI); counted != nil || n.Queues != nil {
			tx.write(1, `
				UPDATE attachments SET queues = $3
				WHERE account_id = $1 AND network_interface_id = $2`, n.AccountID, n.ID, counted)
		}
	}
	// Last, write the new type with its limit, which the foreign key copies into the
	// attachments. A trigger does the same for the limit of members.
	tx.write(1, `
		UPDATE instances
		SET instance_type_owner_id = $3, instance_type = $4, eni_quantity = $5
		WHERE account_id = $1 AND id = $2`, i.AccountID, i.ID, t.OwnerID, t.ID, t.ENIQuantity)
	return moved
}

// SetAttributes queues the write of a locked instance's attributes.
func (tx *Tx) SetAttributes(i Instance) {
	tx.write(1, `
		UPDATE instances SET attributes = $3 WHERE account_id = $1 AND id = $2`, i.AccountID, i.ID, i.Attributes)
}
