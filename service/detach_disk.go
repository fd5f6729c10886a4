package service

import (
	"context"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// DetachDiskRequest is the request to detach a data disk from its instance.
type DetachDiskRequest struct {
	InstanceID         string `api:"InstanceId"`
	DiskID             string `api:"DiskId"`
	DeleteWithInstance *bool  // accepted, without effect: it is for system disks
	Malformed          Malformed
}

var detachDiskParameterRules = []rule[DetachDiskRequest]{
	required[DetachDiskRequest]("InstanceId"),
	required[DetachDiskRequest]("DiskId"),
	readable[DetachDiskRequest](),
}

var detachDiskRules = []rule[*store.DiskScene]{
	{err: InvalidInstanceIDNotFound, violated: func(d *store.DiskScene) bool { return d.Instance == nil }},
	{err: DiskTypeViolation, violated: func(d *store.DiskScene) bool { return d.IsSystem }},
	{err: InvalidDiskIDNotFound, violated: func(d *store.DiskScene) bool { return d.Disk == nil }},
	{err: DiskNotAttached, violated: func(d *store.DiskScene) bool { return !d.Disk.IsOn(d.Instance.ID) }},
	{err: IncorrectDiskStatus, violated: func(d *store.DiskScene) bool { return d.Disk.Status != store.DiskInUse }},
	{err: IncorrectInstanceStatus, violated: func(d *store.DiskScene) bool { return !isStable(d.Instance) }},
}

// DetachDisk detaches a data disk from its instance. The disk is Detaching, and Available after the detach
// delay. It does not go with an instance any more.
var DetachDisk = newAction(Action[DetachDiskRequest, Empty]{
	permission: "ecs:DetachDisk",
	parameters: detachDiskParameterRules,
	refusals:   errorsOf(detachDiskRules),
	run:        answerless((*Service).detachDisk),
	begins:     []string{disturbance.Detaching},
	changes:    "DiskId",
})

func (s *Service) detachDisk(ctx context.Context, caller Caller, req DetachDiskRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForDetachDisk(ctx, caller.AccountID, req.InstanceID, req.DiskID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		if err := check(detachDiskRules, scene); err != nil {
			return err
		}
		after := scene.Disk.Detached(s.transition(caller, disturbance.Detaching, req.DiskID, 0).ending(now), now)
		tx.UpdateDiskPlace(after)
		return s.record(tx, caller, now, store.ChangesOf(scene.Disk, &after, now)...)
	})
}
