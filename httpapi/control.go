package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"enisim/service"
	"enisim/service/disturbance"
	"enisim/service/operator"
)

// controlPrefix is the path of the control API, which no cloud API uses.
const controlPrefix = "/_enisim"

// control answers one request to the control API: the HTTP status, and the reply to encode as JSON
// or nil.
type control func(c echo.Context) (status int, reply any, err error)

// controls returns the whole control API: method and path below the prefix. docs/control-api.md
// describes it.
func controls(o *operator.Operator) map[string]control {
	return map[string]control{
		"GET /accounts":              listAccounts(o),
		"POST /accounts":             createAccount(o),
		"PATCH /accounts/:id":        changeAccount(o),
		"POST /accounts/:id/reset":   resetAccount(o),
		"DELETE /accounts/:id":       deleteAccount(o),
		"GET /accounts/:id/scenario": exportAccount(o),
		"GET /accounts/:id/clock":    showClock(o),
		"POST /accounts/:id/clock":   changeClock(o),

		"GET /keys":              listKeys(o),
		"POST /keys":             createKey(o),
		"POST /keys/:id/disable": disableKey(o),
		"DELETE /keys/:id":       deleteKey(o),

		"GET /snapshots":                listSnapshots(o),
		"POST /snapshots":               saveSnapshot(o),
		"POST /snapshots/:name/restore": restoreSnapshot(o),
		"DELETE /snapshots/:name":       deleteSnapshot(o),

		"GET /faults":        listFaults(o),
		"POST /faults":       addFault(o),
		"DELETE /faults":     removeFaults(o),
		"GET /faults/:id":    showFault(o),
		"DELETE /faults/:id": removeFault(o),

		"GET /lifecycles":          listLifecycles(o),
		"POST /lifecycles":         addLifecycle(o),
		"DELETE /lifecycles":       removeLifecycles(o),
		"POST /lifecycles/release": releaseTransition(o),
		"GET /lifecycles/:id":      showLifecycle(o),
		"DELETE /lifecycles/:id":   removeLifecycle(o),

		"PUT /accounts/:id/throttle":    setThrottle(o),
		"GET /accounts/:id/throttle":    showThrottle(o),
		"DELETE /accounts/:id/throttle": clearThrottle(o),

		"GET /accounts/:id/quotas":    showQuotas(o),
		"PUT /accounts/:id/quotas":    setQuotas(o),
		"DELETE /accounts/:id/quotas": resetQuotas(o),

		"GET /stock":        listStock(o),
		"POST /stock":       addStock(o),
		"DELETE /stock":     resetStock(o),
		"GET /stock/:id":    showStock(o),
		"DELETE /stock/:id": removeStock(o),

		"POST /scenario/apply": applyScenario(o),
		"POST /scenario/diff":  diffScenario(o),

		"GET /verify": verify(o),
	}
}

// Control is who may use the control API. With the zero value there is no control API.
type Control struct {
	Token string // "": no token lets in; otherwise who sends it, as Authorization: Bearer, may do everything
	Open  bool   // without a token, everybody who reaches the server may: for one that listens on loopback only
}

// serveControl adds the control API to the routes.
func (a *API) serveControl(access Control) {
	if access.Token == "" && !access.Open {
		return
	}
	for name, answer := range controls(operator.New(a.service)) {
		method, path, _ := strings.Cut(name, " ")
		a.echo.Add(method, controlPrefix+path, a.control(access, answer))
	}
	a.echo.Any(controlPrefix+"/*", a.control(access, noControl))
}

// noControl answers requests if there is no control API.
func noControl(c echo.Context) (int, any, error) {
	return 0, nil, newControlError(
		http.StatusNotFound,
		"there is no %s %s; docs/control-api.md has the list",
		c.Request().Method,
		c.Request().URL.Path,
	)
}

// control makes a handler of a control: it authorizes the request, writes the answer and logs a
// line.
func (a *API) control(access Control, answer control) echo.HandlerFunc {
	return func(c echo.Context) error {
		x := a.begin(c)
		x.action = c.Request().URL.Path
		memory := a.controlling.share(c.Request())
		defer memory.release()
		c.Set(memoryKey, memory)
		status, reply, err := admitted(c, access, answer)
		if memory.unread {
			c.Response().Header().Set("Connection", "close")
		}
		if err != nil {
			return a.writeControlError(c, x, err)
		}
		a.logRequest(c, x, status, "", nil)
		return writeControl(c, x, status, reply)
	}
}

func admitted(c echo.Context, access Control, answer control) (status int, reply any, err error) {
	defer recoverPanic(&err)
	if err := access.authorize(c.Request()); err != nil {
		return 0, nil, err
	}
	return answer(c)
}

// authorize returns an error unless a request may use the control API.
func (access Control) authorize(r *http.Request) error {
	if access.Token != "" {
		return access.checkToken(r)
	}
	return checkLocal(r)
}

// checkToken compares hashes, so that its duration reveals neither where a wrong token differs nor
// the length of the right one.
func (access Control) checkToken(r *http.Request) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(access.Token))
	if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) == 0 {
		return newControlError(
			http.StatusUnauthorized,
			"send the server's --control-token as the header Authorization: Bearer <token>",
		)
	}
	return nil
}

// checkLocal keeps browsers out of a control API that is open on loopback. Any web page in the
// user's browser may send requests to 127.0.0.1:
//   - across sites, which the browser tells by Sec-Fetch-Site or Origin. It lets the page send a
//     POST with a simple body unasked;
//   - from its own site, when its name resolves to 127.0.0.1 a moment after the page was loaded
//     (DNS rebinding). To the browser that is the same site, and the page may even read the answers;
//     only Host still has the foreign name.
//
// With a token neither matters, because no page knows it.
func checkLocal(r *http.Request) error {
	if !isLoopbackName(r.Host) {
		return newControlError(
			http.StatusForbidden,
			"without a --control-token the control API answers to 127.0.0.1, [::1] and localhost only, not to %q",
			r.Host,
		)
	}
	if err := checkSameOrigin(r); err != nil {
		return newControlError(http.StatusForbidden, "a page of another site may not use the control API: %v", err)
	}
	return nil
}

var crossOrigin = http.NewCrossOriginProtection()

// checkSameOrigin refuses requests that a page of another origin makes a browser send. This
// includes a GET, which net/http lets through: the page cannot read the answer, but it can make the
// server work, as with an image at /verify. Sec-Fetch-Site is none for an address that a person has
// typed.
func checkSameOrigin(r *http.Request) error {
	asPost := r.Clone(r.Context())
	asPost.Method = http.MethodPost // or any that net/http looks at
	return crossOrigin.Check(asPost)
}

// isLoopbackName reports whether a Host header names this machine without DNS.
func isLoopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip.IsLoopback()
}

// controlError is returned for a control request that is refused before it reaches the service.
type controlError struct {
	status int
	text   string
}

func (e *controlError) Error() string { return e.text }

func newControlError(status int, format string, args ...any) error {
	return &controlError{status, fmt.Sprintf(format, args...)}
}

// readJSON reads the body of a control request. An unknown field is an error, because otherwise a
// misspelt one would be ignored.
func readJSON(c echo.Context, into any) error { return readLargeJSON(c, into, maxControlBodyBytes) }

// memoryKey is the key of the memory share in a request's context.
const memoryKey = "memory"

// controlMemory returns the share of memory that every control request has.
func controlMemory(c echo.Context) *share { return c.Get(memoryKey).(*share) }

// withBody returns a control that reads the JSON body of its request.
func withBody[R any](do func(c echo.Context, r R) (int, any, error)) control {
	return func(c echo.Context) (int, any, error) {
		var r R
		if err := readJSON(c, &r); err != nil {
			return 0, nil, err
		}
		return do(c, r)
	}
}

// readLargeJSON is readJSON for a body of at most maxBytes.
func readLargeJSON(c echo.Context, into any, maxBytes int) error {
	r := c.Request()
	// A form or plain text is refused, because a browser would send these across sites without
	// asking.
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return newControlError(http.StatusUnsupportedMediaType, "send JSON, with Content-Type: application/json")
	}
	memory := controlMemory(c)
	body, err := memory.readBody(r, func([]byte) int { return maxBytes })
	if err == nil {
		const copies = 2 // that decoding makes of a text, at most
		err = memory.grow(copies * len(body))
	}
	switch {
	case errors.Is(err, errTooLarge):
		return newControlError(http.StatusBadRequest, "the body is too large: it may have %d bytes here", maxBytes)
	case errors.Is(err, service.ServiceUnavailable):
		return err
	case err != nil:
		return newControlError(http.StatusBadRequest, "the body ends too soon")
	}
	if err := disturbance.Decode(body, into); err != nil {
		return newControlError(
			http.StatusBadRequest, "the body is not the JSON that belongs here: %v", err)
	}
	return nil
}

// controlErrorReply is the body of every failure of the control API.
type controlErrorReply struct {
	RequestID string `json:"request_id"`
	Error     string `json:"error"`
}

// writeControlError returns the only place where a failure of the control API becomes a response.
// Errors that are neither the operator's nor of the public contract are logged in full.
func (a *API) writeControlError(c echo.Context, x *exchange, err error) error {
	var (
		status  int
		refusal *controlError
		refused *operator.Error
	)
	text, failure := err.Error(), error(nil)
	if a.clientIsGone(c, x, err) {
		return nil
	}
	switch {
	case errors.As(err, &refusal):
		status = refusal.status
	case errors.As(err, &refused) && refused.Missing:
		status = http.StatusNotFound
	case errors.As(err, &refused):
		status = http.StatusBadRequest
	default:
		shown, documented := service.APIError(err)
		status, text = shown.Status, shown.Message
		if !documented {
			failure = err
		}
	}
	if status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "1")
	}
	if status == http.StatusUnauthorized {
		c.Response().Header().Set("WWW-Authenticate", "Bearer")
	}
	a.logRequest(c, x, status, http.StatusText(status), failure)
	return writeControl(c, x, status, controlErrorReply{x.requestID, text})
}

// writeControl writes a reply that must not be cached, because it may have a secret.
func writeControl(c echo.Context, x *exchange, status int, reply any) error {
	c.Response().Header().Set("X-Acs-Request-Id", x.requestID)
	c.Response().Header().Set("Cache-Control", "no-store")
	if reply == nil {
		return c.NoContent(status)
	}
	return c.JSON(status, reply)
}
