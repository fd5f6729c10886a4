package httpapi

import "enisim.alt/service"

type runInstancesReply struct {
	Reply
	InstanceIdSets struct{ InstanceIdSet []string }
}

func newRunInstancesResponse(made service.NewInstances) any {
	reply := &runInstancesReply{}
	reply.InstanceIdSets.InstanceIdSet = mapEach(made.InstanceIDs, identity)
	return reply
}
