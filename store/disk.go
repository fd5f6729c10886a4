package store

import (
	"slices"
	"time"
)

// Statuses of a disk, as the API writes them.
const (
	DiskCreating  = "Creating"
	DiskAvailable = "Available"
	DiskAttaching = "Attaching"
	DiskInUse     = "In_use"
	DiskDetaching = "Detaching"
)

// Limits of data disks, which are the vendor's defaults. Calls and scenarios keep the first one.
const (
	MaxDataDisks = 16  // of an instance
	MaxFreeDisks = 500 // of an account in a region that are on no instance; ours
)

// Disk is what any disk has. The system disk of an instance has no stored ID: it is derived from the
// instance's id.
type Disk struct {
	ID                  string `json:"-"`
	Name                string `json:",omitempty" event:"DiskName"`
	Description         string `json:",omitempty" event:"Description"`
	Category            string `json:",omitempty" event:"Category"`
	PerformanceLevel    string `json:",omitempty"`
	SizeGiB             int    `json:",omitempty" event:"Size"`
	Encrypted           bool   `json:",omitempty"`
	KeepWithoutInstance bool   `json:",omitempty"` // DeleteWithInstance is false

	Tags map[string]string `json:",omitempty"`
}

// DataDisk is a row of disks: a data disk, on an instance or on none.
type DataDisk struct {
	AccountID       string     `db:"account_id,key"`
	ID              string     `db:"id,key"`
	RegionID        string     `db:"region_id,fixed"`
	ZoneID          string     `db:"zone_id,fixed" event:"ZoneId"`
	InstanceID      *string    `db:"instance_id" event:"InstanceId"` // also while the disk comes or leaves
	Slot            *int       `db:"slot"`                           // on the instance, from 1
	Status          string     `db:"status"`
	NextStatus      *string    `db:"next_status"`
	SettlesAt       *time.Time `db:"settles_at"`
	ResourceGroupID string     `db:"resource_group_id"`
	Attributes      Disk       `db:"attributes"`
	CreatedAt       time.Time  `db:"created_at,once"`
	AttachedAt      *time.Time `db:"attached_at,once"` // of the last attach
	DetachedAt      *time.Time `db:"detached_at,once"` // of the last detach
}

// Settled returns the disk settled to now.
func (d DataDisk) Settled(now time.Time) DataDisk {
	if !due(d.SettlesAt, now) {
		return d
	}
	d.Status, d.NextStatus, d.SettlesAt = *d.NextStatus, nil, nil
	if d.Status == DiskAvailable {
		d.InstanceID, d.Slot = nil, nil
	}
	return d
}

// SettledDisk is Settled for a disk that may be nil.
func SettledDisk(d *DataDisk, now time.Time) *DataDisk {
	if d == nil {
		return nil
	}
	return new(d.Settled(now))
}

// IsOn reports whether the disk is on an instance, or on its way to it or off it.
func (d DataDisk) IsOn(instanceID string) bool {
	return d.InstanceID != nil && *d.InstanceID == instanceID
}

// Device returns the name of the device by which a guest sees a disk in a slot of its instance. 0 is the
// slot of the system disk.
func Device(slot int) string { return "/dev/xvd" + string(rune('a'+slot)) }

// SlotOf returns the slot of a device name, for which /dev/vdb stands too. It returns 0 for a name that no
// data disk has.
func SlotOf(device string) int {
	for slot := 1; slot <= MaxDataDisks; slot++ {
		if device == Device(slot) || device == "/dev/vd"+string(rune('a'+slot)) {
			return slot
		}
	}
	return 0
}

func (d DataDisk) recorded(time.Time) recordedStatus {
	return recordedStatus{d.ID, d.Status, valueOrEmpty(d.NextStatus), d.SettlesAt}
}

// systemDisk is the system disk of an instance, as its changes are recorded.
type systemDisk struct{ Disk }

func (d systemDisk) recorded(time.Time) recordedStatus { return recordedStatus{resourceID: d.ID} }

// lockDataDisks queues the locks of data disks, in the order of their ids, and reads them. condition selects
// rows of disks d. The order of locks has the disks after EIPs.
func (tx *Tx) lockDataDisks(strength, condition string, args []any, found func(DataDisk)) {
	tx.lock(rankDisks, `
		SELECT `+DisksTable.SelectList("d")+`
		FROM disks d
		WHERE `+condition+`
		ORDER BY d.id
		`+strength, args...).
		Query(each(DisksTable.Targets, found))
}

// lockSystemDisks queues the locks of the instances whose system disks are named, because these are stored
// with their instances, and reads the disks. A regionID of "" matches any region.
func (tx *Tx) lockSystemDisks(accountID, regionID string, ids []string, found func(*Instance)) {
	tx.lock(rankInstances, `
		SELECT `+InstancesTable.SelectList("i")+`
		FROM instances i
		WHERE i.account_id = $1 AND ($2 = '' OR i.region_id = $2)
		  AND i.id = ANY (ARRAY(
		      SELECT regexp_replace(d, '^d-', prefix)
		      FROM unnest($3::text[]) d, unnest('{i-,""}'::text[]) prefix))
		ORDER BY i.id FOR NO KEY UPDATE`, accountID, regionID, ids).
		Query(each(InstancesTable.Targets, func(i Instance) {
			if slices.Contains(ids, SystemDiskID(i.ID)) { // and not the id of the instance itself
				found(&i)
			}
		}))
}
