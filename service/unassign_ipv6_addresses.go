package service

import "slices"

// UnassignIPv6AddressesRequest is the request to release IPv6 addresses or prefixes of an
// interface.
type UnassignIPv6AddressesRequest struct {
	RegionID           string   `api:"RegionId"`
	NetworkInterfaceID string   `api:"NetworkInterfaceId"`
	IPv6Addresses      []string `api:"Ipv6Address"`
	IPv6Prefixes       []string `api:"Ipv6Prefix"`
}

var unassignIPv6AddressesParameterRules = slices.Concat([]rule[UnassignIPv6AddressesRequest]{
	required[UnassignIPv6AddressesRequest]("RegionId"),
	required[UnassignIPv6AddressesRequest]("NetworkInterfaceId"),
	wellFormed[UnassignIPv6AddressesRequest](InvalidEniID, "NetworkInterfaceId", isValidID),
	{
		err: MissingAlternatives,
		violated: func(r UnassignIPv6AddressesRequest) bool {
			return len(r.IPv6Addresses) == 0 && len(r.IPv6Prefixes) == 0
		},
		messageArgs: nameArg[UnassignIPv6AddressesRequest]("Ipv6Address, Ipv6Prefix"),
	},
	addressesOrPrefixes("Ipv6Address, Ipv6Prefix", func(r UnassignIPv6AddressesRequest) (addresses, prefixes bool) {
		return len(r.IPv6Addresses) > 0, len(r.IPv6Prefixes) > 0
	}),
	invalid("Ipv6Address", func(r UnassignIPv6AddressesRequest) bool { return len(r.IPv6Addresses) > maxIPv6 }),
	{err: InvalidIPAddress, violated: func(r UnassignIPv6AddressesRequest) bool { return !allIPv6(r.IPv6Addresses...) },
		messageArgs: func(r UnassignIPv6AddressesRequest) []any { return []any{firstNotIPv6(r.IPv6Addresses)} }},
}, prefixRules(familyIPv6, func(r UnassignIPv6AddressesRequest) namedAddresses {
	return namedAddresses{r.IPv6Addresses, r.IPv6Prefixes}
}))

// UnassignIPv6Addresses releases IPv6 addresses and prefixes of an interface: all that are named,
// or none if it lacks one of them.
var UnassignIPv6Addresses = newAction(Action[UnassignIPv6AddressesRequest, Empty]{
	permission: "ecs:UnassignIpv6Addresses",
	parameters: unassignIPv6AddressesParameterRules,
	refusals:   errorsOf(unassignRules),
	change:     (*Service).unassignIPv6Addresses,
})

func (s *Service) unassignIPv6Addresses(_ Caller, req UnassignIPv6AddressesRequest) interfaceChange[Empty] {
	return s.unassignAddresses(req.RegionID, unassignRequest{
		req.NetworkInterfaceID, parseAddresses(req.IPv6Addresses), parsePrefixes(req.IPv6Prefixes),
	}, unassignRules)
}
