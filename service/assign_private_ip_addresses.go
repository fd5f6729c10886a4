package service

import (
	"context"
	"slices"

	"enisim/store"
)

// AssignPrivateIPAddresses is the request to give secondary IPv4 addresses or IPv4 prefixes of /28 to an interface. The caller names them or says how many.
type AssignPrivateIPAddresses struct {
	RegionID                       string   `api:"RegionId"`
	NetworkInterfaceID             string   `api:"NetworkInterfaceId"`
	PrivateIPAddresses             []string `api:"PrivateIpAddress"`
	SecondaryPrivateIPAddressCount *int     `api:"SecondaryPrivateIpAddressCount"`
	IPv4Prefixes                   []string `api:"Ipv4Prefix"`
	IPv4PrefixCount                *int     `api:"Ipv4PrefixCount"`
	ClientToken                    string
	Malformed                      Malformed
}

var assignPrivateIPAddressesParameterRules = slices.Concat([]rule[AssignPrivateIPAddresses]{
	required("RegionId", func(r AssignPrivateIPAddresses) string { return r.RegionID }),
	required("NetworkInterfaceId", func(r AssignPrivateIPAddresses) string { return r.NetworkInterfaceID }),
	wellFormed(InvalidEniID, func(r AssignPrivateIPAddresses) string { return r.NetworkInterfaceID }, wellFormedID),
	readable(func(r AssignPrivateIPAddresses) Malformed { return r.Malformed }),
	invalid("ClientToken", func(r AssignPrivateIPAddresses) bool { return r.ClientToken != "" && !goodClientToken(r.ClientToken) }),
	{err: MissingAlternatives, broken: func(r AssignPrivateIPAddresses) bool {
		return len(r.PrivateIPAddresses) == 0 && r.SecondaryPrivateIPAddressCount == nil && len(r.IPv4Prefixes) == 0 && r.IPv4PrefixCount == nil
	}, fill: named[AssignPrivateIPAddresses]("PrivateIpAddress, SecondaryPrivateIpAddressCount, Ipv4Prefix, Ipv4PrefixCount")},
	{err: InvalidParameterConflict, broken: func(r AssignPrivateIPAddresses) bool {
		return len(r.PrivateIPAddresses) > 0 && r.SecondaryPrivateIPAddressCount != nil
	}, fill: named[AssignPrivateIPAddresses]("PrivateIpAddress, SecondaryPrivateIpAddressCount")},
	{err: InvalidParameterConflict, broken: func(r AssignPrivateIPAddresses) bool {
		return len(r.IPv4Prefixes) > 0 && r.IPv4PrefixCount != nil
	}, fill: named[AssignPrivateIPAddresses]("Ipv4Prefix, Ipv4PrefixCount")},
	addressesOrPrefixes("PrivateIpAddress, SecondaryPrivateIpAddressCount, Ipv4Prefix, Ipv4PrefixCount", func(r AssignPrivateIPAddresses) (addresses, prefixes bool) {
		return len(r.PrivateIPAddresses) > 0 || r.SecondaryPrivateIPAddressCount != nil, len(r.IPv4Prefixes) > 0 || r.IPv4PrefixCount != nil
	}),
	// The limit of addresses is the interface's, and answers for itself.
	within("SecondaryPrivateIpAddressCount", 1, mostListed, func(r AssignPrivateIPAddresses) *int { return r.SecondaryPrivateIPAddressCount }),
	within("Ipv4PrefixCount", 1, mostPrefixes, func(r AssignPrivateIPAddresses) *int { return r.IPv4PrefixCount }),
	invalid("PrivateIpAddress", func(r AssignPrivateIPAddresses) bool {
		return len(r.PrivateIPAddresses) > mostListed || !areIPv4(r.PrivateIPAddresses...)
	}),
}, prefixRules(familyIPv4, func(r AssignPrivateIPAddresses) namedAddresses {
	return namedAddresses{r.PrivateIPAddresses, r.IPv4Prefixes}
}))

// assignPrivateIPAddressesRules: what is named comes before the limits, and room in the VSwitch last.
var assignPrivateIPAddressesRules = slices.Concat(assignStateRules, assignNamedRules, []rule[assign]{
	{err: MaxEniPrivateIPsCountExceeded, broken: func(a assign) bool {
		const primary = 1
		return a.Type == nil && a.Count(a.family.has)-primary+a.wanted() > mostSecondaryIPv4
	}},
	{err: Ipv4CountExceeded, broken: func(a assign) bool {
		return a.Type != nil && exceeds(a.Count(a.family.has)+a.wanted(), a.Type.PrivateIPv4PerENI)
	}, fill: func(a assign) []any {
		return []any{a.eniID, *a.Type.PrivateIPv4PerENI, a.Type.ID, a.Count(a.family.has), a.wanted()}
	}},
}, notEnoughRules)

// AssignPrivateIPAddresses gives IPv4 addresses and prefixes to an interface, and answers which. On return they are committed.
func (s *Service) AssignPrivateIPAddresses(ctx context.Context, caller Caller, req AssignPrivateIPAddresses) (AssignedAddresses, error) {
	if err := check(assignPrivateIPAddressesParameterRules, req); err != nil {
		return AssignedAddresses{}, err
	}
	if err := s.admit(ctx, caller, "ecs:AssignPrivateIpAddresses", req.RegionID); err != nil {
		return AssignedAddresses{}, err
	}
	return once(ctx, s, caller, idempotent{"AssignPrivateIpAddresses", req.ClientToken, req}, func(tx *store.Tx) (AssignedAddresses, error) {
		return s.assignAddresses(ctx, tx, caller, assignment{
			regionID:    req.RegionID,
			eniID:       req.NetworkInterfaceID,
			family:      familyIPv4,
			addresses:   addresses(req.PrivateIPAddresses),
			count:       valueOf(req.SecondaryPrivateIPAddressCount),
			prefixes:    prefixes(req.IPv4Prefixes),
			prefixCount: valueOf(req.IPv4PrefixCount),
		}, assignPrivateIPAddressesRules)
	})
}
