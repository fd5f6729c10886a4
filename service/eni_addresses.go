package service

import (
	"context"
	"net/netip"
	"slices"

	"enisim/store"
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
	// A scenario may move the interface to another VSwitch after FindVSwitchOf and before the lock.
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

// assignAddresses assigns all that the request asks for, or nothing. The transaction may have
// locked a client token, but nothing else.
func (s *Service) assignAddresses(
	ctx context.Context, tx *store.Tx, caller Caller, a assignRequest, rules []rule[assignInput],
) (AssignedAddresses, error) {
	input := assignInput{assignRequest: a, AssignScene: &store.AssignScene{}}
	// First find the VSwitch, because it must be locked before the interface.
	vswitch, busy, err := tx.FindVSwitchOf(ctx, caller.AccountID, a.regionID, a.eniID)
	if err != nil {
		return AssignedAddresses{}, err
	}
	if input.Busy = busy; busy || vswitch == nil {
		return AssignedAddresses{}, check(rules, input)
	}
	// Then work out which addresses are needed. IPv6 addresses are random, with spare ones for
	// those that are taken.
	want := store.AddressWant{VSwitchID: vswitch.ID, Named: a.addresses, NamedBlocks: a.prefixes}
	if a.family.contains(vswitch.CIDRBlock.Addr()) {
		want.IPv4, want.IPv4Prefixes = a.count, a.prefixCount
	} else {
		want.IPv6Prefixes = a.prefixCount
		if vswitch.IPv6CIDRBlock != nil {
			const spare = 2
			for range spare * a.count {
				input.drawn = append(input.drawn, s.randomIPv6(*vswitch.IPv6CIDRBlock))
			}
			want.Named = slices.Concat(a.addresses, input.drawn)
		}
	}
	// Then lock the rows and check the rules.
	input.AssignScene, err = tx.LockForAssign(ctx, caller.AccountID, a.regionID, a.eniID, want, s.beforeLocks())
	if err != nil {
		return AssignedAddresses{}, conflictAs(EcsTaskConflict, err)
	}
	input.Settle(s.Now())
	if err := check(rules, input); err != nil {
		return AssignedAddresses{}, err
	}
	assigned := input.assigned()
	var rows []store.PrivateIPAddress
	for _, address := range assigned.Addresses {
		rows = append(rows, store.PrivateIPAddress{Address: address})
	}
	tx.AssignAddresses(*input.ENI, rows, assigned.Prefixes, input.Offer.IPv4)
	return assigned, nil
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
	ctx context.Context, caller Caller, regionID string, u unassignRequest, rules []rule[unassignInput],
) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForUnassign(ctx, caller.AccountID, regionID, u.eniID)
		if err != nil {
			return conflictAs(EcsTaskConflict, err)
		}
		scene.Settle(s.Now())
		if err := check(rules, unassignInput{u, scene}); err != nil {
			return err
		}
		tx.ReleaseAddresses(*scene.ENI, u.addresses, u.prefixes)
		tx.CompactCounts(caller.AccountID, scene.ENI.VSwitchID)
		return nil
	})
}
