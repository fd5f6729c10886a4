package load

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Grammar is how a threshold is written, for who wrote one that is not.
const Grammar = `a threshold is [ACTION.]METRIC OPERATOR VALUE, and what it says must not be so:
  ACTION    attach, detach or describe (default: all together)
  METRIC    p50, p99, p99.9 or any other percentile, max:  a latency, such as 50ms
            rate:                                          operations a second, such as 1000/s
            refused (4xx), unknown (5xx or no answer), errors (both):  a number, such as 10, or a share, such as 1%
  OPERATOR  <  <=  >  >=
Examples: p99>50ms  attach.p99.9>=0.2s  rate<1000/s  errors>1%  unknown>0`

// Threshold is a condition under which a run has failed.
type Threshold struct {
	text     string
	action   string // its short name; "" for all
	metric   string
	percent  float64 // of a percentile; 100 of max
	operator string
	value    float64 // seconds, operations a second, a number, or a share of 1
	share    bool    // value is a share of all operations
}

var thresholdForm = regexp.MustCompile(`^(?:(attach|detach|describe)\.)?(?:p([0-9]+(?:\.[0-9]+)?)|(max|rate|refused|unknown|errors)) *(<=|>=|<|>) *(\S+)$`)

// UnmarshalText reads a threshold from a command line.
func (t *Threshold) UnmarshalText(text []byte) error {
	wrong := fmt.Errorf("%q: %s", text, Grammar)
	parts := thresholdForm.FindStringSubmatch(strings.TrimSpace(string(text)))
	if parts == nil {
		return wrong
	}
	*t = Threshold{text: string(text), action: parts[1], metric: parts[3], operator: parts[4]}
	var err error
	switch t.metric {
	case "", "max":
		if t.percent = 100; parts[2] != "" {
			t.percent, err = strconv.ParseFloat(parts[2], 64)
		}
		latency, badLatency := time.ParseDuration(parts[5])
		t.value = latency.Seconds()
		err = cmp.Or(err, badLatency)
	case "rate":
		number, found := strings.CutSuffix(parts[5], "/s")
		if !found {
			return wrong
		}
		t.value, err = strconv.ParseFloat(number, 64)
	default:
		number, share := strings.CutSuffix(parts[5], "%")
		t.value, err = strconv.ParseFloat(number, 64)
		if t.share = share; share {
			t.value /= 100
		}
	}
	if err != nil || t.percent > 100 || !(t.value >= 0) {
		return wrong
	}
	return nil
}

func (t Threshold) String() string { return t.text }

// Action is the action that the threshold is about, by the name that it has in a mix; "" is all.
func (t Threshold) Action() string { return t.action }

// NoUnknown is the threshold that a run has without being asked: no call whose outcome is unknown.
var NoUnknown = Threshold{text: "unknown>0", metric: "unknown", operator: ">"}

// LimitsUnknown reports whether the threshold says how many unknown outcomes there may be.
func (t Threshold) LimitsUnknown() bool { return t.metric == "unknown" || t.metric == "errors" }

// Verdict is what became of a threshold in a run.
type Verdict struct {
	Threshold Threshold
	Broken    bool
	Was       string // what the run had
}

// Judge returns the verdict on a run.
func (t Threshold) Judge(s *Summary) Verdict {
	broken, was := t.Broken(s)
	return Verdict{t, broken, was}
}

// Broken tells whether a run has failed the threshold, and what it had. A run without any operation that the threshold is about has failed it: there is nothing to say
// that it held.
func (t Threshold) Broken(s *Summary) (broken bool, was string) {
	stats := s.Total()
	if t.action != "" {
		stats = Stats{Latency: hdrhistogram.New(1, 2, 1)}
		for _, a := range s.Actions {
			if a.Action == shortNames[t.action] {
				stats = a
			}
		}
	}
	if stats.Count() == 0 {
		return true, "there was no operation"
	}
	var value float64
	switch t.metric {
	case "", "max":
		latency := stats.Percentile(t.percent)
		value, was = latency.Seconds(), "it was "+spellLatency(latency)
	case "rate":
		value = s.Rate(stats.Count())
		was = fmt.Sprintf("it was %.1f/s", value)
	case "refused":
		value = float64(stats.Refused)
	case "unknown":
		value = float64(stats.Unknown)
	case "errors":
		value = float64(stats.Refused + stats.Unknown)
	}
	if was == "" {
		was = fmt.Sprintf("it was %.0f of %d", value, stats.Count())
	}
	if t.share {
		value /= float64(stats.Count())
	}
	switch t.operator {
	case "<":
		return value < t.value, was
	case "<=":
		return value <= t.value, was
	case ">":
		return value > t.value, was
	default:
		return value >= t.value, was
	}
}
