package metrics

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"enisim.alt/service"
	"enisim.alt/testdata/contract"
)

// Codes of the label "code" that are not codes of the API.
const (
	OK         = "OK"
	ClientGone = "ClientGone" // the client has disconnected before the answer
	AnswerLost = "AnswerLost" // a fault has lost the answer on the connection
	Other      = "other"      // for each label: what is not among its known values
)

// requestMetrics count the requests of all actions.
type requestMetrics struct {
	total, refusals *prometheus.CounterVec
	duration        *prometheus.HistogramVec
	codes           map[string]bool // the known ones
	recent          *recent
}

func newRequestMetrics(recent *recent) requestMetrics {
	return requestMetrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "enisim_requests_total", Help: "Answered requests. The code is OK or that of the error.",
		}, []string{"product", "action", "code"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "enisim_refusals_total", Help: "Requests that a rule refused, by the code of the rule.",
		}, []string{"action", "rule"}),
		duration: prometheus.NewHistogramVec(newHistogramOpts("enisim_request_duration_seconds",
			"How long a request took from the end of its header until its answer was ready.", durationBuckets),
			[]string{"action"}),
		codes:  knownCodes(),
		recent: recent,
	}
}

// knownCodes returns the codes that this program knows: those that it answers by itself, and the
// documented ones, which faults answer too.
var knownCodes = sync.OnceValue(func() map[string]bool {
	codes := map[string]bool{OK: true, ClientGone: true, AnswerLost: true}
	for _, e := range service.Declared {
		codes[e.Code] = true
	}
	for _, action := range append(contract.Actions(), contract.Gateway) {
		for _, e := range contract.Errors(action) {
			codes[e.Code] = true
		}
	}
	return codes
})

// Action counts the requests of one action. The series of an action appear with its first request.
// Those of a success are looked up once.
type Action struct {
	product, name string
	metrics       requestMetrics
	success       atomic.Pointer[success]
}

// success are the series of successful requests.
type success struct {
	total    prometheus.Counter
	duration prometheus.Observer
}

// NewAction returns the counter of an action of a product. The caller makes one for each action of the
// API, and none by what a client sends.
func (m *Metrics) NewAction(product, name string) *Action {
	return &Action{product: product, name: name, metrics: m.requests}
}

// Succeeded counts a request that was answered with success.
func (a *Action) Succeeded(took time.Duration) {
	s := a.success.Load()
	if s == nil {
		s = &success{
			total:    a.metrics.total.WithLabelValues(a.product, a.name, OK),
			duration: a.metrics.duration.WithLabelValues(a.name),
		}
		a.success.Store(s)
	}
	s.total.Inc()
	s.duration.Observe(took.Seconds())
	a.metrics.recent.add(time.Now(), OK, took, false)
}

// Failed counts a request that was answered with a code. isRefusal says that a rule of the API refused
// it, rather than a fault or a failure.
func (a *Action) Failed(code string, took time.Duration, isRefusal bool) {
	if !a.metrics.codes[code] {
		code = Other
	}
	a.metrics.total.WithLabelValues(a.product, a.name, code).Inc()
	a.metrics.duration.WithLabelValues(a.name).Observe(took.Seconds())
	a.metrics.recent.add(time.Now(), code, took, isRefusal)
	if isRefusal {
		a.metrics.refusals.WithLabelValues(a.name, code).Inc()
	}
}
