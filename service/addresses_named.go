package service

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"enisim.alt/store"
)

const (
	maxPrefixes = 10 // of one call
	maxQueues   = 2048
)

// addressFamily has what differs between the parameters of IPv4 and IPv6.
type addressFamily struct {
	address, prefix string // parameters
	bits            int    // the length of a prefix
	contains        func(netip.Addr) bool
}

var (
	familyIPv4 = addressFamily{"PrivateIpAddress", "Ipv4Prefix", 28, netip.Addr.Is4}
	familyIPv6 = addressFamily{"Ipv6Address", "Ipv6Prefix", 80, netip.Addr.Is6}
)

// namedAddresses are the addresses and prefixes that a request names.
type namedAddresses struct{ addresses, prefixes []string }

// prefixRules returns the rules that refuse prefixes which no VSwitch can assign, and duplicates.
// The addresses must be well formed.
func prefixRules[T any](f addressFamily, named func(T) namedAddresses) []rule[T] {
	first := func(isInvalid func(string) bool) (func(T) bool, func(T) string) {
		return func(r T) bool { return slices.ContainsFunc(named(r).prefixes, isInvalid) },
			func(r T) string { return named(r).prefixes[slices.IndexFunc(named(r).prefixes, isInvalid)] }
	}
	illegal, whichIllegal := first(func(text string) bool {
		p, err := netip.ParsePrefix(text)
		return err != nil || !f.contains(p.Addr())
	})
	masked, whichMasked := first(func(text string) bool { return netip.MustParsePrefix(text).Bits() != f.bits })
	loose, _ := first(func(text string) bool { p := netip.MustParsePrefix(text); return p != p.Masked() })
	return []rule[T]{
		invalid(f.prefix, func(r T) bool { return len(named(r).prefixes) > maxPrefixes }),
		{err: IPPrefixIllegal, violated: illegal, messageArgs: func(r T) []any { return []any{whichIllegal(r)} }},
		{err: IPPrefixMaskInvalid, violated: masked, messageArgs: func(r T) []any {
			_, mask, _ := strings.Cut(whichMasked(r), "/")
			return []any{mask, strconv.Itoa(f.bits), strconv.Itoa(f.bits)}
		}},
		{err: IPPrefixNotStrict, violated: loose},
		{err: InvalidIPRepeated, violated: func(r T) bool { return named(r).firstRepeated() != "" },
			messageArgs: func(r T) []any { return []any{named(r).firstRepeated()} }},
	}
}

// firstRepeated returns the first address or prefix that is named twice, or lies in a named prefix;
// "" if there is none.
func (n namedAddresses) firstRepeated() string {
	blocks := parsePrefixes(n.prefixes)
	for k, a := range parseAddresses(n.addresses) {
		if slices.Contains(parseAddresses(n.addresses[:k]), a) ||
			slices.ContainsFunc(blocks, func(p netip.Prefix) bool { return p.Contains(a) }) {
			return n.addresses[k]
		}
	}
	for k, p := range blocks {
		if slices.Contains(blocks[:k], p) {
			return n.prefixes[k]
		}
	}
	return ""
}

// parsePrefixes parses valid prefixes.
func parsePrefixes(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// canAssign reports whether a VSwitch with the block can assign all addresses of a prefix. The
// first and the last three IPv4 addresses are reserved for the cloud.
func canAssign(block, p netip.Prefix) bool {
	if p.Bits() < block.Bits() || !block.Contains(p.Addr()) {
		return false
	}
	if block.Addr().Is6() {
		return true
	}
	host := func(a netip.Addr) int { b := a.As4(); return int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }
	first := host(p.Addr()) - host(block.Addr())
	last := first + 1<<(32-p.Bits()) - 1
	return first >= store.ReservedFirst && last < 1<<(32-block.Bits())-store.ReservedLast
}

// randomIPv6 returns a random address in the lower half of a VSwitch's /64. The upper half is for
// prefixes.
func (s *Service) randomIPv6(block netip.Prefix) netip.Addr {
	bytes := block.Addr().As16()
	copy(bytes[8:], s.randomBytes(8))
	bytes[8] &= 0x7f
	return netip.AddrFrom16(bytes)
}
