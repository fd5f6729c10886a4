package service

import (
	"cmp"
	"context"
	"time"

	"enisim.alt/store"
)

// ModifyInstanceAutoReleaseTimeRequest is the request to set the time at which an instance is released, or none.
type ModifyInstanceAutoReleaseTimeRequest struct {
	RegionID        string `api:"RegionId"`
	InstanceID      string `api:"InstanceId"`
	AutoReleaseTime string // "": never
}

// A time of release lies within these bounds from now on.
const (
	minReleaseDelay = 30 * time.Minute
	maxReleaseYears = 3
)

const releaseTimeLayout = "2006-01-02T15:04:05Z"

func isReleaseTime(text string) bool {
	_, err := time.Parse(releaseTimeLayout, text)
	return err == nil
}

var modifyInstanceAutoReleaseTimeParameterRules = []rule[ModifyInstanceAutoReleaseTimeRequest]{
	required[ModifyInstanceAutoReleaseTimeRequest]("InstanceId"),
	wellFormed[ModifyInstanceAutoReleaseTimeRequest](InvalidAutoReleaseTime, "AutoReleaseTime", isReleaseTime),
}

// releaseInput is the locked instance with the time of its release. at is nil for none.
type releaseInput struct {
	*store.InstanceScene
	at  *time.Time
	now time.Time
}

var modifyInstanceAutoReleaseTimeRules = []rule[releaseInput]{
	{err: InvalidInstanceIDNotFound, violated: func(r releaseInput) bool { return r.Instance == nil }},
	{err: ChargeTypeViolation, violated: func(r releaseInput) bool { return isPrePaid(r.Instance) }},
	{err: InvalidAutoReleaseTime, violated: func(r releaseInput) bool {
		return r.at != nil &&
			(r.at.Before(r.now.Add(minReleaseDelay)) || r.at.After(r.now.AddDate(maxReleaseYears, 0, 0)))
	}},
}

// isPrePaid reports whether an instance is a subscription.
func isPrePaid(i *store.Instance) bool { return isSubscription(i.Attributes) }

// isSubscription reports whether an instance with some attributes is a subscription.
func isSubscription(a store.InstanceAttributes) bool {
	return cmp.Or(a.InstanceChargeType, InstanceChargeType) == prePaid
}

// ModifyInstanceAutoReleaseTime sets the time at which an instance is to be released, which is shown. The
// instance stays when the time comes.
var ModifyInstanceAutoReleaseTime = newAction(Action[ModifyInstanceAutoReleaseTimeRequest, Empty]{
	permission: "ecs:ModifyInstanceAutoReleaseTime",
	parameters: modifyInstanceAutoReleaseTimeParameterRules,
	refusals:   errorsOf(modifyInstanceAutoReleaseTimeRules),
	run:        answerless((*Service).modifyInstanceAutoReleaseTime),
})

func (s *Service) modifyInstanceAutoReleaseTime(
	ctx context.Context, caller Caller, req ModifyInstanceAutoReleaseTimeRequest,
) error {
	var at *time.Time
	if req.AutoReleaseTime != "" {
		parsed, err := time.Parse(releaseTimeLayout, req.AutoReleaseTime)
		if err != nil {
			return err // a rule has refused it before
		}
		at = new(parsed.Truncate(time.Minute)) // as the vendor does
	}
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockInstance(ctx, caller.AccountID, req.RegionID, req.InstanceID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		if err := check(modifyInstanceAutoReleaseTimeRules, releaseInput{scene, at, now}); err != nil {
			return err
		}
		after := *scene.Instance
		after.Attributes.AutoReleaseTime = at
		tx.ChangeInstance(after)
		return s.record(tx, caller, now, store.ChangesOf(scene.Instance, &after, now)...)
	})
}
