package httpapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
)

// HeaderFault has the id of the fault that touched an answer, unless the fault is silent.
const HeaderFault = "X-Enisim-Fault"

const (
	// maxSilence is how long the answer of a call is held back whose client does not give up.
	maxSilence = 10 * time.Minute
	// maxHeld is the maximum number of calls that faults hold back at a time, and maxHeldPerAccount that
	// of an account. So connections stay free, and an account leaves room for the others.
	maxHeld           = 1536
	maxHeldPerAccount = 1024
	// slowParts is the number of parts in which a slow body is sent.
	slowParts = 20
	// faultGrace is how long a disturbed answer may take in addition to the time that its fault asks for.
	faultGrace = time.Minute
)

// errAnswerLost is the result of a call whose answer a fault loses on the connection.
var errAnswerLost = errors.New("the answer is lost by a fault")

// strikeFault finds the fault that strikes a call, if any, and applies what comes before the action:
// its delay, and an answer instead of the action.
func (a *API) strikeFault(c echo.Context, caller service.Caller, x *exchange, p parameters) error {
	ctx, end := a.service.ForCaller(c.Request().Context(), caller)
	call := disturbance.Call{Action: x.action, RAMUser: caller.RAMUser, AccessKeyID: caller.AccessKeyID}
	fault, err := a.service.Strike(ctx, caller, call, func() []string { return namedResources(p) })
	end()
	if err != nil || fault == nil {
		return err
	}
	x.fault = fault
	if !fault.Silent {
		c.Response().Header().Set(HeaderFault, fault.ID)
	}
	delay := time.Duration(fault.Do.Delay)
	a.extendWrite(c, delay+time.Duration(fault.Do.Slow))
	if err := a.pause(c.Request().Context(), x, delay); err != nil {
		return err
	}
	if fault.Do.Answer != "" {
		answer := fault.Error(x.action)
		return &service.Error{Status: answer.Status, Code: answer.Code, Message: answer.Message}
	}
	return nil
}

// extendWrite lets the answer of a disturbed call take longer than the server's timeout.
func (a *API) extendWrite(c echo.Context, by time.Duration) {
	if by > 0 {
		// A connection without deadlines has no timeout to extend.
		_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(by + faultGrace))
	}
}

// heldCalls counts the calls that faults hold back. Its zero value counts none.
type heldCalls struct {
	mu        sync.Mutex
	all       int
	ofAccount map[string]int
}

// begin counts a call, and reports false if there are too many.
func (h *heldCalls) begin(accountID string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all >= maxHeld || h.ofAccount[accountID] >= maxHeldPerAccount {
		return false
	}
	if h.ofAccount == nil {
		h.ofAccount = map[string]int{}
	}
	h.all++
	h.ofAccount[accountID]++
	return true
}

func (h *heldCalls) end(accountID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all--
	if h.ofAccount[accountID]--; h.ofAccount[accountID] == 0 {
		delete(h.ofAccount, accountID)
	}
}

// pause holds a call back. It ends early if the server is about to stop, and with an error if the
// client has gone or too many calls are held back.
func (a *API) pause(ctx context.Context, x *exchange, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if !a.held.begin(x.account) {
		return service.ServiceUnavailable
	}
	defer a.held.end(x.account)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-a.stopping:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// isResourceName reports whether a parameter names resources by their ids. Those that name a place,
// an image or a key do not.
func isResourceName(name string) bool {
	base, number, _ := strings.Cut(name, ".")
	if _, err := strconv.Atoi(number); number != "" && err != nil { // a field of a list's item
		base = name[strings.LastIndexByte(name, '.')+1:]
	}
	switch base {
	case "RegionId", "ZoneId", "ImageId", "AccessKeyId", "ResourceGroupId", "ResourceOwnerId", "OwnerId":
		return false
	}
	return strings.HasSuffix(base, "Id") || strings.HasSuffix(base, "Ids")
}

// namedResources returns the ids of resources that a request names.
func namedResources(p parameters) (ids []string) {
	for name, value := range p {
		switch {
		case value == "" || !isResourceName(name):
		case strings.HasPrefix(value, "["):
			if list, err := service.ParseJSONList(value); err == nil {
				ids = append(ids, list...)
			}
		default:
			ids = append(ids, value)
		}
	}
	return ids
}

// isAnsweredByFault reports whether a fault answers the request instead of the action.
func (x *exchange) isAnsweredByFault() bool {
	return x.fault != nil && (x.fault.Do.Answer != "" || x.fault.Do.Lose != "")
}

// loseAnswer applies a fault that loses the answer of an action which has run. It returns the error
// to answer instead, or errAnswerLost if nothing is answered.
func (a *API) loseAnswer(c echo.Context, x *exchange) error {
	x.end() // its work is done: a large list must not keep its turn while the answer is held back
	switch x.fault.Do.Lose {
	case disturbance.Lose500:
		return service.InternalError
	case disturbance.Lose503:
		return service.ServiceUnavailable
	case disturbance.LoseSilence:
		a.extendWrite(c, maxSilence)
		_ = a.pause(c.Request().Context(), x, maxSilence) // however it ends, the connection does too
	}
	a.logRequest(c, x, statusClientGone, "AnswerLost", nil)
	resetConnection(c)
	return errAnswerLost
}

// resetConnection ends the connection of a request without an answer. A TCP connection is reset,
// so that the client sees an error and not an early end. Otherwise net/http resets the stream.
func resetConnection(c echo.Context) {
	connection, _, err := http.NewResponseController(c.Response()).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	inner := connection
	if wrapped, ok := connection.(interface{ NetConn() net.Conn }); ok { // TLS
		inner = wrapped.NetConn()
	}
	if tcp, ok := inner.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0) // if it fails, the connection ends in order instead
	}
	_ = inner.Close() // there is nobody left to tell
}

// writeBody sends the body of an answer, damaged or delayed as a fault says.
func (a *API) writeBody(c echo.Context, x *exchange, status int, contentType string, body []byte) error {
	if x.fault == nil {
		return c.Blob(status, contentType, body)
	}
	do := x.fault.Do
	switch {
	case do.Truncate != nil:
		return c.Blob(status, contentType, body[:min(*do.Truncate, len(body))])
	case do.Cut != nil:
		c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
		_ = c.Blob(status, contentType, body[:min(*do.Cut, max(len(body)-1, 0))])
		_ = http.NewResponseController(c.Response()).Flush()
		panic(http.ErrAbortHandler) // net/http closes the connection
	case do.Slow > 0:
		return a.writeSlowly(c, x, status, contentType, body, time.Duration(do.Slow))
	}
	return c.Blob(status, contentType, body)
}

// writeSlowly sends a body in parts, evenly over a time.
func (a *API) writeSlowly(
	c echo.Context, x *exchange, status int, contentType string, body []byte, over time.Duration,
) error {
	c.Response().Header().Set(echo.HeaderContentType, contentType)
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	c.Response().WriteHeader(status)
	flush := http.NewResponseController(c.Response()).Flush
	for part := range slowParts {
		// If too many calls are held back, this one is sent faster.
		if err := a.pause(c.Request().Context(), x, over/slowParts); err != nil && c.Request().Context().Err() != nil {
			return err
		}
		from, to := len(body)*part/slowParts, len(body)*(part+1)/slowParts
		if _, err := c.Response().Write(body[from:to]); err != nil {
			return err
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}
