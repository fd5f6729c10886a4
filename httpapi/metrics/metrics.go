package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/IBM/pgxpoolprometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"enisim.alt/service"
)

// maxScrapes is the maximum number of scrapes at a time. More are answered with 503.
const maxScrapes = 4

// Build is what is known of the program.
type Build struct {
	Version string
	Commit  string // "" if unknown
	Schema  int64  // the newest migration
}

// Metrics are all metrics of one server.
type Metrics struct {
	registry          *prometheus.Registry
	requests          requestMetrics
	faults, throttled *boundedCounter
	recent            *recent

	batchSize, queueWait, lockWait, commitTime prometheus.Histogram
}

// Buckets of the classic histograms. A request of an idle server takes a millisecond, and SDKs give up
// after a few seconds.
var (
	durationBuckets = []float64{
		.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10,
	}
	sizeBuckets = prometheus.ExponentialBuckets(1, 2, 8) // 1 to 128, the maximum of a batch
)

// newHistogramOpts returns the options of a histogram that is both classic and native. The native one
// is exact to 10 %, and has a bounded number of buckets.
func newHistogramOpts(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// New returns the metrics of a server that has measured nothing yet.
func New(build Build) *Metrics {
	recent := new(recent)
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: newRequestMetrics(recent),
		recent:   recent,
		faults:   newBoundedCounter("enisim_faults_total", "Calls that a fault has touched.", "fault"),
		throttled: newBoundedCounter("enisim_throttled_total", "Calls that a throttle has refused.",
			"action"),
		batchSize: prometheus.NewHistogram(newHistogramOpts("enisim_batch_size",
			"Requests that shared a transaction.", sizeBuckets)),
		queueWait: prometheus.NewHistogram(newHistogramOpts("enisim_queue_wait_seconds",
			"How long a request waited for the transaction that it shared.", durationBuckets)),
		lockWait: prometheus.NewHistogram(newHistogramOpts("enisim_lock_wait_seconds",
			"How long the round trip of a transaction took that locks rows, with the wait for them.", durationBuckets)),
		commitTime: prometheus.NewHistogram(newHistogramOpts("enisim_commit_duration_seconds",
			"How long the round trip of a transaction took that writes and commits.", durationBuckets)),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "enisim_build_info", Help: "1, with the program's version, commit and newest migration.",
		ConstLabels: prometheus.Labels{
			"version": build.Version, "commit": build.Commit, "schema": strconv.FormatInt(build.Schema, 10),
		},
	})
	info.Set(1)
	m.registry.MustRegister(info, m.requests.total, m.requests.duration, m.requests.refusals, m.faults,
		m.throttled, m.batchSize, m.queueWait, m.lockWait, m.commitTime,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Observer returns the observer of the server's service.
func (m *Metrics) Observer() *service.Observer {
	return &service.Observer{
		Batch:      func(requests int) { m.batchSize.Observe(float64(requests)) },
		QueueWait:  observeIn(m.queueWait),
		LockWait:   observeIn(m.lockWait),
		CommitTime: observeIn(m.commitTime),
	}
}

func observeIn(h prometheus.Histogram) func(time.Duration) {
	return func(d time.Duration) { h.Observe(d.Seconds()) }
}

// Watch adds what is asked of a service at each scrape. It is called once.
func (m *Metrics) Watch(s *service.Service, usage *Usage) {
	m.registry.MustRegister(newWorldCollector(s, usage), pgxpoolprometheus.NewCollector(s.Store(), nil),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "enisim_queue_length", Help: "Requests that wait for a transaction that they will share.",
		}, func() float64 { return float64(s.QueueLength()) }))
}

// Handler returns the answer to a scrape.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}
