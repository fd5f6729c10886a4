package httpapi

type createVSwitchReply struct {
	Reply
	VSwitchId string
}

func newCreatedVSwitchResponse(id string) any { return &createVSwitchReply{VSwitchId: id} }
