package service

import (
	"context"
	"slices"
	"time"

	"enisim/service/disturbance"
	"enisim/store"
)

// Stopped modes: whether a stopped instance is charged like a running one.
const (
	KeepCharging = "KeepCharging"
	StopCharging = "StopCharging"

	stoppedModeNotApplicable = "Not-applicable" // the value of a running instance, which tools send back
)

// StopInstanceRequest is the request to stop a running instance.
type StopInstanceRequest struct {
	PowerRequest
	StoppedMode string // "" and Not-applicable: KeepCharging
	ForceStop   *bool  // accepted, without effect: every guest reacts to a stop
	Hibernate   *bool  // accepted, without effect: memory is not simulated
	ConfirmStop *bool  // accepted, without effect
	Malformed   Malformed
}

var (
	stopParameterRules = slices.Concat(
		powerParameterRules[StopInstanceRequest](),
		[]rule[StopInstanceRequest]{
			among[StopInstanceRequest]("StoppedMode", KeepCharging, StopCharging, stoppedModeNotApplicable),
		},
	)
	stopRules = powerRules(store.InstanceRunning)
)

// StopInstance stops an instance: it is Stopping, and Stopped after the stop delay. Its interfaces
// stay InUse.
var StopInstance = newAction(Action[StopInstanceRequest, Empty]{
	permission: "ecs:StopInstance",
	parameters: stopParameterRules,
	refusals:   slices.Concat(errorsOf(stopRules), errorsOf(dryRunRules)),
	run:        answerless((*Service).stopInstance),
	begins:     []string{disturbance.Stopping},
	changes:    "InstanceId",
})

func (s *Service) stopInstance(ctx context.Context, caller Caller, req StopInstanceRequest) error {
	stopped := func(i store.Instance, now time.Time) store.Instance {
		stopping := s.transition(caller, disturbance.Stopping, i.ID, 0)
		stopping.set(&i.AttachableInstance, now, store.InstanceStopping, store.InstanceStopped)
		i.Attributes.StoppedMode = req.StoppedMode
		if req.StoppedMode != StopCharging {
			i.Attributes.StoppedMode = KeepCharging
		}
		return i
	}
	return s.changePowerState(ctx, caller, req.PowerRequest, stopRules, stopped)
}
