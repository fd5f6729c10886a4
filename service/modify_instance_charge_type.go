package service

import (
	"cmp"
	"context"
	"slices"

	"enisim.alt/store"
)

// ModifyInstanceChargeTypeRequest is the request to change how instances are paid for.
type ModifyInstanceChargeTypeRequest struct {
	RegionID           string   `api:"RegionId"`
	InstanceIDs        JSONList `api:"InstanceIds"`
	InstanceChargeType string   // "": PrePaid
	Period             *int     // accepted, without effect, like the next ones: nothing is paid for
	PeriodUnit         string
	IncludeDataDisks   *bool
	AutoPay            *bool
	IsDetailFee        *bool
	DryRun             *bool
	ClientToken        string
	Malformed          Malformed
}

// prePaid and postPaid are the ways to pay for an instance.
const (
	prePaid  = "PrePaid"
	postPaid = "PostPaid"
)

// maxChargedInstances is the documented number of instances of a call.
const maxChargedInstances = 20

var modifyInstanceChargeTypeParameterRules = []rule[ModifyInstanceChargeTypeRequest]{
	required[ModifyInstanceChargeTypeRequest]("RegionId"),
	requiredList[ModifyInstanceChargeTypeRequest]("InstanceIds"),
	{err: InvalidInstanceIDsOfCharge, violated: func(r ModifyInstanceChargeTypeRequest) bool {
		return len(r.InstanceIDs) == 0
	}},
	readable[ModifyInstanceChargeTypeRequest](),
	{err: TooManyInstancesOfCharge, violated: func(r ModifyInstanceChargeTypeRequest) bool {
		return len(r.InstanceIDs) > maxChargedInstances
	}},
	{err: InvalidInstanceChargeType, violated: func(r ModifyInstanceChargeTypeRequest) bool {
		return !oneOf(r.InstanceChargeType, "", prePaid, postPaid)
	}},
	{err: InvalidChargePeriod, violated: func(r ModifyInstanceChargeTypeRequest) bool {
		months := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60}
		return !oneOf(r.PeriodUnit, "", "Month") || r.Period != nil && !slices.Contains(months, *r.Period)
	}},
	wellFormed[ModifyInstanceChargeTypeRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
}

var chargedInstanceRules = []rule[instanceInput]{
	{err: InvalidInstanceIDNotFound, violated: func(i instanceInput) bool { return i.Instance == nil }},
	{err: InvalidStatusOfCharge, violated: func(i instanceInput) bool { return !isStable(i.Instance) }},
}

// newSubscriptionRules apply to instances that are to be subscriptions.
var newSubscriptionRules = []rule[instanceInput]{
	{err: ReleaseTimeHaveBeenSet, violated: func(i instanceInput) bool {
		return i.Instance.Attributes.AutoReleaseTime != nil
	}},
}

// ModifyInstanceChargeType changes how instances are paid for, all of them or none. It answers their ids.
var ModifyInstanceChargeType = newAction(Action[ModifyInstanceChargeTypeRequest, []string]{
	permission: "ecs:ModifyInstanceChargeType",
	parameters: modifyInstanceChargeTypeParameterRules,
	refusals: slices.Concat(
		errorsOf(chargedInstanceRules), errorsOf(newSubscriptionRules), errorsOf(dryRunRules)),
	write: (*Service).modifyInstanceChargeType,
})

func (s *Service) modifyInstanceChargeType(
	ctx context.Context, tx *store.Tx, caller Caller, req ModifyInstanceChargeTypeRequest,
) ([]string, error) {
	chargeType, ids := cmp.Or(req.InstanceChargeType, prePaid), withoutRepeats(req.InstanceIDs)
	rules := chargedInstanceRules
	if chargeType == prePaid {
		rules = slices.Concat(rules, newSubscriptionRules)
	}
	scenes, err := s.lockAllInstances(ctx, tx, caller, req.RegionID, ids, rules)
	if err != nil {
		return nil, err
	}
	if err := check(dryRunRules, req.DryRun); err != nil {
		return nil, err
	}
	_, err = s.changeInstances(tx, caller, ids, scenes, nil, func(i *store.Instance) {
		i.Attributes.InstanceChargeType = chargeType
		if chargeType == postPaid {
			i.Attributes.Renewal = store.Renewal{} // nothing is left to be renewed
		}
	})
	return ids, err
}
