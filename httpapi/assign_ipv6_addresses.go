package httpapi

import "enisim.alt/service"

type assignIPv6AddressesReply struct {
	Reply
	NetworkInterfaceId string
	Ipv6Sets           struct{ Ipv6Address []string }
	Ipv6PrefixSets     struct{ Ipv6Prefix []string }
}

func newAssignedIPv6AddressesResponse(a service.AssignedAddresses) any {
	reply := &assignIPv6AddressesReply{NetworkInterfaceId: a.NetworkInterfaceID}
	reply.Ipv6Sets.Ipv6Address = formatAddresses(a.Addresses)
	reply.Ipv6PrefixSets.Ipv6Prefix = formatAddresses(a.Prefixes)
	return reply
}
