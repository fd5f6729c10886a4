package metrics

import (
	"maps"
	"math"
	"sort"
	"sync"
	"time"
)

// The requests of the last minutes are kept in buckets. A request belongs to the bucket of the time at
// which it was answered, so no goroutine has to begin or clear one.
const (
	RecentStep    = 5 * time.Second
	RecentBuckets = 120 // ten minutes
)

// recent are the requests of the last minutes. Its memory is fixed, except for the codes of a bucket,
// of which there are at most as many as are known. The zero value has no requests.
type recent struct {
	mu      sync.Mutex
	buckets [RecentBuckets]recentBucket
}

// recentBucket are the requests of one step of time.
type recentBucket struct {
	step      int64 // number of the step since 1970; of an older one, the bucket counts as empty
	requests  int64
	refusals  int64
	codes     map[string]int64 // all codes but OK
	durations durationCounts
}

// durationCounts counts requests by their durations. The last one counts those above all bounds.
type durationCounts [len(recentBounds) + 1]int64

// recentBounds are the upper bounds of the durations that are counted together: each a quarter more
// than the one before, from 0.1 ms to 14 s. So a percentile is exact to a quarter.
var recentBounds = func() (bounds [54]time.Duration) {
	for i := range bounds {
		bounds[i] = time.Duration(100e3 * math.Pow(1.25, float64(i)))
	}
	return bounds
}()

// add counts a request that was answered at now.
func (r *recent) add(now time.Time, code string, took time.Duration, isRefusal bool) {
	step := now.UnixNano() / int64(RecentStep)
	k := sort.Search(len(recentBounds), func(i int) bool { return took <= recentBounds[i] })
	r.mu.Lock()
	defer r.mu.Unlock()
	b := &r.buckets[step%RecentBuckets]
	switch {
	case b.step > step: // the request was answered ten minutes ago, and only now it is counted
		return
	case b.step < step:
		clear(b.codes)
		*b = recentBucket{step: step, codes: b.codes}
	}
	b.requests++
	b.durations[k]++
	if isRefusal {
		b.refusals++
	}
	if code != OK {
		if b.codes == nil {
			b.codes = map[string]int64{}
		}
		b.codes[code]++
	}
}

// Recent are the requests of one step of the last minutes.
type Recent struct {
	Start    time.Time
	Requests int64
	Refusals int64            // refused by a rule of the API
	Failures int64            // not successful for another reason, such as a fault
	Codes    map[string]int64 // of all requests that were not successful

	Median, P99 time.Duration // of the durations, rounded up by at most a quarter; 0 without requests

	durations durationCounts
}

// Merged returns several steps as one. Its Codes are not set.
func Merged(steps []Recent) Recent {
	var all Recent
	for k, s := range steps {
		if k == 0 {
			all.Start = s.Start
		}
		all.Requests += s.Requests
		all.Refusals += s.Refusals
		all.Failures += s.Failures
		for bucket, count := range s.durations {
			all.durations[bucket] += count
		}
	}
	all.Median, all.P99 = all.durations.percentile(.5, all.Requests), all.durations.percentile(.99, all.Requests)
	return all
}

// Recent returns the requests of the last ten minutes, oldest first, the current step last. The result
// has RecentBuckets steps.
func (m *Metrics) Recent(now time.Time) []Recent { return m.recent.list(now) }

func (r *recent) list(now time.Time) []Recent {
	last := now.UnixNano() / int64(RecentStep)
	steps := make([]Recent, 0, RecentBuckets)
	r.mu.Lock()
	defer r.mu.Unlock()
	for step := last - RecentBuckets + 1; step <= last; step++ {
		s := Recent{Start: time.Unix(0, step*int64(RecentStep)).UTC()}
		if b := &r.buckets[step%RecentBuckets]; b.step == step {
			s.Requests, s.Refusals, s.Codes = b.requests, b.refusals, maps.Clone(b.codes)
			for _, count := range b.codes {
				s.Failures += count
			}
			s.Failures -= b.refusals
			s.durations = b.durations
			s.Median, s.P99 = s.durations.percentile(.5, s.Requests), s.durations.percentile(.99, s.Requests)
		}
		steps = append(steps, s)
	}
	return steps
}

// percentile returns a duration that this share of the requests did not exceed.
func (d *durationCounts) percentile(share float64, requests int64) time.Duration {
	if requests == 0 {
		return 0
	}
	rest := int64(math.Ceil(share * float64(requests)))
	for k, count := range d {
		if rest -= count; rest <= 0 {
			return recentBounds[min(k, len(recentBounds)-1)]
		}
	}
	return recentBounds[len(recentBounds)-1]
}
