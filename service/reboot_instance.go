package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// RebootInstanceRequest is the request to stop and start a running instance.
type RebootInstanceRequest struct {
	PowerRequest
	ForceStop *bool // accepted, without effect: every guest reacts to a stop
	Malformed Malformed
}

var (
	rebootParameterRules = powerParameterRules[RebootInstanceRequest]()
	rebootRules          = powerRules(store.InstanceRunning)
)

// RebootInstance restarts an instance: it is Starting, and Running after the start delay.
var RebootInstance = newAction(Action[RebootInstanceRequest, Empty]{
	permission: "ecs:RebootInstance",
	parameters: rebootParameterRules,
	refusals:   slices.Concat(errorsOf(rebootRules), errorsOf(dryRunRules)),
	run: answerless(func(s *Service, ctx context.Context, caller Caller, r RebootInstanceRequest) error {
		return s.changePowerState(ctx, caller, r.PowerRequest, s.starting(caller, rebootRules, nil))
	}),
	begins:  []string{disturbance.Starting},
	changes: "InstanceId",
})
