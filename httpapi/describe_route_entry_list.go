package httpapi

import "enisim.alt/service"

type describeRouteEntryListReply struct {
	Reply
	NextToken   string
	RouteEntrys struct{ RouteEntry []listedRouteEntry } // the vendor's spelling
}

func newRouteEntryListResponse(list service.List[service.RouteEntry]) any {
	reply := &describeRouteEntryListReply{NextToken: list.NextToken}
	reply.RouteEntrys.RouteEntry = mapEach(list.Items, newListedRouteEntry)
	return reply
}

// listedRouteEntry is an entry in the list of a table's entries. Each has one next hop here.
type listedRouteEntry struct {
	RouteTableId         string
	RouteEntryId         string
	RouteEntryName       string
	Description          string
	DestinationCidrBlock string
	Type                 string
	Status               string
	IpVersion            string
	Origin               string
	ServiceType          string
	GmtModified          string
	NextHops             struct{ NextHop []nextHop }
}

type nextHop struct {
	NextHopId   string
	NextHopType string
	Enabled     int
	Weight      int
}

func newListedRouteEntry(e service.RouteEntry) listedRouteEntry {
	out := listedRouteEntry{
		RouteTableId:         e.RouteTableID,
		RouteEntryId:         e.ID,
		RouteEntryName:       e.Name,
		Description:          e.Description,
		DestinationCidrBlock: e.DestinationCIDRBlock.String(),
		Type:                 e.Type,
		Status:               routeEntryStatus,
		IpVersion:            "ipv4",
		Origin:               "SystemCreate",
		GmtModified:          e.CreatedAt.Format(timeWithSeconds),
	}
	if e.ID != "" {
		out.Origin = "CustomCreate"
	}
	out.NextHops.NextHop = []nextHop{{NextHopId: e.NextHopID, NextHopType: e.NextHopType, Enabled: 1}}
	return out
}
