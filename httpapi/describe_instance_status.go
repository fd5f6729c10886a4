package httpapi

import "enisim.alt/service"

type describeInstanceStatusReply struct {
	Reply
	numberedPageReply
	InstanceStatuses struct{ InstanceStatus []instanceStatus }
}

type instanceStatus struct{ InstanceId, Status string }

func newInstanceStatusesResponse(list service.List[service.Instance]) any {
	reply := &describeInstanceStatusReply{numberedPageReply: numberedPageOf(list)}
	reply.InstanceStatuses.InstanceStatus = mapEach(
		list.Items,
		func(i service.Instance) instanceStatus { return instanceStatus{i.ID, i.Status} },
	)
	return reply
}
