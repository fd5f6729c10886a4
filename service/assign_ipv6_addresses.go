package service

import (
	"slices"

	"enisim.alt/store"
)

// AssignIPv6AddressesRequest is the request to assign IPv6 addresses or IPv6 prefixes of /80 to an
// interface. The caller names them or gives their number.
type AssignIPv6AddressesRequest struct {
	RegionID           string   `api:"RegionId"`
	NetworkInterfaceID string   `api:"NetworkInterfaceId"`
	IPv6Addresses      []string `api:"Ipv6Address"`
	IPv6AddressCount   *int     `api:"Ipv6AddressCount"`
	IPv6Prefixes       []string `api:"Ipv6Prefix"`
	IPv6PrefixCount    *int     `api:"Ipv6PrefixCount"`
	ClientToken        string
	Malformed          Malformed
}

var assignIPv6AddressesParameterRules = slices.Concat([]rule[AssignIPv6AddressesRequest]{
	required[AssignIPv6AddressesRequest]("RegionId"),
	required[AssignIPv6AddressesRequest]("NetworkInterfaceId"),
	wellFormed[AssignIPv6AddressesRequest](InvalidEniID, "NetworkInterfaceId", isValidID),
	readable[AssignIPv6AddressesRequest](),
	invalid(
		"ClientToken",
		func(r AssignIPv6AddressesRequest) bool {
			return r.ClientToken != "" && !isValidClientToken(r.ClientToken)
		},
	),
	{err: MissingAlternatives, violated: func(r AssignIPv6AddressesRequest) bool {
		return len(r.IPv6Addresses) == 0 && r.IPv6AddressCount == nil && len(r.IPv6Prefixes) == 0 &&
			r.IPv6PrefixCount == nil
	}, messageArgs: nameArg[AssignIPv6AddressesRequest]("Ipv6Address, Ipv6AddressCount, Ipv6Prefix, Ipv6PrefixCount")},
	{
		err: InvalidParameterConflict,
		violated: func(r AssignIPv6AddressesRequest) bool {
			return len(r.IPv6Addresses) > 0 && r.IPv6AddressCount != nil
		},
		messageArgs: nameArg[AssignIPv6AddressesRequest]("Ipv6Address, Ipv6AddressCount"),
	},
	{
		err: InvalidParameterConflict,
		violated: func(r AssignIPv6AddressesRequest) bool {
			return len(r.IPv6Prefixes) > 0 && r.IPv6PrefixCount != nil
		},
		messageArgs: nameArg[AssignIPv6AddressesRequest]("Ipv6Prefix, Ipv6PrefixCount"),
	},
	addressesOrPrefixes(
		"Ipv6Address, Ipv6AddressCount, Ipv6Prefix, Ipv6PrefixCount",
		func(r AssignIPv6AddressesRequest) (addresses, prefixes bool) {
			addresses = len(r.IPv6Addresses) > 0 || r.IPv6AddressCount != nil
			prefixes = len(r.IPv6Prefixes) > 0 || r.IPv6PrefixCount != nil
			return addresses, prefixes
		},
	),
	within[AssignIPv6AddressesRequest]("Ipv6AddressCount", 1, maxIPv6),
	within[AssignIPv6AddressesRequest]("Ipv6PrefixCount", 1, maxPrefixes),
	invalid("Ipv6Address", func(r AssignIPv6AddressesRequest) bool { return len(r.IPv6Addresses) > maxIPv6 }),
	{err: InvalidIPAddress, violated: func(r AssignIPv6AddressesRequest) bool { return !allIPv6(r.IPv6Addresses...) },
		messageArgs: func(r AssignIPv6AddressesRequest) []any { return []any{firstNotIPv6(r.IPv6Addresses)} }},
}, prefixRules(familyIPv6, func(r AssignIPv6AddressesRequest) namedAddresses {
	return namedAddresses{r.IPv6Addresses, r.IPv6Prefixes}
}))

// assignIPv6AddressesRules has the same order as assignPrivateIPAddressesRules.
var assignIPv6AddressesRules = slices.Concat(assignStateRules, []rule[assignInput]{
	{err: Ipv6NotTurnOn, violated: func(a assignInput) bool { return a.Offer.VSwitch.IPv6CIDRBlock == nil },
		messageArgs: func(a assignInput) []any { return []any{a.Offer.VSwitch.ID} }},
}, assignNamedRules, []rule[assignInput]{
	byQuota(MaxEniIPv6IPsCountExceeded, func(a assignInput, q store.Quotas) bool {
		return a.exceeds(q.IPv6PerInterface, maxIPv6)
	}),
	{
		err: Ipv6NotSupport,
		violated: func(a assignInput) bool {
			return a.Type != nil && a.Type.IPv6PerENI != nil && *a.Type.IPv6PerENI == 0
		},
		messageArgs: func(a assignInput) []any { return []any{a.Type.ID} },
	},
	{err: Ipv6CountExceeded, violated: func(a assignInput) bool {
		return a.Type != nil && exceeds(a.Count(a.family.contains)+a.wantedCount(), a.Type.IPv6PerENI)
	}, messageArgs: func(a assignInput) []any {
		return []any{a.eniID, *a.Type.IPv6PerENI, a.Type.ID, a.Count(a.family.contains), a.wantedCount()}
	}},
}, notEnoughRules)

// AssignIPv6Addresses assigns IPv6 addresses and prefixes to an interface, and returns them. They
// are committed by then.
var AssignIPv6Addresses = newAction(Action[AssignIPv6AddressesRequest, AssignedAddresses]{
	permission:    "ecs:AssignIpv6Addresses",
	parameters:    assignIPv6AddressesParameterRules,
	refusals:      errorsOf(assignIPv6AddressesRules),
	change:        (*Service).assignIPv6Addresses,
	consumesToken: true,
})

func (s *Service) assignIPv6Addresses( //nolint:dupl // the fields of the IPv4 request have other names
	caller Caller, req AssignIPv6AddressesRequest,
) interfaceChange[AssignedAddresses] {
	return s.assignAddresses(caller, assignRequest{
		regionID:    req.RegionID,
		eniID:       req.NetworkInterfaceID,
		family:      familyIPv6,
		addresses:   parseAddresses(req.IPv6Addresses),
		count:       valueOf(req.IPv6AddressCount),
		prefixes:    parsePrefixes(req.IPv6Prefixes),
		prefixCount: valueOf(req.IPv6PrefixCount),
	}, assignIPv6AddressesRules)
}
