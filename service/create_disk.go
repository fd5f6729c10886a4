package service

import (
	"cmp"
	"context"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// CreateDiskRequest is the request for a data disk of its own.
type CreateDiskRequest struct {
	RegionID         string `api:"RegionId"`
	ZoneID           string `api:"ZoneId"`
	InstanceID       string `api:"InstanceId"` // refused: it is for subscription disks
	DiskName         string
	Description      string
	DiskCategory     string // "": cloud_essd
	PerformanceLevel string
	Size             *int   // GiB
	SnapshotID       string `api:"SnapshotId"`
	Encrypted        *bool
	KMSKeyID         string `api:"KMSKeyId"` // accepted, without effect
	MultiAttach      string // Disabled
	ResourceGroupID  string `api:"ResourceGroupId"`
	Tags             []Tag  `api:"Tag"`
	ClientToken      string
	Malformed        Malformed
}

// diskSizes are the bounds of the sizes of a category, in GiB.
type diskSizes struct{ minimum, maximum int }

// sizesOfDisks returns the bounds of a category. ok is false for one of which there are no disks.
func sizesOfDisks(category string) (_ diskSizes, ok bool) {
	switch category {
	case "cloud":
		return diskSizes{5, 2000}, true
	case "cloud_efficiency", "cloud_ssd":
		return diskSizes{20, 32768}, true
	case "cloud_essd":
		return diskSizes{20, 65536}, true
	case "cloud_auto":
		return diskSizes{1, 65536}, true
	case "cloud_essd_entry":
		return diskSizes{10, 32768}, true
	case "cloud_regional_disk_auto":
		return diskSizes{10, 65536}, true
	case "elastic_ephemeral_disk_standard", "elastic_ephemeral_disk_premium":
		return diskSizes{64, 8192}, true
	}
	return diskSizes{}, false
}

var createDiskParameterRules = []rule[CreateDiskRequest]{
	required[CreateDiskRequest]("RegionId"),
	readable[CreateDiskRequest](),
	{err: InvalidDiskPayMethod, violated: func(r CreateDiskRequest) bool { return r.InstanceID != "" }},
	required[CreateDiskRequest]("ZoneId"),
	{err: MissingDiskSize, violated: func(r CreateDiskRequest) bool { return r.Size == nil && r.SnapshotID == "" }},
	{err: InvalidDiskCategory, violated: func(r CreateDiskRequest) bool {
		_, known := sizesOfDisks(cmp.Or(r.DiskCategory, diskCategory))
		return !known
	}},
	among[CreateDiskRequest]("PerformanceLevel", "PL0", "PL1", "PL2", "PL3"),
	among[CreateDiskRequest]("MultiAttach", "Disabled"),
	{err: InvalidDiskSizeNotSupported, violated: func(r CreateDiskRequest) bool {
		sizes, _ := sizesOfDisks(cmp.Or(r.DiskCategory, diskCategory))
		return r.Size != nil && (*r.Size < sizes.minimum || *r.Size > sizes.maximum)
	}},
	wellFormed[CreateDiskRequest](InvalidDiskName, "DiskName", isValidName),
	wellFormed[CreateDiskRequest](InvalidDiskDescription, "Description", isValidDiskDescription),
	{err: QuotaExceedTags, violated: func(r CreateDiskRequest) bool { return tooManyTags(r.Tags) }},
	{err: InvalidTagKeyMalformed, violated: func(r CreateDiskRequest) bool { return hasInvalidTagKey(r.Tags) }},
	{err: InvalidTagValueMalformed, violated: func(r CreateDiskRequest) bool { return hasInvalidTagValue(r.Tags) }},
	{err: DuplicateTagKey, violated: func(r CreateDiskRequest) bool { return repeatsTagKey(r.Tags) }},
	wellFormed[CreateDiskRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
}

// isValidDiskDescription reports whether a text is a valid description of a disk.
func isValidDiskDescription(s string) bool { return isValidDescription(s, 2, 256) }

// createDiskInput is the request plus the locked rows that its rules check.
type createDiskInput struct {
	CreateDiskRequest
	*store.CreateDiskScene
}

var createDiskRules = []rule[createDiskInput]{
	{err: InvalidDiskZoneNotFound, violated: func(c createDiskInput) bool { return !c.ZoneKnown }},
	{err: DiskSnapshotNotFound, violated: func(c createDiskInput) bool { return c.SnapshotID != "" }},
	{err: QuotaExceedPostPaidDisk, violated: func(c createDiskInput) bool { return c.Free >= store.MaxFreeDisks }},
}

// CreateDisk creates a pay-as-you-go data disk that is on no instance. It is Creating, and Available after
// the create delay.
var CreateDisk = newAction(Action[CreateDiskRequest, string]{
	permission: "ecs:CreateDisk",
	parameters: createDiskParameterRules,
	refusals:   errorsOf(createDiskRules),
	write:      (*Service).createDisk,
	creates:    true,
	begins:     []string{disturbance.Creating},
})

func (s *Service) createDisk(
	ctx context.Context, tx *store.Tx, caller Caller, req CreateDiskRequest,
) (string, error) {
	scene, err := tx.LockForCreateDisk(ctx, caller.AccountID, req.RegionID, req.ZoneID)
	if err != nil {
		return "", err
	}
	if err := check(createDiskRules, createDiskInput{req, scene}); err != nil {
		return "", err
	}
	now := s.timeOf(caller)
	disk := store.DataDisk{
		AccountID:       caller.AccountID,
		ID:              s.newID("d-", req.RegionID),
		RegionID:        req.RegionID,
		ZoneID:          req.ZoneID,
		ResourceGroupID: req.ResourceGroupID,
		Attributes: newDisk(NewDisk{
			Category: req.DiskCategory, Size: req.Size, DiskName: req.DiskName, Description: req.Description,
			PerformanceLevel: req.PerformanceLevel, Encrypted: req.Encrypted, DeleteWithInstance: new(false),
		}, req.Tags),
		CreatedAt: now,
	}
	disk = disk.Creating(s.transition(caller, disturbance.Creating, disk.ID, 0).ending(now))
	tx.InsertDisk(disk)
	return disk.ID, s.recordCreation(tx, caller, now, store.ChangesOf(nil, &disk, now), disk.ID, disk.Attributes.Tags)
}
