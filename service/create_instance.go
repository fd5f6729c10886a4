package service

import (
	"context"
	"slices"

	"enisim/store"
)

// CreateInstance is the request for one new instance that is not started.
type CreateInstance struct {
	NewInstance
	Malformed Malformed
}

// CreatedInstance is the answer to CreateInstance.
type CreatedInstance struct {
	InstanceID string
}

// primary returns the only interface of the new instance.
func (r CreateInstance) primary() LaunchInterface {
	return LaunchInterface{
		InstanceType: store.ENIPrimary, VSwitchID: r.VSwitchID,
		SecurityGroupID: r.SecurityGroupID, PrimaryIPAddress: r.PrivateIPAddress,
	}
}

var createInstanceParameterRules = newInstanceRules(
	func(r CreateInstance) NewInstance { return r.NewInstance },
	func(r CreateInstance) Malformed { return r.Malformed },
	CreateInstance.primary,
)

var createInstanceRules = slices.Concat(
	launchExistenceRules,
	launchConsistencyRules,
	launchAddressRules,
	[]rule[launchInput]{
		{err: SecurityGroupInstanceLimit, violated: launchExceedsGroupCapacity},
	},
)

// CreateInstance creates an instance with its primary interface: it is Pending, and Stopped after
// the create delay.
func (s *Service) CreateInstance(ctx context.Context, caller Caller, req CreateInstance) (CreatedInstance, error) {
	if err := check(createInstanceParameterRules, req); err != nil {
		return CreatedInstance{}, err
	}
	if err := s.admit(ctx, caller, "ecs:CreateInstance", req.RegionID); err != nil {
		return CreatedInstance{}, err
	}
	call := idempotentCall{action: "CreateInstance", token: req.ClientToken, request: req}
	return runOnce(ctx, s, caller, call, func(tx *store.Tx) (CreatedInstance, error) {
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
		state := store.Instance{Status: store.InstanceStopped}
		if s.options.CreateDelay > 0 {
			state.Status, state.NextStatus = store.InstancePending, new(store.InstanceStopped)
			state.SettlesAt = new(l.now.Add(s.options.CreateDelay))
		}
		id := s.insertInstance(tx, caller, l, 0, false, state)
		tx.TakePlacesInGroups(l.LaunchScene, caller.AccountID, []string{id}, l.now)
		return CreatedInstance{id}, nil
	})
}
