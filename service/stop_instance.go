package service

import (
	"context"
	"slices"
	"time"

	"enisim/store"
)

// Stopped modes: whether a stopped instance is charged like a running one.
const (
	KeepCharging = "KeepCharging"
	StopCharging = "StopCharging"

	stoppedModeNotApplicable = "Not-applicable" // the value of a running instance, which tools send back
)

// StopInstance is the request to stop a running instance.
type StopInstance struct {
	LifeRequest
	StoppedMode string // "" and Not-applicable: KeepCharging
	ForceStop   *bool  // accepted, without effect: every guest reacts to a stop
	Hibernate   *bool  // accepted, without effect: memory is not simulated
	ConfirmStop *bool  // accepted, without effect
	Malformed   Malformed
}

var (
	stopParameterRules = slices.Concat(
		powerParameterRules(
			func(r StopInstance) LifeRequest { return r.LifeRequest },
			func(r StopInstance) Malformed { return r.Malformed },
		),
		[]rule[StopInstance]{
			among(
				"StoppedMode",
				func(r StopInstance) string { return r.StoppedMode },
				KeepCharging,
				StopCharging,
				stoppedModeNotApplicable,
			),
		},
	)
	stopRules = powerRules(store.InstanceRunning)
)

// StopInstance stops an instance: it is Stopping, and Stopped after the stop delay. Its interfaces
// stay InUse.
func (s *Service) StopInstance(ctx context.Context, caller Caller, req StopInstance) error {
	if err := check(stopParameterRules, req); err != nil {
		return err
	}
	return s.changePowerState(
		ctx,
		caller,
		"ecs:StopInstance",
		req.LifeRequest,
		stopRules,
		func(i store.Instance, now time.Time) store.Instance {
			i.Status, i.NextStatus, i.SettlesAt, i.RunningAt = store.InstanceStopped, nil, nil, nil
			if s.options.StopDelay > 0 {
				i.Status, i.NextStatus = store.InstanceStopping, new(store.InstanceStopped)
				i.SettlesAt = new(now.Add(s.options.StopDelay))
			}
			i.Attributes.StoppedMode = req.StoppedMode
			if req.StoppedMode != StopCharging {
				i.Attributes.StoppedMode = KeepCharging
			}
			return i
		},
	)
}
