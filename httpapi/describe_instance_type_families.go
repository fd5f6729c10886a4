package httpapi

import "enisim/service"

type describeInstanceTypeFamiliesReply struct {
	Reply
	InstanceTypeFamilies struct{ InstanceTypeFamily []instanceTypeFamily }
}

type instanceTypeFamily struct{ InstanceTypeFamilyId, Generation string }

func spellInstanceTypeFamilies(families []service.InstanceTypeFamily) any {
	reply := &describeInstanceTypeFamiliesReply{}
	reply.InstanceTypeFamilies.InstanceTypeFamily = spellEach(families, func(f service.InstanceTypeFamily) instanceTypeFamily {
		return instanceTypeFamily{f.ID, f.Generation}
	})
	return reply
}
