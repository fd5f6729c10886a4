package service

import (
	"context"
	"net/netip"
	"strings"

	"enisim.alt/store"
)

// RouteEntry is a route entry as a caller sees it. The alias is for packages that do not import the store.
type RouteEntry = store.DescribedRouteEntry

// DescribeRouteEntryListRequest is the request for the entries of a route table. All its filters must hold; an
// empty one does not filter.
type DescribeRouteEntryListRequest struct {
	RegionID             string `api:"RegionId"`
	RouteTableID         string `api:"RouteTableId"`
	RouteEntryID         string `api:"RouteEntryId"`
	RouteEntryName       string
	RouteEntryType       string
	DestinationCIDRBlock string   `api:"DestinationCidrBlock"`
	DestCIDRBlockList    []string `api:"DestCidrBlockList"`
	IPVersion            string   `api:"IpVersion"`
	NextHopID            string   `api:"NextHopId"`
	NextHopType          string
	ServiceType          string // of entries that another service manages, of which there are none
	MaxResult            *int
	NextToken            string
	Malformed            Malformed
}

// routeEntryPages are the bounds of the list of route entries.
var routeEntryPages = paging{list: "route entries", minResults: 1, maxResults: 100, defaultPageSize: 10}

// maxDestinations is the number of blocks by which the list may be filtered.
const maxDestinations = 20

func (r DescribeRouteEntryListRequest) page() PageRequest {
	return TokenPage{r.MaxResult, r.NextToken}.request(routeEntryPages)
}

// destinations returns the blocks by which the list is filtered, as the entries have them.
func (r DescribeRouteEntryListRequest) destinations() []string {
	list := r.DestCIDRBlockList
	if r.DestinationCIDRBlock != "" {
		list = append(list, r.DestinationCIDRBlock)
	}
	for k, text := range list {
		if address, err := netip.ParseAddr(text); err == nil {
			list[k] = netip.PrefixFrom(address, address.BitLen()).String()
		}
	}
	return list
}

var describeRouteEntryListRules = []rule[DescribeRouteEntryListRequest]{
	required[DescribeRouteEntryListRequest]("RegionId"),
	required[DescribeRouteEntryListRequest]("RouteTableId"),
	readable[DescribeRouteEntryListRequest](),
	within[DescribeRouteEntryListRequest]("MaxResult", 1, routeEntryPages.maxResults),
	invalid("DestCidrBlockList", func(r DescribeRouteEntryListRequest) bool {
		return len(r.DestCIDRBlockList) > maxDestinations
	}),
	{err: IllegalRouteEntryType, violated: func(r DescribeRouteEntryListRequest) bool {
		return !oneOf(r.RouteEntryType, "", store.RouteCustom, store.RouteSystem, "BGP", "CEN", "ECR")
	}},
	{err: IllegalIPVersion, violated: func(r DescribeRouteEntryListRequest) bool {
		return !oneOf(strings.ToLower(r.IPVersion), "", "ipv4", "ipv6")
	}},
	{err: FilterOfWrongType, violated: func(r DescribeRouteEntryListRequest) bool {
		return !oneOf(r.RouteEntryType, "", store.RouteCustom) && r.RouteEntryID+r.RouteEntryName != ""
	}},
	{err: IllegalRouteNextToken, violated: func(r DescribeRouteEntryListRequest) bool {
		_, ours := routeEntryPages.decodeToken(r.NextToken)
		return !ours
	}},
}

var listedRouteTableRules = []rule[store.List[RouteTable]]{
	{err: ListedRouteTableNotFound, violated: func(l store.List[RouteTable]) bool { return len(l.Rows) == 0 }},
}

// DescribeRouteEntryList lists the entries of a route table: those of customers first, by destination.
var DescribeRouteEntryList = newAction(Action[DescribeRouteEntryListRequest, List[RouteEntry]]{
	permission: "vpc:DescribeRouteEntryList",
	parameters: describeRouteEntryListRules,
	refusals:   errorsOf(listedRouteTableRules),
	run:        (*Service).describeRouteEntryList,
})

func (s *Service) describeRouteEntryList(
	ctx context.Context, caller Caller, req DescribeRouteEntryListRequest,
) (List[RouteEntry], error) {
	tables, err := s.store.DescribeRouteTables(ctx, s.timeOf(caller), store.RouteTableFilter{
		AccountID: caller.AccountID, RegionID: req.RegionID, ID: req.RouteTableID,
	}, false, store.Page{Limit: 1})
	if err != nil {
		return List[RouteEntry]{}, err
	}
	if err := check(listedRouteTableRules, tables); err != nil {
		return List[RouteEntry]{}, err
	}
	var read store.List[RouteEntry]
	if req.ServiceType == "" && strings.ToLower(req.IPVersion) != "ipv6" {
		if read, err = s.store.DescribeRouteEntries(ctx, store.RouteEntryFilter{
			AccountID:    caller.AccountID,
			RouteTableID: req.RouteTableID,
			Type:         req.RouteEntryType,
			ID:           req.RouteEntryID,
			Name:         req.RouteEntryName,
			Destinations: req.destinations(),
			NextHopType:  req.NextHopType,
			NextHopID:    req.NextHopID,
		}, routeEntryPages.page(req.page())); err != nil {
			return List[RouteEntry]{}, err
		}
	}
	return newPage(routeEntryPages, req.page(), read, RouteEntry.Key), nil
}
