package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"enisim.alt/service/match"
)

// didYouMeanKey is match.DidYouMean for keys. If none is near, it lists all keys, since they are few.
func (o *object) didYouMeanKey(word string) string {
	known := o.keyNames
	if best := meantKey(word, known, o.fields); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if hint := match.DidYouMean(word, known); hint != "" {
		return hint
	}
	if elsewhere := o.format.mappingsWithKey(word); len(elsewhere) > 0 {
		return "it belongs in " + strings.Join(elsewhere, ", or in ")
	}
	if len(known) == 1 {
		return fmt.Sprintf("the only key there is %q", known[0])
	}
	best, _ := match.Closest(word, known)
	return fmt.Sprintf("the nearest known key is %q, all of them are %s", best, strings.Join(known, ", "))
}

// meantKey returns the key that a misspelt one most likely stands for, or "". It tries typing
// errors first, then common words with a key that is not given yet.
func meantKey(word string, known []string, given map[string]pair) string {
	best, distance := match.Closest(word, known)
	if distance > 1+len(word)/6 {
		best = keySharingWords(
			word,
			slices.DeleteFunc(slices.Clone(known), func(key string) bool { _, there := given[key]; return there }),
		)
	}
	return best
}

// keySharingWords returns the key that has all words of a misspelt one, or only words of it:
// port_range for port.
func keySharingWords(word string, keys []string) string {
	words := strings.Split(word, "_")
	contain := func(all, some []string) bool {
		return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
	}
	var within []string
	around := ""
	for _, key := range keys {
		switch of := strings.Split(key, "_"); {
		case contain(words, of):
			within = append(within, key)
		case contain(of, words):
			around = cmp.Or(around, key)
		}
	}
	best, _ := match.Closest(word, within)
	return cmp.Or(best, around)
}

// mappingsWithKey returns the names of the mappings within this one that have a key.
func (m *mapping) mappingsWithKey(key string) (names []string) {
	seen := map[*mapping]bool{}
	var visit func(*mapping)
	visit = func(m *mapping) {
		if m == nil || seen[m] {
			return
		}
		seen[m] = true
		if slices.Contains(m.keyNames, key) {
			names = append(names, m.what)
		}
		for i := range m.keys {
			visit(m.keys[i].of)
		}
	}
	visit(m)
	return names
}

// sortedKeys returns a map's keys, sorted, so that hints do not change between runs.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
