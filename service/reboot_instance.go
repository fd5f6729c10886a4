package service

import (
	"context"

	"enisim/store"
)

// RebootInstance is the request to stop and start a running instance.
type RebootInstance struct {
	LifeRequest
	ForceStop *bool // accepted, without effect: every guest reacts to a stop
	Malformed Malformed
}

var (
	rebootParameterRules = powerParameterRules(
		func(r RebootInstance) LifeRequest { return r.LifeRequest },
		func(r RebootInstance) Malformed { return r.Malformed },
	)
	rebootRules = powerRules(store.InstanceRunning)
)

// RebootInstance restarts an instance: it is Starting, and Running after the start delay.
func (s *Service) RebootInstance(ctx context.Context, caller Caller, req RebootInstance) error {
	if err := check(rebootParameterRules, req); err != nil {
		return err
	}
	return s.changePowerState(ctx, caller, "ecs:RebootInstance", req.LifeRequest, rebootRules, s.startedInstance)
}
