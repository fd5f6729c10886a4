package httpapi

import "enisim/service"

type createInstanceReply struct {
	Reply
	InstanceId string
}

func spellNewInstance(made service.CreatedInstance) any {
	return &createInstanceReply{InstanceId: made.InstanceID}
}
