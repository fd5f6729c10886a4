package httpapi

import (
	"strings"

	"enisim.alt/service"
)

type describeDisksReply struct {
	Reply
	pageReply
	Disks struct{ Disk []disk }
}

func newDisksResponse(list service.List[service.Disk]) any {
	reply := &describeDisksReply{pageReply: pageOf(list)}
	reply.Disks.Disk = mapEach(list.Items, newDisk)
	return reply
}

// disk is a disk in replies. All are in use by one instance, from their creation on.
type disk struct {
	DiskId                        string
	DiskName                      string
	Description                   string
	RegionId                      string
	ZoneId                        string
	ResourceGroupId               string
	Type                          string // system or data
	Category                      string
	PerformanceLevel              string
	Size                          int // GiB
	Status                        string
	ImageId                       string
	SourceSnapshotId              string
	ProductCode                   string
	SerialNumber                  string
	InstanceId                    string
	Device                        string
	Attachments                   struct{ Attachment []diskAttachment }
	MountInstances                struct{ MountInstance []struct{} }
	MountInstanceNum              int
	MultiAttach                   string
	Portable                      bool
	DeleteWithInstance            bool
	DeleteAutoSnapshot            bool
	EnableAutoSnapshot            bool
	EnableAutomatedSnapshotPolicy bool
	AutoSnapshotPolicyId          string
	Encrypted                     bool
	KMSKeyId                      string
	DiskChargeType                string
	CreationTime                  string
	AttachedTime                  string
	DetachedTime                  string
	ExpiredTime                   string
	StorageSetId                  string
	OperationLocks                struct{ OperationLock []struct{} }
	Tags                          ecsTags
}

type diskAttachment struct {
	InstanceId   string
	Device       string
	AttachedTime string
}

func newDisk(d service.Disk) disk {
	created := d.CreatedAt.Format(timeWithSeconds)
	out := disk{
		DiskId:             d.ID,
		DiskName:           d.Name,
		Description:        d.Description,
		RegionId:           d.RegionID,
		ZoneId:             d.ZoneID,
		ResourceGroupId:    d.ResourceGroupID,
		Type:               "data",
		Category:           d.Category,
		PerformanceLevel:   d.PerformanceLevel,
		Size:               d.SizeGiB,
		Status:             "In_use",
		ImageId:            d.ImageID,
		SerialNumber:       strings.TrimPrefix(d.ID, "d-"),
		InstanceId:         d.InstanceID,
		Device:             "/dev/xvd" + string(rune('a'+d.Position)),
		MultiAttach:        "Disabled",
		Portable:           true,
		DeleteWithInstance: !d.KeepWithoutInstance,
		EnableAutoSnapshot: true,
		Encrypted:          d.Encrypted,
		DiskChargeType:     d.InstanceChargeType,
		CreationTime:       created,
		AttachedTime:       created,
		ExpiredTime:        "2999-09-08T16:00Z", // never
		Tags:               newECSTags(d.Tags),
	}
	if d.Position == 0 {
		out.Type, out.Portable = "system", false
	}
	out.Attachments.Attachment = []diskAttachment{{d.InstanceID, out.Device, created}}
	out.MountInstances.MountInstance = []struct{}{}
	out.OperationLocks.OperationLock = []struct{}{}
	return out
}
