package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// CreateInstanceRequest is the request for one new instance that is not started.
type CreateInstanceRequest struct {
	NewInstance
	Malformed Malformed
}

// CreatedInstance is the answer to CreateInstance.
type CreatedInstance struct {
	InstanceID string
}

// primary returns the only interface of the new instance.
func (r CreateInstanceRequest) primary() LaunchInterface {
	return LaunchInterface{
		InstanceType: store.ENIPrimary, VSwitchID: r.VSwitchID,
		SecurityGroupID: r.SecurityGroupID, PrimaryIPAddress: r.PrivateIPAddress,
	}
}

var createInstanceParameterRules = newInstanceRules(
	func(r CreateInstanceRequest) NewInstance { return r.NewInstance },
	CreateInstanceRequest.primary,
)

var createInstanceRules = slices.Concat(
	launchExistenceRules,
	launchConsistencyRules,
	launchAddressRules,
	[]rule[launchInput]{
		{err: SecurityGroupInstanceLimit, violated: launchExceedsGroupCapacity},
	},
	launchSupplyRules,
)

// CreateInstance creates an instance with its primary interface: it is Pending, and Stopped after
// the create delay.
var CreateInstance = newAction(Action[CreateInstanceRequest, CreatedInstance]{
	permission:    "ecs:CreateInstance",
	parameters:    createInstanceParameterRules,
	refusals:      slices.Concat(errorsOf(createInstanceRules), errorsOf(dryRunRules)),
	write:         (*Service).createInstance,
	consumesToken: true,
	creates:       true,
	begins:        []string{disturbance.Pending},
})

func (s *Service) createInstance(
	ctx context.Context, tx *store.Tx, caller Caller, req CreateInstanceRequest,
) (CreatedInstance, error) {
	l := launchInput{
		NewInstance: req.NewInstance,
		amount:      1,
		minAmount:   1,
		interfaces:  []LaunchInterface{req.primary()},
	}
	if err := s.lockLaunch(ctx, tx, caller, &l); err != nil {
		return CreatedInstance{}, err
	}
	if err := check(createInstanceRules, l); err != nil {
		return CreatedInstance{}, err
	}
	if err := check(dryRunRules, req.DryRun); err != nil {
		return CreatedInstance{}, err
	}
	i := s.newInstance(l)
	s.transition(caller, disturbance.Pending, i.ID, 0).
		set(&i.AttachableInstance, l.now, store.InstancePending, store.InstanceStopped)
	var rows store.LaunchRows
	s.addInstance(&rows, caller, l, 0, false, i)
	tx.InsertLaunch(caller.AccountID, rows)
	tx.AcquireCapacityInGroups(l.LaunchScene, caller.AccountID, []string{i.ID}, l.now)
	l.stock.take(tx, l.count)
	return CreatedInstance{i.ID}, s.record(tx, caller, l.now, rows.Changes(l.now)...)
}
