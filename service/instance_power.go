package service

import (
	"context"
	"slices"
	"time"

	"enisim/service/disturbance"
	"enisim/store"
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

// changePowerState applies the rules to the instance of a request, and stores the result of next.
// also has further checks of the action, which it runs after the rules.
func (s *Service) changePowerState(
	ctx context.Context, caller Caller, req PowerRequest, rules []rule[powerInput],
	next func(i store.Instance, now time.Time) store.Instance,
	also ...func(*store.Tx, *store.InstanceScene) error,
) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockInstance(ctx, caller.AccountID, req.RegionID, req.InstanceID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		if err := check(rules, powerInput{scene}); err != nil {
			return err
		}
		for _, step := range also {
			if err := step(tx, scene); err != nil {
				return err
			}
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return err
		}
		after := next(*scene.Instance, now)
		tx.UpdateInstanceStatus(after)
		return s.record(tx, caller, now, store.ChangesOf(scene.Instance, &after, now)...)
	})
}

// startedInstance returns a function that returns the instance i, started at now.
func (s *Service) startedInstance(caller Caller) func(i store.Instance, now time.Time) store.Instance {
	return func(i store.Instance, now time.Time) store.Instance {
		s.transition(caller, disturbance.Starting, i.ID, 0).start(&i, now)
		i.Attributes.StoppedMode = ""
		return i
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
