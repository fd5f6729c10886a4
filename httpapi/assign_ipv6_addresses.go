package httpapi

import "enisim/service"

type assignIPv6AddressesReply struct {
	Reply
	NetworkInterfaceId string
	Ipv6Sets           struct{ Ipv6Address []string }
	Ipv6PrefixSets     struct{ Ipv6Prefix []string }
}

func spellAssignedIPv6Addresses(a service.AssignedAddresses) any {
	reply := &assignIPv6AddressesReply{NetworkInterfaceId: a.NetworkInterfaceID}
	reply.Ipv6Sets.Ipv6Address = spellAddresses(a.Addresses)
	reply.Ipv6PrefixSets.Ipv6Prefix = spellAddresses(a.Prefixes)
	return reply
}
