package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
)

// StopInstancesRequest is the request to stop running instances.
type StopInstancesRequest struct {
	PowerBatchRequest
	StoppedMode string // "" and Not-applicable: KeepCharging
	ForceStop   *bool  // accepted, without effect: every guest reacts to a stop
	Malformed   Malformed
}

var stopInstancesParameterRules = append(
	powerBatchRules[StopInstancesRequest](), validStoppedMode[StopInstancesRequest](),
)

// StopInstances stops instances: they are Stopping, and Stopped after the stop delay. Their interfaces stay
// InUse.
var StopInstances = newAction(Action[StopInstancesRequest, []PowerResult]{
	permission: "ecs:StopInstances",
	parameters: stopInstancesParameterRules,
	refusals:   slices.Concat(errorsOf(stopRules), errorsOf(dryRunRules)),
	run: func(s *Service, ctx context.Context, caller Caller, r StopInstancesRequest) ([]PowerResult, error) {
		return s.changePowerStates(ctx, caller, r.PowerBatchRequest, s.stopping(caller, r.StoppedMode))
	},
	begins: []string{disturbance.Stopping},
})
