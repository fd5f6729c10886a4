package service

import (
	"net/netip"
	"slices"
)

// privateBlocks are the private ranges. A VPC may use a whole one of them; in any other range it
// has a /16 at most.
var privateBlocks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// ipv6Pool is the range from which VPCs get their IPv6 blocks.
var ipv6Pool = netip.MustParsePrefix("2408:4000::/24")

// Bounds of the prefix lengths of blocks: more bits are a smaller block.
const (
	minIPv4BlockBits, maxVPCBits, maxVSwitchBits = 16, 28, 29 // of IPv4
	ipv6VPCBits, ipv6VSwitchBits                 = 56, 64
)

// parseIPv4Block parses an IPv4 block that begins at its first address.
func parseIPv4Block(text string) (netip.Prefix, bool) {
	block, err := netip.ParsePrefix(text)
	return block, err == nil && block.Addr().Is4() && block == block.Masked()
}

// parseIPv6Block parses an IPv6 block of the size that a VPC has.
func parseIPv6Block(text string) (netip.Prefix, bool) {
	block, err := netip.ParsePrefix(text)
	return block, err == nil && block.Addr().Is6() && !block.Addr().Is4In6() && block == block.Masked() &&
		block.Bits() == ipv6VPCBits
}

// isValidVPCMask reports whether a VPC's block is neither too large nor too small.
func isValidVPCMask(block netip.Prefix) bool {
	minBits := minIPv4BlockBits
	for _, private := range privateBlocks {
		if private.Contains(block.Addr()) {
			minBits = private.Bits()
		}
	}
	return block.Bits() >= minBits && block.Bits() <= maxVPCBits
}

// overlapsAny reports whether a block shares an address with one of the others.
func overlapsAny(block netip.Prefix, others []netip.Prefix) bool {
	return slices.ContainsFunc(others, block.Overlaps)
}

// isWithin reports whether a block lies completely in another.
func isWithin(block, outer netip.Prefix) bool {
	return block.Bits() >= outer.Bits() && outer.Contains(block.Addr())
}

// firstFreeBlock returns the first block of a given size in outer that overlaps no taken block.
func firstFreeBlock(outer netip.Prefix, bits int, taken []netip.Prefix) (netip.Prefix, bool) {
	candidate := netip.PrefixFrom(outer.Addr(), bits)
	for outer.Contains(candidate.Addr()) {
		i := slices.IndexFunc(taken, candidate.Overlaps)
		if i < 0 {
			return candidate, true
		}
		// Two overlapping blocks contain one another, so the search continues behind the larger
		// one.
		larger := netip.PrefixFrom(candidate.Addr(), min(bits, taken[i].Bits())).Masked()
		candidate = netip.PrefixFrom(lastAddress(larger).Next(), bits)
	}
	return netip.Prefix{}, false
}

func lastAddress(block netip.Prefix) netip.Addr {
	bytes := block.Addr().AsSlice()
	for bit := block.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

// ipv6Subnet returns the /64 with the given number in a VPC's IPv6 block.
func ipv6Subnet(block netip.Prefix, number int) (netip.Prefix, bool) {
	bytes := block.Addr().As16()
	number += int(bytes[7])
	bytes[7] = byte(number)
	subnet := netip.PrefixFrom(netip.AddrFrom16(bytes), ipv6VSwitchBits)
	return subnet, number <= 255 && isWithin(subnet, block)
}

// newIPv6Block returns a random IPv6 block for a VPC.
func (s *Service) newIPv6Block() netip.Prefix {
	bytes := ipv6Pool.Addr().As16()
	copy(bytes[ipv6Pool.Bits()/8:ipv6VPCBits/8], s.randomBytes(ipv6VPCBits/8-ipv6Pool.Bits()/8))
	return netip.PrefixFrom(netip.AddrFrom16(bytes), ipv6VPCBits)
}
