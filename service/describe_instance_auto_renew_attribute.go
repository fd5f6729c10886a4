package service

import (
	"cmp"
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeInstanceAutoRenewAttributeRequest is the request for the renewals of subscriptions: those with some
// ids, or with a status.
type DescribeInstanceAutoRenewAttributeRequest struct {
	RegionID      string `api:"RegionId"`
	InstanceID    string `api:"InstanceId"` // ids, separated by commas
	RenewalStatus string
	Page          NumberedPage `api:",inline"`
	Malformed     Malformed
}

var renewalPages = paging{list: "renewals", maxPageSize: 100, defaultPageSize: 10}

var describeInstanceAutoRenewAttributeRules = slices.Concat(
	[]rule[DescribeInstanceAutoRenewAttributeRequest]{
		required[DescribeInstanceAutoRenewAttributeRequest]("RegionId"),
		{err: MissingRenewalFilter, violated: func(r DescribeInstanceAutoRenewAttributeRequest) bool {
			return r.InstanceID == "" && r.RenewalStatus == ""
		}},
		readable[DescribeInstanceAutoRenewAttributeRequest](),
	},
	renewedIDRules[DescribeInstanceAutoRenewAttributeRequest](),
	validNumberedPage[DescribeInstanceAutoRenewAttributeRequest](renewalPages),
)

// renewalRules apply to the instances that a request names.
var renewalRules = []rule[[]Instance]{
	{err: RenewalOfPostPaid, violated: func(named []Instance) bool {
		return slices.ContainsFunc(named, func(i Instance) bool { return !isSubscription(i.Attributes) })
	}},
}

// DescribeInstanceAutoRenewAttribute lists subscriptions with their renewals, by id. It takes no locks.
var DescribeInstanceAutoRenewAttribute = newAction(Action[DescribeInstanceAutoRenewAttributeRequest, List[Instance]]{
	permission: "ecs:DescribeInstanceAutoRenewAttribute",
	parameters: describeInstanceAutoRenewAttributeRules,
	refusals:   errorsOf(renewalRules),
	run:        (*Service).describeInstanceAutoRenewAttribute,
})

func (s *Service) describeInstanceAutoRenewAttribute(
	ctx context.Context, caller Caller, req DescribeInstanceAutoRenewAttributeRequest,
) (List[Instance], error) {
	page, id := req.Page.request(), func(i Instance) string { return i.ID }
	filter := store.InstanceFilter{AccountID: caller.AccountID, RegionID: req.RegionID}
	if req.InstanceID == "" {
		filter.ChargeTypes = []string{prePaid}
		filter.RenewalStatuses = withDefaults(req.RenewalStatus, renewalNormal)
		return s.readInstances(ctx, caller, filter, renewalPages, page)
	}
	// The named ones are read together, because each must be a subscription.
	filter.IDs = splitList(req.InstanceID)
	read, err := s.listInstances(ctx, caller, filter, store.Page{Limit: maxListed})
	if err != nil {
		return List[Instance]{}, err
	}
	if err := check(renewalRules, read.Rows); err != nil {
		return List[Instance]{}, err
	}
	found := slices.DeleteFunc(read.Rows, func(i Instance) bool {
		return !oneOf(req.RenewalStatus, "", cmp.Or(i.Attributes.Renewal.Status, renewalNormal))
	})
	part := renewalPages.page(page)
	from := min(part.Skip, len(found))
	to := min(from+part.Limit, len(found))
	return newPage(renewalPages, page, store.List[Instance]{Rows: found[from:to], Total: len(found)}, id), nil
}
