package service

import (
	"context"
	"slices"

	"enisim/store"
)

// DescribeRouteTableList is the request for route tables without their entries. All its filters
// must hold; an empty one does not filter.
type DescribeRouteTableList struct {
	RegionID        string `api:"RegionId"`
	VPCID           string `api:"VpcId"`
	VRouterID       string `api:"VRouterId"`
	RouteTableID    string `api:"RouteTableId"`
	RouterType      string
	RouterID        string `api:"RouterId"`
	RouteTableName  string
	ResourceGroupID string       `api:"ResourceGroupId"`
	Tags            []Tag        `api:"Tag"`
	Page            NumberedPage `api:",inline"`
	Malformed       Malformed
}

var describeRouteTableListRules = slices.Concat([]rule[DescribeRouteTableList]{
	required("RegionId", func(r DescribeRouteTableList) string { return r.RegionID }),
	readable(func(r DescribeRouteTableList) Malformed { return r.Malformed }),
	validTagFilter(func(r DescribeRouteTableList) []Tag { return r.Tags }),
}, validNumberedPage(vpcPages, func(r DescribeRouteTableList) NumberedPage { return r.Page }))

// DescribeRouteTableList lists the system route tables of the caller's VPCs. Each is represented by
// its VPC, in the order of the VPCs' ids. No table has tags of its own, so a filter by tags selects
// none.
func (s *Service) DescribeRouteTableList(
	ctx context.Context, caller Caller, req DescribeRouteTableList,
) (List[VPC], error) {
	if err := check(describeRouteTableListRules, req); err != nil {
		return List[VPC]{}, err
	}
	if err := s.admit(ctx, caller, "vpc:DescribeRouteTableList", req.RegionID); err != nil {
		return List[VPC]{}, err
	}
	if len(req.Tags) > 0 {
		return newPage(vpcPages, req.Page.request(), store.List[VPC]{}, vpcID), nil
	}
	return s.listRouteTables(ctx, req.Page, routeTableFilter{
		routerType: req.RouterType,
		routerIDs:  []string{req.VRouterID, req.RouterID},
		name:       req.RouteTableName,
		vpcs: store.VPCFilter{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			IDs:             optionalList(req.VPCID),
			RouteTableID:    req.RouteTableID,
			ResourceGroupID: req.ResourceGroupID,
		},
	})
}
