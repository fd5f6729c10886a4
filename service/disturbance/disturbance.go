// Package disturbance defines what a tester may order for an account: faults, lifecycles, throttles,
// stock and a clock of its own. A rule is a value that is read from JSON, checked, and asked about a
// call. The package is pure: it has no database, no time of its own and no HTTP.
//
// The names of the keys are those of the control API, of scenarios and of the commands.
package disturbance

import (
	"encoding/json"
	"fmt"
	"time"
)

// AllAccounts as the account of a rule means every account.
const AllAccounts = "*"

// MaxRules is the maximum number of rules of a kind that an account has.
const MaxRules = 1000

// Duration is a time span that JSON has as a text, such as "1m30s".
type Duration time.Duration

// UnmarshalJSON reads a text such as "1m30s".
func (d *Duration) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("a duration is a text such as \"2s\", got %s", text)
	}
	parsed, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("a duration is a text such as \"2s\", got %q", s)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalJSON returns the text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

func (d Duration) String() string { return time.Duration(d).String() }

// Draw returns a number from 0 inclusive to 1 exclusive, which depends on the seed and the position
// only. So the same seed gives the same numbers on every server, in whatever order they are drawn.
func Draw(seed, position int64) float64 {
	const fraction = 53 // bits of a float64
	return float64(mix(mix(uint64(seed))^uint64(position))>>(64-fraction)) / (1 << fraction)
}

// mix is the finalizer of splitmix64: every bit of the result depends on all bits of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// isProbability reports whether p is from 0 to 1, which NaN is not.
func isProbability(p float64) bool { return p >= 0 && p <= 1 }
