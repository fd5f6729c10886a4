package httpapi

import (
	"fmt"

	"enisim/service"
)

type assignPrivateIPAddressesReply struct {
	Reply
	AssignedPrivateIpAddressesSet struct {
		NetworkInterfaceId string
		PrivateIpSet       struct{ PrivateIpAddress []string }
		Ipv4PrefixSet      struct{ Ipv4Prefixes []string }
	}
}

func spellAssignedPrivateIPAddresses(a service.AssignedAddresses) any {
	reply := &assignPrivateIPAddressesReply{}
	set := &reply.AssignedPrivateIpAddressesSet
	set.NetworkInterfaceId = a.NetworkInterfaceID
	set.PrivateIpSet.PrivateIpAddress = spellAddresses(a.Addresses)
	set.Ipv4PrefixSet.Ipv4Prefixes = spellAddresses(a.Prefixes)
	return reply
}

// spellAddresses are addresses or prefixes in their own spelling.
func spellAddresses[T fmt.Stringer](addresses []T) []string { return spellEach(addresses, T.String) }
