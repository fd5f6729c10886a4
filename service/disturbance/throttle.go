package disturbance

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"enisim.alt/testdata/contract"
)

// Throttle limits how often an account calls. It has the limits of its preset, if it names one, and
// its own.
type Throttle struct {
	Preset string  `json:"preset,omitempty" enum:"realistic" description:"Limits that are about those of the real service. Without it, none."`
	Limits []Limit `json:"limits,omitempty" description:"Limits, beside those of the preset. Without it, none."`
}

// Limit is a limit of a throttle, with a token bucket for each action and region, or one for all. A
// call takes a token from the bucket of each limit that matches it. If one of them is empty, the call
// is refused and takes none.
type Limit struct {
	Action    string  `json:"action,omitempty" description:"Pattern of the action, such as Describe*. Without it, every action."`
	Region    string  `json:"region,omitempty" description:"Pattern of the region. Without it, every region."`
	Per       string  `json:"per,omitempty" enum:"action,account" description:"What a bucket counts: each action in each region by itself, or all calls of the account that the limit matches. Without it, account if the limit has neither an action nor a region, otherwise action."`
	PerSecond float64 `json:"per_second" description:"How many tokens a bucket gets in a second, such as 5 or 0.5."`
	Burst     int     `json:"burst,omitempty" description:"How many tokens a full bucket holds. Without it, those of a second, and at least one."`
	Answer    string  `json:"answer,omitempty" enum:"Throttling,Throttling.User,Throttling.Api" description:"Code of a refused call. Without it, Throttling."`
}

// What a bucket of a limit counts.
const (
	PerAction  = "action"  // the calls of one action in one region
	PerAccount = "account" // all calls of an account that the limit matches
)

// The codes that a refused call is answered with.
const (
	ThrottlingPlain = "Throttling"
	ThrottlingUser  = "Throttling.User"
	ThrottlingAPI   = "Throttling.Api"
)

// Bounds of a throttle.
const (
	maxLimits    = 200
	minPerSecond = 1e-3
	maxPerSecond = 1e6
	maxBurst     = 1_000_000
)

// Check returns an error that says what is wrong with a throttle and what was probably meant.
func (t Throttle) Check() error {
	switch {
	case t.Preset != "" && t.Preset != PresetRealistic:
		return fmt.Errorf("preset is %s, got %q%s",
			PresetRealistic, t.Preset, hint(t.Preset, []string{PresetRealistic}))
	case t.Preset == "" && len(t.Limits) == 0:
		return fmt.Errorf("a throttle has limits, such as {\"limits\": [{\"action\": \"AttachNetworkInterface\", "+
			"\"per_second\": 5, \"burst\": 10}]}, or {\"preset\": %q}", PresetRealistic)
	case len(t.Limits) > maxLimits:
		return fmt.Errorf("limits has at most %d entries, got %d", maxLimits, len(t.Limits))
	}
	for i, l := range t.Limits {
		if err := l.check(); err != nil {
			return fmt.Errorf("limits[%d].%w", i, err)
		}
	}
	return nil
}

func (l Limit) check() error {
	answers := []string{ThrottlingPlain, ThrottlingUser, ThrottlingAPI}
	known := slices.ContainsFunc(contract.Actions(), func(name string) bool { return matches(l.Action, name) })
	if err := cmp.Or(checkPattern("action", l.Action), checkPattern("region", l.Region)); err != nil {
		return err
	}
	switch {
	case !known:
		return fmt.Errorf("action: there is no %q%s", l.Action, hint(l.Action, contract.Actions()))
	case l.Per != "" && l.Per != PerAction && l.Per != PerAccount:
		return fmt.Errorf("per is %s (a bucket for each action and region) or %s (one bucket), got %q",
			PerAction, PerAccount, l.Per)
	case l.PerSecond == 0:
		return errors.New("per_second is the number of calls that a second allows: give it, such as 5 or 0.5")
	case !(l.PerSecond >= minPerSecond && l.PerSecond <= maxPerSecond): // as NaN is not
		return fmt.Errorf("per_second is a number from %v to %v, got %v", minPerSecond, int(maxPerSecond), l.PerSecond)
	case l.Burst < 0 || l.Burst > maxBurst:
		return fmt.Errorf("burst is the number of calls that a full bucket allows at once, from 1 to %d, got %d",
			maxBurst, l.Burst)
	case l.Answer != "" && !slices.Contains(answers, l.Answer):
		return fmt.Errorf("answer is %s, %s or %s, got %q%s", ThrottlingPlain, ThrottlingUser, ThrottlingAPI,
			l.Answer, hint(l.Answer, answers))
	}
	return nil
}

// Effective returns all limits of a throttle, with the values of the keys that they leave out: those
// of its preset, and then its own.
func (t Throttle) Effective() []Limit {
	var limits []Limit
	if t.Preset == PresetRealistic {
		limits = realistic()
	}
	limits = slices.Concat(limits, t.Limits)
	for i, l := range limits {
		limits[i] = l.effective()
	}
	return limits
}

func (l Limit) effective() Limit {
	if l.Per == "" && l.Action == "" && l.Region == "" {
		l.Per = PerAccount
	}
	if l.Per == "" {
		l.Per = PerAction
	}
	if l.Burst == 0 {
		l.Burst = max(int(math.Ceil(l.PerSecond)), 1)
	}
	if l.Answer == "" {
		l.Answer = ThrottlingPlain
	}
	return l
}

// ThrottleRule is a stored throttle.
type ThrottleRule struct {
	ID     string
	Limits []Limit // the effective ones
}

// BucketKey identifies a token bucket of an account.
type BucketKey struct {
	ThrottleID  string
	LimitNumber int    // from 1
	Action      string // "": all actions that the limit matches
	Region      string // "": all regions, or none
}

// MatchingLimit is a limit that matches a call, with the bucket that the call takes a token from.
type MatchingLimit struct {
	Limit
	Bucket BucketKey
}

// LimitsOf returns the limits that match a call of an action in a region, in their order. A region of
// "" stands for a call without a region.
func (s *Set) LimitsOf(action, region string) (matching []MatchingLimit) {
	for _, t := range s.Throttles {
		for i, l := range t.Limits {
			if !matches(l.Action, action) || !matches(l.Region, region) {
				continue
			}
			bucket := BucketKey{ThrottleID: t.ID, LimitNumber: i + 1}
			if l.Per == PerAction {
				// Clones, because a bucket outlives the body that these strings are parts of.
				bucket.Action, bucket.Region = strings.Clone(action), strings.Clone(region)
			}
			matching = append(matching, MatchingLimit{l, bucket})
		}
	}
	return matching
}

// Throttled reports whether a throttle applies.
func (s *Set) Throttled() bool { return s != nil && len(s.Throttles) > 0 }

// Bucket is the state of a token bucket at a time.
type Bucket struct {
	Tokens     float64
	RefilledAt time.Time
}

// tokenTolerance makes up for the rounding of a bucket's tokens: a token that is complete but for
// this part is complete.
const tokenTolerance = 1e-9

// Full returns a full bucket.
func (l Limit) Full(now time.Time) Bucket { return Bucket{float64(l.Burst), now} }

// Refill returns a bucket with the tokens that it has got by a time. The time of another server's
// clock may be earlier than that of the bucket, which then stays as it is.
func (l Limit) Refill(b Bucket, now time.Time) Bucket {
	if passed := now.Sub(b.RefilledAt); passed > 0 {
		b.Tokens = min(b.Tokens+passed.Seconds()*l.PerSecond, float64(l.Burst))
		b.RefilledAt = now
	}
	return b
}

// HasToken reports whether a call may take a token from the bucket.
func (b Bucket) HasToken() bool { return b.Tokens >= 1-tokenTolerance }

// Take returns the bucket without one token.
func (b Bucket) Take() Bucket {
	b.Tokens = max(b.Tokens-1, 0)
	return b
}

// TokenAt returns when an empty bucket has a token again.
func (l Limit) TokenAt(b Bucket) time.Time { return l.reaches(b, 1) }

// FullAt returns when a bucket is full again.
func (l Limit) FullAt(b Bucket) time.Time { return l.reaches(b, float64(l.Burst)) }

// reaches returns when a bucket has a number of tokens that it does not have yet.
func (l Limit) reaches(b Bucket, tokens float64) time.Time {
	wait := (tokens - b.Tokens) / l.PerSecond * float64(time.Second)
	return b.RefilledAt.Add(time.Duration(math.Ceil(wait)))
}
