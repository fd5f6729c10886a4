package disturbance_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service/disturbance"
)

// A rule that cannot be meant is refused with what is wrong, and with what was probably meant.
func TestFaultsAreChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"account": "*", "do": {"answer": "Throttling"}}`:                                           "",
		`{"account": "*", "action": "Describe*", "do": {"delay": "2s"}}`:                             "",
		`{"account": "*", "when": {"from": 3}, "do": {"lose": "silence", "delay": "1s"}}`:            "",
		`{"account": "*", "when": {"probability": 0.5, "seed": 7}, "do": {"truncate": 0}}`:           "",
		`{"account": "*", "when": {"first": 1, "until": "2026-01-01T00:00:00Z"}, "do": {"cut": 10}}`: "",

		`{"account": "*", "acton": "x", "do": {"delay": "2s"}}`:                                    `unknown key "acton": did you mean "action"?`,
		`{"account": "*", "do": {"anser": "Throttling"}}`:                                          `did you mean "answer"?`,
		`{"account": "*", "action": "AttachNetworkInterfaces", "do": {"delay": "2s"}}`:             `did you mean "AttachNetworkInterface"?`,
		`{"account": "*", "action": "Nothing*", "do": {"delay": "2s"}}`:                            `there is no "Nothing*"`,
		`{"account": "*", "action": "AttachNetworkInterface", "do": {"answer": "Throtling"}}`:      `did you mean "Throttling"?`,
		`{"account": "*", "action": "DescribeRegions", "do": {"answer": "InvalidEniId.NotFound"}}`: `is no documented code of DescribeRegions`,
		`{"account": "*", "do": {}}`:                                                               `give one of answer, delay, lose, truncate, cut, slow`,
		`{"account": "*", "do": {"answer": "Throttling", "lose": "reset"}}`:                        `do has answer, lose: give one of them`,
		`{"account": "*", "do": {"lose": "rest"}}`:                                                 `did you mean "reset"?`,
		`{"account": "*", "do": {"delay": "2"}}`:                                                   `a duration is a text such as "2s"`,
		`{"account": "*", "do": {"delay": 2}}`:                                                     `a duration is a text such as "2s"`,
		`{"account": "*", "do": {"delay": "11m"}}`:                                                 `do.delay is a duration of at most 10m0s`,
		`{"account": "*", "do": {"slow": "-1s"}}`:                                                  `do.slow is a duration of at most`,
		`{"account": "*", "do": {"truncate": -1}}`:                                                 `do.truncate is a number of bytes`,
		`{"account": "*", "when": {"first": 1, "every": 2}, "do": {"cut": 1}}`:                     `when has first, every: give one of them`,
		`{"account": "*", "when": {"first": -1}, "do": {"cut": 1}}`:                                `when.first is a number of calls`,
		`{"account": "*", "when": {"first": 0}, "do": {"cut": 1}}`:                                 `when.first is a number of calls, from 1 to`,
		`{"account": "*", "when": {"from": 0, "until": "2026-01-01T00:00:00Z"}, "do": {"cut": 1}}`: `when.from is a number of calls`,
		`{"account": "*", "when": {"always": false}, "do": {"cut": 1}}`:                            `when.always is true, or left out`,
		`{"account": "*", "when": {"first": 1, "every": 0, "seed": 0}, "do": {"cut": 1}}`:          "",
		`{"account": "*", "when": {"seed": 0}, "do": {"cut": 1}}`:                                  "",
		`{"account": "*", "when": {"first": 1.5}, "do": {"cut": 1}}`:                               `when.first is a whole number of 64 bits, and not 1.5`,
		`{"account": "*", "when": [], "do": {"cut": 1}}`:                                           `when is an object, and not an array`,
		`{"account": "*", "when": {"since": "today"}, "do": {"cut": 1}}`:                           `a time is a text such as "2026-01-31T12:00:00Z", got "today"`,
		`[]`: `it is an object, and not an array`,
		`{"account": "*", "user": "a\u0000", "do": {"cut": 1}}`:                                                          `user holds a NUL character`,
		`{"account": "*", "when": {"to": 3}, "do": {"cut": 1}}`:                                                          `when.to needs from`,
		`{"account": "*", "when": {"from": 3, "to": 2}, "do": {"cut": 1}}`:                                               `when.to is the last call`,
		`{"account": "*", "when": {"probability": 1.5}, "do": {"cut": 1}}`:                                               `from 0 to 1`,
		`{"account": "*", "when": {"seed": 7}, "do": {"cut": 1}}`:                                                        `when.seed belongs to a probability`,
		`{"account": "*", "resource": "` + strings.Repeat("x", 200) + `", "do": {"cut": 1}}`:                             `resource is a pattern of at most 128 bytes`,
		`{"account": "*", "when": {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "do": {"cut": 1}}`: `when.until is after since`,
	} {
		var f disturbance.Fault
		err := disturbance.Decode([]byte(text), &f)
		if err == nil {
			err = f.Check()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// The number of a call decides whether a fault strikes it. Those of a probability are pinned, because a
// schedule must not change with the version of the server.
func TestWhenAFaultStrikes(t *testing.T) {
	t.Parallel()
	for when, want := range map[string][]int64{
		`{}`:                                {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		`{"always": true}`:                  {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		`{"first": 2}`:                      {1, 2},
		`{"every": 3}`:                      {3, 6, 9},
		`{"from": 8}`:                       {8, 9, 10},
		`{"from": 2, "to": 2}`:              {2},
		`{"probability": 0}`:                nil,
		`{"probability": 1}`:                {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		`{"probability": 0.3, "seed": 7}`:   {1, 2, 7, 8},
		`{"probability": 0.3, "seed": 100}`: {1, 6, 7},
	} {
		var w disturbance.When
		if err := json.Unmarshal([]byte(when), &w); err != nil {
			t.Fatal(err)
		}
		var got []int64
		for n := range int64(10) {
			if w.Strikes(n + 1) {
				got = append(got, n+1)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: strikes %v, want %v", when, got, want)
		}
	}
}

// Draws are spread evenly, whatever the seed.
func TestDrawsAreUniform(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed, parts := rapid.Int64().Draw(t, "seed"), [10]int{}
		const draws = 10_000
		for n := range int64(draws) {
			d := disturbance.Draw(seed, n)
			if d < 0 || d >= 1 {
				t.Fatalf("got %v, want a number from 0 to below 1", d)
			}
			parts[int(d*10)]++
		}
		for i, count := range parts {
			if count < draws/10-200 || count > draws/10+200 { // more than six standard deviations
				t.Errorf("%d of %d draws are in tenth %d, want about %d", count, draws, i, draws/10)
			}
		}
	})
}

// A window of time bounds the calls that a fault matches.
func TestWindowOfAFault(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := disturbance.Fault{When: disturbance.When{Since: new(since), Until: new(since.Add(time.Hour))}}
	for after, want := range map[time.Duration]bool{-1: false, 0: true, time.Hour - 1: true, time.Hour: false} {
		if got := f.Matches(disturbance.Call{Action: "DescribeRegions"}, since.Add(after)); got != want {
			t.Errorf("%v after the beginning of the window: got %v, want %v", after, got, want)
		}
	}
}

// All patterns that a fault names must match.
func TestWhatAFaultMatches(t *testing.T) {
	t.Parallel()
	call := disturbance.Call{
		Action: "AttachNetworkInterface", Resources: []string{"i-1", "eni-7"}, RAMUser: "ci", AccessKeyID: "LTAI1",
	}
	for text, want := range map[string]bool{
		`{}`: true, `{"action": "Attach*"}`: true, `{"action": "attachnetworkinterface"}`: true, `{"action": "Detach*"}`: false,
		`{"resource": "eni-*"}`: true, `{"resource": "eni-8"}`: false, `{"user": "c*"}`: true, `{"user": "dev"}`: false,
		`{"key": "LTAI1"}`: true, `{"key": "LTAI2"}`: false, `{"action": "Attach*", "resource": "i-1", "user": "dev"}`: false,
	} {
		var f disturbance.Fault
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		if got := f.Matches(call, time.Now()); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
