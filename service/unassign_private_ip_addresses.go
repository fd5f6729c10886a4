package service

import (
	"context"
	"slices"
)

// UnassignPrivateIPAddresses is the request to release secondary IPv4 addresses or prefixes of an
// interface.
type UnassignPrivateIPAddresses struct {
	RegionID           string   `api:"RegionId"`
	NetworkInterfaceID string   `api:"NetworkInterfaceId"`
	PrivateIPAddresses []string `api:"PrivateIpAddress"`
	IPv4Prefixes       []string `api:"Ipv4Prefix"`
}

var unassignPrivateIPAddressesParameterRules = slices.Concat([]rule[UnassignPrivateIPAddresses]{
	required("RegionId", func(r UnassignPrivateIPAddresses) string { return r.RegionID }),
	required("NetworkInterfaceId", func(r UnassignPrivateIPAddresses) string { return r.NetworkInterfaceID }),
	// This action has a code of its own for a malformed id.
	wellFormed(
		InvalidEniIDMalformed,
		func(r UnassignPrivateIPAddresses) string { return r.NetworkInterfaceID },
		isValidID,
	),
	{err: MissingAlternatives, violated: func(r UnassignPrivateIPAddresses) bool {
		return len(r.PrivateIPAddresses) == 0 && len(r.IPv4Prefixes) == 0
	},
		messageArgs: nameArg[UnassignPrivateIPAddresses]("PrivateIpAddress, Ipv4Prefix")},
	addressesOrPrefixes("PrivateIpAddress, Ipv4Prefix", func(r UnassignPrivateIPAddresses) (addresses, prefixes bool) {
		return len(r.PrivateIPAddresses) > 0, len(r.IPv4Prefixes) > 0
	}),
	invalid("PrivateIpAddress", func(r UnassignPrivateIPAddresses) bool {
		const most = 32
		return len(r.PrivateIPAddresses) > most
	}),
	{
		err:      UnassignedIPMalformed,
		violated: func(r UnassignPrivateIPAddresses) bool { return !allIPv4(r.PrivateIPAddresses...) },
	},
}, prefixRules(familyIPv4, func(r UnassignPrivateIPAddresses) namedAddresses {
	return namedAddresses{r.PrivateIPAddresses, r.IPv4Prefixes}
}))

// UnassignPrivateIPAddresses releases IPv4 addresses and prefixes of an interface: all that are
// named, or none if it lacks one of them.
func (s *Service) UnassignPrivateIPAddresses(ctx context.Context, caller Caller, req UnassignPrivateIPAddresses) error {
	if err := check(unassignPrivateIPAddressesParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:UnassignPrivateIpAddresses", req.RegionID); err != nil {
		return err
	}
	return s.unassignAddresses(
		ctx,
		caller,
		req.RegionID,
		unassignRequest{
			req.NetworkInterfaceID,
			parseAddresses(req.PrivateIPAddresses),
			parsePrefixes(req.IPv4Prefixes),
		},
		unassignRules,
	)
}
