package httpapi

import "enisim.alt/service"

type describeVPCAttributeReply struct {
	Reply
	vpc
	AssociatedCens               struct{ AssociatedCen []struct{} }
	AssociatedPropagationSources struct{ AssociatedPropagationSources []struct{} }
	CloudResources               struct{ CloudResourceSetType []cloudResource }
	ClassicLinkEnabled           bool
	Ipv4GatewayId                string
	SupportIpv4Gateway           bool
}

// cloudResource is the number of resources of one kind in a VPC. A kind without resources is left
// out.
type cloudResource struct {
	ResourceType  string
	ResourceCount int
}

func newVPCAttributeResponse(v service.VPC) any {
	reply := &describeVPCAttributeReply{vpc: newVPC(v)}
	reply.AssociatedCens.AssociatedCen = []struct{}{}
	reply.AssociatedPropagationSources.AssociatedPropagationSources = []struct{}{}
	for _, r := range []cloudResource{
		{"VRouter", 1}, {"RouteTable", 1}, {"VSwitch", len(v.VSwitches)}, {"SecurityGroup", v.SecurityGroups},
	} {
		if r.ResourceCount > 0 {
			reply.CloudResources.CloudResourceSetType = append(reply.CloudResources.CloudResourceSetType, r)
		}
	}
	return reply
}
