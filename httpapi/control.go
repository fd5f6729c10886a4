package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

// controlPrefix is the path of the control API, which no cloud API uses.
const controlPrefix = "/_enisim"

// control answers one request to the control API: the HTTP status, and the reply to encode as JSON
// or nil.
type control func(c echo.Context) (status int, reply any, err error)

// controls returns the whole control API: method and path below the prefix. docs/control-api.md
// describes it, and so does the document at /openapi.json.
func controls(o *operator.Operator) map[string]operation {
	const ok, created, done = http.StatusOK, http.StatusCreated, http.StatusNoContent
	account, ofSnapshot, withKeys := accountQuery{}, snapshotQuery{}, keysQuery{}
	operations := map[string]operation{
		"GET /accounts": {"Lists the accounts.", nil, nil, ok, accountsReply{}, listAccounts(o)},
		"POST /accounts": {"Creates an account, with all its keys and their secrets.",
			nil, createAccountRequest{}, created,
			newAccountReply{}, createAccount(o)},
		"PATCH /accounts/:id": {"Changes an account.",
			nil, changeAccountRequest{}, ok, accountReply{}, changeAccount(o)},
		"POST /accounts/:id/reset": {"Empties an account, or makes it equal to a scenario.",
			nil, resetAccountRequest{}, done,
			nil, resetAccount(o)},
		"DELETE /accounts/:id": {"Deletes an account with all its resources.", nil, nil, done, nil, deleteAccount(o)},
		"GET /accounts/:id/scenario": {"Returns the resources of an account as a scenario.", withKeys, nil, ok,
			scenarioReply{}, exportAccount(o)},
		"GET /accounts/:id/clock": {"Returns the time of an account.",
			nil, nil, ok, disturbance.ClockState{}, showClock(o)},
		"POST /accounts/:id/clock": {"Changes the clock of an account.", nil, disturbance.ClockChange{}, ok,
			disturbance.ClockState{}, changeClock(o)},

		"GET /keys": {"Lists the access keys, without secrets.",
			account, nil, ok, keysReply{}, listKeys(o)},
		"POST /keys": {"Creates an access key.",
			nil, createKeyRequest{}, created, newKeyReply{}, createKey(o)},
		"POST /keys/:id/disable": {"Makes an access key Inactive.", nil, nil, ok, keyReply{}, disableKey(o)},
		"DELETE /keys/:id":       {"Deletes an access key.", nil, nil, done, nil, deleteKey(o)},

		"GET /snapshots": {"Lists the snapshots of an account.",
			ofSnapshot, nil, ok, snapshotsReply{}, listSnapshots(o)},
		"POST /snapshots": {"Saves the state of an account.", nil, saveSnapshotRequest{}, created, snapshotReply{},
			saveSnapshot(o)},
		"POST /snapshots/:name/restore": {"Restores an account.", nil, restoreSnapshotRequest{}, ok, changesReply{},
			restoreSnapshot(o)},
		"DELETE /snapshots/:name": {"Deletes a snapshot.", ofSnapshot, nil, done, nil, deleteSnapshot(o)},

		"GET /faults": {"Lists faults, with their counts.",
			account, nil, ok, faultsReply{}, listRules(o.Faults, newFaultsReply)},
		"POST /faults": {"Adds a fault.",
			nil, disturbance.Fault{}, created, operator.Fault{}, addRule(o.AddFault)},
		"DELETE /faults": {"Removes the faults of an account.",
			account, nil, done, nil, removeRules(o.RemoveFaults)},
		"GET /faults/:id": {"Returns a fault, with its counts.",
			nil, nil, ok, operator.Fault{}, showRule(o.Fault)},
		"DELETE /faults/:id": {"Removes a fault.", nil, nil, done, nil, removeRule(o.RemoveFault)},

		"GET /lifecycles": {"Lists lifecycles.",
			account, nil, ok, lifecyclesReply{}, listRules(o.Lifecycles, newLifecyclesReply)},
		"POST /lifecycles": {"Adds a lifecycle.", nil, disturbance.Lifecycle{}, created, operator.Lifecycle{},
			addRule(o.AddLifecycle)},
		"DELETE /lifecycles": {"Removes the lifecycles of an account.",
			account, nil, done, nil, removeRules(o.RemoveLifecycles)},
		"POST /lifecycles/release": {"Ends the transition of a resource now.", nil, operator.ReleaseRequest{}, ok,
			operator.Released{}, releaseTransition(o)},
		"GET /lifecycles/:id":    {"Returns a lifecycle.", nil, nil, ok, operator.Lifecycle{}, showRule(o.Lifecycle)},
		"DELETE /lifecycles/:id": {"Removes a lifecycle.", nil, nil, done, nil, removeRule(o.RemoveLifecycle)},

		"PUT /accounts/:id/throttle": {"Sets the throttle of an account.", nil, disturbance.Throttle{}, ok,
			operator.Throttle{}, setThrottle(o)},
		"GET /accounts/:id/throttle": {"Returns the throttle of an account.", nil, nil, ok, operator.Throttle{},
			showThrottle(o)},
		"DELETE /accounts/:id/throttle": {"Removes the throttle of an account.", nil, nil, ok, disturbance.Throttle{},
			clearThrottle(o)},

		"GET /accounts/:id/quotas": {"Returns the quotas of an account.",
			nil, nil, ok, operator.Quotas{}, showQuotas(o)},
		"PUT /accounts/:id/quotas": {"Sets some quotas of an account.", nil, operator.Quotas{}, ok, operator.Quotas{},
			setQuotas(o)},
		"DELETE /accounts/:id/quotas": {"Resets the quotas of an account.", nil, nil, done, nil, resetQuotas(o)},

		"GET /stock": {"Lists what is sold out.",
			account, nil, ok, stockReply{}, listRules(o.ListStock, newStockReply)},
		"POST /stock": {"Lets something be sold out.", nil, disturbance.Stock{}, created, operator.Stock{},
			addRule(o.AddStock)},
		"DELETE /stock": {"Removes the stock rules of an account.",
			account, nil, done, nil, removeRules(o.ResetStock)},
		"GET /stock/:id":    {"Returns a stock rule.", nil, nil, ok, operator.Stock{}, showRule(o.FindStock)},
		"DELETE /stock/:id": {"Removes a stock rule.", nil, nil, done, nil, removeRule(o.RemoveStock)},

		"POST /scenario/apply": {"Makes the accounts of a scenario equal to it.",
			nil, scenarioRequest{}, ok, changesReply{},
			applyScenario(o)},
		"POST /scenario/diff": {"Returns what applying a scenario would change.", nil, scenarioRequest{}, ok,
			differencesReply{}, diffScenario(o)},

		"GET " + eventsPath: {"Lists events: changes, and refused requests.", eventsQuery{}, nil, ok, operator.Events{},
			listEvents(o)},
		"GET /requests/:id": {"Returns a recorded request, and why it was refused.", nil, nil, ok, operator.Request{},
			showRequest(o)},

		"GET /verify": {"Recomputes all invariants.", nil, nil, ok, verifyReply{}, verify(o)},
	}
	operations["GET /openapi.json"] = serveDescription(maps.Clone(operations))
	return operations
}

// Control is who may use the control API. With the zero value there is no control API.
type Control struct {
	Token string // "": no token lets in; otherwise who sends it, as Authorization: Bearer, may do everything
	Open  bool   // without a token, everybody who reaches the server may: for one that listens on loopback only
}

// serveControl adds the control API to the routes.
func (a *API) serveControl(o *operator.Operator, access Control) {
	if access.Token == "" && !access.Open {
		return
	}
	for name, op := range controls(o) {
		method, path, _ := strings.Cut(name, " ")
		handler := a.control(access, op)
		if path == eventsPath {
			handler = a.serveEvents(access, o, handler)
		}
		a.echo.Add(method, controlPrefix+path, handler)
	}
	a.echo.Any(controlPrefix+"/*", a.control(access, operation{answer: noControl}))
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

// control makes a handler of an operation: it authorizes the request, writes the answer and logs a
// line.
func (a *API) control(access Control, op operation) echo.HandlerFunc {
	return func(c echo.Context) error {
		x := a.begin(c)
		defer x.endSpan()
		x.action, x.isControl = c.Request().URL.Path, true
		c.SetRequest(c.Request().WithContext(operator.WithRequestID(c.Request().Context(), x.requestID)))
		memory := a.controlling.share(c.Request())
		defer memory.release()
		c.Set(memoryKey, memory)
		c.Set(operationKey, &op)
		status, reply, err := admitted(c, access, op)
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

func admitted(c echo.Context, access Control, op operation) (status int, reply any, err error) {
	defer recoverPanic(&err)
	if err := access.authorize(c.Request()); err != nil {
		return 0, nil, err
	}
	if status, reply, err = op.answer(c); err == nil {
		op.checkReply(c, status, reply)
	}
	return status, reply, err
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
	checkBody(c, into)
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
