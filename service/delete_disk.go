package service

import (
	"context"

	"enisim.alt/store"
)

// DeleteDiskRequest is the request to release a data disk.
type DeleteDiskRequest struct {
	DiskID string `api:"DiskId"`
}

var deleteDiskParameterRules = []rule[DeleteDiskRequest]{
	required[DeleteDiskRequest]("DiskId"),
}

var deleteDiskRules = []rule[*store.DeleteDiskScene]{
	{err: IncorrectDiskStatus, violated: func(d *store.DeleteDiskScene) bool {
		return d.IsSystem || d.Disk != nil && d.Disk.Status != store.DiskAvailable
	}},
}

// DeleteDisk deletes a data disk that is on no instance. It is gone at once. A request for a disk that does
// not exist is ignored.
var DeleteDisk = newAction(Action[DeleteDiskRequest, Empty]{
	permission: "ecs:DeleteDisk",
	parameters: deleteDiskParameterRules,
	refusals:   errorsOf(deleteDiskRules),
	run:        answerless((*Service).deleteDisk),
})

func (s *Service) deleteDisk(ctx context.Context, caller Caller, req DeleteDiskRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForDeleteDisk(ctx, caller.AccountID, req.DiskID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Disk = store.SettledDisk(scene.Disk, now)
		if err := check(deleteDiskRules, scene); err != nil || scene.Disk == nil {
			return err
		}
		tx.DeleteDisk(*scene.Disk)
		return s.record(tx, caller, now, store.ChangesOf(scene.Disk, nil, now)...)
	})
}
