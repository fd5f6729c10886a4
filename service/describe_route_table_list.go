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
	RouteTableType  string
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

// DescribeRouteTableList lists the route tables of the caller's VPCs, by id.
var DescribeRouteTableList = newAction(Action[DescribeRouteTableListRequest, List[RouteTable]]{
	permission: "vpc:DescribeRouteTableList",
	parameters: describeRouteTableListRules,
	run:        (*Service).describeRouteTableList,
})

func (s *Service) describeRouteTableList(
	ctx context.Context, caller Caller, req DescribeRouteTableListRequest,
) (List[RouteTable], error) {
	return s.listRouteTables(ctx, caller, req.Page, false, routeTableFilter{
		routerType: req.RouterType,
		routerIDs:  []string{req.VRouterID, req.RouterID},
		RouteTableFilter: store.RouteTableFilter{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			VPCID:           req.VPCID,
			ID:              req.RouteTableID,
			Type:            req.RouteTableType,
			Name:            req.RouteTableName,
			ResourceGroupID: req.ResourceGroupID,
			Tags:            tagFilter(req.Tags),
		},
	})
}
