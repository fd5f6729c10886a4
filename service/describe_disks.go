package service

import (
	"cmp"
	"context"
	"slices"

	"enisim.alt/store"
)

// Disk is a disk as a caller sees it. The alias is for packages that do not import the store.
type Disk = store.DescribedDisk

// Defaults for disks that do not set these.
const (
	diskCategory         = "cloud_essd"
	diskPerformanceLevel = "PL1" // only this category has performance levels
	systemDiskSizeGiB    = 40
	dataDiskSizeGiB      = 20
)

// DescribeDisksRequest is the request for a list of disks. All its filters must hold; an empty one
// does not filter.
type DescribeDisksRequest struct {
	RegionID             string   `api:"RegionId"`
	DiskIDs              JSONList `api:"DiskIds"`
	InstanceID           string   `api:"InstanceId"`
	ZoneID               string   `api:"ZoneId"`
	ResourceGroupID      string   `api:"ResourceGroupId"`
	DiskName             string
	DiskType             string // all, system or data
	Category             string // all, or one category
	Status               string // All, or one status
	DiskChargeType       string
	MultiAttach          string
	Portable             *bool
	Encrypted            *bool
	DeleteWithInstance   *bool
	SnapshotID           string `api:"SnapshotId"`
	AutoSnapshotPolicyID string `api:"AutoSnapshotPolicyId"`
	KMSKeyID             string `api:"KMSKeyId"`
	LockReason           string
	Tags                 []Tag `api:"Tag"`
	DryRun               *bool
	Page                 PageRequest `api:",inline"`
	Malformed            Malformed
}

// diskPages are the bounds that the vendor's SDK documents.
var diskPages = paging{list: "disks", maxPageSize: 100, minResults: 10, maxResults: 500, defaultPageSize: 10}

var describeDisksRules = slices.Concat([]rule[DescribeDisksRequest]{
	required[DescribeDisksRequest]("RegionId"),
	validLists[DescribeDisksRequest]("DiskIds"),
	readable[DescribeDisksRequest](),
	invalid("DiskIds", func(r DescribeDisksRequest) bool { return len(r.DiskIDs) > maxListed }),
	among[DescribeDisksRequest]("DiskType", "all", "system", "data"),
	among[DescribeDisksRequest](
		"Status", "All", "In_use", "Available", "Attaching", "Detaching", "Creating", "ReIniting",
	),
	among[DescribeDisksRequest]("DiskChargeType", "PrePaid", "PostPaid"),
	{err: InvalidTagCount, violated: func(r DescribeDisksRequest) bool { return tooManyTags(r.Tags) }},
	invalid("Tag", func(r DescribeDisksRequest) bool { return lacksTagKey(r.Tags) }),
}, validPage[DescribeDisksRequest](diskPages))

// selectsNone reports whether a filter is an empty list, or selects disks that do not exist here:
// made from a snapshot, locked, or with a customer's key.
func (r DescribeDisksRequest) selectsNone() bool {
	return r.DiskIDs.isEmpty() || !slices.Contains([]string{"", "Disabled"}, r.MultiAttach) ||
		r.SnapshotID != "" || r.AutoSnapshotPolicyID != "" || r.KMSKeyID != "" || r.LockReason != "" ||
		(r.Portable != nil && r.DiskType == "system" && *r.Portable) ||
		(r.Portable != nil && r.DiskType == "data" && !*r.Portable)
}

// systemFilter returns whether to list only system disks (true) or only data disks (false), or nil
// for both. Only data disks can be detached from their instance.
func (r DescribeDisksRequest) systemFilter() *bool {
	switch {
	case r.DiskType == "system" || r.DiskType == "data":
		return new(r.DiskType == "system")
	case r.Portable != nil:
		return new(!*r.Portable)
	}
	return nil
}

// DescribeDisks lists the disks of the caller, by id: the system disk of each instance, and all data
// disks. A DryRun request that would succeed gets the error
// DryRunOperation.
var DescribeDisks = newAction(Action[DescribeDisksRequest, List[Disk]]{
	permission: "ecs:DescribeDisks",
	parameters: describeDisksRules,
	refusals:   errorsOf(dryRunRules),
	run:        (*Service).describeDisks,
})

func (s *Service) describeDisks(ctx context.Context, caller Caller, req DescribeDisksRequest) (List[Disk], error) {
	if err := check(dryRunRules, req.DryRun); err != nil {
		return List[Disk]{}, err
	}
	var read store.List[Disk]
	if !req.selectsNone() {
		filter := store.DiskFilter{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			IDs:             req.DiskIDs,
			InstanceID:      req.InstanceID,
			ZoneID:          req.ZoneID,
			ResourceGroupID: req.ResourceGroupID,
			Name:            req.DiskName,
			ChargeTypes:     withDefaults(req.DiskChargeType, InstanceChargeType),
			System:          req.systemFilter(),
			Encrypted:       req.Encrypted,
			Tags:            tagFilter(req.Tags),
		}
		if req.Status != "All" {
			filter.Status = req.Status
		}
		if req.Category != "all" {
			filter.Categories = withDefaults(req.Category, diskCategory)
		}
		if req.DeleteWithInstance != nil {
			filter.KeepWithoutInstance = new(!*req.DeleteWithInstance)
		}
		var err error
		if read, err = s.store.DescribeDisks(ctx, s.timeOf(caller), filter, diskPages.page(req.Page)); err != nil {
			return List[Disk]{}, err
		}
	}
	for k := range read.Rows {
		read.Rows[k] = withDiskDefaults(read.Rows[k])
	}
	return newPage(diskPages, req.Page, read, func(d Disk) string { return d.ID }), nil
}

// withDiskDefaults returns the disk with defaults for what it does not set.
func withDiskDefaults(d Disk) Disk {
	d.Category = cmp.Or(d.Category, diskCategory)
	if d.Category == diskCategory {
		d.PerformanceLevel = cmp.Or(d.PerformanceLevel, diskPerformanceLevel)
	}
	d.InstanceChargeType = cmp.Or(d.InstanceChargeType, InstanceChargeType)
	if d.Position == 0 {
		d.ImageID = cmp.Or(d.ImageID, InstanceImageID)
		d.SizeGiB = cmp.Or(d.SizeGiB, systemDiskSizeGiB)
	} else {
		d.ImageID = "" // only a system disk has an image
		d.SizeGiB = cmp.Or(d.SizeGiB, dataDiskSizeGiB)
	}
	return d
}
