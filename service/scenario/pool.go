package scenario

import (
	"encoding/binary"
	"net/netip"
)

// reservedAtEnd is how many addresses the cloud reserves at the end of a VSwitch's block; at its
// start it reserves one. Of 192.168.1.0/24 these are .0, .253, .254 and .255.
const reservedAtEnd = 3

// pool assigns the addresses of one block of a VSwitch, lowest first. It uses offsets into the
// block, which fit into 64 bits because an IPv6 block is a /64.
type pool struct {
	block netip.Prefix
	last  uint64              // the highest offset that may be given
	next  uint64              // every offset below was given or skipped by take
	taken map[uint64]position // what the file names itself, and where

	prefixes map[uint64]position // numbers of the blocks that interfaces have as a whole, and where; nil for none
	within   uint                // how many bits of an offset tell the addresses of such a block apart
}

// Lengths of the prefixes that an interface may have.
const (
	ipv4PrefixBits = 28
	ipv6PrefixBits = 80
)

func newPool(block netip.Prefix) *pool {
	host := block.Addr().BitLen() - block.Bits()
	size := uint64(1)<<host - 1 // the highest offset; for a /64 the shift gives 0 and the subtraction all ones
	return &pool{
		block:  block,
		last:   size - reservedAtEnd,
		next:   1,
		taken:  map[uint64]position{},
		within: uint(block.Addr().BitLen() - prefixBits(block)),
	}
}

// prefixBits returns the length of the prefixes in a block.
func prefixBits(block netip.Prefix) int {
	if block.Addr().Is4() {
		return ipv4PrefixBits
	}
	return ipv6PrefixBits
}

// claimPrefix records a prefix in the file, as claim does for an address.
func (p *pool) claimPrefix(prefix netip.Prefix, at position) (before position, twice bool) {
	number := p.offset(prefix.Addr()) >> p.within
	if before, twice = p.prefixes[number]; twice {
		return before, true
	}
	if p.prefixes == nil {
		p.prefixes = map[uint64]position{}
	}
	p.prefixes[number] = at
	return position{}, false
}

// overlapsReserved reports whether the cloud reserves an address of a prefix.
func (p *pool) overlapsReserved(prefix netip.Prefix) bool {
	first := p.offset(prefix.Addr())
	return first == 0 || first|(1<<p.within-1) > p.last
}

// capacity returns the number of usable addresses of the block.
func (p *pool) capacity() uint64 { return p.last }

// isReserved reports whether the cloud reserves an address of the block.
func (p *pool) isReserved(a netip.Addr) bool {
	offset := p.offset(a)
	return offset == 0 || offset > p.last
}

// claim records an address in the file. If the address was claimed before, it returns that
// position. All claims come before the first take.
func (p *pool) claim(a netip.Addr, at position) (before position, twice bool) {
	offset := p.offset(a)
	if before, twice = p.taken[offset]; !twice {
		p.taken[offset] = at
	}
	return before, twice
}

// take returns the lowest free address, or none if the block is used up.
func (p *pool) take() (netip.Addr, bool) {
	for p.next <= p.last {
		offset := p.next
		if _, whole := p.prefixes[offset>>p.within]; whole {
			p.next = (offset>>p.within + 1) << p.within
			continue
		}
		p.next++
		if _, claimed := p.taken[offset]; !claimed {
			return p.at(offset), true
		}
	}
	return netip.Addr{}, false
}

func (p *pool) offset(a netip.Addr) uint64 { return lowBits(a) - lowBits(p.block.Addr()) }

func (p *pool) at(offset uint64) netip.Addr {
	if p.block.Addr().Is4() {
		var b [4]byte
		binary.BigEndian.PutUint32(
			b[:],
			uint32(lowBits(p.block.Addr())+offset),
		) // an offset into an IPv4 block has 16 bits at most
		return netip.AddrFrom4(b)
	}
	b := p.block.Addr().As16()
	binary.BigEndian.PutUint64(b[8:], lowBits(p.block.Addr())+offset)
	return netip.AddrFrom16(b)
}

// lowBits returns the last 64 bits of an address as a number.
func lowBits(a netip.Addr) uint64 {
	if a.Is4() {
		b := a.As4()
		return uint64(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	return binary.BigEndian.Uint64(b[8:])
}
