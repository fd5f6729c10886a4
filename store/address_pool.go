package store

import (
	"net/netip"
	"slices"
)

// addressPools are the pools of locked VSwitches, by id.
type addressPools map[string]*addressPool

// offer returns what a want gets from the pool of its VSwitch. The offer of a VSwitch that is not
// locked, or lies in another region, has no VSwitch.
func (p addressPools) offer(regionID string, want AddressWant) *AddressOffer {
	pool := p[want.VSwitchID]
	if pool == nil || pool.vswitch.RegionID != regionID {
		return &AddressOffer{}
	}
	return pool.offer(want)
}

// addressPool holds free addresses and prefixes of a locked VSwitch. The requests of a batch take
// from it one after the other. It is pure.
type addressPool struct {
	vswitch VSwitch
	// What is free, in the order in which it is assigned. It may contain what was assigned since.
	ipv4         []netip.Addr
	ipv4Prefixes []netip.Prefix
	ipv6Prefixes []netip.Prefix
	// Of the named addresses and prefixes, those that were taken when the pool was filled.
	taken       map[netip.Addr]bool
	takenBlocks map[netip.Prefix]bool
	// What was assigned since.
	assigned         map[netip.Addr]bool
	assignedPrefixes []netip.Prefix
}

// candidateLimits are the numbers of free addresses and prefixes that a pool needs, so that its
// requests find all that is free, in whichever order they take it.
type candidateLimits struct{ ipv4, ipv4Prefixes, ipv6Prefixes int }

// candidates returns the limits for requests that want w together. An address that is assigned makes
// one prefix unusable, and a prefix makes 16 IPv4 addresses unusable.
func (w AddressWant) candidates() candidateLimits {
	named, blocks := len(w.Named), len(w.NamedBlocks)
	return candidateLimits{
		ipv4:         w.IPv4 + named + 16*(w.IPv4Prefixes+blocks),
		ipv4Prefixes: w.IPv4Prefixes + w.IPv4 + named + blocks,
		ipv6Prefixes: w.IPv6Prefixes + named + blocks,
	}
}

func newAddressPool(v VSwitch) *addressPool {
	return &addressPool{
		vswitch: v, taken: map[netip.Addr]bool{}, takenBlocks: map[netip.Prefix]bool{}, assigned: map[netip.Addr]bool{},
	}
}

// of returns the pool of a VSwitch. One that was created after the lock gets an empty pool, which no
// request sees.
func (p addressPools) of(vswitchID string) *addressPool {
	if pool := p[vswitchID]; pool != nil {
		return pool
	}
	return newAddressPool(VSwitch{})
}

func (p *addressPool) addFreeAddress(a netip.Addr) { p.ipv4 = append(p.ipv4, a) }

func (p *addressPool) addFreePrefix(prefix netip.Prefix) {
	if prefix.Addr().Is4() {
		p.ipv4Prefixes = append(p.ipv4Prefixes, prefix)
	} else {
		p.ipv6Prefixes = append(p.ipv6Prefixes, prefix)
	}
}

// offer returns what a want gets. It takes nothing out of the pool.
func (p *addressPool) offer(want AddressWant) *AddressOffer {
	v := p.vswitch
	o := &AddressOffer{VSwitch: &v}
	// First the prefixes, so that the single addresses are not in them.
	o.IPv4Prefixes = p.freePrefixes(p.ipv4Prefixes, want.IPv4Prefixes, want)
	o.IPv6Prefixes = p.freePrefixes(p.ipv6Prefixes, want.IPv6Prefixes, want)
	for _, a := range p.ipv4 {
		if len(o.IPv4) == want.IPv4 {
			break
		}
		// The request gets this address anyway: by its name, or in a prefix.
		isIncluded := slices.Contains(want.Named, a) || within(a, o.IPv4Prefixes) || within(a, want.NamedBlocks)
		if p.isFree(a) && !isIncluded {
			o.IPv4 = append(o.IPv4, a)
		}
	}
	// Then which of the named ones are taken.
	for _, a := range want.Named {
		if p.taken[a] || !p.isFree(a) {
			o.Taken = append(o.Taken, a)
		}
	}
	for _, b := range want.NamedBlocks {
		if p.takenBlocks[b] || !p.isFreePrefix(b) {
			o.TakenBlocks = append(o.TakenBlocks, b)
		}
	}
	return o
}

// freePrefixes returns the first n candidates that are free and contain no address that the want
// names.
func (p *addressPool) freePrefixes(candidates []netip.Prefix, n int, want AddressWant) (free []netip.Prefix) {
	for _, c := range candidates {
		if len(free) == n {
			break
		}
		if p.isFreePrefix(c) && !slices.Contains(want.NamedBlocks, c) && !slices.ContainsFunc(want.Named, c.Contains) {
			free = append(free, c)
		}
	}
	return free
}

// isFree reports whether an address was not assigned since the pool was filled.
func (p *addressPool) isFree(a netip.Addr) bool {
	return !p.assigned[a] && !within(a, p.assignedPrefixes)
}

// isFreePrefix reports whether neither a prefix nor an address in it was assigned since the pool was
// filled.
func (p *addressPool) isFreePrefix(prefix netip.Prefix) bool {
	if slices.ContainsFunc(p.assignedPrefixes, prefix.Overlaps) {
		return false
	}
	for a := range p.assigned {
		if prefix.Contains(a) {
			return false
		}
	}
	return true
}

// assign takes addresses and prefixes out of the pool.
func (p *addressPool) assign(addresses []netip.Addr, prefixes []netip.Prefix) {
	for _, a := range addresses {
		p.assigned[a] = true
	}
	p.assignedPrefixes = append(p.assignedPrefixes, prefixes...)
	// Drop what is not free any more from the start of the lists, so that offers do not skip it again.
	p.ipv4 = p.ipv4[countWhile(p.ipv4, func(a netip.Addr) bool { return !p.isFree(a) }):]
	isTaken := func(prefix netip.Prefix) bool { return !p.isFreePrefix(prefix) }
	p.ipv4Prefixes = p.ipv4Prefixes[countWhile(p.ipv4Prefixes, isTaken):]
	p.ipv6Prefixes = p.ipv6Prefixes[countWhile(p.ipv6Prefixes, isTaken):]
}

// countWhile returns how many elements at the start of a list fulfil a condition.
func countWhile[T any](list []T, condition func(T) bool) int {
	if n := slices.IndexFunc(list, func(t T) bool { return !condition(t) }); n >= 0 {
		return n
	}
	return len(list)
}

// within reports whether an address is in one of the prefixes.
func within(a netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}
