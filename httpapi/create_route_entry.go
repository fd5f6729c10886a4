package httpapi

type createRouteEntryReply struct {
	Reply
	RouteEntryId string
}

func newCreatedRouteEntryResponse(id string) any { return &createRouteEntryReply{RouteEntryId: id} }
