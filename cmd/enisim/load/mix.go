package load

import (
	"fmt"
	"strconv"
	"strings"

	"enisim/cmd/enisim/history"
)

// Mix holds the whole-number shares of a plan's actions: attach=45,detach=45,describe=10.
type Mix struct{ Attach, Detach, Describe int }

// maxShare limits the size of the deck of a mix.
const maxShare = 10000

// shortNames maps the names in mixes and thresholds to actions.
var shortNames = map[string]string{"attach": history.Attach, "detach": history.Detach, "describe": history.Describe}

// UnmarshalText parses a mix of a command line.
func (m *Mix) UnmarshalText(text []byte) error {
	*m = Mix{}
	shares := map[string]*int{"attach": &m.Attach, "detach": &m.Detach, "describe": &m.Describe}
	for part := range strings.SplitSeq(string(text), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		share, err := strconv.Atoi(value)
		if shares[name] == nil || err != nil || share < 0 || share > maxShare {
			return fmt.Errorf("%q: a mix is like attach=45,detach=45,describe=10; each of the three at most once, "+
				"with a share from 0 to %d", part, maxShare)
		}
		*shares[name] = share
		delete(shares, name)
	}
	if m.Attach+m.Detach+m.Describe == 0 {
		return fmt.Errorf("a mix of nothing: it is like attach=45,detach=45,describe=10")
	}
	return nil
}

// String returns the mix in the form that UnmarshalText parses.
func (m Mix) String() string {
	return fmt.Sprintf("attach=%d,detach=%d,describe=%d", m.Attach, m.Detach, m.Describe)
}

// Has reports whether the mix has an action, by its short name.
func (m Mix) Has(name string) bool {
	return map[string]int{"attach": m.Attach, "detach": m.Detach, "describe": m.Describe}[name] > 0
}

// reduced returns the same mix in the smallest numbers.
func (m Mix) reduced() Mix {
	by := gcd(gcd(m.Attach, m.Detach), m.Describe)
	return Mix{m.Attach / by, m.Detach / by, m.Describe / by}
}

// gcd returns the greatest common divisor.
func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
