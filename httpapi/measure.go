package httpapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"enisim.alt/httpapi/metrics"
)

// metricsPath is where a server answers scrapes of Prometheus.
const metricsPath = "/metrics"

// meter counts requests by action. The counters of all actions exist from the start, so a name that a
// client makes up is never a label.
type meter struct {
	metrics   *metrics.Metrics
	byVersion map[string]map[string]*metrics.Action // all actions, by their Version and name
	others    map[string]*metrics.Action            // the rest of each Version
	unknown   *metrics.Action                       // the rest of the rest
}

// newMeter returns the meter of a server, or nil without metrics.
func newMeter(m *metrics.Metrics, actions map[string]map[string]action) *meter {
	if m == nil {
		return nil
	}
	all := &meter{
		metrics:   m,
		byVersion: map[string]map[string]*metrics.Action{},
		others:    map[string]*metrics.Action{},
		unknown:   m.NewAction(metrics.Other, metrics.Other),
	}
	for version, named := range actions {
		product := productForVersion(version).ram
		all.byVersion[version] = map[string]*metrics.Action{}
		for name := range named {
			all.byVersion[version][name] = m.NewAction(product, name)
		}
		all.others[version] = m.NewAction(product, metrics.Other)
	}
	return all
}

// action returns the counter of an action as a request names it.
func (m *meter) action(version, name string) *metrics.Action {
	if a := m.byVersion[version][name]; a != nil {
		return a
	}
	if a := m.others[version]; a != nil {
		return a
	}
	return m.unknown
}

// answered counts a request of the cloud's API when its answer is known. code is "" for a success.
func (m *meter) answered(x *exchange, code string) {
	if m == nil || x.isControl {
		return
	}
	if x.fault != nil {
		m.metrics.Faulted(x.account, x.fault.ID)
	}
	if x.throttled { // so the action is known
		m.metrics.Throttled(x.account, strings.Clone(x.action)) // its text would keep the whole request
	}
	took, action := time.Since(x.started), m.action(x.version, x.action)
	if code == "" {
		action.Succeeded(took)
		return
	}
	action.Failed(code, took, x.refused)
}

// serveMetrics adds the answer to scrapes to the routes. Callers of the control API may scrape.
func (a *API) serveMetrics(m *metrics.Metrics, access Control) {
	if m == nil {
		return
	}
	m.Watch(a.service, a.usage)
	if access.Token == "" && !access.Open {
		return
	}
	handler := m.Handler()
	a.echo.Match([]string{http.MethodGet, http.MethodHead}, metricsPath, func(c echo.Context) error {
		if err := access.authorize(c.Request()); err != nil {
			x := a.begin(c)
			defer x.endSpan()
			x.action, x.isControl = metricsPath, true
			return a.writeControlError(c, x, err)
		}
		handler.ServeHTTP(c.Response(), c.Request())
		return nil
	})
}
