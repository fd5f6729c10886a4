package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// The properties that every route table has here: it is the system table of a VPC's vRouter, and
// has no name.
const (
	RouterType     = "VRouter"
	RouteTableType = "System"
)

// DescribeRouteTablesRequest is the request for route tables with their entries. All its filters
// must hold; an empty one does not filter.
type DescribeRouteTablesRequest struct {
	RegionID        string `api:"RegionId"`
	VRouterID       string `api:"VRouterId"`
	RouteTableID    string `api:"RouteTableId"`
	RouterType      string
	RouterID        string `api:"RouterId"`
	RouteTableName  string
	ResourceGroupID string       `api:"ResourceGroupId"`
	Page            NumberedPage `api:",inline"`
	Malformed       Malformed
}

var describeRouteTablesRules = slices.Concat([]rule[DescribeRouteTablesRequest]{
	readable[DescribeRouteTablesRequest](),
}, validNumberedPage[DescribeRouteTablesRequest](vpcPages))

// DescribeRouteTables lists the system route tables of the caller's VPCs. Each is represented by
// its VPC, in the order of the VPCs' ids.
var DescribeRouteTables = newAction(Action[DescribeRouteTablesRequest, List[VPC]]{
	permission: "vpc:DescribeRouteTables",
	parameters: describeRouteTablesRules,
	run:        (*Service).describeRouteTables,
})

func (s *Service) describeRouteTables(
	ctx context.Context, caller Caller, req DescribeRouteTablesRequest,
) (List[VPC], error) {
	return s.listRouteTables(ctx, caller, req.Page, routeTableFilter{
		routerType: req.RouterType,
		routerIDs:  []string{req.VRouterID, req.RouterID},
		name:       req.RouteTableName,
		vpcs: store.VPCFilter{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			RouteTableID:    req.RouteTableID,
			ResourceGroupID: req.ResourceGroupID,
		},
	})
}

// routeTableFilter selects route tables by their own properties and by their VPCs.
type routeTableFilter struct {
	routerType string
	routerIDs  []string // two parameters name the router; "" for an absent one
	name       string
	vpcs       store.VPCFilter
}

func (s *Service) listRouteTables(
	ctx context.Context, caller Caller, page NumberedPage, filter routeTableFilter,
) (List[VPC], error) {
	routers := slices.Compact(slices.DeleteFunc(filter.routerIDs, func(id string) bool { return id == "" }))
	if len(routers) > 1 || filter.name != "" || (filter.routerType != "" && filter.routerType != RouterType) {
		return newPage(vpcPages, page.request(), store.List[VPC]{}, vpcID), nil
	}
	if len(routers) == 1 {
		filter.vpcs.VRouterID = routers[0]
	}
	return s.listVPCs(ctx, caller, page, filter.vpcs)
}
