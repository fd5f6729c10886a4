package service

import (
	"net/netip"
	"slices"

	"enisim.alt/store"
)

// The parts that the four actions on an interface's addresses share (docs/reference/actions.md,
// sections 1.8 to 1.11).

// firstNotIPv6 returns the first text that is not an IPv6 address. There must be one.
func firstNotIPv6(texts []string) string {
	return texts[slices.IndexFunc(texts, func(text string) bool { return !allIPv6(text) })]
}

// assignRequest is a request to assign addresses and prefixes of one family to an interface.
type assignRequest struct {
	regionID, eniID    string
	family             addressFamily
	addresses          []netip.Addr
	count, prefixCount int // in addition to the named ones
	prefixes           []netip.Prefix
}

// wantedCount returns how much of the limit the request uses: a prefix counts as one address.
func (a assignRequest) wantedCount() int {
	return len(a.addresses) + a.count + len(a.prefixes) + a.prefixCount
}

// AssignedAddresses are the addresses and prefixes that were assigned to an interface.
type AssignedAddresses struct {
	NetworkInterfaceID string
	Addresses          []netip.Addr
	Prefixes           []netip.Prefix
}

// assignInput is the request plus the locked rows that its rules check, settled to the current
// time.
type assignInput struct {
	assignRequest
	*store.AssignScene
	drawn []netip.Addr // random IPv6 addresses: more than needed, because some may be taken
}

// assignStateRules come first. They check the interface and where it is.
var assignStateRules = append(
	addressStateRules(func(a assignInput) (string, *store.AddressScene) { return a.eniID, &a.AddressScene }),
	// A scenario may move the interface to another VSwitch after it was found and before the lock.
	rule[assignInput]{
		err:      EcsTaskConflict,
		violated: func(a assignInput) bool { return a.Offer.VSwitch == nil || a.Offer.VSwitch.ID != a.ENI.VSwitchID },
	},
)

// addressStateRules returns the rules on an interface whose addresses are to change.
func addressStateRules[T any](of func(T) (eniID string, scene *store.AddressScene)) []rule[T] {
	eni := func(t T) *store.NetworkInterface { _, scene := of(t); return scene.ENI }
	return []rule[T]{
		{err: EcsTaskConflict, violated: func(t T) bool { _, scene := of(t); return scene.Busy }},
		{err: InvalidEniIDNotFound, violated: func(t T) bool { return eni(t) == nil },
			messageArgs: func(t T) []any { id, _ := of(t); return []any{id} }},
		{err: EniServiceManaged, violated: func(t T) bool { return eni(t).ServiceManaged }},
		{
			err:         InvalidEniState,
			violated:    func(t T) bool { return !oneOf(eni(t).Status, store.ENIAvailable, store.ENIInUse) },
			messageArgs: func(t T) []any { return []any{store.ENIAvailable + "," + store.ENIInUse, eni(t).Status} },
		},
		{err: InvalidEcsState, violated: func(t T) bool {
			_, scene := of(t)
			return scene.ENI.Type == store.ENIPrimary &&
				!oneOf(scene.Instance.Status, store.InstanceRunning, store.InstanceStopped)
		}},
	}
}

// exceeds reports whether the interface would have more addresses than the account's quota, or
// without one than the documented limit of an interface that is on no instance.
func (a assignInput) exceeds(quota *int, documented int) bool {
	return (quota != nil || a.Type == nil) && a.Count(a.family.contains)+a.wantedCount() > limitOr(quota, documented)
}

// assignNamedRules come before the limits. They refuse named addresses that the VSwitch cannot
// assign, or that are taken.
var assignNamedRules = []rule[assignInput]{
	{err: InvalidVSwitchIDIPInvalid, violated: func(a assignInput) bool { return a.firstOutside() != "" },
		messageArgs: func(a assignInput) []any {
			return []any{a.firstOutside(), a.family.blockOf(a.Offer.VSwitch).String()}
		}},
	{
		err:         InvalidIPAssigned,
		violated:    func(a assignInput) bool { return a.firstTaken() != "" },
		messageArgs: func(a assignInput) []any { return []any{a.firstTaken()} },
	},
}

// blockOf returns the VSwitch's block of the family. The VSwitch must have one.
func (f addressFamily) blockOf(v *store.VSwitch) netip.Prefix {
	if f.contains(v.CIDRBlock.Addr()) {
		return v.CIDRBlock
	}
	return *v.IPv6CIDRBlock
}

// firstOutside returns the first named address or prefix that the VSwitch cannot assign, or "".
func (a assignInput) firstOutside() string {
	block := a.family.blockOf(a.Offer.VSwitch)
	for _, address := range a.addresses {
		if !canAssign(block, netip.PrefixFrom(address, address.BitLen())) {
			return address.String()
		}
	}
	for _, p := range a.prefixes {
		if !canAssign(block, p) {
			return p.String()
		}
	}
	return ""
}

// firstTaken returns the first named address or prefix that an interface already has, or "".
func (a assignInput) firstTaken() string {
	for _, address := range a.addresses {
		if slices.Contains(a.Offer.Taken, address) {
			return address.String()
		}
	}
	if len(a.Offer.TakenBlocks) > 0 {
		return a.Offer.TakenBlocks[0].String()
	}
	return ""
}

// notEnoughRules come last: the VSwitch has too few free addresses.
var notEnoughRules = []rule[assignInput]{
	{err: InvalidVSwitchIDIPNotEnough, violated: func(a assignInput) bool {
		assigned := a.assigned()
		return len(assigned.Addresses)+len(assigned.Prefixes) < a.wantedCount()
	}, messageArgs: func(a assignInput) []any { return []any{a.Offer.VSwitch.ID} }},
}

// assigned returns what the interface gets: what is named, and for the rest free IPv4 addresses and
// prefixes, and random IPv6 addresses.
func (a assignInput) assigned() AssignedAddresses {
	out := AssignedAddresses{NetworkInterfaceID: a.eniID, Addresses: slices.Clone(a.addresses)}
	out.Prefixes = slices.Concat(a.prefixes, a.Offer.IPv4Prefixes, a.Offer.IPv6Prefixes)
	out.Addresses = append(out.Addresses, a.Offer.IPv4...)
	for _, drawn := range a.drawn {
		free := !slices.Contains(a.Offer.Taken, drawn) && !slices.Contains(out.Addresses, drawn) &&
			!slices.ContainsFunc(out.Prefixes, func(p netip.Prefix) bool { return p.Contains(drawn) })
		if free && len(out.Addresses) < len(a.addresses)+a.count {
			out.Addresses = append(out.Addresses, drawn)
		}
	}
	return out
}

// assignAddresses assigns all that the request asks for, or nothing.
func (s *Service) assignAddresses(
	caller Caller, a assignRequest, rules []rule[assignInput],
) interfaceChange[AssignedAddresses] {
	input := assignInput{assignRequest: a}
	return interfaceChange[AssignedAddresses]{
		InterfaceChange: store.InterfaceChange{RegionID: a.regionID, NetworkInterfaceID: a.eniID},
		conflict:        EcsTaskConflict,
		// Which addresses are needed depends on the VSwitch.
		assigns: func(v *store.VSwitch) *store.AddressWant {
			if v == nil {
				return nil
			}
			input.drawn = s.drawIPv6(a, v)
			return a.addressWant(v, input.drawn)
		},
		decide: func(rows *store.InterfaceBatch, c interfaceInput) (AssignedAddresses, error) {
			input.AssignScene = rows.AssignScene(c.InterfaceChange)
			input.Busy = input.Busy || c.busy
			if err := checkQuotas(rules, input, caller.Quotas); err != nil {
				return AssignedAddresses{}, err
			}
			assigned := input.assigned()
			var addresses []store.PrivateIPAddress
			for _, address := range assigned.Addresses {
				addresses = append(addresses, store.PrivateIPAddress{Address: address})
			}
			rows.Assign(*input.ENI, addresses, assigned.Prefixes, input.Offer.IPv4)
			return assigned, nil
		},
	}
}

// drawIPv6 returns random IPv6 addresses of a VSwitch for a request, with spare ones for those that
// are taken.
func (s *Service) drawIPv6(a assignRequest, v *store.VSwitch) (drawn []netip.Addr) {
	const spare = 2
	if a.family.contains(v.CIDRBlock.Addr()) || v.IPv6CIDRBlock == nil {
		return nil
	}
	for range spare * a.count {
		drawn = append(drawn, s.randomIPv6(*v.IPv6CIDRBlock))
	}
	return drawn
}

// addressWant returns which addresses of a VSwitch the request needs.
func (a assignRequest) addressWant(v *store.VSwitch, drawn []netip.Addr) *store.AddressWant {
	want := &store.AddressWant{
		VSwitchID: v.ID, Named: slices.Concat(a.addresses, drawn), NamedBlocks: a.prefixes,
	}
	if a.family.contains(v.CIDRBlock.Addr()) {
		want.IPv4, want.IPv4Prefixes = a.count, a.prefixCount
	} else {
		want.IPv6Prefixes = a.prefixCount
	}
	return want
}

// unassignRequest is a request to release addresses and prefixes of an interface.
type unassignRequest struct {
	eniID     string
	addresses []netip.Addr
	prefixes  []netip.Prefix
}

// unassignInput is the request plus the locked rows that its rules check.
type unassignInput struct {
	unassignRequest
	*store.AddressScene
}

// unassignRules check the interface first, and then whether it has the addresses.
var unassignRules = append(
	addressStateRules(func(u unassignInput) (string, *store.AddressScene) { return u.eniID, u.AddressScene }),
	rule[unassignInput]{
		err:         InvalidIPUnassigned,
		violated:    func(u unassignInput) bool { return u.firstUnassigned() != "" },
		messageArgs: func(u unassignInput) []any { return []any{u.firstUnassigned()} },
	},
)

// firstUnassigned returns the first named address or prefix that the interface cannot release, or
// "". It keeps its primary address for life.
func (u unassignInput) firstUnassigned() string {
	for _, address := range u.addresses {
		if !slices.ContainsFunc(
			u.Addresses,
			func(a store.PrivateIPAddress) bool { return a.Address == address && !a.IsPrimary },
		) {
			return address.String()
		}
	}
	for _, p := range u.prefixes {
		if !slices.Contains(u.Prefixes, p) {
			return p.String()
		}
	}
	return ""
}

// unassignAddresses releases all named addresses of an interface, or none.
func (s *Service) unassignAddresses(
	regionID string, u unassignRequest, rules []rule[unassignInput],
) interfaceChange[Empty] {
	return interfaceChange[Empty]{
		InterfaceChange: store.InterfaceChange{RegionID: regionID, NetworkInterfaceID: u.eniID},
		conflict:        EcsTaskConflict,
		decide: func(rows *store.InterfaceBatch, c interfaceInput) (Empty, error) {
			scene := rows.AddressScene(c.InterfaceChange)
			scene.Busy = scene.Busy || c.busy
			if err := check(rules, unassignInput{u, scene}); err != nil {
				return Empty{}, err
			}
			rows.Release(*scene.ENI, u.addresses, u.prefixes)
			return Empty{}, nil
		},
	}
}
