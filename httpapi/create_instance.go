package httpapi

import "enisim.alt/service"

type createInstanceReply struct {
	Reply
	InstanceId string
}

func newCreateInstanceResponse(made service.CreatedInstance) any {
	return &createInstanceReply{InstanceId: made.InstanceID}
}
