package store

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The pool of a VSwitch is compared with a naive model, without Postgres. The model knows what each
// address of a /26 and each of four /80 is used for, and searches all of them for each request. The
// pool gets as many candidates as its statements would find.

// modelVSwitch has 60 IPv4 addresses that can be assigned, and two IPv4 prefixes without reserved
// addresses.
var modelVSwitch = VSwitch{ID: "vsw-1", RegionID: "cn-hangzhou", CIDRBlock: netip.MustParsePrefix("10.0.0.0/26")}

// usedAddresses are the addresses and prefixes that are assigned in the model.
type usedAddresses struct {
	addresses []netip.Addr
	prefixes  []netip.Prefix
}

func (u usedAddresses) has(a netip.Addr) bool {
	return slices.Contains(u.addresses, a) || within(a, u.prefixes)
}

func (u usedAddresses) overlaps(p netip.Prefix) bool {
	return slices.ContainsFunc(u.addresses, p.Contains) || slices.ContainsFunc(u.prefixes, p.Overlaps)
}

// modelAddresses returns all IPv4 addresses of the VSwitch that can be assigned, from the n-th on and
// then from the first.
func modelAddresses(first int) (all []netip.Addr) {
	for k := range 60 {
		all = append(all, netip.AddrFrom4([4]byte{10, 0, 0, byte((k+first)%60 + 1)}))
	}
	return all
}

func modelPrefixes() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("10.0.0.16/28"), netip.MustParsePrefix("10.0.0.32/28")}
}

func modelPrefixes6() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("2001:db8:0:0:8000::/80"), netip.MustParsePrefix("2001:db8:0:0:8001::/80"),
		netip.MustParsePrefix("2001:db8:0:0:8002::/80"), netip.MustParsePrefix("2001:db8:0:0:8003::/80"),
	}
}

// drawWant draws a request. A caller names prefixes or their number, so not both.
func drawWant(rt *rapid.T) AddressWant {
	want := AddressWant{VSwitchID: modelVSwitch.ID, IPv4: rapid.SampledFrom([]int{0, 2, 12}).Draw(rt, "ipv4")}
	if rapid.Bool().Draw(rt, "simple") { // so that few candidates are found
		want.IPv4Prefixes = rapid.IntRange(0, 1).Draw(rt, "ipv4 prefixes")
		return want
	}
	want.Named = rapid.SliceOfNDistinct(rapid.SampledFrom(append(modelAddresses(0),
		netip.MustParseAddr("2001:db8:0:0:8001::1"))), 0, 3, rapid.ID).Draw(rt, "named")
	if rapid.Bool().Draw(rt, "names prefixes") {
		want.NamedBlocks = rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Concat(modelPrefixes(), modelPrefixes6())),
			0, 2, rapid.ID).Draw(rt, "blocks")
	} else {
		want.IPv4Prefixes = rapid.IntRange(0, 2).Draw(rt, "ipv4 prefixes")
		want.IPv6Prefixes = rapid.IntRange(0, 3).Draw(rt, "ipv6 prefixes")
	}
	return want
}

// fillModelPool returns the pool that fillAddressPools would make for the wants.
func fillModelPool(used usedAddresses, first int, wants []AddressWant) *addressPool {
	pool, needed := newAddressPool(modelVSwitch), sumOf(wants)
	limits := needed.candidates()
	for _, a := range modelAddresses(first) {
		if len(pool.ipv4) < limits.ipv4 && !used.has(a) {
			pool.ipv4 = append(pool.ipv4, a)
		}
	}
	for _, p := range modelPrefixes() {
		if len(pool.ipv4Prefixes) < limits.ipv4Prefixes && !used.overlaps(p) {
			pool.addFreePrefix(p)
		}
	}
	for _, p := range modelPrefixes6() {
		if len(pool.ipv6Prefixes) < limits.ipv6Prefixes && !used.overlaps(p) {
			pool.addFreePrefix(p)
		}
	}
	for _, a := range needed.Named {
		pool.taken[a] = used.has(a)
	}
	for _, p := range needed.NamedBlocks {
		pool.takenBlocks[p] = used.overlaps(p)
	}
	return pool
}

// modelPrefixesFor returns the prefixes that a request gets in the model.
func modelPrefixesFor(used usedAddresses, all []netip.Prefix, n int, want AddressWant) (free []netip.Prefix) {
	mine := usedAddresses{slices.Concat(used.addresses, want.Named), slices.Concat(used.prefixes, want.NamedBlocks)}
	for _, p := range all {
		if len(free) < n && !mine.overlaps(p) {
			free = append(free, p)
		}
	}
	return free
}

// However requests of a batch take addresses and prefixes, each gets what is free, in the order of
// the search, as if it searched alone.
func TestAddressPoolsAgreeWithANaiveModel(t *testing.T) {
	t.Parallel()
	property := func(rt *rapid.T) {
		var used usedAddresses
		first := rapid.SampledFrom([]int{0, 13, 14, 30, 44, 58}).Draw(rt, "next host") // near the ends of prefixes
		used.addresses = rapid.SliceOfNDistinct(
			rapid.SampledFrom(modelAddresses(0)), 0, 4, rapid.ID).Draw(rt, "used")
		wants := rapid.SliceOfN(rapid.Custom(drawWant), 1, 6).Draw(rt, "wants")
		pool := fillModelPool(used, first, wants)
		for k, want := range wants {
			offer := pool.offer(want)
			// First the prefixes, then the single addresses outside of them.
			prefixes := modelPrefixesFor(used, modelPrefixes(), want.IPv4Prefixes, want)
			prefixes6 := modelPrefixesFor(used, modelPrefixes6(), want.IPv6Prefixes, want)
			if !slices.Equal(offer.IPv4Prefixes, prefixes) || !slices.Equal(offer.IPv6Prefixes, prefixes6) {
				rt.Fatalf("request %d: got the prefixes %v and %v, want %v and %v",
					k, offer.IPv4Prefixes, offer.IPv6Prefixes, prefixes, prefixes6)
			}
			mine := usedAddresses{
				slices.Concat(used.addresses, want.Named), slices.Concat(used.prefixes, want.NamedBlocks, prefixes),
			}
			var free []netip.Addr
			for _, a := range modelAddresses(first) {
				if len(free) < want.IPv4 && !mine.has(a) {
					free = append(free, a)
				}
			}
			if !slices.Equal(offer.IPv4, free) {
				rt.Fatalf("request %d: got the addresses %v, want %v", k, offer.IPv4, free)
			}
			isTaken := slices.ContainsFunc(want.Named, used.has) || slices.ContainsFunc(want.NamedBlocks, used.overlaps)
			if got := len(offer.Taken)+len(offer.TakenBlocks) > 0; got != isTaken {
				rt.Fatalf("request %d: got taken %t, want %t", k, got, isTaken)
			}
			// A request that gets less than it wants, or names what is taken, is refused. So is one in ten of the
			// others, by another rule.
			refused := isTaken || len(free) < want.IPv4 || len(prefixes) < want.IPv4Prefixes ||
				len(prefixes6) < want.IPv6Prefixes || rapid.IntRange(0, 9).Draw(rt, "refused") == 0
			if refused {
				continue
			}
			addresses := slices.Concat(offer.IPv4, want.Named)
			blocks := slices.Concat(want.NamedBlocks, offer.IPv4Prefixes, offer.IPv6Prefixes)
			pool.assign(addresses, blocks)
			used.addresses, used.prefixes = append(used.addresses, addresses...), append(used.prefixes, blocks...)
		}
	}
	for range 20 { // a hundred random batches each
		rapid.Check(t, property)
	}
}
