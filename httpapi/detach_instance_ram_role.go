package httpapi

import "enisim.alt/service"

type detachInstanceRAMRoleReply struct {
	Reply
	RamRoleName                  string
	TotalCount                   int
	FailCount                    int
	DetachInstanceRamRoleResults struct{ DetachInstanceRamRoleResult []ramRoleResult }
}

func newDetachedRAMRoleResponse(r service.InstanceResults) any {
	reply := &detachInstanceRAMRoleReply{RamRoleName: r.Name, TotalCount: len(r.Results), FailCount: r.Failed()}
	reply.DetachInstanceRamRoleResults.DetachInstanceRamRoleResult = mapEach(r.Results, newRAMRoleResult)
	return reply
}
