package disturbance_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service/disturbance"
)

// realStep generates steps of real time, from a microsecond to a year.
func realStep(t *rapid.T) time.Duration {
	unit := rapid.SampledFrom([]time.Duration{time.Microsecond, time.Second, time.Hour}).Draw(t, "unit")
	return time.Duration(rapid.IntRange(0, 8760).Draw(t, "steps")) * unit
}

// clockRate generates rates of clocks.
func clockRate(t *rapid.T) float64 {
	return rapid.OneOf(
		rapid.SampledFrom([]float64{1e-6, 0.1, 0.5, 1, 10, 10_000}),
		rapid.Float64Range(math.SmallestNonzeroFloat64, 10_000),
	).Draw(t, "rate")
}

// The time of an account never runs backwards, and jumps only by an advance, whatever is done to its
// clock.
func TestClockIsMonotoneAndContinuous(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
		var clock *disturbance.Clock
		shown := clock.At(now)
		for range rapid.IntRange(1, 20).Draw(rt, "changes") {
			// First let real time pass.
			passed := realStep(rt)
			now = now.Add(passed)
			before := clock.At(now)
			switch {
			case before.Before(shown):
				rt.Fatalf("got %v after %v, %v later", before, shown, passed)
			case clock != nil && clock.Frozen && !before.Equal(shown):
				rt.Fatalf("a frozen clock went from %v to %v", shown, before)
			case clock == nil && !before.Equal(now):
				rt.Fatalf("no clock: got %v, want real time %v", before, now)
			}
			// Then change the clock.
			jump := time.Duration(0)
			switch rapid.IntRange(0, 3).Draw(rt, "change") {
			case 0:
				jump = realStep(rt)
				next, err := clock.Advance(now, jump)
				if err != nil { // see TestClocksEnd
					jump, next = 0, clock
				}
				clock = next
			case 1:
				clock = clock.Freeze(now)
			case 2:
				clock = clock.Resume(now)
			case 3:
				clock = clock.SetRate(now, clockRate(rt))
			}
			if shown = clock.At(now); !shown.Equal(before.Add(jump)) {
				rt.Fatalf("got %v right after a change at %v with a jump of %v", shown, before, jump)
			}
		}
	})
}

// A clock runs at its rate, to the microsecond.
func TestClockRates(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		rate         float64
		passed, want time.Duration
	}{
		{1, time.Hour, time.Hour},
		{10, 9 * time.Second, 90 * time.Second},
		{0.5, 3 * time.Microsecond, time.Microsecond}, // the begun microsecond does not count
		{10_000, time.Microsecond, 10 * time.Millisecond},
		{1, 999 * time.Nanosecond, 0},
		{10, -time.Hour, 0}, // another server's clock is behind
	} {
		var clock *disturbance.Clock
		clock = clock.SetRate(base, c.rate)
		if got := clock.At(base.Add(c.passed)).Sub(base); got != c.want {
			t.Errorf("rate %v: after %v got %v, want %v", c.rate, c.passed, got, c.want)
		}
	}
}

// Every clock stops a century before the calendar of JSON ends, and cannot be advanced further.
func TestClocksEnd(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	var clock *disturbance.Clock
	clock = clock.SetRate(base, 10_000)
	end := time.Date(9899, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	for _, later := range []time.Duration{time.Hour, 24 * 365 * time.Hour, 200 * 24 * 365 * time.Hour} {
		got := clock.At(base.Add(later))
		if isEnd := later > time.Hour; got.Equal(end) != isEnd || got.After(end) {
			t.Errorf("%v later: got %v, want %v reached: %v", later, got, end, isEnd)
		}
	}
	if next, err := clock.Advance(base.AddDate(1, 0, 0), time.Microsecond); err == nil {
		t.Errorf("got %v, want no advance after the end", next.AccountBase)
	}
	if _, err := json.Marshal(clock.State(base.AddDate(100, 0, 0))); err != nil {
		t.Errorf("a clock at its end: got %v, want JSON", err)
	}
}

// A change that cannot be meant is refused with what is wrong, and with what was probably meant.
func TestClockChangesAreChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"advance": "90s"}`:    "",
		`{"advance": "0s"}`:     "",
		`{"advance": "87600h"}`: "",
		`{"freeze": true}`:      "",
		`{"freeze": false}`:     "",
		`{"rate": 10}`:          "",
		`{"rate": 0.001}`:       "",
		`{"rate": 10000}`:       "",
		`{"reset": true}`:       "",

		`{}`:                               `one of advance, freeze, rate and reset, such as {"advance": "90s"}; got 0`,
		`{"advance": "1s", "rate": 2}`:     `got 2`,
		`{"advance": "-1s"}`:               `time never runs backwards`,
		`{"advance": "87600h0m0.000001s"}`: `at most 87600h0m0s at a time`,
		`{"advance": 90}`:                  `a duration is a text such as "2s"`,
		`{"rate": 0}`:                      `freeze stops a clock`,
		`{"rate": -1}`:                     `more than 0 and at most 10000, got -1`,
		`{"rate": 10001}`:                  `more than 0 and at most 10000, got 10001`,
		`{"reset": false}`:                 `reset is true`,
		`{"frezze": true}`:                 `unknown key "frezze": did you mean "freeze"?`,
	} {
		var change disturbance.ClockChange
		err := disturbance.Decode([]byte(text), &change)
		if err == nil {
			err = change.Check()
		}
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: got %v, want it accepted", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %q in it", text, err, want)
		}
	}
	if err := (disturbance.ClockChange{Rate: new(math.NaN())}).Check(); err == nil {
		t.Error("a rate that is no number: got no error")
	}
}
