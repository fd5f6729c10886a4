package service

import (
	"cmp"
	"context"

	"enisim.alt/store"
)

// ResizeDiskRequest is the request to make a disk larger.
type ResizeDiskRequest struct {
	DiskID      string `api:"DiskId"`
	NewSize     *int   // GiB
	Type        string // online, or offline, which is the default
	ClientToken string
	Malformed   Malformed
}

// The ways to resize a disk.
const (
	resizeOffline = "offline"
	resizeOnline  = "online"
)

var resizeDiskParameterRules = []rule[ResizeDiskRequest]{
	required[ResizeDiskRequest]("DiskId"),
	readable[ResizeDiskRequest](),
	{err: IncompleteDiskIDs, violated: func(r ResizeDiskRequest) bool { return r.NewSize == nil }},
	{err: InvalidResizeType, violated: func(r ResizeDiskRequest) bool {
		return !oneOf(r.Type, "", resizeOffline, resizeOnline)
	}},
	wellFormed[ResizeDiskRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
}

// resizeDiskInput is the request plus the locked rows that its rules check.
type resizeDiskInput struct {
	ResizeDiskRequest
	disk *store.DiskToModify
}

// size returns the size of the disk, which is a default if none is stored.
func (r resizeDiskInput) size() int {
	if r.disk.Data() == nil {
		return cmp.Or(r.disk.Attributes().SizeGiB, systemDiskSizeGiB)
	}
	return cmp.Or(r.disk.Attributes().SizeGiB, dataDiskSizeGiB)
}

var resizeDiskRules = []rule[resizeDiskInput]{
	{err: InvalidDiskIDNotFound, violated: func(r resizeDiskInput) bool { return r.disk == nil }},
	{err: IncorrectDiskStatus, violated: func(r resizeDiskInput) bool {
		d := r.disk.Data()
		return d != nil && !oneOf(d.Status, store.DiskAvailable, store.DiskInUse)
	}},
	{err: IncorrectInstanceStatus, violated: func(r resizeDiskInput) bool {
		return r.disk.Instance != nil && !isStable(r.disk.Instance)
	}},
	{err: OnlineResizeNotRunning, violated: func(r resizeDiskInput) bool {
		i := r.disk.Instance
		return r.Type == resizeOnline && (i == nil || i.Status != store.InstanceRunning)
	}},
	{err: DiskSizeTooSmall, violated: func(r resizeDiskInput) bool { return *r.NewSize <= r.size() }},
	{err: DiskSizeTooLarge, violated: func(r resizeDiskInput) bool {
		sizes, known := sizesOfDisks(cmp.Or(r.disk.Attributes().Category, diskCategory))
		return !known || *r.NewSize > sizes.maximum
	}},
}

// ResizeDisk makes a data disk or a system disk larger, at once.
var ResizeDisk = newAction(Action[ResizeDiskRequest, Empty]{
	permission: "ecs:ResizeDisk",
	parameters: resizeDiskParameterRules,
	refusals:   errorsOf(resizeDiskRules),
	write:      (*Service).resizeDisk,
})

func (s *Service) resizeDisk(
	ctx context.Context, tx *store.Tx, caller Caller, req ResizeDiskRequest,
) (Empty, error) {
	disk, err := tx.LockDiskToResize(ctx, caller.AccountID, req.DiskID)
	if err != nil {
		return Empty{}, err
	}
	now := s.timeOf(caller)
	if disk != nil {
		disk.Settle(now)
	}
	if err := check(resizeDiskRules, resizeDiskInput{req, disk}); err != nil {
		return Empty{}, err
	}
	before := *disk.Attributes()
	disk.Attributes().SizeGiB = *req.NewSize
	return Empty{}, s.record(tx, caller, now, tx.UpdateDisk(disk, before, now)...)
}
