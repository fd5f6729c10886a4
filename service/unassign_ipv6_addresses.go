package service

import (
	"context"
	"slices"
)

// UnassignIPv6Addresses is the request to release IPv6 addresses or prefixes of an interface.
type UnassignIPv6Addresses struct {
	RegionID           string   `api:"RegionId"`
	NetworkInterfaceID string   `api:"NetworkInterfaceId"`
	IPv6Addresses      []string `api:"Ipv6Address"`
	IPv6Prefixes       []string `api:"Ipv6Prefix"`
}

var unassignIPv6AddressesParameterRules = slices.Concat([]rule[UnassignIPv6Addresses]{
	required("RegionId", func(r UnassignIPv6Addresses) string { return r.RegionID }),
	required("NetworkInterfaceId", func(r UnassignIPv6Addresses) string { return r.NetworkInterfaceID }),
	wellFormed(InvalidEniID, func(r UnassignIPv6Addresses) string { return r.NetworkInterfaceID }, isValidID),
	{
		err: MissingAlternatives,
		violated: func(r UnassignIPv6Addresses) bool {
			return len(r.IPv6Addresses) == 0 && len(r.IPv6Prefixes) == 0
		},
		messageArgs: nameArg[UnassignIPv6Addresses]("Ipv6Address, Ipv6Prefix"),
	},
	addressesOrPrefixes("Ipv6Address, Ipv6Prefix", func(r UnassignIPv6Addresses) (addresses, prefixes bool) {
		return len(r.IPv6Addresses) > 0, len(r.IPv6Prefixes) > 0
	}),
	invalid("Ipv6Address", func(r UnassignIPv6Addresses) bool { return len(r.IPv6Addresses) > maxIPv6 }),
	{err: InvalidIPAddress, violated: func(r UnassignIPv6Addresses) bool { return !allIPv6(r.IPv6Addresses...) },
		messageArgs: func(r UnassignIPv6Addresses) []any { return []any{firstNotIPv6(r.IPv6Addresses)} }},
}, prefixRules(familyIPv6, func(r UnassignIPv6Addresses) namedAddresses {
	return namedAddresses{r.IPv6Addresses, r.IPv6Prefixes}
}))

// UnassignIPv6Addresses releases IPv6 addresses and prefixes of an interface: all that are named,
// or none if it lacks one of them.
func (s *Service) UnassignIPv6Addresses(ctx context.Context, caller Caller, req UnassignIPv6Addresses) error {
	if err := check(unassignIPv6AddressesParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:UnassignIpv6Addresses", req.RegionID); err != nil {
		return err
	}
	return s.unassignAddresses(
		ctx,
		caller,
		req.RegionID,
		unassignRequest{
			req.NetworkInterfaceID,
			parseAddresses(req.IPv6Addresses),
			parsePrefixes(req.IPv6Prefixes),
		},
		unassignRules,
	)
}
