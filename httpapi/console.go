package httpapi

import (
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	"enisim.alt/httpapi/console"
	"enisim.alt/httpapi/metrics"
	"enisim.alt/service/operator"
)

// serveConsole adds the web console to the routes. It is for those who may use the control API.
func (a *API) serveConsole(o *operator.Operator, m *metrics.Metrics, access Control) {
	if access.Token == "" && !access.Open {
		return
	}
	pages := console.New(console.Options{
		Operator: o, Metrics: m, Usage: a.usage, Log: a.log,
		Token: access.Token, CheckLocal: checkLocal, Stopping: a.stopping,
		Products: sync.OnceValue(explorerProducts), Call: a.callForConsole,
	})
	handler := func(c echo.Context) error {
		x := a.beginUntraced(c) // a page that is open reads on for hours
		x.action, x.isControl = c.Request().URL.Path, true
		pages.ServeHTTP(c.Response(), c.Request())
		status := c.Response().Status
		code := ""
		if status >= http.StatusBadRequest {
			code = http.StatusText(status)
		}
		a.logRequest(c, x, status, code, nil)
		return nil
	}
	a.echo.Any(console.Prefix, handler)
	a.echo.Any(console.Prefix+"/*", handler)
}
