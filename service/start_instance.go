package service

import (
	"context"
	"slices"

	"enisim/service/disturbance"
	"enisim/store"
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

// StartInstance starts an instance: it is Starting, and Running after the start delay. One that was
// stopped without charge has given up its place, and needs another from the stock.
var StartInstance = newAction(Action[StartInstanceRequest, Empty]{
	permission: "ecs:StartInstance",
	parameters: startParameterRules,
	refusals:   slices.Concat(errorsOf(startRules), errorsOf(startStockRules), errorsOf(dryRunRules)),
	run:        answerless((*Service).startInstance),
	begins:     []string{disturbance.Starting},
	changes:    "InstanceId",
})

func (s *Service) startInstance(ctx context.Context, caller Caller, req StartInstanceRequest) error {
	takeFromStock := func(tx *store.Tx, scene *store.InstanceScene) error {
		i := scene.Instance
		if i.Attributes.StoppedMode != StopCharging {
			return nil
		}
		left, err := lockStock(ctx, tx, caller, stockOf{i.RegionID, i.ZoneID, i.InstanceType})
		if err != nil {
			return err
		}
		left.take(tx, 1)
		return check(startStockRules, left)
	}
	return s.changePowerState(ctx, caller, req.PowerRequest, startRules, s.startedInstance(caller), takeFromStock)
}
