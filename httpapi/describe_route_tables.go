package httpapi

import "enisim.alt/service"

type describeRouteTablesReply struct {
	Reply
	numberedPageReply
	RouteTables struct{ RouteTable []routeTable }
}

func newRouteTablesResponse(list service.List[service.RouteTable]) any {
	reply := &describeRouteTablesReply{numberedPageReply: numberedPageOf(list)}
	reply.RouteTables.RouteTable = mapEach(list.Items, newRouteTable)
	return reply
}

// routeTable is a route table in replies.
type routeTable struct {
	RouteTableId    string
	RouteTableType  string
	VRouterId       string
	Status          string
	VSwitchIds      vswitchIDs
	RouteEntrys     struct{ RouteEntry []routeEntry } // the vendor's spelling
	CreationTime    string
	ResourceGroupId string
}

// routeEntry is an entry in the reply with all tables. NextHops are those of entries with several, of which there
// are none.
type routeEntry struct {
	RouteTableId         string
	RouteEntryId         string
	RouteEntryName       string
	Description          string
	DestinationCidrBlock string
	Type                 string
	Status               string
	InstanceId           string
	NextHopType          string
	NextHops             struct{ NextHop []struct{} }
}

// routeEntryStatus is the status of every entry: it is there at once, and gone at once.
const routeEntryStatus = "Available"

func newRouteTable(r service.RouteTable) routeTable {
	out := routeTable{
		RouteTableId:    r.ID,
		RouteTableType:  r.Type,
		VRouterId:       r.VRouterID(),
		Status:          r.Status,
		VSwitchIds:      vswitchIDs{r.VSwitchIDs},
		CreationTime:    r.CreatedAt.Format(timeWithSeconds),
		ResourceGroupId: r.ResourceGroupID,
	}
	out.RouteEntrys.RouteEntry = mapEach(r.Entries, newRouteEntry)
	return out
}

func newRouteEntry(e service.RouteEntry) routeEntry {
	out := routeEntry{
		RouteTableId:         e.RouteTableID,
		RouteEntryId:         e.ID,
		RouteEntryName:       e.Name,
		Description:          e.Description,
		DestinationCidrBlock: e.DestinationCIDRBlock.String(),
		Type:                 e.Type,
		Status:               routeEntryStatus,
		InstanceId:           e.NextHopID,
		NextHopType:          e.NextHopType,
	}
	out.NextHops.NextHop = []struct{}{}
	return out
}
