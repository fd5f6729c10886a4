package scenario

import (
	"fmt"
	"strings"

	"enisim.alt/store"
)

// takenSlots are the slots of an instance with the positions of their disks.
type takenSlots map[int]position

// dataDisks adds the data disks that are entries of an instance.
func (x *accountExpansion) dataDisks(e *instanceEntry, t *instanceTemplates, n int, row *store.Instance) {
	for k := range e.dataDisks {
		d, id := &e.dataDisks[k], t.diskIDs[k]
		disk := store.DataDisk{
			AccountID:       x.accountID,
			ID:              defaultDataDiskID(row.ID, k+1),
			RegionID:        row.RegionID,
			ZoneID:          row.ZoneID,
			Status:          store.DiskInUse,
			ResourceGroupID: row.ResourceGroupID,
			Attributes:      d.disk,
		}
		at := e.at
		if id.given {
			disk.ID, at = id.value.expand(n), id.at
			x.checkID(disk.ID, at)
		}
		if x.checkUnique(x.diskIDs, "disk", disk.ID, at) {
			x.placeDisk(disk, row.ID, d.device, at)
		}
	}
}

// placeDisk adds a disk on an instance, in the slot of a device or the first one that is free.
func (x *accountExpansion) placeDisk(disk store.DataDisk, instanceID string, device located[string], at position) {
	taken := x.diskSlots[instanceID]
	if taken == nil {
		taken = takenSlots{}
		x.diskSlots[instanceID] = taken
	}
	slot := 1
	if device.given {
		slot, at = store.SlotOf(device.value), device.at
		if before, isTaken := taken[slot]; isTaken {
			x.add(at, "", "instance %s has the disk on line %d as %s already", instanceID, before.line, device.value)
			return
		}
	}
	for taken[slot] != (position{}) {
		slot++
	}
	if slot > store.MaxDataDisks {
		x.add(at, "", "instance %s would have more than %d data disks", instanceID, store.MaxDataDisks)
		return
	}
	taken[slot] = at
	disk.InstanceID, disk.Slot = &instanceID, &slot
	x.world.Disks = append(x.world.Disks, disk)
}

// defaultDataDiskID returns the id of a data disk that sets none: the first of i-web is
// d-web-data-1.
func defaultDataDiskID(instance string, n int) string {
	return fmt.Sprintf("d-%s-data-%d", strings.TrimPrefix(instance, "i-"), n)
}

// freeDisk adds a disk that is no entry of its instance.
func (x *accountExpansion) freeDisk(e *freeDiskEntry, region string) {
	if !e.id.given || !x.checkID(e.id.value, e.id.at) || !x.checkUnique(x.diskIDs, "disk", e.id.value, e.id.at) ||
		!x.roomForParts(1, e.at) {
		return
	}
	status := x.placedStatus(e.status, e.attachedTo, "attached_to", "name an instance",
		store.DiskAvailable, store.DiskInUse, attachedDiskStatuses)
	x.checkSettlesIn(e.settlesIn.given, e.settlesIn.at, status, nextDiskStatus)
	next := x.nextStatus(e.settlesTo, status, nextDiskStatus)
	disk := store.DataDisk{
		AccountID:       x.accountID,
		ID:              e.id.value,
		RegionID:        region,
		ZoneID:          e.zone.value,
		Status:          status,
		ResourceGroupID: e.resourceGroup,
		Attributes:      e.disk,
	}
	if e.settlesIn.given {
		disk.NextStatus = &next
		x.world.DisksSettleIn[store.ResourceID{AccountID: x.accountID, ID: e.id.value}] = e.settlesIn.value
	}
	if !e.attachedTo.given {
		x.checkZone(e.zone, region)
		x.world.Disks = append(x.world.Disks, disk)
		return
	}
	id := e.attachedTo.value
	switch i, known := x.instances[id]; {
	case !known:
		x.addReference(e.attachedTo.at, suggest(x.report, id, x.instances),
			"there is no instance %s in this account", id)
	case i.row == nil: // reported with the instance
	case i.row.RegionID != region:
		x.add(e.attachedTo.at, "", "instance %s lies in region %s, disk %s in %s", id, i.row.RegionID, disk.ID, region)
	default:
		disk.ZoneID = i.row.ZoneID
		x.placeDisk(disk, id, e.device, e.attachedTo.at)
	}
}
