package service

import (
	"net/netip"
	"slices"

	"enisim.alt/store"
)

// maxListed is how many members a list parameter may have.
const maxListed = 100

// tagFilter returns a filter for resources that have all of the tags.
func tagFilter(tags []Tag) store.TagFilter {
	var f store.TagFilter
	for _, t := range tags {
		if t.Value == "" {
			f.Keys = append(f.Keys, t.Key)
		} else {
			f.Pairs = append(f.Pairs, map[string]string{t.Key: t.Value})
		}
	}
	return f
}

// allIPv4 reports whether all texts are IPv4 addresses.
func allIPv4(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool {
		a, err := netip.ParseAddr(text)
		return err != nil || !a.Is4()
	})
}

// allIPv6 reports whether all texts are IPv6 addresses.
func allIPv6(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool {
		a, err := netip.ParseAddr(text)
		return err != nil || !a.Is6() || a.Zone() != ""
	})
}

// parseAddresses parses valid addresses.
func parseAddresses(texts []string) []netip.Addr {
	var out []netip.Addr
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

// optionalList returns a list with the text, or nil if the text is empty: an empty parameter is an
// absent one.
func optionalList(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// dryRunRules come after all others: a DryRun request that would succeed gets the error
// DryRunOperation.
var dryRunRules = []rule[*bool]{
	{err: DryRunOperation, violated: isTrue},
}
