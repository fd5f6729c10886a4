package httpapi

import "enisim.alt/service"

type describeRouteTablesReply struct {
	Reply
	numberedPageReply
	RouteTables struct{ RouteTable []routeTable }
}

func newRouteTablesResponse(list service.List[service.VPC]) any {
	reply := &describeRouteTablesReply{numberedPageReply: numberedPageOf(list)}
	reply.RouteTables.RouteTable = mapEach(list.Items, newRouteTable)
	return reply
}

// routeTable is the system route table of a VPC in replies.
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

// cloudServicesBlock is the block of the cloud's own services. Every table has a route to it.
const cloudServicesBlock = "100.64.0.0/10"

func newRouteTable(v service.VPC) routeTable {
	out := routeTable{
		RouteTableId:    v.SystemRouteTableID(),
		RouteTableType:  service.RouteTableType,
		VRouterId:       v.VRouterID(),
		Status:          v.Status,
		VSwitchIds:      idsOfVSwitches(v),
		CreationTime:    v.CreatedAt.Format(timeWithSeconds),
		ResourceGroupId: v.ResourceGroupID,
	}
	entry := func(destination, nextHop string) {
		e := routeEntry{
			RouteTableId:         out.RouteTableId,
			DestinationCidrBlock: destination,
			Type:                 service.RouteTableType,
			Status:               "Available",
			NextHopType:          nextHop,
		}
		e.NextHops.NextHop = []struct{}{}
		out.RouteEntrys.RouteEntry = append(out.RouteEntrys.RouteEntry, e)
	}
	for _, vswitch := range v.VSwitches {
		entry(vswitch.CIDRBlock.String(), "local")
	}
	entry(cloudServicesBlock, "service")
	return out
}
