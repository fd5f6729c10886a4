package service

import (
	"context"
	"net/netip"
	"slices"

	"enisim/store"
)

// What the four actions on an interface's addresses share (docs/reference/actions.md, sections 1.8 to 1.11).

// firstNotIPv6 is the first text that is no IPv6 address. There must be one.
func firstNotIPv6(texts []string) string {
	return texts[slices.IndexFunc(texts, func(text string) bool { return !areIPv6(text) })]
}

// assignment is what is to be assigned to an interface, in one family.
type assignment struct {
	regionID, eniID    string
	family             addressFamily
	addresses          []netip.Addr
	count, prefixCount int // beside those that are named
	prefixes           []netip.Prefix
}

// wanted is how many of the limit the assignment takes: a prefix counts as one address.
func (a assignment) wanted() int { return len(a.addresses) + a.count + len(a.prefixes) + a.prefixCount }

// AssignedAddresses are what an interface was given.
type AssignedAddresses struct {
	NetworkInterfaceID string
	Addresses          []netip.Addr
	Prefixes           []netip.Prefix
}

// assign is what an assignment is decided on: the request and what the locks returned, settled.
type assign struct {
	assignment
	*store.AssignScene
	drawn []netip.Addr // IPv6 addresses drawn for it: more than it wants, for some may be taken
}

// assignStateRules come first: what the interface is, and where.
var assignStateRules = append(addressStateRules(func(a assign) (string, *store.AddressScene) { return a.eniID, &a.AddressScene }),
	// A scenario may put the interface into another VSwitch between its look-up and its lock.
	rule[assign]{err: EcsTaskConflict, broken: func(a assign) bool { return a.Offer.VSwitch == nil || a.Offer.VSwitch.ID != a.ENI.VSwitchID }},
)

// addressStateRules are those of an interface whose addresses may change.
func addressStateRules[T any](of func(T) (eniID string, scene *store.AddressScene)) []rule[T] {
	eni := func(t T) *store.NetworkInterface { _, scene := of(t); return scene.ENI }
	return []rule[T]{
		{err: EcsTaskConflict, broken: func(t T) bool { _, scene := of(t); return scene.Busy }},
		{err: InvalidEniIDNotFound, broken: func(t T) bool { return eni(t) == nil },
			fill: func(t T) []any { id, _ := of(t); return []any{id} }},
		{err: EniServiceManaged, broken: func(t T) bool { return eni(t).ServiceManaged }},
		{err: InvalidEniState, broken: func(t T) bool { return !oneOf(eni(t).Status, store.ENIAvailable, store.ENIInUse) },
			fill: func(t T) []any { return []any{store.ENIAvailable + "," + store.ENIInUse, eni(t).Status} }},
		{err: InvalidEcsState, broken: func(t T) bool {
			_, scene := of(t)
			return scene.ENI.Type == store.ENIPrimary && !oneOf(scene.Instance.Status, store.InstanceRunning, store.InstanceStopped)
		}},
	}
}

// assignNamedRules come before the limits: what the VSwitch does not give out, or has given to another.
var assignNamedRules = []rule[assign]{
	{err: InvalidVSwitchIDIPInvalid, broken: func(a assign) bool { return a.outside() != "" },
		fill: func(a assign) []any { return []any{a.outside(), a.family.blockOf(a.Offer.VSwitch).String()} }},
	{err: InvalidIPAssigned, broken: func(a assign) bool { return a.taken() != "" }, fill: func(a assign) []any { return []any{a.taken()} }},
}

// blockOf is the block of a VSwitch out of which a family's addresses come. The VSwitch must have one.
func (f addressFamily) blockOf(v *store.VSwitch) netip.Prefix {
	if f.has(v.CIDRBlock.Addr()) {
		return v.CIDRBlock
	}
	return *v.IPv6CIDRBlock
}

// outside is the first that is named, but that the VSwitch does not give out: "" if there is none.
func (a assign) outside() string {
	block := a.family.blockOf(a.Offer.VSwitch)
	for _, address := range a.addresses {
		if !givesOut(block, netip.PrefixFrom(address, address.BitLen())) {
			return address.String()
		}
	}
	for _, p := range a.prefixes {
		if !givesOut(block, p) {
			return p.String()
		}
	}
	return ""
}

// taken is the first that is named, but that an interface has: "" if there is none.
func (a assign) taken() string {
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

// notEnoughRules come last: nothing but room is lacking.
var notEnoughRules = []rule[assign]{
	{err: InvalidVSwitchIDIPNotEnough, broken: func(a assign) bool {
		given := a.given()
		return len(given.Addresses)+len(given.Prefixes) < a.wanted()
	}, fill: func(a assign) []any { return []any{a.Offer.VSwitch.ID} }},
}

// given is what the interface gets: what is named, and what was found or drawn for the rest.
func (a assign) given() AssignedAddresses {
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

// assignAddresses gives addresses to an interface, all of the assignment or none of it, in a transaction that has locked a client token at most.
func (s *Service) assignAddresses(ctx context.Context, tx *store.Tx, caller Caller, a assignment, rules []rule[assign]) (AssignedAddresses, error) {
	subject := assign{assignment: a, AssignScene: &store.AssignScene{}}
	home, busy, err := tx.FindVSwitchOf(ctx, caller.AccountID, a.regionID, a.eniID)
	if err != nil {
		return AssignedAddresses{}, err
	}
	if subject.Busy = busy; busy || home == nil {
		return AssignedAddresses{}, check(rules, subject)
	}
	want := store.AddressWant{VSwitchID: home.ID, Named: a.addresses, NamedBlocks: a.prefixes}
	if a.family.has(home.CIDRBlock.Addr()) {
		want.IPv4, want.IPv4Prefixes = a.count, a.prefixCount
	} else {
		want.IPv6Prefixes = a.prefixCount
		if home.IPv6CIDRBlock != nil {
			const spare = 2
			for range spare * a.count {
				subject.drawn = append(subject.drawn, s.drawIPv6(*home.IPv6CIDRBlock))
			}
			want.Named = slices.Concat(a.addresses, subject.drawn)
		}
	}
	if subject.AssignScene, err = tx.LockForAssign(ctx, caller.AccountID, a.regionID, a.eniID, want, s.moment()); err != nil {
		return AssignedAddresses{}, conflictAs(EcsTaskConflict, err)
	}
	subject.Settle(s.moment())
	if err := check(rules, subject); err != nil {
		return AssignedAddresses{}, err
	}
	given := subject.given()
	var rows []store.PrivateIPAddress
	for _, address := range given.Addresses {
		rows = append(rows, store.PrivateIPAddress{Address: address})
	}
	tx.GiveAddresses(*subject.ENI, rows, given.Prefixes, subject.Offer.IPv4)
	return given, nil
}

// unassignment is what is to be taken from an interface.
type unassignment struct {
	eniID     string
	addresses []netip.Addr
	prefixes  []netip.Prefix
}

// unassign is what an unassignment is decided on.
type unassign struct {
	unassignment
	*store.AddressScene
}

// unassignRules are those on the interface, and then on what it has.
var unassignRules = append(addressStateRules(func(u unassign) (string, *store.AddressScene) { return u.eniID, u.AddressScene }),
	rule[unassign]{err: InvalidIPUnassigned, broken: func(u unassign) bool { return u.foreign() != "" }, fill: func(u unassign) []any { return []any{u.foreign()} }},
)

// foreign is the first that is named, but that the interface cannot give back: "" if there is none. It keeps its primary address for life.
func (u unassign) foreign() string {
	for _, address := range u.addresses {
		if !slices.ContainsFunc(u.Addresses, func(a store.PrivateIPAddress) bool { return a.Address == address && !a.IsPrimary }) {
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

// unassignAddresses takes addresses from an interface, all that are named or none.
func (s *Service) unassignAddresses(ctx context.Context, caller Caller, regionID string, u unassignment, rules []rule[unassign]) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForUnassign(ctx, caller.AccountID, regionID, u.eniID)
		if err != nil {
			return conflictAs(EcsTaskConflict, err)
		}
		scene.Settle(s.moment())
		if err := check(rules, unassign{u, scene}); err != nil {
			return err
		}
		tx.TakeBackAddresses(*scene.ENI, u.addresses, u.prefixes)
		return nil
	})
}
