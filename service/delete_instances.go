package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// DeleteInstancesRequest is the request to release instances: all of them, or none.
type DeleteInstancesRequest struct {
	RegionID              string   `api:"RegionId"`
	InstanceIDs           []string `api:"InstanceId"`
	Force                 *bool    // allows running instances
	ForceStop             *bool    // accepted, without effect: every guest reacts to a stop
	TerminateSubscription *bool    // allows prepaid instances
	DryRun                *bool
	ClientToken           string
	Malformed             Malformed
}

var deleteInstancesParameterRules = []rule[DeleteInstancesRequest]{
	required[DeleteInstancesRequest]("RegionId"),
	{
		err: MissingNamedParameter, violated: func(r DeleteInstancesRequest) bool { return len(r.InstanceIDs) == 0 },
		messageArgs: nameArg[DeleteInstancesRequest]("InstanceId"), constraint: presence("InstanceId"),
	},
	readable[DeleteInstancesRequest](),
	invalid("InstanceId", func(r DeleteInstancesRequest) bool { return len(r.InstanceIDs) > maxListed }),
	{err: InvalidInstanceIDParameter, violated: func(r DeleteInstancesRequest) bool {
		return slices.ContainsFunc(r.InstanceIDs, func(id string) bool { return !isValidID(id) })
	}},
	wellFormed[DeleteInstancesRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
}

// DeleteInstances deletes instances like DeleteInstance, in one transaction.
var DeleteInstances = newAction(Action[DeleteInstancesRequest, Empty]{
	permission: "ecs:DeleteInstances",
	parameters: deleteInstancesParameterRules,
	refusals:   slices.Concat(errorsOf(deleteInstanceRules), errorsOf(dryRunRules)),
	write:      (*Service).deleteInstances,
	begins:     []string{disturbance.Deleting}, // of their secondary interfaces
})

func (s *Service) deleteInstances(
	ctx context.Context, tx *store.Tx, caller Caller, req DeleteInstancesRequest,
) (Empty, error) {
	ids := withoutRepeats(req.InstanceIDs)
	scenes, err := tx.LockForDeleteInstances(ctx, caller.AccountID, req.RegionID, ids)
	if err != nil {
		return Empty{}, err
	}
	now := s.timeOf(caller)
	one := DeleteInstanceRequest{Force: req.Force, TerminateSubscription: req.TerminateSubscription}
	inputs := make([]deleteInstanceInput, len(ids))
	for k, id := range ids {
		scenes[id].Settle(now)
		inputs[k] = deleteInstanceInput{one, scenes[id]}
	}
	if err := checkEach(deleteInstanceRules, inputs); err != nil {
		return Empty{}, err
	}
	if err := check(dryRunRules, req.DryRun); err != nil {
		return Empty{}, err
	}
	var changes []store.Change
	begun := 0
	for _, id := range ids {
		var some []store.Change
		some, begun = s.deleteLockedInstance(tx, caller, scenes[id], now, begun)
		changes = append(changes, some...)
	}
	return Empty{}, s.record(tx, caller, now, changes...)
}
