package httpapi

import "enisim.alt/service"

type describeRouteTableListReply struct {
	Reply
	numberedPageReply
	RouterTableList struct{ RouterTableListType []routerTable } // the vendor's names
}

func newRouteTableListResponse(list service.List[service.VPC]) any {
	reply := &describeRouteTableListReply{numberedPageReply: numberedPageOf(list)}
	reply.RouterTableList.RouterTableListType = mapEach(list.Items, newRouterTable)
	return reply
}

// routerTable is the system route table of a VPC in the list of tables.
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

func newRouterTable(v service.VPC) routerTable {
	out := routerTable{
		RouteTableId:           v.SystemRouteTableID(),
		RouteTableType:         service.RouteTableType,
		Status:                 v.Status,
		VpcId:                  v.ID,
		RouterId:               v.VRouterID(),
		RouterType:             service.RouterType,
		AssociateType:          "VSwitch",
		RoutePropagationEnable: true,
		VSwitchIds:             idsOfVSwitches(v),
		OwnerId:                ownerNumber(v.AccountID),
		ResourceGroupId:        v.ResourceGroupID,
		CreationTime:           v.CreatedAt.Format(timeWithSeconds),
		Tags:                   newVPCTags(nil),
	}
	out.GatewayIds.GatewayIds = []string{}
	return out
}
