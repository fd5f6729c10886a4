package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeRouteTableListRequest is the request for route tables without their entries. All its
// filters must hold; an empty one does not filter.
type DescribeRouteTableListRequest struct {
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

var describeRouteTableListRules = slices.Concat([]rule[DescribeRouteTableListRequest]{
	required[DescribeRouteTableListRequest]("RegionId"),
	readable[DescribeRouteTableListRequest](),
	validTagFilter[DescribeRouteTableListRequest](),
}, validNumberedPage[DescribeRouteTableListRequest](vpcPages))

// DescribeRouteTableList lists the system route tables of the caller's VPCs. Each is represented by
// its VPC, in the order of the VPCs' ids. No table has tags of its own, so a filter by tags selects
// none.
var DescribeRouteTableList = newAction(Action[DescribeRouteTableListRequest, List[VPC]]{
	permission: "vpc:DescribeRouteTableList",
	parameters: describeRouteTableListRules,
	run:        (*Service).describeRouteTableList,
})

func (s *Service) describeRouteTableList(
	ctx context.Context, caller Caller, req DescribeRouteTableListRequest,
) (List[VPC], error) {
	if len(req.Tags) > 0 {
		return newPage(vpcPages, req.Page.request(), store.List[VPC]{}, vpcID), nil
	}
	return s.listRouteTables(ctx, caller, req.Page, routeTableFilter{
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
