package metrics

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/client_golang/prometheus"
)

// maxBoundedSeries is the maximum number of series of a bounded counter, without the one of the others.
const maxBoundedSeries = 1000

// boundedCounter counts by account and one more label. Accounts come and go, so the series that have
// not grown for the longest time are counted together, with "other" for both labels. The sum of all
// series never falls.
type boundedCounter struct {
	desc *prometheus.Desc

	mu     sync.Mutex
	counts *simplelru.LRU[boundedKey, *int64]
	others int64
}

// boundedKey has the values of the labels: an account, and a fault or an action.
type boundedKey struct{ account, name string }

func newBoundedCounter(name, help, label string) *boundedCounter {
	c := &boundedCounter{desc: prometheus.NewDesc(name, help, []string{"account", label}, nil)}
	counts, err := simplelru.NewLRU(maxBoundedSeries, func(_ boundedKey, count *int64) { c.others += *count })
	if err != nil {
		panic(err) // only a size below 1 fails
	}
	c.counts = counts
	return c
}

// Faulted counts a call of an account that a fault has touched.
func (m *Metrics) Faulted(account, fault string) { m.faults.add(boundedKey{account, fault}) }

// Throttled counts a call of an action that a throttle of the account has refused.
func (m *Metrics) Throttled(account, action string) { m.throttled.add(boundedKey{account, action}) }

func (c *boundedCounter) add(key boundedKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count, found := c.counts.Get(key)
	if !found {
		count = new(int64)
		c.counts.Add(key, count)
	}
	*count++
}

// Describe is of prometheus.Collector.
func (c *boundedCounter) Describe(descs chan<- *prometheus.Desc) { descs <- c.desc }

// Collect is of prometheus.Collector.
func (c *boundedCounter) Collect(metrics chan<- prometheus.Metric) {
	c.mu.Lock()
	var collected []prometheus.Metric
	add := func(key boundedKey, count int64) {
		collected = append(collected, prometheus.MustNewConstMetric(
			c.desc, prometheus.CounterValue, float64(count), key.account, key.name))
	}
	for _, key := range c.counts.Keys() {
		count, _ := c.counts.Peek(key)
		add(key, *count)
	}
	if c.others > 0 {
		add(boundedKey{Other, Other}, c.others)
	}
	c.mu.Unlock()
	for _, m := range collected {
		metrics <- m
	}
}
