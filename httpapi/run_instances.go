package httpapi

import "enisim/service"

type runInstancesReply struct {
	Reply
	InstanceIdSets struct{ InstanceIdSet []string }
}

func spellNewInstances(made service.NewInstances) any {
	reply := &runInstancesReply{}
	reply.InstanceIdSets.InstanceIdSet = spellEach(made.InstanceIDs, itself)
	return reply
}
