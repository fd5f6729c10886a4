package metrics

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Wait says how long something took since the server was started.
type Wait struct {
	Name        string
	Count       uint64
	Mean        time.Duration
	Median, P99 time.Duration // the bound of their bucket: at most so long
}

// Waits returns how long requests waited for the transaction that they shared, and transactions for their
// locks and for their commit.
func (m *Metrics) Waits() []Wait {
	return []Wait{
		newWait("in the queue of a batch", m.queueWait), newWait("for row locks", m.lockWait),
		newWait("for the commit", m.commitTime),
	}
}

func newWait(name string, h prometheus.Histogram) Wait {
	w, read := Wait{Name: name}, dto.Metric{}
	if h.Write(&read) != nil || read.Histogram.GetSampleCount() == 0 {
		return w
	}
	w.Count = read.Histogram.GetSampleCount()
	w.Mean = seconds(read.Histogram.GetSampleSum() / float64(w.Count))
	w.Median, w.P99 = bucketOf(read.Histogram, .5), bucketOf(read.Histogram, .99)
	return w
}

// bucketOf returns the bound of the bucket below which this share of the samples is. Above the greatest
// bound it returns that one.
func bucketOf(h *dto.Histogram, share float64) time.Duration {
	rank := uint64(math.Ceil(share * float64(h.GetSampleCount())))
	for _, b := range h.Bucket {
		if b.GetCumulativeCount() >= rank {
			return seconds(b.GetUpperBound())
		}
	}
	if len(h.Bucket) == 0 {
		return 0
	}
	return seconds(h.Bucket[len(h.Bucket)-1].GetUpperBound())
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// RefusedBy is how many requests of an action a rule has refused since the server was started.
type RefusedBy struct {
	Action, Rule string
	Requests     int64
}

// RefusalsByRule returns the refusals by rule and action, the most frequent first, at most limit.
func (m *Metrics) RefusalsByRule(limit int) []RefusedBy {
	series := make(chan prometheus.Metric)
	go func() {
		m.requests.refusals.Collect(series)
		close(series)
	}()
	var all []RefusedBy
	for s := range series {
		var read dto.Metric
		if s.Write(&read) != nil {
			continue
		}
		r := RefusedBy{Requests: int64(read.Counter.GetValue())}
		for _, label := range read.Label {
			switch label.GetName() {
			case "action":
				r.Action = label.GetValue()
			case "rule":
				r.Rule = label.GetValue()
			}
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b RefusedBy) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Action, b.Action))
	})
	return all[:min(len(all), limit)]
}
