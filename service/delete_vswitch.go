package service

import (
	"context"
	"slices"
	"time"

	"enisim.alt/store"
)

// DeleteVSwitchRequest is the request to delete a VSwitch.
type DeleteVSwitchRequest struct {
	RegionID  string `api:"RegionId"`
	VSwitchID string `api:"VSwitchId"`
	DryRun    *bool
	Malformed Malformed
}

var deleteVSwitchParameterRules = []rule[DeleteVSwitchRequest]{
	required[DeleteVSwitchRequest]("VSwitchId"),
	readable[DeleteVSwitchRequest](),
}

// deleteVSwitchInput is the locked rows that the rules check.
type deleteVSwitchInput struct {
	*store.DeleteVSwitchScene
	now time.Time
}

var deleteVSwitchRules = []rule[deleteVSwitchInput]{
	{err: VSwitchNotExist, violated: func(d deleteVSwitchInput) bool { return d.VSwitch == nil }},
	{
		err:      IncorrectVSwitchStatus,
		violated: func(d deleteVSwitchInput) bool { return d.VSwitch.Status(d.now) != store.NetworkAvailable },
	},
	{err: VSwitchInUse, violated: func(d deleteVSwitchInput) bool { return d.InUse }},
	{err: UsesRouteTable, violated: func(d deleteVSwitchInput) bool { return d.UsesCustomRouteTable }},
}

// DeleteVSwitch deletes a VSwitch without interfaces, instances and a custom route table. It is gone at once. An
// interface that is Deleting still counts, one that was gone when the request came does not.
var DeleteVSwitch = newAction(Action[DeleteVSwitchRequest, Empty]{
	permission: "vpc:DeleteVSwitch",
	parameters: deleteVSwitchParameterRules,
	refusals:   slices.Concat(errorsOf(deleteVSwitchRules), errorsOf(dryRunRules)),
	run:        answerless((*Service).deleteVSwitch),
})

func (s *Service) deleteVSwitch(ctx context.Context, caller Caller, req DeleteVSwitchRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForDeleteVSwitch(ctx, caller.AccountID, req.RegionID, req.VSwitchID, s.beforeLocks(caller))
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		if err := check(deleteVSwitchRules, deleteVSwitchInput{scene, now}); err != nil {
			return err
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return err
		}
		tx.DeleteVSwitch(scene.VSwitch)
		return s.record(tx, caller, now, store.ChangesOf(scene.VSwitch, nil, now)...)
	})
}
