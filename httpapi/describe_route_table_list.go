package httpapi

import "enisim.alt/service"

type describeRouteTableListReply struct {
	Reply
	numberedPageReply
	RouterTableList struct{ RouterTableListType []routerTable } // the vendor's names
}

func newRouteTableListResponse(list service.List[service.RouteTable]) any {
	reply := &describeRouteTableListReply{numberedPageReply: numberedPageOf(list)}
	reply.RouterTableList.RouterTableListType = mapEach(list.Items, newRouterTable)
	return reply
}

// routerTable is a route table in the list of tables.
type routerTable struct {
	RouteTableId           string
	RouteTableName         string
	RouteTableType         string
	Description            string
	Status                 string
	VpcId                  string
	RouterId               string
	RouterType             string
	AssociateType          string
	RoutePropagationEnable bool
	VSwitchIds             vswitchIDs
	GatewayIds             struct{ GatewayIds []string }
	OwnerId                int64
	ResourceGroupId        string
	CreationTime           string
	Tags                   vpcTags
}

func newRouterTable(r service.RouteTable) routerTable {
	out := routerTable{
		RouteTableId:           r.ID,
		RouteTableName:         r.Name,
		RouteTableType:         r.Type,
		Description:            r.Description,
		Status:                 r.Status,
		VpcId:                  r.VPCID,
		RouterId:               r.VRouterID(),
		RouterType:             service.RouterType,
		AssociateType:          "VSwitch",
		RoutePropagationEnable: r.RoutePropagation,
		VSwitchIds:             vswitchIDs{r.VSwitchIDs},
		OwnerId:                ownerNumber(r.AccountID),
		ResourceGroupId:        r.ResourceGroupID,
		CreationTime:           r.CreatedAt.Format(timeWithSeconds),
		Tags:                   newVPCTags(r.Tags),
	}
	out.GatewayIds.GatewayIds = []string{}
	return out
}
