package disturbance

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Clock is the time of an account, as a function of real time: AccountBase plus Rate times the real
// time since RealBase. A frozen clock stays at AccountBase. A nil Clock says real time.
//
// Its methods return a new clock, which goes on from the old one without a jump. Only Advance jumps,
// and only forwards. So the time of an account never runs backwards, unless its clock is removed.
type Clock struct {
	RealBase, AccountBase time.Time
	Rate                  float64
	Frozen                bool
}

// Bounds of a clock.
const (
	maxClockRate = 10_000
	maxAdvance   = 10 * 365 * 24 * time.Hour
	maxClockSpan = 2.5e17 // microseconds, more than from the year 1 to maxClockTime
)

// maxClockTime is the time at which every clock stops. It leaves a century for the due times of
// transitions, because the calendar of JSON ends with the year 9999.
var maxClockTime = time.Date(9899, time.December, 31, 23, 59, 59, 999_999_000, time.UTC)

// At returns the account's time at a real time, in microseconds. Before RealBase, which a server
// sees whose own clock is behind, it is AccountBase. The function account_now of the database does
// the same, so both round in the same way.
func (c *Clock) At(realTime time.Time) time.Time {
	if c == nil {
		return realTime.UTC().Truncate(time.Microsecond)
	}
	var passed float64
	if !c.Frozen {
		sinceBase := float64(max(realTime.UnixMicro()-c.RealBase.UnixMicro(), 0))
		passed = min(math.Floor(c.Rate*sinceBase), maxClockSpan)
	}
	// Not by time.Duration, whose maximum is 292 years.
	now := time.UnixMicro(c.AccountBase.UnixMicro() + int64(passed)).UTC()
	if now.After(maxClockTime) {
		return maxClockTime
	}
	return now
}

// rebased returns the same clock with the bases of a real time.
func (c *Clock) rebased(realTime time.Time) *Clock {
	next := &Clock{RealBase: realTime.UTC().Truncate(time.Microsecond), AccountBase: c.At(realTime), Rate: 1}
	if c != nil {
		next.Rate, next.Frozen = c.Rate, c.Frozen
	}
	return next
}

// Advance moves the clock on by d. It returns an error if it would end after the last time of a
// clock.
func (c *Clock) Advance(realTime time.Time, d time.Duration) (*Clock, error) {
	next := c.rebased(realTime)
	next.AccountBase = next.AccountBase.Add(d)
	if next.AccountBase.After(maxClockTime) {
		return nil, fmt.Errorf(
			"advance: the account's time is %v, and %v later would be after %v, where every clock stops",
			c.At(realTime).Format(time.RFC3339), d, maxClockTime.Format(time.DateOnly))
	}
	return next, nil
}

// Freeze stops the clock.
func (c *Clock) Freeze(realTime time.Time) *Clock {
	next := c.rebased(realTime)
	next.Frozen = true
	return next
}

// Resume lets a frozen clock go on, at its rate.
func (c *Clock) Resume(realTime time.Time) *Clock {
	next := c.rebased(realTime)
	next.Frozen = false
	return next
}

// SetRate makes the clock run so many times as fast as real time. A frozen clock stays frozen, and
// runs at the rate when it is resumed.
func (c *Clock) SetRate(realTime time.Time, rate float64) *Clock {
	next := c.rebased(realTime)
	next.Rate = rate
	return next
}

// ClockState is a clock as operators see it.
type ClockState struct {
	Now    time.Time `json:"now"`
	Rate   float64   `json:"rate"`
	Frozen bool      `json:"frozen"`
}

// State returns what the clock shows at a real time.
func (c *Clock) State(realTime time.Time) ClockState {
	state := ClockState{Now: c.At(realTime), Rate: 1}
	if c != nil {
		state.Rate, state.Frozen = c.Rate, c.Frozen
	}
	return state
}

// ClockChange is what an operator does to the clock of an account. One of its fields is set.
type ClockChange struct {
	Advance *Duration `json:"advance,omitempty"`
	Freeze  *bool     `json:"freeze,omitempty"` // false: resume
	Rate    *float64  `json:"rate,omitempty"`
	Reset   *bool     `json:"reset,omitempty"` // true: back to real time
}

// Check returns an error that says what is wrong with a change and what was probably meant.
func (change ClockChange) Check() error {
	given := 0
	for _, isSet := range []bool{
		change.Advance != nil, change.Freeze != nil, change.Rate != nil, change.Reset != nil,
	} {
		if isSet {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("a clock is changed by one of advance, freeze, rate and reset, such as %s; got %d",
			`{"advance": "90s"}`, given)
	}
	switch {
	case change.Advance != nil && *change.Advance < 0:
		return fmt.Errorf("advance is a duration that is not negative, got %v: time never runs backwards; "+
			"reset alone returns to real time", *change.Advance)
	case change.Advance != nil && time.Duration(*change.Advance) > maxAdvance:
		return fmt.Errorf("advance is at most %v at a time, which is ten years, got %v", maxAdvance, *change.Advance)
	case change.Rate != nil && *change.Rate == 0:
		return fmt.Errorf("rate is more than 0, got 0: freeze stops a clock")
	case change.Rate != nil && !(*change.Rate > 0 && *change.Rate <= maxClockRate):
		return fmt.Errorf("rate is a number of seconds for each real one, more than 0 and at most %d, got %v",
			maxClockRate, *change.Rate)
	case change.Reset != nil && !*change.Reset:
		return fmt.Errorf("reset is true, or left out")
	}
	return nil
}

// Apply returns the clock after a change that Check accepts, made at a real time. It is nil after a
// reset.
func (change ClockChange) Apply(c *Clock, realTime time.Time) (*Clock, error) {
	switch {
	case change.Advance != nil:
		return c.Advance(realTime, time.Duration(*change.Advance))
	case change.Freeze != nil && *change.Freeze:
		return c.Freeze(realTime), nil
	case change.Freeze != nil:
		return c.Resume(realTime), nil
	case change.Rate != nil:
		return c.SetRate(realTime, *change.Rate), nil
	}
	return nil, nil
}

// ClockSetting is how the clock of an account is when a scenario was applied. No setting is real time.
type ClockSetting struct {
	Advance *Duration  `json:"advance,omitempty" description:"How far the account's time is ahead of real time when the file is applied. Without it, not at all."`
	Behind  *Duration  `json:"behind,omitempty" description:"In place of advance: how far it is behind real time, as after a freeze. Without it, not at all."`
	Freeze  bool       `json:"freeze,omitempty" description:"Whether the clock stands still."`
	At      *time.Time `json:"at,omitempty" description:"Of a frozen clock, in place of advance: its time, such as 2030-01-31T12:00:00Z."`
	Rate    *float64   `json:"rate,omitempty" description:"Seconds for each real one. Without it, 1."`
}

// Check returns an error that says what is wrong with a setting and what was probably meant.
func (s ClockSetting) Check() error {
	var given []string
	for _, key := range []struct {
		name  string
		isSet bool
	}{{"advance", s.Advance != nil}, {"behind", s.Behind != nil}, {"at", s.At != nil}} {
		if key.isSet {
			given = append(given, key.name)
		}
	}
	switch {
	case len(given) > 1:
		return fmt.Errorf("clock has %s: give one of them", strings.Join(given, ", "))
	case s.Advance != nil && *s.Advance < 0:
		return fmt.Errorf("advance is a duration that is not negative, got %v: behind says that the account's time is "+
			"behind real time", *s.Advance)
	case s.Behind != nil && *s.Behind < 0:
		return fmt.Errorf("behind is a duration that is not negative, got %v: advance says that the account's time is "+
			"ahead of real time", *s.Behind)
	case s.At != nil && !s.Freeze:
		return fmt.Errorf(
			"at is the time of a frozen clock: add freeze, or say by advance how far a running clock is ahead")
	case s.At != nil && (s.At.Year() < 1 || s.At.After(maxClockTime)):
		return fmt.Errorf("at is from the year 1 to %v, where every clock stops", maxClockTime.Format(time.DateOnly))
	case s.Rate != nil:
		return ClockChange{Rate: s.Rate}.Check()
	}
	return nil
}
