package load

import (
	"fmt"
	"strconv"
	"strings"

	"enisim/cmd/enisim/history"
)

// Mix is how often a plan has each of its actions, as whole shares: attach=45,detach=45,describe=10.
type Mix struct{ Attach, Detach, Describe int }

// mostShares keeps the cards of a mix few.
const mostShares = 10000

// shortNames are the names that mixes and thresholds have for actions.
var shortNames = map[string]string{"attach": history.Attach, "detach": history.Detach, "describe": history.Describe}

// UnmarshalText reads a mix from a command line.
func (m *Mix) UnmarshalText(text []byte) error {
	*m = Mix{}
	shares := map[string]*int{"attach": &m.Attach, "detach": &m.Detach, "describe": &m.Describe}
	for part := range strings.SplitSeq(string(text), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		share, err := strconv.Atoi(value)
		if shares[name] == nil || err != nil || share < 0 || share > mostShares {
			return fmt.Errorf("%q: a mix is like attach=45,detach=45,describe=10; each of the three at most once, with a share from 0 to %d", part, mostShares)
		}
		*shares[name] = share
		delete(shares, name)
	}
	if m.Attach+m.Detach+m.Describe == 0 {
		return fmt.Errorf("a mix of nothing: it is like attach=45,detach=45,describe=10")
	}
	return nil
}

func (m Mix) String() string {
	return fmt.Sprintf("attach=%d,detach=%d,describe=%d", m.Attach, m.Detach, m.Describe)
}

// Has tells whether the mix has an action, by its short name.
func (m Mix) Has(name string) bool {
	return map[string]int{"attach": m.Attach, "detach": m.Detach, "describe": m.Describe}[name] > 0
}

// reduced is the same mix in the smallest numbers.
func (m Mix) reduced() Mix {
	by := gcd(gcd(m.Attach, m.Detach), m.Describe)
	return Mix{m.Attach / by, m.Detach / by, m.Describe / by}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
