package service

import (
	"context"
	"slices"

	"enisim/store"
)

// DescribeInstanceRAMRole is the request for the RAM roles of instances. All its filters must hold;
// an empty one does not filter.
type DescribeInstanceRAMRole struct {
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

var describeInstanceRAMRoleRules = slices.Concat([]rule[DescribeInstanceRAMRole]{
	required("RegionId", func(r DescribeInstanceRAMRole) string { return r.RegionID }),
	validLists(func(r DescribeInstanceRAMRole) Malformed { return r.Malformed }, "InstanceIds"),
	readable(func(r DescribeInstanceRAMRole) Malformed { return r.Malformed }),
	invalid("InstanceIds", func(r DescribeInstanceRAMRole) bool { return len(r.InstanceIDs) > maxListed }),
}, validNumberedPage(ramRolePages, func(r DescribeInstanceRAMRole) NumberedPage { return r.Page }))

// DescribeInstanceRAMRole lists the caller's instances with their roles, by id. An instance without
// a role is listed too.
func (s *Service) DescribeInstanceRAMRole(
	ctx context.Context, caller Caller, req DescribeInstanceRAMRole,
) (InstanceRAMRoles, error) {
	if err := check(describeInstanceRAMRoleRules, req); err != nil {
		return InstanceRAMRoles{}, err
	}
	if err := s.admit(ctx, caller, "ecs:DescribeInstanceRamRole", req.RegionID); err != nil {
		return InstanceRAMRoles{}, err
	}
	list, err := s.readInstances(ctx, caller, store.InstanceFilter{
		RegionID: req.RegionID, IDs: req.InstanceIDs, RAMRoleName: req.RAMRoleName,
	}, ramRolePages, req.Page.request())
	return InstanceRAMRoles{list, req.RegionID}, err
}
