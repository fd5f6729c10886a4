package disturbance

import (
	"math"
	"strings"
	"testing"
	"time"

	"enisim.alt/testdata/contract"
)

// A wrong throttle is refused with what is wrong and what was meant.
func TestCheckOfThrottles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 129)
	for _, c := range []struct {
		throttle Throttle
		want     string // "": it is right
	}{
		{Throttle{Preset: PresetRealistic}, ""},
		{Throttle{Limits: []Limit{{PerSecond: 0.5}}}, ""},
		{Throttle{Limits: []Limit{{
			Action: "describe*", Region: "cn-*", Per: PerAccount, PerSecond: 1, Burst: 1, Answer: "Throttling.Api",
		}}}, ""},
		{Throttle{}, `a throttle has limits`},
		{Throttle{Preset: "none"}, `preset is realistic, got "none"`},
		{Throttle{Limits: make([]Limit, 201)}, "limits has at most 200 entries, got 201"},
		{Throttle{Limits: []Limit{{}}}, "limits[0].per_second is the number of calls that a second allows"},
		{Throttle{Limits: []Limit{{PerSecond: -1}}}, "limits[0].per_second is a number from 0.001 to 1000000, got -1"},
		{Throttle{Limits: []Limit{{PerSecond: math.NaN()}}}, "limits[0].per_second is a number"},
		{Throttle{Limits: []Limit{{PerSecond: math.Inf(1)}}}, "limits[0].per_second is a number"},
		{Throttle{Limits: []Limit{{PerSecond: 1, Burst: -1}}}, "limits[0].burst is the number of calls"},
		{Throttle{Limits: []Limit{{PerSecond: 1, Burst: 1_000_001}}}, "from 1 to 1000000, got 1000001"},
		{Throttle{Limits: []Limit{{PerSecond: 1, Per: "region"}}}, `limits[0].per is action`},
		{Throttle{Limits: []Limit{{PerSecond: 1, Answer: "Throttling.Usr"}}}, `did you mean "Throttling.User"?`},
		{Throttle{Limits: []Limit{{PerSecond: 1, Action: "AtachNetworkInterface"}}},
			`limits[0].action: there is no "AtachNetworkInterface" (did you mean "AttachNetworkInterface"?)`},
		{Throttle{Limits: []Limit{{PerSecond: 1, Action: long}}}, "limits[0].action is a pattern of at most 128 bytes"},
		{Throttle{Limits: []Limit{{PerSecond: 1, Region: long}}}, "limits[0].region is a pattern of at most 128 bytes"},
	} {
		err := c.throttle.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.throttle, err, c.want)
		}
	}
}

// A limit that leaves keys out has their documented values.
func TestEffectiveLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ limit, want Limit }{
		{Limit{PerSecond: 2.5}, Limit{Per: PerAccount, PerSecond: 2.5, Burst: 3, Answer: "Throttling"}},
		{Limit{Action: "*", PerSecond: 0.1},
			Limit{Action: "*", Per: PerAction, PerSecond: 0.1, Burst: 1, Answer: "Throttling"}},
		{Limit{Region: "*", PerSecond: 7}, Limit{Region: "*", Per: PerAction, PerSecond: 7, Burst: 7, Answer: "Throttling"}},
		{Limit{Action: "*", Per: PerAccount, PerSecond: 1, Burst: 9, Answer: "Throttling.User"},
			Limit{Action: "*", Per: PerAccount, PerSecond: 1, Burst: 9, Answer: "Throttling.User"}},
	} {
		if got := (Throttle{Limits: []Limit{c.limit}}).Effective(); len(got) != 1 || got[0] != c.want {
			t.Errorf("%+v: got %+v, want %+v", c.limit, got, c.want)
		}
	}
}

// A token is there in time, although the sum of its parts is rounded to less than one.
func TestATokenThatComesInPartsIsWhole(t *testing.T) {
	t.Parallel()
	limit := Limit{PerSecond: 5, Burst: 2}
	bucket := Bucket{RefilledAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
	for part := range 10 {
		if bucket.HasToken() {
			t.Errorf("after %d parts of ten: got a token, want none", part)
		}
		bucket = limit.Refill(bucket, bucket.RefilledAt.Add(20*time.Millisecond))
	}
	if !bucket.HasToken() || bucket.Take().Tokens < 0 {
		t.Errorf("after ten parts: got %v tokens, want one", bucket.Tokens)
	}
}

// The realistic preset is a valid throttle with one limit for each action. Each known rate is of an
// action that exists.
func TestRealisticLimits(t *testing.T) {
	t.Parallel()
	limits := Throttle{Preset: PresetRealistic}.Effective()
	if err := (Throttle{Limits: limits}).Check(); err != nil {
		t.Errorf("got %v, want a valid throttle", err)
	}
	of := map[string]Limit{}
	for _, l := range limits {
		of[l.Action] = l
	}
	if len(limits) != len(contract.Actions()) || len(of) != len(limits) {
		t.Errorf("got %d limits of %d actions, want one for each of %d", len(limits), len(of), len(contract.Actions()))
	}
	for _, rates := range [][]realisticRate{documentedRates, clientRates} {
		for _, r := range rates {
			if l, found := of[r.action]; !found || l.Burst != r.calls {
				t.Errorf("%s: got %+v, want a limit of %d calls in %d s", r.action, l, r.calls, r.per)
			}
		}
	}
}
