package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeInstanceStatusRequest is the request for the statuses of instances. All its filters must
// hold; an empty one does not filter.
type DescribeInstanceStatusRequest struct {
	RegionID    string       `api:"RegionId"`
	InstanceIDs []string     `api:"InstanceId"`
	ZoneID      string       `api:"ZoneId"`
	Page        NumberedPage `api:",inline"`
	Malformed   Malformed
}

// instanceStatusPages are the bounds of the reference (docs/reference/actions.md, section 2.5).
var instanceStatusPages = paging{list: "instance statuses", maxPageSize: 50, defaultPageSize: 10}

var describeInstanceStatusRules = slices.Concat([]rule[DescribeInstanceStatusRequest]{
	required[DescribeInstanceStatusRequest]("RegionId"),
	readable[DescribeInstanceStatusRequest](),
	invalid("InstanceId", func(r DescribeInstanceStatusRequest) bool { return len(r.InstanceIDs) > maxListed }),
}, validNumberedPage[DescribeInstanceStatusRequest](instanceStatusPages))

// zoneRules apply after the zone that a request names was read.
var zoneRules = []rule[bool]{
	{err: InvalidZoneIDNotInRecords, violated: func(known bool) bool { return !known }},
}

// DescribeInstanceStatus lists the caller's instances in their current state, by id.
var DescribeInstanceStatus = newAction(Action[DescribeInstanceStatusRequest, List[Instance]]{
	permission: "ecs:DescribeInstanceStatus",
	parameters: describeInstanceStatusRules,
	refusals:   errorsOf(zoneRules),
	run:        (*Service).describeInstanceStatus,
})

func (s *Service) describeInstanceStatus(
	ctx context.Context, caller Caller, req DescribeInstanceStatusRequest,
) (List[Instance], error) {
	if req.ZoneID != "" {
		zones, err := s.store.Zones(ctx, req.RegionID)
		if err != nil {
			return List[Instance]{}, err
		}
		known := slices.ContainsFunc(zones, func(z store.Zone) bool { return z.ID == req.ZoneID })
		if err := check(zoneRules, known); err != nil {
			return List[Instance]{}, err
		}
	}
	return s.readInstances(
		ctx,
		caller,
		store.InstanceFilter{RegionID: req.RegionID, IDs: req.InstanceIDs, ZoneID: req.ZoneID},
		instanceStatusPages,
		req.Page.request(),
	)
}
