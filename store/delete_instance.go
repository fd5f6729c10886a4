package store

import (
	"context"
	"slices"
	"time"
)

// DeleteInstanceScene is a locked instance with the interfaces whose rows refer to it. A missing
// instance is nil.
type DeleteInstanceScene struct {
	InstanceScene
	Held   []NetworkInterface
	Disks  []DataDisk                // that are on the instance, or on their way to it or off it
	eips   map[string][]DescribedEIP // by interface
	groups []string                  // the groups that the interfaces are in or the instance is leaving
	hops   []string                  // those of the instance and the interfaces that are next hops of route entries
}

// LockForDeleteInstance is LockForDeleteInstances for one instance. A regionID of "" matches any region.
func (tx *Tx) LockForDeleteInstance(
	ctx context.Context, accountID, regionID, instanceID string,
) (*DeleteInstanceScene, error) {
	scenes, err := tx.LockForDeleteInstances(ctx, accountID, regionID, []string{instanceID})
	return scenes[instanceID], err
}

// LockForDeleteInstances locks instances of one region, all interfaces whose rows refer to them and their
// EIPs, their data disks, and in a second round trip the capacity of their groups. It returns the scenes by
// the ids of the instances. The interfaces are looked up under the locks of the instances, so no new one is
// attached. An interface that is due to leave either has left when its lock is granted, or is handled by this
// transaction.
func (tx *Tx) LockForDeleteInstances(
	ctx context.Context, accountID, regionID string, ids []string,
) (map[string]*DeleteInstanceScene, error) {
	scenes := make(map[string]*DeleteInstanceScene, len(ids))
	for _, id := range ids {
		scenes[id] = &DeleteInstanceScene{eips: map[string][]DescribedEIP{}}
	}
	// First lock the instances and their interfaces, in the lock order, and read their groups.
	tx.lockInstances(forUpdate, accountID, regionID, ids, func(i Instance, t InstanceType) {
		scenes[i.ID].Instance, scenes[i.ID].Type = &i, &t
		regionID = i.RegionID
	})
	holders := map[string]string{} // by interface
	tx.lockENIs(forUpdate, interfacesOfLockedInstances, []any{accountID, ids}, func(n NetworkInterface) {
		holder := *n.InstanceID
		holders[n.ID], scenes[holder].Held = holder, append(scenes[holder].Held, n)
	})
	tx.lockEIPsOf(`SELECT network_interface_id FROM slots WHERE account_id = $1 AND instance_id = ANY ($2)`,
		[]any{accountID, ids}, func(eniID string, e DescribedEIP) {
			if of := scenes[holders[eniID]]; of != nil { // otherwise the interface has left meanwhile
				of.eips[eniID] = append(of.eips[eniID], e)
			}
		})
	tx.lockDataDisks(forUpdate, `d.account_id = $1 AND d.instance_id = ANY ($2)`, []any{accountID, ids},
		func(d DataDisk) { scenes[*d.InstanceID].Disks = append(scenes[*d.InstanceID].Disks, d) })
	type groupOfInstance struct{ instanceID, groupID string }
	var groups []string
	tx.queue(`
		SELECT DISTINCT instance_id, network_interface_id
		FROM route_entries
		WHERE account_id = $1 AND (instance_id = ANY ($2) OR network_interface_id IN (
		    SELECT network_interface_id FROM slots WHERE account_id = $1 AND instance_id = ANY ($2)))`, accountID, ids).
		Query(each(func(e *RouteEntry) []any {
			return []any{&e.InstanceID, &e.NetworkInterfaceID}
		}, func(e RouteEntry) {
			holder := valueOrEmpty(e.InstanceID)
			if e.NetworkInterfaceID != nil {
				holder = holders[*e.NetworkInterfaceID]
			}
			if of := scenes[holder]; of != nil { // otherwise the interface has left meanwhile
				of.hops = append(of.hops, e.NextHopID())
			}
		}))
	tx.queue(`
		SELECT instance_id, security_group_id
		FROM security_group_departures
		WHERE account_id = $1 AND instance_id = ANY ($2)
		UNION
		SELECT s.instance_id, m.security_group_id
		FROM slots s
		JOIN network_interface_security_groups m
		  ON m.account_id = s.account_id AND m.network_interface_id = s.network_interface_id
		WHERE s.account_id = $1 AND s.instance_id = ANY ($2)`, accountID, ids).
		Query(each(func(g *groupOfInstance) []any { return []any{&g.instanceID, &g.groupID} },
			func(g groupOfInstance) {
				groups = append(groups, g.groupID)
				scenes[g.instanceID].groups = append(scenes[g.instanceID].groups, g.groupID)
			}))
	if err := tx.send(ctx); err != nil || len(groups) == 0 {
		return scenes, err
	}
	// Then lock the groups with their capacity. Which groups these are is known only now.
	tx.lockGroups(accountID, regionID, distinct(groups), "", func(GroupScene) {})
	return scenes, tx.send(ctx)
}

// Going returns the ids of the interfaces that are deleted with the instance, primary and secondary
// ones, and of the others. The interfaces in staying become Available: those that outlive an
// instance, and those that are leaving it or have left it.
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

// GoingDisks returns the data disks that are deleted with the instance, and those that stay and become
// Available: by their DeleteWithInstance, and those that are leaving it.
func (s *DeleteInstanceScene) GoingDisks(now time.Time) (going, staying []DataDisk) {
	for _, d := range s.Disks {
		d = d.Settled(now)
		leaving := d.InstanceID == nil || d.Status == DiskDetaching ||
			d.NextStatus != nil && *d.NextStatus == DiskAvailable
		if d.Attributes.KeepWithoutInstance || leaving {
			staying = append(staying, d)
		} else {
			going = append(going, d)
		}
	}
	return going, staying
}

// ReleaseDisks queues the writes that delete the data disks of a scene with its instance, or take them off it.
// It returns what that changes.
func (tx *Tx) ReleaseDisks(s *DeleteInstanceScene, now time.Time) (changes []Change) {
	going, staying := s.GoingDisks(now)
	for _, d := range going {
		changes = append(changes, ChangesOf(&d, nil, now)...)
	}
	deleteRows(tx, DisksTable, going)
	for _, d := range staying {
		after := d
		if d.InstanceID != nil {
			after = d.Detached(nil, now)
		}
		tx.UpdateDiskPlace(after)
		changes = append(changes, ChangesOf(&d, &after, now)...)
	}
	return changes
}

// IsNextHop reports whether the instance, or an interface that is deleted with it, is the next hop of a
// route entry.
func (s *DeleteInstanceScene) IsNextHop() bool {
	primary, secondary, _ := s.Going()
	going := slices.Concat([]string{s.Instance.ID}, primary, secondary)
	return slices.ContainsFunc(s.hops, func(id string) bool { return slices.Contains(going, id) })
}

// VSwitchIDs returns the VSwitches of the interfaces.
func (s *DeleteInstanceScene) VSwitchIDs() []string {
	ids := []string{}
	for _, n := range s.Held {
		ids = append(ids, n.VSwitchID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Changes returns what the deletion of the instance changes, at a time of its account. The interfaces in
// gone are deleted with it, those in deleting will be, and the others become Available.
func (s *DeleteInstanceScene) Changes(gone []string, deleting []DeletingInterface, now time.Time) []Change {
	changes := ChangesOf(s.Instance, nil, now)
	for _, held := range s.Held {
		before := held.Settled(now)
		after := before
		takeOff(&after.AttachableENI)
		after.Status, after.NextStatus, after.SettlesAt = ENIAvailable, nil, nil
		if k := slices.IndexFunc(deleting, func(d DeletingInterface) bool { return d.ID == held.ID }); k >= 0 {
			after.Status, after.NextStatus, after.SettlesAt = deleting[k].End.statusUntil(ENIDeleting, ENIDeleted)
			changes = append(changes, releasesOf(s.eips[held.ID], now)...)
		}
		if slices.Contains(gone, held.ID) {
			changes = append(changes, releasesOf(s.eips[held.ID], now)...)
			changes = append(changes, ChangesOf(&before, nil, now)...)
		} else {
			changes = append(changes, ChangesOf(&before, &after, now)...)
		}
	}
	return changes
}

// ReleaseAllCapacity queues the write that releases the capacity of the scene's instance in all its
// groups. It has to come before the interfaces are detached or deleted.
func (tx *Tx) ReleaseAllCapacity(s *DeleteInstanceScene, now time.Time) {
	tx.ReleaseCapacity(s.Instance.AccountID, s.groups, s.Instance.ID, now)
}

// DeleteInstance queues the deletion of a locked instance. No interface may refer to it any more.
func (tx *Tx) DeleteInstance(i Instance) {
	tx.write(1, `
		DELETE FROM instances WHERE account_id = $1 AND id = $2`, i.AccountID, i.ID)
}
