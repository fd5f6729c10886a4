package service

import (
	"context"
	"slices"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// PowerRequest has the parameters that the actions on one instance's power state share.
type PowerRequest struct {
	RegionID   string `api:"RegionId"` // may be absent: an id is unique within its account
	InstanceID string `api:"InstanceId"`
	DryRun     *bool
}

// powerParameterRules returns the rules on these parameters.
func powerParameterRules[R any]() []rule[R] {
	return []rule[R]{
		required[R]("InstanceId"),
		readable[R](),
	}
}

// Modes of an action on several instances.
const (
	allTogether  = "AllTogether"  // all of them are changed, or none
	successFirst = "SuccessFirst" // those are changed that can be
)

// PowerBatchRequest has the parameters that the actions on the power state of several instances share.
type PowerBatchRequest struct {
	RegionID          string   `api:"RegionId"`
	InstanceIDs       []string `api:"InstanceId"`
	BatchOptimization string   // "": AllTogether
	DryRun            *bool
}

// powerBatchRules returns the rules on these parameters.
func powerBatchRules[R any]() []rule[R] {
	ids := valueFrom[R, []string]("InstanceId")
	return []rule[R]{
		required[R]("RegionId"),
		{
			err: MissingNamedParameter, violated: func(r R) bool { return len(ids(r)) == 0 },
			messageArgs: nameArg[R]("InstanceId"), constraint: presence("InstanceId"),
		},
		readable[R](),
		invalid("InstanceId", func(r R) bool { return len(ids(r)) > maxListed }),
		among[R]("BatchOptimization", allTogether, successFirst),
	}
}

// PowerResult is what has become of one instance of a batch. Before and After are its statuses; Refusal is
// nil if it was changed.
type PowerResult struct {
	InstanceID    string
	Before, After string
	Refusal       *Error
}

// powerInput is the locked instance that the rules check.
type powerInput struct{ *store.InstanceScene }

// powerRules returns the rules that let a transition begin from one status only.
func powerRules(from string) []rule[powerInput] {
	return []rule[powerInput]{
		{err: InvalidInstanceIDNotFound, violated: func(p powerInput) bool { return p.Instance == nil }},
		{
			err:      IncorrectInstanceStatus,
			violated: func(p powerInput) bool { return p.Instance.Status != from },
		},
	}
}

// powerChange is what an action does to the power state of an instance.
type powerChange struct {
	rules   []rule[powerInput]
	ofStock []rule[stock] // for an instance that was stopped without charge: it has given up its place
	// next returns the k-th changed instance, from 0.
	next func(i store.Instance, now time.Time, k int) store.Instance
}

// changePowerState changes the power state of one instance.
func (s *Service) changePowerState(ctx context.Context, caller Caller, req PowerRequest, change powerChange) error {
	_, err := s.changePowerStates(ctx, caller, PowerBatchRequest{
		RegionID: req.RegionID, InstanceIDs: []string{req.InstanceID}, DryRun: req.DryRun,
	}, change)
	return err
}

// changePowerStates changes the power states of instances in one transaction, and returns the results in the
// order of the request. The mode decides whether one that is refused keeps the others from being changed.
func (s *Service) changePowerStates(
	ctx context.Context, caller Caller, req PowerBatchRequest, change powerChange,
) (results []PowerResult, err error) {
	ids := withoutRepeats(req.InstanceIDs)
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		// First lock the instances, and then what limits the stock that they need.
		scenes, err := tx.LockInstances(ctx, caller.AccountID, req.RegionID, ids)
		if err != nil {
			return err
		}
		taken, err := lockTaken(ctx, tx, caller, change.stockNeeded(scenes)...)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		inputs := make([]powerInput, len(ids))
		for k, id := range ids {
			scenes[id].Settle(now)
			inputs[k] = powerInput{scenes[id]}
		}
		isAllTogether := req.BatchOptimization != successFirst
		if isAllTogether {
			if err := checkEach(change.rules, inputs); err != nil {
				return err
			}
		}
		// Then decide about one after the other: an earlier one may take the last place in the stock.
		var changes []store.Change
		changed := 0
		for k, id := range ids {
			scene := inputs[k].InstanceScene
			err := change.decide(tx, caller, scene, taken)
			if err != nil && isAllTogether {
				return err
			}
			result := newPowerResult(id, scene.Instance, err)
			if err == nil {
				after := change.next(*scene.Instance, now, changed)
				tx.UpdateInstanceStatus(after)
				changes = append(changes, store.ChangesOf(scene.Instance, &after, now)...)
				result.After = after.Settled(now).Status
				changed++
			}
			results = append(results, result)
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return err
		}
		return s.record(tx, caller, now, changes...)
	})
	return results, err
}

// needsStock reports whether an instance, which may be nil, needs another place from the stock.
func (p powerChange) needsStock(i *store.Instance) bool {
	return i != nil && p.ofStock != nil && i.Attributes.StoppedMode == StopCharging
}

// stockNeeded returns what instances need of the stock.
func (p powerChange) stockNeeded(scenes map[string]*store.InstanceScene) (needed []stockOf) {
	for _, scene := range scenes {
		if p.needsStock(scene.Instance) {
			needed = append(needed, newStockOf(scene.Instance))
		}
	}
	return needed
}

// newStockOf returns what an instance needs of the stock.
func newStockOf(i *store.Instance) stockOf { return stockOf{i.RegionID, i.ZoneID, i.InstanceType} }

// decide returns why an instance cannot be changed. If it can be, decide takes from the stock what the
// instance needs.
func (p powerChange) decide(
	tx *store.Tx, caller Caller, scene *store.InstanceScene, taken map[string]int64,
) error {
	if err := check(p.rules, powerInput{scene}); err != nil || !p.needsStock(scene.Instance) {
		return err
	}
	left := caller.stock(newStockOf(scene.Instance), taken)
	if err := check(p.ofStock, left); err != nil {
		return err
	}
	left.take(tx, 1)
	left.addTo(taken, 1)
	return nil
}

// newPowerResult returns the result for an instance before its change. i is nil if there is none, and err why
// it is refused.
func newPowerResult(id string, i *store.Instance, err error) PowerResult {
	result := PowerResult{InstanceID: id}
	if i != nil {
		result.Before, result.After = i.Status, i.Status
	}
	if err != nil {
		result.Refusal, _ = APIError(err)
	}
	return result
}

// withoutRepeats returns the values of a list in their order, each once.
func withoutRepeats(list []string) (once []string) {
	seen := map[string]bool{}
	for _, value := range list {
		if !seen[value] {
			seen[value], once = true, append(once, value)
		}
	}
	return once
}

// starting returns the change that starts instances.
func (s *Service) starting(caller Caller, rules []rule[powerInput], ofStock []rule[stock]) powerChange {
	return powerChange{
		rules:   rules,
		ofStock: ofStock,
		next: func(i store.Instance, now time.Time, k int) store.Instance {
			s.transition(caller, disturbance.Starting, i.ID, k).start(&i, now)
			i.Attributes.StoppedMode = ""
			return i
		},
	}
}

// stopping returns the change that stops running instances.
func (s *Service) stopping(caller Caller, mode string) powerChange {
	if mode != StopCharging {
		mode = KeepCharging
	}
	return powerChange{
		rules: stopRules,
		next: func(i store.Instance, now time.Time, k int) store.Instance {
			end := s.transition(caller, disturbance.Stopping, i.ID, k)
			end.set(&i.AttachableInstance, now, store.InstanceStopping, store.InstanceStopped)
			i.Attributes.StoppedMode = mode
			return i
		},
	}
}

// start starts an instance at now: in the end it is Running, or Stopped if the start fails.
func (t transition) start(i *store.Instance, now time.Time) {
	next := store.InstanceRunning
	if t.fails {
		next = store.InstanceStopped
	}
	t.set(&i.AttachableInstance, now, store.InstanceStarting, next)
	i.StartedAt = &now
}

// isStable reports whether the instance is not in transition.
func isStable(i *store.Instance) bool {
	return slices.Contains([]string{store.InstanceRunning, store.InstanceStopped}, i.Status)
}
