package service

import (
	"context"
	"slices"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// DeleteInstanceRequest is the request to release an instance.
type DeleteInstanceRequest struct {
	PowerRequest
	Force                 *bool // allows a running instance
	ForceStop             *bool // accepted, without effect: every guest reacts to a stop
	TerminateSubscription *bool // allows a prepaid instance
	Malformed             Malformed
}

var deleteInstanceParameterRules = slices.Concat(
	powerParameterRules[DeleteInstanceRequest](),
	[]rule[DeleteInstanceRequest]{
		wellFormed[DeleteInstanceRequest](InvalidInstanceIDParameter, "InstanceId", isValidID),
	},
)

// deleteInstanceInput is the request plus the locked rows that its rules check.
type deleteInstanceInput struct {
	DeleteInstanceRequest
	*store.DeleteInstanceScene
}

var deleteInstanceRules = []rule[deleteInstanceInput]{
	{err: InvalidInstanceIDNotFound, violated: func(d deleteInstanceInput) bool { return d.Instance == nil }},
	{
		err:      DeletionProtectionRefuses,
		violated: func(d deleteInstanceInput) bool { return d.Instance.Attributes.DeletionProtection },
	},
	{err: ChargeTypeViolation, violated: func(d deleteInstanceInput) bool {
		return d.Instance.Attributes.InstanceChargeType == "PrePaid" && !isTrue(d.TerminateSubscription)
	}},
	{
		err:      IncorrectInstanceStatusInitializing,
		violated: func(d deleteInstanceInput) bool { return d.Instance.Status == store.InstancePending },
	},
	{err: IncorrectInstanceStatus, violated: func(d deleteInstanceInput) bool {
		return d.Instance.Status != store.InstanceStopped &&
			(d.Instance.Status != store.InstanceRunning || !isTrue(d.Force))
	}},
	{err: InstanceIsNextHop, violated: func(d deleteInstanceInput) bool { return d.IsNextHop() }},
}

// DeleteInstance deletes an instance and its primary interface at once. A secondary interface with
// DeleteOnRelease is Deleting for the delete delay. Other interfaces, and those that are Detaching,
// are Available at once. So are data disks without DeleteWithInstance; the others are deleted.
var DeleteInstance = newAction(Action[DeleteInstanceRequest, Empty]{
	permission: "ecs:DeleteInstance",
	parameters: deleteInstanceParameterRules,
	refusals:   slices.Concat(errorsOf(deleteInstanceRules), errorsOf(dryRunRules)),
	run:        answerless((*Service).deleteInstance),
	begins:     []string{disturbance.Deleting}, // of its secondary interfaces
})

func (s *Service) deleteInstance(ctx context.Context, caller Caller, req DeleteInstanceRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForDeleteInstance(ctx, caller.AccountID, req.RegionID, req.InstanceID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		if err := check(deleteInstanceRules, deleteInstanceInput{req, scene}); err != nil {
			return err
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return err
		}
		changes, _ := s.deleteLockedInstance(tx, caller, scene, now, 0)
		return s.record(tx, caller, now, changes...)
	})
}

// deleteLockedInstance queues the deletion of an instance of a scene, and returns what it changes. begun is
// how many transitions the request has begun before, and after after this one.
func (s *Service) deleteLockedInstance(
	tx *store.Tx, caller Caller, scene *store.DeleteInstanceScene, now time.Time, begun int,
) (changes []store.Change, after int) {
	// The interfaces that go with the instance are deleted, those that stay are detached. Their
	// groups get their capacity back first.
	gone, secondary, staying := scene.Going()
	var deleting []store.DeletingInterface
	for k, id := range secondary {
		if end := s.transition(caller, disturbance.Deleting, id, begun+k).ending(now); end != nil {
			deleting = append(deleting, store.DeletingInterface{ID: id, End: *end})
		} else {
			gone = append(gone, id)
		}
	}
	tx.ReleaseAllCapacity(scene, now)
	tx.DeleteNetworkInterfaces(caller.AccountID, gone)
	tx.BeginDeleteNetworkInterfaces(caller.AccountID, deleting)
	tx.ReleaseNetworkInterfaces(caller.AccountID, staying)
	changes = tx.ReleaseDisks(scene, now)
	tx.DeleteInstance(*scene.Instance)
	tx.CompactCounts(caller.AccountID, scene.VSwitchIDs()...)
	return append(scene.Changes(gone, deleting, now), changes...), begun + len(secondary)
}
