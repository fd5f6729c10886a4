package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// StartInstanceRequest is the request to start a stopped instance.
type StartInstanceRequest struct {
	PowerRequest
	InitLocalDisk *bool // accepted, without effect: no disk is local
	Malformed     Malformed
}

var (
	startParameterRules = powerParameterRules[StartInstanceRequest]()
	startRules          = powerRules(store.InstanceStopped)
	startStockRules     = []rule[stock]{{err: OperationDeniedNoStock, violated: isSoldOut}}
)

// StartInstance starts an instance: it is Starting, and Running after the start delay.
var StartInstance = newAction(Action[StartInstanceRequest, Empty]{
	permission: "ecs:StartInstance",
	parameters: startParameterRules,
	refusals:   slices.Concat(errorsOf(startRules), errorsOf(startStockRules), errorsOf(dryRunRules)),
	run: answerless(func(s *Service, ctx context.Context, caller Caller, r StartInstanceRequest) error {
		return s.changePowerState(ctx, caller, r.PowerRequest, s.starting(caller, startRules, startStockRules))
	}),
	begins:  []string{disturbance.Starting},
	changes: "InstanceId",
})
