package service

import (
	"context"
	"slices"

	"enisim/store"
)

// DescribeInstanceMaintenanceAttributes is the request for what is done with instances when their
// host needs repair.
type DescribeInstanceMaintenanceAttributes struct {
	RegionID    string       `api:"RegionId"`
	InstanceIDs []string     `api:"InstanceId"`
	Page        NumberedPage `api:",inline"`
	Malformed   Malformed
}

var maintenancePages = paging{list: "instance maintenance attributes", maxPageSize: 100, defaultPageSize: 10}

var describeInstanceMaintenanceAttributesRules = slices.Concat([]rule[DescribeInstanceMaintenanceAttributes]{
	required("RegionId", func(r DescribeInstanceMaintenanceAttributes) string { return r.RegionID }),
	readable(func(r DescribeInstanceMaintenanceAttributes) Malformed { return r.Malformed }),
	invalid("InstanceId", func(r DescribeInstanceMaintenanceAttributes) bool { return len(r.InstanceIDs) > maxListed }),
}, validNumberedPage(maintenancePages, func(r DescribeInstanceMaintenanceAttributes) NumberedPage { return r.Page }))

// DescribeInstanceMaintenanceAttributes lists the caller's instances, by id. All of them have
// automatic recovery.
func (s *Service) DescribeInstanceMaintenanceAttributes(
	ctx context.Context, caller Caller, req DescribeInstanceMaintenanceAttributes,
) (List[Instance], error) {
	if err := check(describeInstanceMaintenanceAttributesRules, req); err != nil {
		return List[Instance]{}, err
	}
	if err := s.admit(ctx, caller, "ecs:DescribeInstanceMaintenanceAttributes", req.RegionID); err != nil {
		return List[Instance]{}, err
	}
	return s.readInstances(
		ctx,
		caller,
		store.InstanceFilter{RegionID: req.RegionID, IDs: req.InstanceIDs},
		maintenancePages,
		req.Page.request(),
	)
}
