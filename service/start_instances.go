package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
)

// StartInstancesRequest is the request to start instances.
type StartInstancesRequest struct {
	PowerBatchRequest
	Malformed Malformed
}

var startInstancesParameterRules = powerBatchRules[StartInstancesRequest]()

// StartInstances starts instances: they are Starting, and Running after the start delay.
var StartInstances = newAction(Action[StartInstancesRequest, []PowerResult]{
	permission: "ecs:StartInstances",
	parameters: startInstancesParameterRules,
	refusals:   slices.Concat(errorsOf(startRules), errorsOf(startStockRules), errorsOf(dryRunRules)),
	run: func(s *Service, ctx context.Context, caller Caller, r StartInstancesRequest) ([]PowerResult, error) {
		return s.changePowerStates(ctx, caller, r.PowerBatchRequest, s.starting(caller, startRules, startStockRules))
	},
	begins: []string{disturbance.Starting},
})
