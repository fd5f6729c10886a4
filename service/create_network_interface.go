package service

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"
	"time"

	"enisim.alt/store"
)

// CreateNetworkInterfaceRequest is the request to create a secondary interface, with its addresses,
// groups and tags. By default it gets one private IPv4 address.
type CreateNetworkInterfaceRequest struct {
	RegionID                 string   `api:"RegionId"`
	VSwitchID                string   `api:"VSwitchId"`        // gives it VPC and zone, for life
	SecurityGroupID          string   `api:"SecurityGroupId"`  // this one, or
	SecurityGroupIDs         []string `api:"SecurityGroupIds"` // these
	PrimaryIPAddress         string   `api:"PrimaryIpAddress"`
	PrivateIPAddresses       []string `api:"PrivateIpAddress"` // secondary ones
	SecondaryIPCount         *int     `api:"SecondaryPrivateIpAddressCount"`
	IPv4Prefixes             []string `api:"Ipv4Prefix"` // each a /28
	IPv4PrefixCount          *int     `api:"Ipv4PrefixCount"`
	IPv6Addresses            []string `api:"Ipv6Address"`
	IPv6AddressCount         *int     `api:"Ipv6AddressCount"`
	IPv6Prefixes             []string `api:"Ipv6Prefix"` // each a /80
	IPv6PrefixCount          *int     `api:"Ipv6PrefixCount"`
	Name                     string   `api:"NetworkInterfaceName"`
	Description              string
	InstanceType             string // Secondary or, with trunking, Trunk
	TrafficMode              string `api:"NetworkInterfaceTrafficMode"` // HighPerformance is RDMA
	QueuePairNumber          *int   // of an RDMA interface
	ResourceGroupID          string `api:"ResourceGroupId"`
	Tags                     []Tag  `api:"Tag"`
	ClientToken              string
	NetworkInterfaceSettings `api:",inline"`
	Malformed                Malformed
}

var createNetworkInterfaceParameterRules = slices.Concat(
	[]rule[CreateNetworkInterfaceRequest]{
		required[CreateNetworkInterfaceRequest]("RegionId"),
		required[CreateNetworkInterfaceRequest]("VSwitchId"),
		{
			err: MissingNamedParameter,
			violated: func(r CreateNetworkInterfaceRequest) bool {
				return r.SecurityGroupID == "" && len(r.SecurityGroupIDs) == 0
			},
			messageArgs: nameArg[CreateNetworkInterfaceRequest]("SecurityGroupId"),
		},
		readable[CreateNetworkInterfaceRequest](),
		byQuota(UnsupportedParameter, func(r CreateNetworkInterfaceRequest, q store.Quotas) bool {
			return r.InstanceType == store.ENITrunk && !q.Trunking
		}),
		among[CreateNetworkInterfaceRequest]("InstanceType", store.ENISecondary, store.ENITrunk),
		{
			err:      EniTrafficMode,
			violated: func(r CreateNetworkInterfaceRequest) bool { return !isTrafficMode(r.TrafficMode) },
		},
		{
			err: QueuePairNumberMustEmpty,
			violated: func(r CreateNetworkInterfaceRequest) bool {
				return r.QueuePairNumber != nil && r.trafficMode() == store.TrafficStandard
			},
		},
		exclusive(
			"NetworkInterfaceTrafficMode, NetworkInterfaceTrafficConfig.NetworkInterfaceTrafficMode",
			func(r CreateNetworkInterfaceRequest) bool {
				return r.TrafficMode != "" && r.Traffic.Mode != "" && r.TrafficMode != r.Traffic.Mode
			},
		),
		exclusive(
			"QueuePairNumber, NetworkInterfaceTrafficConfig.QueuePairNumber",
			func(r CreateNetworkInterfaceRequest) bool {
				return bothSetAndDiffer(r.QueuePairNumber, r.Traffic.QueuePairNumber)
			},
		),
		{err: InvalidQueuePairNumber, violated: func(r CreateNetworkInterfaceRequest) bool {
			return hasInvalidQueuePairs(r.QueuePairNumber)
		}},
		wellFormed[CreateNetworkInterfaceRequest](InvalidClientTokenValue, "ClientToken",
			isValidClientToken,
		),

		exclusive("SecurityGroupId, SecurityGroupIds", func(r CreateNetworkInterfaceRequest) bool {
			return r.SecurityGroupID != "" && len(r.SecurityGroupIDs) > 0
		}),
		exclusive("PrivateIpAddress, SecondaryPrivateIpAddressCount", func(r CreateNetworkInterfaceRequest) bool {
			return len(r.PrivateIPAddresses) > 0 && r.SecondaryIPCount != nil
		}),
		exclusive(
			"Ipv4Prefix, Ipv4PrefixCount",
			func(r CreateNetworkInterfaceRequest) bool { return len(r.IPv4Prefixes) > 0 && r.IPv4PrefixCount != nil },
		),
		exclusive(
			"Ipv6Address, Ipv6AddressCount",
			func(r CreateNetworkInterfaceRequest) bool {
				return len(r.IPv6Addresses) > 0 && r.IPv6AddressCount != nil
			},
		),
		exclusive(
			"Ipv6Prefix, Ipv6PrefixCount",
			func(r CreateNetworkInterfaceRequest) bool { return len(r.IPv6Prefixes) > 0 && r.IPv6PrefixCount != nil },
		),
		addressesOrPrefixes(
			"PrivateIpAddress, SecondaryPrivateIpAddressCount, Ipv4Prefix, Ipv4PrefixCount",
			func(r CreateNetworkInterfaceRequest) (addresses, prefixes bool) {
				addresses = len(r.PrivateIPAddresses) > 0 || r.SecondaryIPCount != nil
				prefixes = len(r.IPv4Prefixes) > 0 || r.IPv4PrefixCount != nil
				return addresses, prefixes
			},
		),
		addressesOrPrefixes(
			"Ipv6Address, Ipv6AddressCount, Ipv6Prefix, Ipv6PrefixCount",
			func(r CreateNetworkInterfaceRequest) (addresses, prefixes bool) {
				addresses = len(r.IPv6Addresses) > 0 || r.IPv6AddressCount != nil
				prefixes = len(r.IPv6Prefixes) > 0 || r.IPv6PrefixCount != nil
				return addresses, prefixes
			},
		),

		wellFormed[CreateNetworkInterfaceRequest](InvalidNetworkInterfaceName, "NetworkInterfaceName", isValidName),
		invalid("Description", func(r CreateNetworkInterfaceRequest) bool {
			return r.Description != "" && !isValidDescription(r.Description, 2, 256)
		}),
		invalid("SecurityGroupIds", func(r CreateNetworkInterfaceRequest) bool {
			return hasDuplicates(r.SecurityGroupIDs)
		}),
		byQuota(JoinedGroupLimitExceed, func(r CreateNetworkInterfaceRequest, q store.Quotas) bool {
			return len(r.SecurityGroupIDs) > groupLimit(q)
		}),

		invalid(
			"SecondaryPrivateIpAddressCount",
			func(r CreateNetworkInterfaceRequest) bool {
				return r.SecondaryIPCount != nil && *r.SecondaryIPCount < 1
			},
		),
		byQuota(MaxEniPrivateIPsCountExceeded, func(r CreateNetworkInterfaceRequest, q store.Quotas) bool {
			const maxNamed = 10
			return len(r.PrivateIPAddresses) > maxNamed || r.ipv4Count() > limitOr(q.IPv4PerInterface, maxIPv4)
		}),
		within[CreateNetworkInterfaceRequest]("Ipv4PrefixCount", 1, maxPrefixes),
		invalid("Ipv6Address", func(r CreateNetworkInterfaceRequest) bool { return len(r.IPv6Addresses) > maxIPv6 }).
			orByQuota(func(r CreateNetworkInterfaceRequest, q store.Quotas) bool {
				return exceeds(len(r.IPv6Addresses)+len(r.IPv6Prefixes), q.IPv6PerInterface)
			}),
		within[CreateNetworkInterfaceRequest]("Ipv6AddressCount", 1, maxIPv6).
			orByQuota(func(r CreateNetworkInterfaceRequest, q store.Quotas) bool {
				return exceeds(valueOf(r.IPv6AddressCount), q.IPv6PerInterface)
			}),
		within[CreateNetworkInterfaceRequest]("Ipv6PrefixCount", 1, maxPrefixes).
			orByQuota(func(r CreateNetworkInterfaceRequest, q store.Quotas) bool {
				return exceeds(valueOf(r.IPv6PrefixCount), q.IPv6PerInterface)
			}),
		{
			err:         InvalidIPAddress,
			violated:    func(r CreateNetworkInterfaceRequest) bool { return r.malformedAddress() != "" },
			messageArgs: func(r CreateNetworkInterfaceRequest) []any { return []any{r.malformedAddress()} },
		},
	},
	prefixRules(
		familyIPv4,
		func(r CreateNetworkInterfaceRequest) namedAddresses {
			return namedAddresses{r.namedIPv4(), r.IPv4Prefixes}
		},
	),
	prefixRules(
		familyIPv6,
		func(r CreateNetworkInterfaceRequest) namedAddresses {
			return namedAddresses{r.IPv6Addresses, r.IPv6Prefixes}
		},
	),
	settingsRules(
		func(r CreateNetworkInterfaceRequest) NetworkInterfaceSettings { return r.NetworkInterfaceSettings },
		CreateNetworkInterfaceRequest.trafficMode,
	),
	[]rule[CreateNetworkInterfaceRequest]{
		// Without an IPv6 address there is none that could be the primary one.
		invalid("EnablePrimaryIPv6", func(r CreateNetworkInterfaceRequest) bool {
			return isTrue(r.EnablePrimaryIPv6) && len(r.IPv6Addresses) == 0 && r.IPv6AddressCount == nil
		}),
		{err: QuotaExceedTags, violated: func(r CreateNetworkInterfaceRequest) bool { return tooManyTags(r.Tags) }},
		{err: DuplicateTagKey, violated: func(r CreateNetworkInterfaceRequest) bool { return repeatsTagKey(r.Tags) }},
		{
			err:      InvalidTagKeyMalformed,
			violated: func(r CreateNetworkInterfaceRequest) bool { return hasInvalidTagKey(r.Tags) },
		},
		{
			err:      InvalidTagValueMalformed,
			violated: func(r CreateNetworkInterfaceRequest) bool { return hasInvalidTagValue(r.Tags) },
		},
	},
)

// createNetworkInterfaceInput is the request plus the locked rows that its rules check.
type createNetworkInterfaceInput struct {
	CreateNetworkInterfaceRequest
	*store.CreateNetworkInterfaceScene
	now time.Time
}

// createNetworkInterfaceRules checks first what must exist, then what must fit together, and counts
// last.
var createNetworkInterfaceRules = slices.Concat([]rule[createNetworkInterfaceInput]{
	{
		err:         InvalidVSwitchIDNotFound,
		violated:    func(c createNetworkInterfaceInput) bool { return c.Offer.VSwitch == nil },
		messageArgs: func(c createNetworkInterfaceInput) []any { return []any{c.VSwitchID} },
	},
	{err: IncorrectVSwitchStatus, violated: func(c createNetworkInterfaceInput) bool {
		return c.Offer.VSwitch.Status(c.now) != store.NetworkAvailable
	}},
}, joinRules(InvalidSecurityGroupIDNotFound, func(c createNetworkInterfaceInput) joinInput {
	return joinInput{c.groupIDs(), c.Groups, c.Offer.VSwitch.VPCID}
}), []rule[createNetworkInterfaceInput]{
	{
		err: Ipv6NotTurnOn,
		violated: func(c createNetworkInterfaceInput) bool {
			return c.wantsIPv6() && c.Offer.VSwitch.IPv6CIDRBlock == nil
		},
		messageArgs: func(c createNetworkInterfaceInput) []any { return []any{c.VSwitchID} },
	},
	{
		err:      InvalidVSwitchIDIPInvalid,
		violated: func(c createNetworkInterfaceInput) bool { _, outside := c.firstOutside(); return outside },
		messageArgs: func(c createNetworkInterfaceInput) []any {
			p, _ := c.firstOutside()
			return []any{formatBlock(p), c.blockFor(p).String()}
		},
	},
	{
		err:      InvalidPrivateIPDuplicated,
		violated: func(c createNetworkInterfaceInput) bool { return len(c.Offer.Taken)+len(c.Offer.TakenBlocks) > 0 },
	},
	{
		err:      MaxEniCountExceeded,
		violated: func(c createNetworkInterfaceInput) bool { return c.Quota.Count >= c.Quota.Max },
	},
	{err: InvalidVSwitchIDIPNotEnough, violated: func(c createNetworkInterfaceInput) bool {
		want := c.addressWant()
		return len(c.Offer.IPv4) < want.IPv4 || len(c.Offer.IPv4Prefixes) < want.IPv4Prefixes ||
			len(c.Offer.IPv6Prefixes) < want.IPv6Prefixes
	}, messageArgs: func(c createNetworkInterfaceInput) []any { return []any{c.VSwitchID} }},
})

// trafficMode returns the mode of the interface, from both parameters.
func (r CreateNetworkInterfaceRequest) trafficMode() string {
	return cmp.Or(r.TrafficMode, r.Traffic.Mode, store.TrafficStandard)
}

// queuePairs returns the number of queue pairs, from both parameters.
func (r CreateNetworkInterfaceRequest) queuePairs() *int {
	return firstSet(r.QueuePairNumber, r.Traffic.QueuePairNumber)
}

// ipv4Count returns the number of private IPv4 addresses of the interface. A prefix counts as one.
func (r CreateNetworkInterfaceRequest) ipv4Count() int {
	const primary = 1
	return primary + len(r.PrivateIPAddresses) + valueOf(r.SecondaryIPCount) + len(r.IPv4Prefixes) +
		valueOf(r.IPv4PrefixCount)
}

// joinInput is the groups that an interface is to be in.
type joinInput struct {
	ids    []string
	groups []store.GroupScene // the groups of ids that exist
	vpcID  string             // the interface's
}

// joinRules returns the rules that refuse groups which an interface cannot be in together. They do
// not look at capacity.
func joinRules[T any](notFound *Error, of func(T) joinInput) []rule[T] {
	return []rule[T]{
		{err: notFound, violated: func(t T) bool { return len(of(t).groups) < len(of(t).ids) }},
		{err: VpcMismatch, violated: func(t T) bool {
			j := of(t)
			return slices.ContainsFunc(j.groups, func(g store.GroupScene) bool { return g.VPCID != j.vpcID })
		}},
		{err: MultiGroupType, violated: func(t T) bool { return haveDifferentTypes(slices.Values(of(t).groups)) }},
	}
}

// haveDifferentTypes reports whether the groups are of different types.
func haveDifferentTypes(groups iter.Seq[store.GroupScene]) bool {
	types := map[string]bool{}
	for g := range groups {
		types[g.Type] = true
	}
	return len(types) > 1
}

// CreateNetworkInterface creates an interface that is Available at once. A quota limits the
// secondary interfaces of the account in the region.
var CreateNetworkInterface = newAction(Action[CreateNetworkInterfaceRequest, NetworkInterface]{
	permission:    "ecs:CreateNetworkInterface",
	parameters:    createNetworkInterfaceParameterRules,
	refusals:      errorsOf(createNetworkInterfaceRules),
	change:        (*Service).createNetworkInterface,
	consumesToken: true,
})

func (s *Service) createNetworkInterface(
	caller Caller, req CreateNetworkInterfaceRequest,
) interfaceChange[NetworkInterface] {
	want := req.addressWant()
	return interfaceChange[NetworkInterface]{
		InterfaceChange: store.InterfaceChange{
			RegionID: req.RegionID, Assigns: &want, SecurityGroupIDs: req.groupIDs(),
		},
		decide: func(rows *store.InterfaceBatch, c interfaceInput) (NetworkInterface, error) {
			input := createNetworkInterfaceInput{req, rows.CreateScene(c.InterfaceChange), rows.Now()}
			if err := check(createNetworkInterfaceRules, input); err != nil {
				return NetworkInterface{}, err
			}
			n := s.newNetworkInterface(caller.AccountID, input)
			rows.Create(store.NewNetworkInterface{
				NetworkInterface: n.NetworkInterface, Addresses: n.Addresses, Prefixes: n.Prefixes,
				SecurityGroupIDs: n.SecurityGroupIDs,
			}, input.Offer.IPv4)
			return n, nil
		},
	}
}

// newNetworkInterface returns the new interface as a list shows it.
func (s *Service) newNetworkInterface(accountID string, c createNetworkInterfaceInput) NetworkInterface {
	n := NetworkInterface{
		NetworkInterface: store.NetworkInterface{
			AttachableENI: store.AttachableENI{
				AccountID: accountID,
				ID:        s.newID("eni-", c.RegionID),
				RegionID:  c.RegionID,
				ZoneID:    c.Offer.VSwitch.ZoneID,
				VPCID:     c.Offer.VSwitch.VPCID,
				VSwitchID: c.VSwitchID,
				Type:      cmp.Or(c.InstanceType, store.ENISecondary),
				Status:    store.ENIAvailable,
			},
			MACAddress:      s.newMAC(),
			DeleteOnRelease: true,
			Name:            c.Name,
			Description:     c.Description,
			ResourceGroupID: c.ResourceGroupID,
			Tags:            tagMap(c.Tags),
			CreatedAt:       c.now,
		},
		Prefixes: slices.Concat(
			parsePrefixes(c.IPv4Prefixes),
			c.Offer.IPv4Prefixes,
			parsePrefixes(c.IPv6Prefixes),
			c.Offer.IPv6Prefixes,
		),
		SecurityGroupIDs: c.groupIDs(),
	}
	c.apply(&n.NetworkInterface)
	n.TrafficMode = c.trafficMode()
	setIfPresent(&n.Attributes.QueuePairNumber, c.queuePairs())

	// The primary IPv4 address comes first: the named one, or the first free one.
	ipv4 := slices.Concat(
		parseAddresses(optionalList(c.PrimaryIPAddress)),
		c.Offer.IPv4,
		parseAddresses(c.PrivateIPAddresses),
	)
	// Random IPv6 addresses must not lie in a prefix of the interface.
	ipv6 := parseAddresses(c.IPv6Addresses)
	for len(ipv6) < valueOf(c.IPv6AddressCount) {
		drawn := s.randomIPv6(*c.Offer.VSwitch.IPv6CIDRBlock)
		if !slices.ContainsFunc(n.Prefixes, func(p netip.Prefix) bool { return p.Contains(drawn) }) {
			ipv6 = append(ipv6, drawn)
		}
	}
	for k, a := range ipv4 {
		n.Addresses = append(n.Addresses, PrivateIPAddress{Address: a, IsPrimary: k == 0})
	}
	for k, a := range ipv6 {
		n.Addresses = append(
			n.Addresses,
			PrivateIPAddress{Address: a, IsPrimary: k == 0 && isTrue(c.EnablePrimaryIPv6)},
		)
	}
	// Sort as the lists do, because the answer shows the interface as a list would.
	slices.SortFunc(n.Addresses, func(a, b PrivateIPAddress) int {
		return cmp.Or(cmp.Compare(addressRank(a), addressRank(b)), a.Address.Compare(b.Address))
	})
	slices.SortFunc(n.Prefixes, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	return n
}

// addressRank returns the sort key that puts primary addresses first.
func addressRank(a PrivateIPAddress) int {
	if a.IsPrimary {
		return 0
	}
	return 1
}

// addressWant returns the addresses that the interface needs from its VSwitch. Single IPv6
// addresses that are not named are not among them, because they are random.
func (r CreateNetworkInterfaceRequest) addressWant() store.AddressWant {
	want := store.AddressWant{
		VSwitchID:    r.VSwitchID,
		IPv4:         valueOf(r.SecondaryIPCount),
		Named:        parseAddresses(slices.Concat(r.namedIPv4(), r.IPv6Addresses)),
		IPv4Prefixes: valueOf(r.IPv4PrefixCount),
		IPv6Prefixes: valueOf(r.IPv6PrefixCount),
		NamedBlocks:  parsePrefixes(slices.Concat(r.IPv4Prefixes, r.IPv6Prefixes)),
	}
	if r.PrimaryIPAddress == "" {
		want.IPv4++
	}
	return want
}

func (r CreateNetworkInterfaceRequest) groupIDs() []string {
	return slices.Concat(optionalList(r.SecurityGroupID), r.SecurityGroupIDs)
}

func (r CreateNetworkInterfaceRequest) namedIPv4() []string {
	return slices.Concat(optionalList(r.PrimaryIPAddress), r.PrivateIPAddresses)
}

func (r CreateNetworkInterfaceRequest) wantsIPv6() bool {
	return len(r.IPv6Addresses)+len(r.IPv6Prefixes) > 0 || r.IPv6AddressCount != nil || r.IPv6PrefixCount != nil
}

// malformedAddress returns the first text that is not an address of its family, or "".
func (r CreateNetworkInterfaceRequest) malformedAddress() string {
	for _, a := range r.namedIPv4() {
		if !allIPv4(a) {
			return a
		}
	}
	for _, a := range r.IPv6Addresses {
		if !allIPv6(a) {
			return a
		}
	}
	return ""
}

// firstOutside returns the first named address or prefix that the VSwitch cannot assign.
func (c createNetworkInterfaceInput) firstOutside() (p netip.Prefix, found bool) {
	want := c.addressWant()
	for _, a := range want.Named {
		if p := netip.PrefixFrom(a, a.BitLen()); !canAssign(c.blockFor(p), p) {
			return p, true
		}
	}
	for _, p := range want.NamedBlocks {
		if !canAssign(c.blockFor(p), p) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// blockFor returns the VSwitch's block in the family of a prefix. The VSwitch must have one.
func (c createNetworkInterfaceInput) blockFor(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4() {
		return c.Offer.VSwitch.CIDRBlock
	}
	return *c.Offer.VSwitch.IPv6CIDRBlock
}

// formatBlock formats a prefix, and one of a single address as an address.
func formatBlock(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}
