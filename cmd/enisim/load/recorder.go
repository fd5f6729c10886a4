package load

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"enisim.alt/cmd/enisim/history"
)

// The range and precision of histograms: 1 µs to an hour, three digits. A longer latency counts as
// an hour.
const (
	maxLatency    = time.Hour
	latencyDigits = 3
)

// newHistogram returns an empty histogram of latencies in microseconds.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, maxLatency.Microseconds(), latencyDigits)
}

// Stats are the counts and latencies of one action, or of all actions, over some time.
type Stats struct {
	Action               string // "" for all
	OK, Refused, Unknown int64
	Codes                map[string]int64 // codes of the answers that were not OK
	Latency              *hdrhistogram.Histogram
}

// Count returns the number of operations.
func (s *Stats) Count() int64 { return s.OK + s.Refused + s.Unknown }

// Percentile returns the latency that p percent of the operations do not exceed; 100 is the
// maximum.
func (s *Stats) Percentile(p float64) time.Duration {
	return time.Duration(s.Latency.ValueAtPercentile(p)) * time.Microsecond
}

// newStats returns empty stats of an action.
func newStats(action string) *Stats {
	return &Stats{Action: action, Codes: map[string]int64{}, Latency: newHistogram()}
}

// add counts one operation.
func (s *Stats) add(r Result) {
	switch r.Outcome {
	case history.OK:
		s.OK++
	case history.Fail:
		s.Refused++
		s.Codes[r.Code]++
	default:
		s.Unknown++
		s.Codes[r.Code]++
	}
	// the value is always in range
	_ = s.Latency.RecordValue(min(max(r.Latency, time.Microsecond), maxLatency).Microseconds())
}

// merge adds the operations of other stats.
func (s *Stats) merge(other *Stats) {
	s.OK, s.Refused, s.Unknown = s.OK+other.OK, s.Refused+other.Refused, s.Unknown+other.Unknown
	for code, n := range other.Codes {
		s.Codes[code] += n
	}
	s.Latency.Merge(other.Latency)
}

// Summary is the result of a run.
type Summary struct {
	Started time.Time
	Elapsed time.Duration // until the last answer
	// The number of requests of an open load that were due before its end, and for which no client
	// was free.
	Unsent  int64
	Actions []Stats    // by name
	Series  []Interval // the same, interval by interval

	Interrupted bool // the run ended before its time
}

// Total returns the stats of all actions together.
func (s *Summary) Total() Stats {
	total := newStats("")
	for i := range s.Actions {
		total.merge(&s.Actions[i])
	}
	return *total
}

// Rate returns a number of operations of the run as operations a second.
func (s *Summary) Rate(count int64) float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(count) / s.Elapsed.Seconds()
}

// Interval is the result of a part of a run.
type Interval struct {
	At      time.Duration // its end, from the start of the run
	Length  time.Duration
	Actions []Point // by name; an action is included from its first answer on
}

// Point is the result of one action in an interval.
type Point struct {
	Action                   string
	OK, Refused, Unknown     int64
	P50, P90, P99, P999, Max time.Duration
}

// recorder counts the operations of all clients of a run. Its lock is held for some 50 ns an
// operation, so one recorder is enough.
type recorder struct {
	started time.Time

	mu            sync.Mutex
	whole         map[string]*Stats
	current       map[string]*Stats // since the end of the last interval
	series        []Interval
	lastAnswer    time.Duration // the time of the last answer
	intervalStart time.Duration // the end of the last interval
}

// newRecorder returns an empty recorder of a run that started at a time.
func newRecorder(started time.Time) *recorder {
	return &recorder{started: started, whole: map[string]*Stats{}, current: map[string]*Stats{}}
}

// add counts one operation, whose answer came at a time.
func (r *recorder) add(result Result, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	whole := r.whole[result.Action]
	if whole == nil {
		whole = newStats(result.Action)
		r.whole[result.Action], r.current[result.Action] = whole, newStats(result.Action)
	}
	whole.add(result)
	r.current[result.Action].add(result)
	r.lastAnswer = max(r.lastAnswer, at.Sub(r.started))
}

// endInterval ends the current interval and returns it.
func (r *recorder) endInterval(now time.Time) Interval {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := now.Sub(r.started)
	ended := Interval{At: end, Length: end - r.intervalStart}
	// Copy the current stats into the interval, then reset them for the next one. The histograms
	// are reused, because they are large.
	for _, s := range sortedByAction(r.current) {
		ended.Actions = append(ended.Actions, Point{
			Action: s.Action, OK: s.OK, Refused: s.Refused, Unknown: s.Unknown,
			P50: s.Percentile(50), P90: s.Percentile(90), P99: s.Percentile(99), P999: s.Percentile(99.9),
			Max: s.Percentile(100),
		})
		s.OK, s.Refused, s.Unknown = 0, 0, 0
		clear(s.Codes)
		s.Latency.Reset()
	}
	r.intervalStart = end
	r.series = append(r.series, ended)
	return ended
}

// summary returns the result of the run so far.
func (r *recorder) summary() *Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &Summary{Started: r.started, Elapsed: r.lastAnswer, Series: r.series}
	for _, a := range sortedByAction(r.whole) {
		s.Actions = append(s.Actions, *a)
	}
	return s
}

// sortedByAction returns the stats in the order of the actions' names.
func sortedByAction(by map[string]*Stats) []*Stats {
	list := make([]*Stats, 0, len(by))
	for _, s := range by {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Stats) int { return cmp.Compare(a.Action, b.Action) })
	return list
}
