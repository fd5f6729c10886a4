package httpapi

import (
	"strings"
	"time"

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

// disk is a disk in replies.
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

// timeOrEmpty returns a time as disks have it, or "" for none.
func timeOrEmpty(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(timeWithSeconds)
}

func newDisk(d service.Disk) disk {
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
		Status:             d.Status,
		ImageId:            d.ImageID,
		SerialNumber:       strings.TrimPrefix(d.ID, "d-"),
		InstanceId:         d.InstanceID,
		MultiAttach:        "Disabled",
		Portable:           true,
		DeleteWithInstance: !d.KeepWithoutInstance,
		EnableAutoSnapshot: true,
		Encrypted:          d.Encrypted,
		DiskChargeType:     d.InstanceChargeType,
		CreationTime:       d.CreatedAt.Format(timeWithSeconds),
		AttachedTime:       timeOrEmpty(d.AttachedAt),
		DetachedTime:       timeOrEmpty(d.DetachedAt),
		ExpiredTime:        "2999-09-08T16:00Z", // never
		Tags:               newECSTags(d.Tags),
	}
	if d.Position == 0 {
		out.Type, out.Portable = "system", false
	}
	out.Attachments.Attachment = []diskAttachment{}
	if d.InstanceID != "" {
		out.Device = d.Device()
		out.Attachments.Attachment = []diskAttachment{{d.InstanceID, out.Device, out.AttachedTime}}
	}
	out.MountInstances.MountInstance = []struct{}{}
	out.OperationLocks.OperationLock = []struct{}{}
	return out
}
