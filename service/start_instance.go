package service

import (
	"context"

	"enisim/store"
)

// StartInstance is the request to start a stopped instance.
type StartInstance struct {
	LifeRequest
	InitLocalDisk *bool // accepted, without effect: no disk is local
	Malformed     Malformed
}

var (
	startParameterRules = powerParameterRules(
		func(r StartInstance) LifeRequest { return r.LifeRequest },
		func(r StartInstance) Malformed { return r.Malformed },
	)
	startRules = powerRules(store.InstanceStopped)
)

// StartInstance starts an instance: it is Starting, and Running after the start delay.
func (s *Service) StartInstance(ctx context.Context, caller Caller, req StartInstance) error {
	if err := check(startParameterRules, req); err != nil {
		return err
	}
	return s.changePowerState(ctx, caller, "ecs:StartInstance", req.LifeRequest, startRules, s.startedInstance)
}
