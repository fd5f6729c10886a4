package httpapi

import (
	"cmp"

	"enisim.alt/service"
)

type describeInstanceAutoRenewAttributeReply struct {
	Reply
	numberedPageReply
	InstanceRenewAttributes struct{ InstanceRenewAttribute []instanceRenewAttribute }
}

type instanceRenewAttribute struct {
	InstanceId       string
	RenewalStatus    string
	AutoRenewEnabled bool
	Duration         int
	PeriodUnit       string
}

func newInstanceRenewalsResponse(list service.List[service.Instance]) any {
	reply := &describeInstanceAutoRenewAttributeReply{numberedPageReply: numberedPageOf(list)}
	reply.InstanceRenewAttributes.InstanceRenewAttribute = mapEach(list.Items,
		func(i service.Instance) instanceRenewAttribute {
			r := i.Attributes.Renewal
			return instanceRenewAttribute{
				i.ID, cmp.Or(r.Status, "Normal"), r.Status == "AutoRenewal", r.Duration, r.PeriodUnit,
			}
		})
	return reply
}
