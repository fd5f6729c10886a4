package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"enisim.alt/cmd/enisim/history"
)

// Mix holds the whole-number shares of a plan's actions: attach=45,detach=45,describe=10.
type Mix struct{ Attach, Detach, Describe, Create, Delete, Assign, Unassign int }

// maxShare limits the size of the deck of a mix.
const maxShare = 10000

// shortNames maps the names in mixes and thresholds to actions.
var shortNames = map[string]string{
	"attach": history.Attach, "detach": history.Detach, "describe": history.Describe, "create": history.Create,
	"delete": history.Delete, "assign": history.Assign, "unassign": history.Unassign,
}

// mixNames are the names in mixes, in the order of sharesOf.
var mixNames = []string{"attach", "detach", "describe", "create", "delete", "assign", "unassign"}

// sharesOf returns the shares of the actions, in the order of mixNames.
func sharesOf(m *Mix) []*int {
	return []*int{&m.Attach, &m.Detach, &m.Describe, &m.Create, &m.Delete, &m.Assign, &m.Unassign}
}

// UnmarshalText parses a mix of a command line.
func (m *Mix) UnmarshalText(text []byte) error {
	*m = Mix{}
	shares := map[string]*int{}
	for k, share := range sharesOf(m) {
		shares[mixNames[k]] = share
	}
	for part := range strings.SplitSeq(string(text), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		share, err := strconv.Atoi(value)
		if shares[name] == nil || err != nil || share < 0 || share > maxShare {
			return fmt.Errorf("%q: a mix is like attach=45,detach=45,describe=10; each of %s at most once, with a "+
				"share from 0 to %d", part, strings.Join(mixNames, ", "), maxShare)
		}
		*shares[name] = share
		delete(shares, name)
	}
	if m.size() == 0 {
		return fmt.Errorf("a mix of nothing: it is like attach=45,detach=45,describe=10")
	}
	return nil
}

// size returns the sum of the shares.
func (m Mix) size() (sum int) {
	for _, share := range sharesOf(&m) {
		sum += *share
	}
	return sum
}

// String returns the mix in the form that UnmarshalText parses.
func (m Mix) String() string {
	var parts []string
	for k, share := range sharesOf(&m) {
		if k < 3 || *share > 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", mixNames[k], *share))
		}
	}
	return strings.Join(parts, ",")
}

// Has reports whether the mix has an action, by its short name.
func (m Mix) Has(name string) bool {
	k := slices.Index(mixNames, name)
	return k >= 0 && *sharesOf(&m)[k] > 0
}

// Changes reports whether the mix has actions that create or delete interfaces or change their
// addresses.
func (m Mix) Changes() bool { return m.Create+m.Delete+m.Assign+m.Unassign > 0 }

// moves reports whether the mix has actions on the interfaces of the world.
func (m Mix) moves() bool { return m.Attach+m.Detach+m.Describe > 0 }

// reduced returns the same mix in the smallest numbers.
func (m Mix) reduced() Mix {
	by := 0
	for _, share := range sharesOf(&m) {
		by = gcd(by, *share)
	}
	for _, share := range sharesOf(&m) {
		*share /= by
	}
	return m
}

// gcd returns the greatest common divisor.
func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
