package service

import (
	"slices"

	"enisim.alt/store"
)

// AssignPrivateIPAddressesRequest is the request to assign secondary IPv4 addresses or IPv4
// prefixes of /28 to an interface. The caller names them or gives their number.
type AssignPrivateIPAddressesRequest struct {
	RegionID                       string   `api:"RegionId"`
	NetworkInterfaceID             string   `api:"NetworkInterfaceId"`
	PrivateIPAddresses             []string `api:"PrivateIpAddress"`
	SecondaryPrivateIPAddressCount *int     `api:"SecondaryPrivateIpAddressCount"`
	IPv4Prefixes                   []string `api:"Ipv4Prefix"`
	IPv4PrefixCount                *int     `api:"Ipv4PrefixCount"`
	ClientToken                    string
	Malformed                      Malformed
}

var assignPrivateIPAddressesParameterRules = slices.Concat([]rule[AssignPrivateIPAddressesRequest]{
	required[AssignPrivateIPAddressesRequest]("RegionId"),
	required[AssignPrivateIPAddressesRequest]("NetworkInterfaceId"),
	wellFormed[AssignPrivateIPAddressesRequest](InvalidEniID, "NetworkInterfaceId", isValidID),
	readable[AssignPrivateIPAddressesRequest](),
	invalid("ClientToken", func(r AssignPrivateIPAddressesRequest) bool {
		return r.ClientToken != "" && !isValidClientToken(r.ClientToken)
	}),
	{err: MissingAlternatives, violated: func(r AssignPrivateIPAddressesRequest) bool {
		return len(r.PrivateIPAddresses) == 0 && r.SecondaryPrivateIPAddressCount == nil && len(r.IPv4Prefixes) == 0 &&
			r.IPv4PrefixCount == nil
	}, messageArgs: nameArg[AssignPrivateIPAddressesRequest](
		"PrivateIpAddress, SecondaryPrivateIpAddressCount, Ipv4Prefix, Ipv4PrefixCount")},
	{err: InvalidParameterConflict, violated: func(r AssignPrivateIPAddressesRequest) bool {
		return len(r.PrivateIPAddresses) > 0 && r.SecondaryPrivateIPAddressCount != nil
	}, messageArgs: nameArg[AssignPrivateIPAddressesRequest]("PrivateIpAddress, SecondaryPrivateIpAddressCount")},
	{err: InvalidParameterConflict, violated: func(r AssignPrivateIPAddressesRequest) bool {
		return len(r.IPv4Prefixes) > 0 && r.IPv4PrefixCount != nil
	}, messageArgs: nameArg[AssignPrivateIPAddressesRequest]("Ipv4Prefix, Ipv4PrefixCount")},
	addressesOrPrefixes(
		"PrivateIpAddress, SecondaryPrivateIpAddressCount, Ipv4Prefix, Ipv4PrefixCount",
		func(r AssignPrivateIPAddressesRequest) (addresses, prefixes bool) {
			addresses = len(r.PrivateIPAddresses) > 0 || r.SecondaryPrivateIPAddressCount != nil
			prefixes = len(r.IPv4Prefixes) > 0 || r.IPv4PrefixCount != nil
			return addresses, prefixes
		},
	),
	// The limit of addresses is the interface's, and a rule below answers for it.
	within[AssignPrivateIPAddressesRequest]("SecondaryPrivateIpAddressCount", 1, maxListed),
	within[AssignPrivateIPAddressesRequest]("Ipv4PrefixCount", 1, maxPrefixes),
	invalid("PrivateIpAddress", func(r AssignPrivateIPAddressesRequest) bool {
		return len(r.PrivateIPAddresses) > maxListed || !allIPv4(r.PrivateIPAddresses...)
	}),
}, prefixRules(familyIPv4, func(r AssignPrivateIPAddressesRequest) namedAddresses {
	return namedAddresses{r.PrivateIPAddresses, r.IPv4Prefixes}
}))

// assignPrivateIPAddressesRules checks the named addresses first, then the limits, and last whether
// the VSwitch has enough free addresses.
var assignPrivateIPAddressesRules = slices.Concat(assignStateRules, assignNamedRules, []rule[assignInput]{
	byQuota(MaxEniPrivateIPsCountExceeded, func(a assignInput, q store.Quotas) bool {
		return a.exceeds(q.IPv4PerInterface, maxIPv4)
	}),
	{err: Ipv4CountExceeded, violated: func(a assignInput) bool {
		return a.Type != nil && exceeds(a.Count(a.family.contains)+a.wantedCount(), a.Type.PrivateIPv4PerENI)
	}, messageArgs: func(a assignInput) []any {
		return []any{a.eniID, *a.Type.PrivateIPv4PerENI, a.Type.ID, a.Count(a.family.contains), a.wantedCount()}
	}},
}, notEnoughRules)

// AssignPrivateIPAddresses assigns IPv4 addresses and prefixes to an interface, and returns them.
// They are committed by then.
var AssignPrivateIPAddresses = newAction(Action[AssignPrivateIPAddressesRequest, AssignedAddresses]{
	permission:    "ecs:AssignPrivateIpAddresses",
	parameters:    assignPrivateIPAddressesParameterRules,
	refusals:      errorsOf(assignPrivateIPAddressesRules),
	change:        (*Service).assignPrivateIPAddresses,
	consumesToken: true,
})

func (s *Service) assignPrivateIPAddresses( //nolint:dupl // the fields of the IPv6 request have other names
	caller Caller, req AssignPrivateIPAddressesRequest,
) interfaceChange[AssignedAddresses] {
	return s.assignAddresses(caller, assignRequest{
		regionID:    req.RegionID,
		eniID:       req.NetworkInterfaceID,
		family:      familyIPv4,
		addresses:   parseAddresses(req.PrivateIPAddresses),
		count:       valueOf(req.SecondaryPrivateIPAddressCount),
		prefixes:    parsePrefixes(req.IPv4Prefixes),
		prefixCount: valueOf(req.IPv4PrefixCount),
	}, assignPrivateIPAddressesRules)
}
