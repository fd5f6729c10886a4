package httpapi

import "enisim.alt/service"

type allocateEIPAddressReply struct {
	Reply
	AllocationId    string
	EipAddress      string
	ResourceGroupId string
}

func newAllocatedEIPResponse(e service.AllocatedEIP) any {
	return &allocateEIPAddressReply{
		AllocationId: e.AllocationID, EipAddress: e.IPAddress.String(), ResourceGroupId: e.ResourceGroupID,
	}
}
