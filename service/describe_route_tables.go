package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// RouterType is the type of the router of each route table: it is that of a VPC.
const RouterType = "VRouter"

// RouteTable is a route table as a caller sees it. The alias is for packages that do not import the store.
type RouteTable = store.DescribedRouteTable

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

// DescribeRouteTables lists the route tables of the caller's VPCs with their entries, by id.
var DescribeRouteTables = newAction(Action[DescribeRouteTablesRequest, List[RouteTable]]{
	permission: "vpc:DescribeRouteTables",
	parameters: describeRouteTablesRules,
	run:        (*Service).describeRouteTables,
})

func (s *Service) describeRouteTables(
	ctx context.Context, caller Caller, req DescribeRouteTablesRequest,
) (List[RouteTable], error) {
	return s.listRouteTables(ctx, caller, req.Page, true, routeTableFilter{
		routerType: req.RouterType,
		routerIDs:  []string{req.VRouterID, req.RouterID},
		RouteTableFilter: store.RouteTableFilter{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			ID:              req.RouteTableID,
			Name:            req.RouteTableName,
			ResourceGroupID: req.ResourceGroupID,
		},
	})
}

// routeTableFilter selects route tables, also by their router.
type routeTableFilter struct {
	store.RouteTableFilter
	routerType string
	routerIDs  []string // two parameters name the router; "" for an absent one
}

func (s *Service) listRouteTables(
	ctx context.Context, caller Caller, page NumberedPage, withEntries bool, filter routeTableFilter,
) (List[RouteTable], error) {
	routers := slices.Compact(slices.DeleteFunc(filter.routerIDs, func(id string) bool { return id == "" }))
	var read store.List[RouteTable]
	if len(routers) <= 1 && oneOf(filter.routerType, "", RouterType) {
		if len(routers) == 1 {
			filter.VRouterID = routers[0]
		}
		var err error
		if read, err = s.store.DescribeRouteTables(ctx, s.timeOf(caller), filter.RouteTableFilter, withEntries,
			vpcPages.page(page.request())); err != nil {
			return List[RouteTable]{}, err
		}
	}
	return newPage(vpcPages, page.request(), read, func(r RouteTable) string { return r.ID }), nil
}
