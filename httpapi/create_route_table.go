package httpapi

type createRouteTableReply struct {
	Reply
	RouteTableId string
}

func newCreatedRouteTableResponse(id string) any { return &createRouteTableReply{RouteTableId: id} }
