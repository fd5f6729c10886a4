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

// Grammar is the help text about thresholds. It is part of the error for an invalid one.
const Grammar = `a threshold is [ACTION.]METRIC OPERATOR VALUE, and what it says must not be so:
  ACTION    attach, detach, describe, create, delete, assign or unassign (default: all together)
  METRIC    p50, p99, p99.9 or any other percentile, max:  a latency, such as 50ms
            rate:                                          operations a second, such as 1000/s
            refused (4xx), unknown (5xx or no answer), errors (both):  a number, such as 10, or a share, such as 1%
  OPERATOR  <  <=  >  >=
Examples: p99>50ms  attach.p99.9>=0.2s  rate<1000/s  errors>1%  unknown>0`

// Threshold is a condition that makes a run fail.
type Threshold struct {
	text     string
	action   string // short name; "" for all actions
	metric   string
	percent  float64 // of a percentile; 100 for max
	operator string
	value    float64 // seconds, operations a second, a count, or a fraction
	share    bool    // value is a fraction of all operations
}

// thresholdPattern is the form of a threshold: action, percentile or other metric, operator, value.
var thresholdPattern = regexp.MustCompile(`^(?:(` + strings.Join(mixNames, "|") + `)\.)?` +
	`(?:p([0-9]+(?:\.[0-9]+)?)|(max|rate|refused|unknown|errors)) *(<=|>=|<|>) *(\S+)$`)

// UnmarshalText parses a threshold of a command line.
func (t *Threshold) UnmarshalText(text []byte) error {
	// First split the text, then parse the value, whose form depends on the metric.
	wrong := fmt.Errorf("%q: %s", text, Grammar)
	parts := thresholdPattern.FindStringSubmatch(strings.TrimSpace(string(text)))
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

// String returns the threshold as it was given.
func (t Threshold) String() string { return t.text }

// Action returns the short name of the threshold's action; "" for all actions.
func (t Threshold) Action() string { return t.action }

// NoUnknown is the threshold that every run has by default: no call of unknown outcome.
var NoUnknown = Threshold{text: "unknown>0", metric: "unknown", operator: ">"}

// LimitsUnknown reports whether the threshold limits the number of unknown outcomes.
func (t Threshold) LimitsUnknown() bool { return t.metric == "unknown" || t.metric == "errors" }

// Verdict is the result of a threshold for a run.
type Verdict struct {
	Threshold Threshold
	Broken    bool   // the run failed the threshold
	Was       string // the measured value, as text
}

// Judge returns the verdict for a run.
func (t Threshold) Judge(s *Summary) Verdict {
	broken, was := t.Broken(s)
	return Verdict{t, broken, was}
}

// Broken reports whether a run failed the threshold, and returns the measured value as text. A run
// without any operation of the threshold's action fails it, because nothing shows that it held.
func (t Threshold) Broken(s *Summary) (broken bool, was string) {
	// First select the stats of the threshold's action.
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
	// Then compute the value of the metric, as a share if the threshold is one.
	var value float64
	switch t.metric {
	case "", "max":
		latency := stats.Percentile(t.percent)
		value, was = latency.Seconds(), "it was "+formatLatency(latency)
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
	// Then compare.
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
