package load

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"enisim/cmd/enisim/history"
)

// What a histogram can tell apart: latencies from 1 µs to an hour, to three digits. One that takes longer counts as an hour.
const (
	longest = time.Hour
	digits  = 3
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longest.Microseconds(), digits)
}

// Stats are the operations of one action, or of all, over some time.
type Stats struct {
	Action               string // "" for all
	OK, Refused, Unknown int64
	Codes                map[string]int64 // of what was not OK
	Latency              *hdrhistogram.Histogram
}

// Count is how many operations there were.
func (s Stats) Count() int64 { return s.OK + s.Refused + s.Unknown }

// Percentile is the latency that p percent of the operations do not exceed; 100 is the longest.
func (s Stats) Percentile(p float64) time.Duration {
	return time.Duration(s.Latency.ValueAtPercentile(p)) * time.Microsecond
}

func newStats(action string) *Stats {
	return &Stats{Action: action, Codes: map[string]int64{}, Latency: newHistogram()}
}

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
	_ = s.Latency.RecordValue(min(max(r.Latency, time.Microsecond), longest).Microseconds()) // which is never out of its range
}

func (s *Stats) merge(other *Stats) {
	s.OK, s.Refused, s.Unknown = s.OK+other.OK, s.Refused+other.Refused, s.Unknown+other.Unknown
	for code, n := range other.Codes {
		s.Codes[code] += n
	}
	s.Latency.Merge(other.Latency)
}

// Summary is how a run went.
type Summary struct {
	Started time.Time
	Elapsed time.Duration // to the last answer
	Unsent  int64         // of an open load: requests that were due before its end, and that no client was free for
	Actions []Stats       // by name
	Series  []Interval    // the same over time

	Interrupted bool // it was ended before its time
}

// Total is all actions together.
func (s *Summary) Total() Stats {
	total := newStats("")
	for i := range s.Actions {
		total.merge(&s.Actions[i])
	}
	return *total
}

// Rate is a number of operations of the run as operations a second.
func (s *Summary) Rate(count int64) float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(count) / s.Elapsed.Seconds()
}

// Interval is a part of a run.
type Interval struct {
	At      time.Duration // its end, from the start of the run
	Length  time.Duration
	Actions []Point // by name; an action is there from its first answer on
}

// Point is one action in an interval.
type Point struct {
	Action                   string
	OK, Refused, Unknown     int64
	P50, P90, P99, P999, Max time.Duration
}

// recorder counts for all clients of a run. Its lock is held for some 50 ns an operation, so that the clients share one.
type recorder struct {
	started time.Time

	mu      sync.Mutex
	whole   map[string]*Stats
	current map[string]*Stats // since the last interval ended
	series  []Interval
	last    time.Duration // when the last answer came
	cut     time.Duration // when the last interval ended
}

func newRecorder(started time.Time) *recorder {
	return &recorder{started: started, whole: map[string]*Stats{}, current: map[string]*Stats{}}
}

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
	r.last = max(r.last, at.Sub(r.started))
}

// interval ends an interval, and returns it.
func (r *recorder) interval(now time.Time) Interval {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := now.Sub(r.started)
	interval := Interval{At: end, Length: end - r.cut}
	for _, s := range sorted(r.current) {
		interval.Actions = append(interval.Actions, Point{
			Action: s.Action, OK: s.OK, Refused: s.Refused, Unknown: s.Unknown,
			P50: s.Percentile(50), P90: s.Percentile(90), P99: s.Percentile(99), P999: s.Percentile(99.9), Max: s.Percentile(100),
		})
		s.OK, s.Refused, s.Unknown = 0, 0, 0
		clear(s.Codes)
		s.Latency.Reset()
	}
	r.cut = end
	r.series = append(r.series, interval)
	return interval
}

func (r *recorder) summary() *Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &Summary{Started: r.started, Elapsed: r.last, Series: r.series}
	for _, a := range sorted(r.whole) {
		s.Actions = append(s.Actions, *a)
	}
	return s
}

func sorted(by map[string]*Stats) []*Stats {
	list := make([]*Stats, 0, len(by))
	for _, s := range by {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Stats) int { return cmp.Compare(a.Action, b.Action) })
	return list
}
