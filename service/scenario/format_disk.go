package scenario

import (
	"time"

	"enisim.alt/store"
)

// nextDiskStatus maps a transient status of a disk to the status that follows it.
var nextDiskStatus = map[string]string{
	store.DiskCreating:  store.DiskAvailable,
	store.DiskAttaching: store.DiskInUse,
	store.DiskDetaching: store.DiskAvailable,
}

// attachedDiskStatuses are the statuses of a disk that is on an instance.
var attachedDiskStatuses = []string{store.DiskInUse, store.DiskAttaching, store.DiskDetaching}

const aboutDevice = "By which the guest sees it, from /dev/xvdb to /dev/xvdq."

// freeDiskEntry is a data disk that is no entry of its instance: it is on none, or comes or leaves.
type freeDiskEntry struct {
	at            position
	id            located[string]
	zone          located[string]
	attachedTo    located[string]
	device        located[string]
	status        located[string]
	settlesIn     located[time.Duration]
	settlesTo     located[string]
	resourceGroup string
	disk          store.Disk
}

var diskMapping = newMapping(
	mapping{
		name: "disk", what: "a disk",
		about: "A data disk that is not among the data_disks of its instance, such as one on no instance.",
		needs: []need{{"device", "attached_to"}, {"settles_to", "settles_in"}},
		rules: []any{
			dict{"oneOf": []any{dict{"required": []string{"zone"}}, dict{"required": []string{"attached_to"}}}},
			dict{"if": whenIs("status", attachedDiskStatuses...), "then": dict{"required": []string{"attached_to"}}},
			dict{
				"if":   whenIs("status", store.DiskAvailable, store.DiskCreating),
				"then": dict{"properties": refused("attached_to")},
			},
			settlesWith(nextDiskStatus),
		},
	},
	func(o *object, e *freeDiskEntry) {
		e.at = o.at
		switch {
		case e.attachedTo.given && e.zone.given:
			o.add(e.zone.at, "leave it out", "a disk on an instance lies in the zone of the instance")
		case !e.attachedTo.given:
			o.require("zone")
		}
	},
	[]keyOf[freeDiskEntry]{
		textKey("id", func(e *freeDiskEntry) *located[string] { return &e.id }, aboutID).isRequired().matching(idForm),
		textKey("zone", func(e *freeDiskEntry) *located[string] { return &e.zone },
			"Of a disk that is on no instance, which needs it.").without("it is the zone of its instance"),
		textKey("attached_to", func(e *freeDiskEntry) *located[string] { return &e.attachedTo },
			"An instance of the region.").without("it is on none"),
		textKey("device", func(e *freeDiskEntry) *located[string] { return &e.device }, aboutDevice).
			matching("^/dev/xvd[b-q]$").without("the first one that is free"),
		textKey("status", func(e *freeDiskEntry) *located[string] { return &e.status },
			"Attaching, In_use and Detaching need attached_to, Available and Creating exclude it.").
			oneOf(store.DiskAvailable, store.DiskCreating, store.DiskAttaching, store.DiskInUse, store.DiskDetaching).
			without("In_use with attached_to, else Available"),
		durationKey("settles_in", func(e *freeDiskEntry) *located[time.Duration] { return &e.settlesIn },
			aboutSettlesIn).without("the status stays"),
		textKey("settles_to", func(e *freeDiskEntry) *located[string] { return &e.settlesTo },
			"Where the status leads, with settles_in; Available from Attaching is an attach that fails.").
			oneOf(store.DiskInUse, store.DiskAvailable).without("In_use from Attaching, else Available"),
		textKey("resource_group", func(e *freeDiskEntry) *string { return &e.resourceGroup },
			"The id of its resource group."),
	},
	within(func(e *freeDiskEntry) *store.Disk { return &e.disk }, diskKeys),
)
