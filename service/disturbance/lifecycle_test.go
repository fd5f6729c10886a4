package disturbance_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service/disturbance"
)

// A lifecycle that cannot be meant is refused with what is wrong, and with what was probably meant.
func TestLifecyclesAreChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, want string }{
		{`{"transition": "Attaching", "lasts": {"fixed": "5s"}}`, ""},
		{`{"transition": "Attaching", "lasts": {"fixed": "0s"}, "resource": "eni-*"}`, ""},
		{`{"transition": "Detaching", "lasts": {"uniform": ["1s", "9s"], "seed": 7}}`, ""},
		{`{"transition": "Deleting", "lasts": {"triangular": ["1s", "2s", "9s"]}, "action": "Delete*"}`, ""},
		{`{"transition": "Pending", "lasts": {"lognormal": {"median": "2s", "p99": "30s"}}}`, ""},
		{`{"transition": "Stopping", "lasts": {"never": true}}`, ""},
		{`{"transition": "Starting", "fails": {"probability": 0.1, "seed": 7}, "action": "RunInstances"}`, ""},
		{`{"transition": "Attaching", "lasts": {"fixed": "5s"}, "fails": {"probability": 1}}`, ""},
		{`{"lasts": {"fixed": "5s"}}`, `transition is required: one of Attaching, Detaching`},
		{`{"transition": "Ataching", "lasts": {"fixed": "5s"}}`, `did you mean "Attaching"?`},
		{`{"transition": "Hot", "lasts": {"fixed": "5s"}}`, `the transitions are Attaching, Detaching`},
		{`{"transition": "Attaching"}`, `give lasts, such as {"fixed": "5s"}, or fails`},
		{`{"transition": "Attaching", "lasts": {}}`, `give lasts, such as {"fixed": "5s"}, or fails`},
		{
			`{"transition": "Attaching", "lasts": {"seed": 7}}`,
			`give one of fixed, uniform, triangular, lognormal, never`,
		},
		{
			`{"transition": "Attaching", "lasts": {"fixed": "1s", "never": true}}`,
			`lasts has fixed, never: give one of them`,
		},
		{
			`{"transition": "Attaching", "lasts": {"fixed": "1s", "seed": 7}}`,
			`lasts.seed belongs to a distribution, and fixed is none`,
		},
		{`{"transition": "Attaching", "lasts": {"fixed": "-1s"}}`, `a duration is from 0s to 8760h0m0s`},
		{`{"transition": "Attaching", "lasts": {"fixed": "9000h"}}`, `{"never": true} does not end`},
		{`{"transition": "Attaching", "lasts": {"fixed": 5}}`, `a duration is a text such as "2s`},
		{`{"transition": "Attaching", "lasts": {"uniform": ["1s"]}}`, `lasts.uniform is the shortest and the longest`},
		{
			`{"transition": "Attaching", "lasts": {"uniform": ["9s", "1s"]}}`,
			`lasts.uniform goes from the shortest to the longest`,
		},
		{
			`{"transition": "Attaching", "lasts": {"triangular": ["1s", "2s"]}}`,
			`lasts.triangular is the shortest, the most frequent and the longest`,
		},
		{
			`{"transition": "Attaching", "lasts": {"triangular": ["1s", "9s", "2s"]}}`,
			`lasts.triangular goes from the shortest to the longest`,
		},
		{`{"transition": "Attaching", "lasts": {"lognormal": {"median": "0s", "p99": "2s"}}}`, `a median above 0`},
		{
			`{"transition": "Attaching", "lasts": {"lognormal": {"median": "3s", "p99": "2s"}}}`,
			`a p99 that is not below it`,
		},
		{
			`{"transition": "Attaching", "lasts": {"lognormal": {"medium": "3s", "p99": "2s"}}}`,
			`did you mean "median"?`,
		},
		{
			`{"transition": "Detaching", "fails": {"probability": 0.5}}`,
			`only Attaching falls back, to Available, and Starting, to Stopped`,
		},
		{`{"transition": "Attaching", "fails": {"seed": 7}}`, `fails needs a probability`},
		{`{"transition": "Attaching", "fails": {"probability": 1.5}}`, `fails.probability is a number from 0 to 1`},
		{
			`{"transition": "Attaching", "lasts": {"never": true}, "fails": {"probability": 1}}`,
			`a transition that never ends does not fail`,
		},
		{
			`{"transition": "Attaching", "action": "DetachNetworkInterface", "lasts": {"fixed": "1s"}}`,
			`give AttachNetworkInterface or AttachDisk or RunInstances, or leave action out`,
		},
		{
			`{"transition": "Attaching", "action": "AtachNetworkInterface", "lasts": {"fixed": "1s"}}`,
			`did you mean "AttachNetworkInterface"?`,
		},
		{
			`{"transition": "Attaching", "resource": "` + strings.Repeat("x", 200) + `", "lasts": {"fixed": "1s"}}`,
			`resource is a pattern of at most 128 bytes`,
		},
	} {
		var l disturbance.Lifecycle
		err := disturbance.Decode([]byte(c.rule), &l)
		if err == nil {
			err = l.Check()
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.rule, err, c.want)
		}
	}
}

// read returns the lifecycle of a JSON text.
func read(t testing.TB, text string) disturbance.Lifecycle {
	t.Helper()
	var l disturbance.Lifecycle
	if err := disturbance.Decode([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	return l
}

// The durations of many calls have the quantiles of their distribution, within what chance allows.
func TestDurationsHaveTheirQuantiles(t *testing.T) {
	t.Parallel()
	const calls = 20_000
	for _, c := range []struct {
		lasts     string
		quantiles map[float64]time.Duration
	}{
		{`{"uniform": ["1s", "9s"], "seed": 7}`, map[float64]time.Duration{
			0: time.Second, 0.25: 3 * time.Second, 0.5: 5 * time.Second, 1: 9 * time.Second,
		}},
		{`{"triangular": ["0s", "2s", "8s"], "seed": 7}`, map[float64]time.Duration{ // the mode is the quantile 2/8
			0: 0, 0.25: 2 * time.Second, 0.0625: time.Second, 1: 8 * time.Second,
		}},
		{`{"triangular": ["2s", "2s", "2s"]}`, map[float64]time.Duration{0: 2 * time.Second, 1: 2 * time.Second}},
		{`{"lognormal": {"median": "2s", "p99": "30s"}, "seed": 7}`, map[float64]time.Duration{
			0.5: 2 * time.Second, 0.99: 30 * time.Second,
			0.01: 2 * time.Second / 15, // the distribution of the logarithm is symmetric
		}},
		{`{"lognormal": {"median": "2s", "p99": "2s"}}`, map[float64]time.Duration{
			0: 2 * time.Second, 1: 2 * time.Second,
		}},
	} {
		l := read(t, `{"transition": "Attaching", "lasts": `+c.lasts+`}`)
		durations := make([]time.Duration, calls)
		for n := range calls {
			durations[n] = *l.Decide(int64(n+1), 0).Lasts
		}
		slices.Sort(durations)
		for u, want := range c.quantiles {
			got := durations[min(int(u*calls), calls-1)]
			if diff := math.Abs(float64(got - want)); diff > 0.06*float64(want)+float64(50*time.Millisecond) {
				t.Errorf("%s: got the quantile %v %v, want about %v", c.lasts, u, got, want)
			}
		}
	}
}

// Each distribution keeps its bounds, and a longer duration belongs to a greater number, whatever its
// parameters. The same number always gives the same course.
func TestDurationsKeepTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Custom(func(t *rapid.T) disturbance.Duration {
			return disturbance.Duration(rapid.Int64Range(0, int64(100*time.Hour)/1000).Draw(t, "µs") * 1000)
		})
		bounds := rapid.SliceOfN(span, 3, 3).Draw(t, "bounds")
		slices.Sort(bounds)
		lasts := rapid.SampledFrom([]disturbance.Lasts{
			{Fixed: &bounds[0]}, {Uniform: []disturbance.Duration{bounds[0], bounds[2]}}, {Triangular: bounds},
		}).Draw(t, "distribution")
		lasts.Seed = rapid.Int64().Draw(t, "seed")
		l := disturbance.Lifecycle{Transition: disturbance.Attaching, Lasts: lasts,
			Fails: disturbance.Fails{Probability: new(rapid.Float64Range(0, 1).Draw(t, "probability"))}}
		n, k := rapid.Int64Range(1, 1<<40).Draw(t, "call"), rapid.IntRange(0, 99).Draw(t, "transition")
		course := l.Decide(n, k)
		if got := disturbance.Duration(*course.Lasts); got < bounds[0] || got > bounds[2] {
			t.Fatalf("got %v, want it within %v", got, bounds)
		}
		if again := l.Decide(n, k); *again.Lasts != *course.Lasts || again.Fails != course.Fails {
			t.Fatalf("got %+v and %+v from the same number", course, again)
		}
	})
}

// Failures have their probability, and do not depend on the duration, even with the same seed.
func TestFailuresHaveTheirProbability(t *testing.T) {
	t.Parallel()
	const calls = 20_000
	l := read(t, `{"transition": "Attaching", "lasts": {"uniform": ["0s", "1s"], "seed": 7},
		"fails": {"probability": 0.25, "seed": 7}}`)
	failed, short, both := 0, 0, 0
	for n := range calls {
		c := l.Decide(int64(n+1), 0)
		isShort := *c.Lasts < 500*time.Millisecond
		if c.Fails {
			failed++
		}
		if isShort {
			short++
		}
		if c.Fails && isShort {
			both++
		}
	}
	for what, c := range map[string]struct{ got, want float64 }{
		"failures":                    {float64(failed) / calls, 0.25},
		"short ones":                  {float64(short) / calls, 0.5},
		"short ones among the failed": {float64(both) / float64(failed), 0.5},
	} {
		if math.Abs(c.got-c.want) > 0.02 {
			t.Errorf("%s: got the share %.3f, want about %v", what, c.got, c.want)
		}
	}
}

// The courses of the first calls are pinned, because a schedule must not change with the version of the
// server. The transitions of one call differ.
func TestCoursesArePinned(t *testing.T) {
	t.Parallel()
	l := read(t, `{"transition": "Starting", "lasts": {"uniform": ["0s", "100s"], "seed": 7},
		"fails": {"probability": 0.5, "seed": 8}}`)
	var got []string
	for n := range int64(3) {
		for k := range 2 {
			c := l.Decide(n+1, k)
			text := c.Lasts.Round(time.Second).String()
			if c.Fails {
				text += " fails"
			}
			got = append(got, text)
		}
	}
	want := []string{"1m6s fails", "8s fails", "40s", "27s fails", "1m8s fails", "21s"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The first lifecycle that matches decides, and only random ones that may decide need a number.
func TestTheFirstLifecycleDecides(t *testing.T) {
	t.Parallel()
	set := &disturbance.Set{}
	for id, text := range []string{
		`{"transition": "Attaching", "resource": "eni-a*", "lasts": {"uniform": ["1s", "2s"]}}`,
		`{"transition": "Attaching", "action": "RunInstances", "lasts": {"never": true}}`,
		`{"transition": "Attaching", "lasts": {"uniform": ["3s", "4s"]}}`,
		`{"transition": "Attaching", "lasts": {"uniform": ["5s", "6s"]}}`,
		`{"transition": "Starting", "fails": {"probability": 0.5}}`,
	} {
		l := read(t, text)
		l.ID = string(rune('a' + id))
		set.Lifecycles = append(set.Lifecycles, l)
	}
	for _, c := range []struct {
		transition, action, id string
		decides                string
		numbered               []string
	}{
		{"Attaching", "AttachNetworkInterface", "eni-a1", "a", []string{"a"}},
		{"Attaching", "AttachNetworkInterface", "eni-b1", "c", []string{"c"}},
		{"Attaching", "RunInstances", "eni-b1", "b", nil},
		{"Attaching", "AttachNetworkInterface", "", "c", []string{"a", "c"}},
		{"Attaching", "RunInstances", "", "b", []string{"a"}},
		{"Starting", "StartInstance", "i-1", "e", []string{"e"}},
		{"Stopping", "StopInstance", "i-1", "", nil},
	} {
		decides := ""
		if l := set.LifecycleOf(c.transition, c.action, c.id); l != nil {
			decides = l.ID
		}
		numbered := set.RandomLifecycles([]string{c.transition}, c.action, c.id)
		if decides != c.decides || !slices.Equal(numbered, c.numbered) {
			t.Errorf("%s of %q by %s: got %q and numbers of %q, want %q and %q",
				c.transition, c.id, c.action, decides, numbered, c.decides, c.numbered)
		}
	}
	if l := (*disturbance.Set)(nil).LifecycleOf("Attaching", "AttachNetworkInterface", "eni-1"); l != nil {
		t.Errorf("without rules: got %v, want none", l)
	}
}
