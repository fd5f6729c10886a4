package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
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
		[]rule[StopInstanceRequest]{validStoppedMode[StopInstanceRequest]()},
	)
	stopRules = powerRules(store.InstanceRunning)
)

// validStoppedMode refuses a stopped mode that there is not.
func validStoppedMode[R any]() rule[R] {
	return among[R]("StoppedMode", KeepCharging, StopCharging, stoppedModeNotApplicable)
}

// StopInstance stops an instance: it is Stopping, and Stopped after the stop delay. Its interfaces
// stay InUse.
var StopInstance = newAction(Action[StopInstanceRequest, Empty]{
	permission: "ecs:StopInstance",
	parameters: stopParameterRules,
	refusals:   slices.Concat(errorsOf(stopRules), errorsOf(dryRunRules)),
	run: answerless(func(s *Service, ctx context.Context, caller Caller, r StopInstanceRequest) error {
		return s.changePowerState(ctx, caller, r.PowerRequest, s.stopping(caller, r.StoppedMode))
	}),
	begins:  []string{disturbance.Stopping},
	changes: "InstanceId",
})
