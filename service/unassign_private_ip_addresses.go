package service

import "slices"

// UnassignPrivateIPAddressesRequest is the request to release secondary IPv4 addresses or prefixes
// of an interface.
type UnassignPrivateIPAddressesRequest struct {
	RegionID           string   `api:"RegionId"`
	NetworkInterfaceID string   `api:"NetworkInterfaceId"`
	PrivateIPAddresses []string `api:"PrivateIpAddress"`
	IPv4Prefixes       []string `api:"Ipv4Prefix"`
}

var unassignPrivateIPAddressesParameterRules = slices.Concat([]rule[UnassignPrivateIPAddressesRequest]{
	required[UnassignPrivateIPAddressesRequest]("RegionId"),
	required[UnassignPrivateIPAddressesRequest]("NetworkInterfaceId"),
	// This action has a code of its own for a malformed id.
	wellFormed[UnassignPrivateIPAddressesRequest](InvalidEniIDMalformed, "NetworkInterfaceId",
		isValidID,
	),
	{err: MissingAlternatives, violated: func(r UnassignPrivateIPAddressesRequest) bool {
		return len(r.PrivateIPAddresses) == 0 && len(r.IPv4Prefixes) == 0
	},
		messageArgs: nameArg[UnassignPrivateIPAddressesRequest]("PrivateIpAddress, Ipv4Prefix")},
	addressesOrPrefixes(
		"PrivateIpAddress, Ipv4Prefix",
		func(r UnassignPrivateIPAddressesRequest) (addresses, prefixes bool) {
			return len(r.PrivateIPAddresses) > 0, len(r.IPv4Prefixes) > 0
		},
	),
	invalid("PrivateIpAddress", func(r UnassignPrivateIPAddressesRequest) bool {
		const most = 32
		return len(r.PrivateIPAddresses) > most
	}),
	{
		err:      UnassignedIPMalformed,
		violated: func(r UnassignPrivateIPAddressesRequest) bool { return !allIPv4(r.PrivateIPAddresses...) },
	},
}, prefixRules(familyIPv4, func(r UnassignPrivateIPAddressesRequest) namedAddresses {
	return namedAddresses{r.PrivateIPAddresses, r.IPv4Prefixes}
}))

// UnassignPrivateIPAddresses releases IPv4 addresses and prefixes of an interface: all that are
// named, or none if it lacks one of them.
var UnassignPrivateIPAddresses = newAction(Action[UnassignPrivateIPAddressesRequest, Empty]{
	permission: "ecs:UnassignPrivateIpAddresses",
	parameters: unassignPrivateIPAddressesParameterRules,
	refusals:   errorsOf(unassignRules),
	change:     (*Service).unassignPrivateIPAddresses,
})

func (s *Service) unassignPrivateIPAddresses(_ Caller, req UnassignPrivateIPAddressesRequest) interfaceChange[Empty] {
	return s.unassignAddresses(req.RegionID, unassignRequest{
		req.NetworkInterfaceID, parseAddresses(req.PrivateIPAddresses), parsePrefixes(req.IPv4Prefixes),
	}, unassignRules)
}
