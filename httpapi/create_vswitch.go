package httpapi

type createVSwitchReply struct {
	Reply
	VSwitchId string
}

func spellCreatedVSwitch(id string) any { return &createVSwitchReply{VSwitchId: id} }
