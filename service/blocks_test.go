package service

import (
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func mustParsePrefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// firstFreeBlock finds the first block of a size that overlaps no taken one, if there is one.
func TestFirstFreeBlock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outer string
		bits  int
		taken []netip.Prefix
		want  string // "" if there is none
	}{
		{"10.0.0.0/8", 24, nil, "10.0.0.0/24"},
		{"10.0.0.0/8", 24, mustParsePrefixes("10.0.0.0/16"), "10.1.0.0/24"},
		{"10.0.0.0/8", 16, mustParsePrefixes("10.0.0.0/29", "10.1.255.0/24"), "10.2.0.0/16"},
		{"10.0.0.0/24", 24, nil, "10.0.0.0/24"},
		{"10.0.0.0/24", 25, mustParsePrefixes("10.0.0.0/29", "10.0.0.128/29"), ""},
		{"10.0.0.0/24", 24, mustParsePrefixes("10.0.0.0/8"), ""},
		{"192.168.255.0/24", 29, mustParsePrefixes("192.168.255.0/25", "192.168.255.128/26"), "192.168.255.192/29"},
		{"2408:4000::/56", 64, mustParsePrefixes("2408:4000::/64", "2408:4000:0:1::/64"), "2408:4000:0:2::/64"},
	} {
		got, free := firstFreeBlock(netip.MustParsePrefix(c.outer), c.bits, c.taken)
		if free != (c.want != "") || (free && got.String() != c.want) {
			t.Errorf("a /%d of %s without %v: got %v, %t, want %q", c.bits, c.outer, c.taken, got, free, c.want)
		}
	}
}

// firstFreeBlock skips taken blocks, and finds the same block as a search through all of them.
func TestFirstFreeSkipsNoFreeBlock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		outer := netip.MustParsePrefix("10.0.0.0/22")
		var taken []netip.Prefix
		for range rapid.IntRange(0, 12).Draw(t, "taken") {
			host := byte(rapid.IntRange(0, 255).Draw(t, "host"))
			block := byte(rapid.IntRange(0, 3).Draw(t, "block"))
			taken = append(taken, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, block, host}),
				rapid.IntRange(22, 29).Draw(t, "bits")).Masked())
		}
		bits := rapid.IntRange(22, 29).Draw(t, "wanted")
		var want netip.Prefix
		for a := outer.Addr(); outer.Contains(a); a = a.Next() {
			if block := netip.PrefixFrom(a, bits); block == block.Masked() && !overlapsAny(block, taken) {
				want = block
				break
			}
		}
		got, free := firstFreeBlock(outer, bits, taken)
		if got != want || free != want.IsValid() {
			t.Fatalf("a /%d without %v: got %v, %t, want %v", bits, taken, got, free, want)
		}
	})
}

// ipv6Subnet returns the /64 with a number in a block, if the block is large enough.
func TestIPv6Subnet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		block  string
		number int
		want   string // "" if there is none
	}{
		{"2408:4000:0:100::/56", 0, "2408:4000:0:100::/64"},
		{"2408:4000:0:100::/56", 255, "2408:4000:0:1ff::/64"},
		{"2408:4000:0:110::/60", 15, "2408:4000:0:11f::/64"},
		{"2408:4000:0:110::/60", 16, ""},
		{"2408:4000:0:1f0::/60", 255, ""},
	} {
		got, ok := ipv6Subnet(netip.MustParsePrefix(c.block), c.number)
		if ok != (c.want != "") || (ok && got.String() != c.want) {
			t.Errorf("subnet %d of %s: got %v, %t, want %q", c.number, c.block, got, ok, c.want)
		}
	}
}

// Each new IPv6 block is another /56 of the pool.
func TestNewIPv6BlocksComeFromThePool(t *testing.T) {
	t.Parallel()
	s := &Service{random: io.Reader(rand.NewChaCha8([32]byte{}))}
	seen := map[netip.Prefix]bool{}
	for range 100 {
		block := s.newIPv6Block()
		if !isWithin(block, ipv6Pool) || block.Bits() != 56 || block != block.Masked() || seen[block] {
			t.Errorf("got %v, want a new /56 of %v", block, ipv6Pool)
		}
		seen[block] = true
	}
}
