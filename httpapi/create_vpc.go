package httpapi

import "enisim.alt/service"

type createVPCReply struct {
	Reply
	VpcId           string
	VRouterId       string
	RouteTableId    string
	ResourceGroupId string
}

func newCreatedVPCResponse(v service.CreatedVPC) any {
	return &createVPCReply{
		VpcId:           v.VPCID,
		VRouterId:       v.VRouterID,
		RouteTableId:    v.RouteTableID,
		ResourceGroupId: v.ResourceGroupID,
	}
}
