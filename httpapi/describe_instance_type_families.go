package httpapi

import "enisim.alt/service"

type describeInstanceTypeFamiliesReply struct {
	Reply
	InstanceTypeFamilies struct{ InstanceTypeFamily []instanceTypeFamily }
}

type instanceTypeFamily struct{ InstanceTypeFamilyId, Generation string }

func newInstanceTypeFamiliesResponse(families []service.InstanceTypeFamily) any {
	reply := &describeInstanceTypeFamiliesReply{}
	reply.InstanceTypeFamilies.InstanceTypeFamily = mapEach(
		families,
		func(f service.InstanceTypeFamily) instanceTypeFamily {
			return instanceTypeFamily{f.ID, f.Generation}
		},
	)
	return reply
}
