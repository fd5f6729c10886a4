package httpapi

import "enisim.alt/service"

type attachInstanceRAMRoleReply struct {
	Reply
	RamRoleName                  string
	TotalCount                   int
	FailCount                    int
	AttachInstanceRamRoleResults struct{ AttachInstanceRamRoleResult []ramRoleResult }
}

// ramRoleResult is what has become of one instance. Code is 200 if it was changed.
type ramRoleResult struct {
	InstanceId, Code, Message string
	Success                   bool
}

func newRAMRoleResult(r service.InstanceResult) ramRoleResult {
	if r.Refusal != nil {
		return ramRoleResult{r.InstanceID, r.Refusal.Code, r.Refusal.Message, false}
	}
	return ramRoleResult{r.InstanceID, "200", "success", true}
}

func newAttachedRAMRoleResponse(r service.InstanceResults) any {
	reply := &attachInstanceRAMRoleReply{RamRoleName: r.Name, TotalCount: len(r.Results), FailCount: r.Failed()}
	reply.AttachInstanceRamRoleResults.AttachInstanceRamRoleResult = mapEach(r.Results, newRAMRoleResult)
	return reply
}
