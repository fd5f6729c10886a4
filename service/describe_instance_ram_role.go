package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeInstanceRAMRoleRequest is the request for the RAM roles of instances. All its filters
// must hold; an empty one does not filter.
type DescribeInstanceRAMRoleRequest struct {
	RegionID    string       `api:"RegionId"`
	InstanceIDs JSONList     `api:"InstanceIds"`
	RAMRoleName string       `api:"RamRoleName"`
	Page        NumberedPage `api:",inline"`
	Malformed   Malformed
}

// InstanceRAMRoles is a page of instances in a region.
type InstanceRAMRoles struct {
	List[Instance]
	RegionID string
}

var ramRolePages = paging{list: "instance RAM roles", maxPageSize: 50, defaultPageSize: 10}

var describeInstanceRAMRoleRules = slices.Concat([]rule[DescribeInstanceRAMRoleRequest]{
	required[DescribeInstanceRAMRoleRequest]("RegionId"),
	validLists[DescribeInstanceRAMRoleRequest]("InstanceIds"),
	readable[DescribeInstanceRAMRoleRequest](),
	invalid("InstanceIds", func(r DescribeInstanceRAMRoleRequest) bool { return len(r.InstanceIDs) > maxListed }),
}, validNumberedPage[DescribeInstanceRAMRoleRequest](ramRolePages))

// DescribeInstanceRAMRole lists the caller's instances with their roles, by id. An instance without
// a role is listed too.
var DescribeInstanceRAMRole = newAction(Action[DescribeInstanceRAMRoleRequest, InstanceRAMRoles]{
	permission: "ecs:DescribeInstanceRamRole",
	parameters: describeInstanceRAMRoleRules,
	run:        (*Service).describeInstanceRAMRole,
})

func (s *Service) describeInstanceRAMRole(
	ctx context.Context, caller Caller, req DescribeInstanceRAMRoleRequest,
) (InstanceRAMRoles, error) {
	list, err := s.readInstances(ctx, caller, store.InstanceFilter{
		RegionID: req.RegionID, IDs: req.InstanceIDs, RAMRoleName: req.RAMRoleName,
	}, ramRolePages, req.Page.request())
	return InstanceRAMRoles{list, req.RegionID}, err
}
