package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
)

// RebootInstancesRequest is the request to stop and start running instances.
type RebootInstancesRequest struct {
	PowerBatchRequest
	ForceReboot *bool // accepted, without effect: every guest reacts to a stop
	Malformed   Malformed
}

var rebootInstancesParameterRules = powerBatchRules[RebootInstancesRequest]()

// RebootInstances restarts instances: they are Starting, and Running after the start delay.
var RebootInstances = newAction(Action[RebootInstancesRequest, []PowerResult]{
	permission: "ecs:RebootInstances",
	parameters: rebootInstancesParameterRules,
	refusals:   slices.Concat(errorsOf(rebootRules), errorsOf(dryRunRules)),
	run: func(s *Service, ctx context.Context, caller Caller, r RebootInstancesRequest) ([]PowerResult, error) {
		return s.changePowerStates(ctx, caller, r.PowerBatchRequest, s.starting(caller, rebootRules, nil))
	},
	begins: []string{disturbance.Starting},
})
