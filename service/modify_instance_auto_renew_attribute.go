package service

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"enisim.alt/store"
)

// ModifyInstanceAutoRenewAttributeRequest is the request to say whether subscriptions are renewed.
type ModifyInstanceAutoRenewAttributeRequest struct {
	RegionID      string `api:"RegionId"`
	InstanceID    string `api:"InstanceId"` // ids, separated by commas
	RenewalStatus string // "": as AutoRenew says
	AutoRenew     *bool
	Duration      *int
	PeriodUnit    string // "": month
	Malformed     Malformed
}

// Whether a subscription is renewed.
const (
	renewalAutomatic = "AutoRenewal"
	renewalNormal    = "Normal"
	renewalNever     = "NotRenewal"
)

// renewalDurations are the documented durations by unit.
var renewalDurations = map[string][]int{"month": {1, 2, 3, 6, 12}, "year": {1, 2, 3}, "week": {1, 2, 3}}

// renewedIDRules returns the rules on the ids of subscriptions.
func renewedIDRules[R any]() []rule[R] {
	ids := textOf[R]("InstanceId")
	return []rule[R]{
		{err: TooManyInstancesOfRenewal, violated: func(r R) bool { return len(splitList(ids(r))) > maxListed }},
		{err: InvalidInstanceIDOfRenewal, violated: func(r R) bool {
			return slices.ContainsFunc(splitList(ids(r)), func(id string) bool { return id == "" || !isValidID(id) })
		}},
		{err: InvalidRenewalStatus, violated: func(r R) bool {
			return !oneOf(textOf[R]("RenewalStatus")(r), "", renewalAutomatic, renewalNormal, renewalNever)
		}},
	}
}

var modifyInstanceAutoRenewAttributeParameterRules = slices.Concat(
	[]rule[ModifyInstanceAutoRenewAttributeRequest]{
		required[ModifyInstanceAutoRenewAttributeRequest]("RegionId"),
		requiredOr[ModifyInstanceAutoRenewAttributeRequest](MissingInstanceIDOfRenewal, "InstanceId"),
		readable[ModifyInstanceAutoRenewAttributeRequest](),
	},
	renewedIDRules[ModifyInstanceAutoRenewAttributeRequest](),
	[]rule[ModifyInstanceAutoRenewAttributeRequest]{
		{err: InvalidRenewalPeriodUnit, violated: func(r ModifyInstanceAutoRenewAttributeRequest) bool {
			return renewalDurations[r.unit()] == nil
		}},
		{err: InvalidRenewalDuration, violated: func(r ModifyInstanceAutoRenewAttributeRequest) bool {
			return r.Duration != nil && !slices.Contains(renewalDurations[r.unit()], *r.Duration)
		}},
	},
)

// unit returns the unit of the duration in lower case.
func (r ModifyInstanceAutoRenewAttributeRequest) unit() string {
	return strings.ToLower(cmp.Or(r.PeriodUnit, "month"))
}

// renewal returns the wanted renewal.
func (r ModifyInstanceAutoRenewAttributeRequest) renewal() store.Renewal {
	status := r.RenewalStatus
	if status == "" && isTrue(r.AutoRenew) {
		status = renewalAutomatic
	}
	out := store.Renewal{Status: cmp.Or(status, renewalNormal)}
	if out.Status == renewalAutomatic {
		out.Duration, out.PeriodUnit = 1, strings.ToUpper(r.unit()[:1])+r.unit()[1:]
		setIfPresent(&out.Duration, r.Duration)
	}
	return out
}

var renewedInstanceRules = []rule[instanceInput]{
	{err: InvalidInstanceIDNotFound, violated: func(i instanceInput) bool { return i.Instance == nil }},
	{err: IncorrectInstanceStatus, violated: func(i instanceInput) bool { return !isStable(i.Instance) }},
	{err: RenewalOfPostPaid, violated: func(i instanceInput) bool { return !isPrePaid(i.Instance) }},
}

// ModifyInstanceAutoRenewAttribute says whether subscriptions are renewed, which is stored and shown.
var ModifyInstanceAutoRenewAttribute = newAction(Action[ModifyInstanceAutoRenewAttributeRequest, Empty]{
	permission: "ecs:ModifyInstanceAutoRenewAttribute",
	parameters: modifyInstanceAutoRenewAttributeParameterRules,
	refusals:   errorsOf(renewedInstanceRules),
	run:        answerless((*Service).modifyInstanceAutoRenewAttribute),
})

func (s *Service) modifyInstanceAutoRenewAttribute(
	ctx context.Context, caller Caller, req ModifyInstanceAutoRenewAttributeRequest,
) error {
	return s.changeAllInstances(ctx, caller, req.RegionID, splitList(req.InstanceID), renewedInstanceRules,
		func(i *store.Instance) { i.Attributes.Renewal = req.renewal() })
}
