package httpapi

type modifyInstanceChargeTypeReply struct {
	Reply
	FeeOfInstances struct{ FeeOfInstance []feeOfInstance }
}

// feeOfInstance is the fee of a change, which is nothing.
type feeOfInstance struct{ InstanceId, Fee, Currency string }

func newChargeTypeResponse(instanceIDs []string) any {
	reply := &modifyInstanceChargeTypeReply{}
	reply.FeeOfInstances.FeeOfInstance = mapEach(instanceIDs, func(id string) feeOfInstance {
		return feeOfInstance{id, "0", "CNY"}
	})
	return reply
}
