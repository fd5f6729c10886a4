package httpapi

import (
	"fmt"

	"enisim.alt/service"
)

type assignPrivateIPAddressesReply struct {
	Reply
	AssignedPrivateIpAddressesSet struct {
		NetworkInterfaceId string
		PrivateIpSet       struct{ PrivateIpAddress []string }
		Ipv4PrefixSet      struct{ Ipv4Prefixes []string }
	}
}

func newAssignedPrivateIPAddressesResponse(a service.AssignedAddresses) any {
	reply := &assignPrivateIPAddressesReply{}
	set := &reply.AssignedPrivateIpAddressesSet
	set.NetworkInterfaceId = a.NetworkInterfaceID
	set.PrivateIpSet.PrivateIpAddress = formatAddresses(a.Addresses)
	set.Ipv4PrefixSet.Ipv4Prefixes = formatAddresses(a.Prefixes)
	return reply
}

// formatAddresses returns addresses or prefixes as texts.
func formatAddresses[T fmt.Stringer](addresses []T) []string { return mapEach(addresses, T.String) }
