package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeInstanceMaintenanceAttributesRequest is the request for what is done with instances when
// their host needs repair.
type DescribeInstanceMaintenanceAttributesRequest struct {
	RegionID    string       `api:"RegionId"`
	InstanceIDs []string     `api:"InstanceId"`
	Page        NumberedPage `api:",inline"`
	Malformed   Malformed
}

var maintenancePages = paging{list: "instance maintenance attributes", maxPageSize: 100, defaultPageSize: 10}

var describeInstanceMaintenanceAttributesRules = slices.Concat([]rule[DescribeInstanceMaintenanceAttributesRequest]{
	required[DescribeInstanceMaintenanceAttributesRequest]("RegionId"),
	readable[DescribeInstanceMaintenanceAttributesRequest](),
	invalid("InstanceId", func(r DescribeInstanceMaintenanceAttributesRequest) bool {
		return len(r.InstanceIDs) > maxListed
	}),
}, validNumberedPage[DescribeInstanceMaintenanceAttributesRequest](maintenancePages))

// DescribeInstanceMaintenanceAttributes lists the caller's instances, by id. All of them have
// automatic recovery.
var DescribeInstanceMaintenanceAttributes = newAction(Action[
	DescribeInstanceMaintenanceAttributesRequest,
	List[Instance],
]{
	permission: "ecs:DescribeInstanceMaintenanceAttributes",
	parameters: describeInstanceMaintenanceAttributesRules,
	run:        (*Service).describeInstanceMaintenanceAttributes,
})

func (s *Service) describeInstanceMaintenanceAttributes(
	ctx context.Context, caller Caller, req DescribeInstanceMaintenanceAttributesRequest,
) (List[Instance], error) {
	return s.readInstances(
		ctx,
		caller,
		store.InstanceFilter{RegionID: req.RegionID, IDs: req.InstanceIDs},
		maintenancePages,
		req.Page.request(),
	)
}
