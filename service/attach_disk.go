package service

import (
	"context"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// AttachDiskRequest is the request to attach a data disk to an instance of its zone.
type AttachDiskRequest struct {
	InstanceID         string `api:"InstanceId"`
	DiskID             string `api:"DiskId"`
	DeleteWithInstance *bool  // absent: false
	Device             string // "": the first one that is free
	Bootable           *bool  // whether it becomes the system disk, which is refused
	Force              *bool  // accepted, without effect: it is for disks that several instances share
	KeyPairName        string // accepted, without effect, like the next one: they are for system disks
	Password           string `json:"-"`
	Malformed          Malformed
}

var attachDiskParameterRules = []rule[AttachDiskRequest]{
	required[AttachDiskRequest]("InstanceId"),
	required[AttachDiskRequest]("DiskId"),
	readable[AttachDiskRequest](),
	{err: InvalidDevice, violated: func(r AttachDiskRequest) bool {
		return r.Device != "" && store.SlotOf(r.Device) == 0
	}},
	{err: UnsupportedParameter, violated: func(r AttachDiskRequest) bool { return isTrue(r.Bootable) }},
}

// attachDiskInput is the request plus the locked rows that its rules check.
type attachDiskInput struct {
	AttachDiskRequest
	*store.DiskScene
}

// slot returns the slot for the disk, or 0 if the instance has none left.
func (a attachDiskInput) slot() int {
	if a.Device != "" {
		return store.SlotOf(a.Device)
	}
	return a.FreeSlot()
}

var attachDiskRules = []rule[attachDiskInput]{
	{err: InvalidInstanceIDNotFound, violated: func(a attachDiskInput) bool { return a.Instance == nil }},
	{err: InvalidDiskIDNotFound, violated: func(a attachDiskInput) bool { return a.Disk == nil && !a.IsSystem }},
	{err: IncorrectDiskStatus, violated: func(a attachDiskInput) bool {
		return a.Disk == nil || a.Disk.Status != store.DiskAvailable
	}},
	{err: AttachIncorrectStatus, violated: func(a attachDiskInput) bool { return !isStable(a.Instance) }},
	{err: DiskInAnotherZone, violated: func(a attachDiskInput) bool { return a.Disk.ZoneID != a.Instance.ZoneID }},
	{err: InstanceDiskLimitExceeded, violated: func(a attachDiskInput) bool { return a.FreeSlot() == 0 }},
	{err: InvalidDeviceInUse, violated: func(a attachDiskInput) bool {
		return a.Device != "" && a.IsTaken(a.slot())
	}},
}

// AttachDisk attaches a data disk to an instance. The disk is Attaching, and In_use after the attach delay.
var AttachDisk = newAction(Action[AttachDiskRequest, Empty]{
	permission: "ecs:AttachDisk",
	parameters: attachDiskParameterRules,
	refusals:   errorsOf(attachDiskRules),
	run:        answerless((*Service).attachDisk),
	begins:     []string{disturbance.Attaching},
	changes:    "DiskId",
})

func (s *Service) attachDisk(ctx context.Context, caller Caller, req AttachDiskRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForAttachDisk(ctx, caller.AccountID, req.InstanceID, req.DiskID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		input := attachDiskInput{req, scene}
		if err := check(attachDiskRules, input); err != nil {
			return err
		}
		attaching := s.transition(caller, disturbance.Attaching, req.DiskID, 0)
		if attaching.fails && attaching.isInstant() {
			return nil // it has fallen back already
		}
		after := scene.Attached(input.slot(), !isTrue(req.DeleteWithInstance), attaching.ending(now), now)
		tx.AttachDisk(scene, after)
		return s.record(tx, caller, now, store.ChangesOf(scene.Disk, &after, now)...)
	})
}
