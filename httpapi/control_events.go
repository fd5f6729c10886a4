package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/operator"
)

// eventsPath is the path of the events below the prefix of the control API.
const eventsPath = "/events"

// Limits of streams of events.
const (
	// maxEventStreams is the maximum number of streams of a server.
	maxEventStreams = 64
	// eventPoll is how long a stream waits before it looks for further events.
	eventPoll = 200 * time.Millisecond
	// eventHeartbeat is how long a stream is silent at most, so that proxies leave it open.
	eventHeartbeat = 15 * time.Second
	// eventWriteTimeout is how long a client may take to receive what is sent.
	eventWriteTimeout = 30 * time.Second
)

// eventsQuery selects events.
type eventsQuery struct {
	Account  string `query:"account" description:"Account, by its 16 digits."`
	Resource string `query:"resource" description:"Id of a resource that the events concern."`
	Request  string `query:"request" description:"RequestId."`
	Refusals bool   `query:"refusals" description:"Only refused requests."`
	After    string `query:"after" description:"Cursor after which to read on, or latest (default: the oldest one)."`
	Newest   bool   `query:"newest" description:"The newest events instead, the newest one first."`
	Limit    int    `query:"limit" description:"Maximum number of events, from 1 to 1000 (default: 100)."`
	Follow   bool   `query:"follow" description:"Send events as they happen, as server-sent events."`
}

// readEventQuery returns the query of a request for events.
func readEventQuery(c echo.Context) (q operator.EventQuery, follow bool, err error) {
	q = operator.EventQuery{
		Account: c.QueryParam("account"), Resource: c.QueryParam("resource"), Request: c.QueryParam("request"),
		After: c.QueryParam("after"),
	}
	for name, into := range map[string]*bool{"refusals": &q.Refusals, "newest": &q.NewestFirst, "follow": &follow} {
		if text := c.QueryParam(name); text != "" {
			if *into, err = strconv.ParseBool(text); err != nil {
				return q, false, newControlError(http.StatusBadRequest, "%s is %q: give true or false", name, text)
			}
		}
	}
	if text := c.QueryParam("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 {
			return q, false, newControlError(
				http.StatusBadRequest, "limit is %q: give a number from 1 to %d", text, operator.MaxEvents)
		}
	}
	return q, follow, nil
}

// listEvents returns the control that answers with a page of events.
func listEvents(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		q, _, err := readEventQuery(c)
		if err != nil {
			return 0, nil, err
		}
		page, err := o.Events(c.Request().Context(), q)
		return http.StatusOK, page, err
	}
}

// showRequest returns the control that answers with a recorded request.
func showRequest(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		request, err := o.Request(c.Request().Context(), c.Param("id"))
		return http.StatusOK, request, err
	}
}

// eventStreams counts the streams of a server.
type eventStreams struct{ open atomic.Int64 }

// begin counts a stream, and reports false if there are too many.
func (s *eventStreams) begin() bool {
	if s.open.Add(1) > maxEventStreams {
		s.open.Add(-1)
		return false
	}
	return true
}

func (s *eventStreams) end() { s.open.Add(-1) }

// serveEvents answers requests for events: with a page by the operation, or with a stream.
func (a *API) serveEvents(access Control, o *operator.Operator, page echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q, follow, err := readEventQuery(c)
		if err != nil || !follow {
			return page(c) // which reports the error
		}
		x := a.begin(c)
		defer x.endSpan()
		x.action, x.isControl = c.Request().URL.Path, true
		if err := access.authorize(c.Request()); err != nil {
			return a.writeControlError(c, x, err)
		}
		if q.NewestFirst {
			return a.writeControlError(c, x, newControlError(
				http.StatusBadRequest, "leave out newest: a stream is in order"))
		}
		if !a.streams.begin() {
			return a.writeControlError(c, x, newControlError(http.StatusServiceUnavailable,
				"%d streams of events are open already: end one, or read pages without follow", maxEventStreams))
		}
		defer a.streams.end()
		if last := c.Request().Header.Get("Last-Event-ID"); last != "" { // a browser connects again
			q.After = last
		}
		q.Limit = operator.MaxEvents
		// The first page is read before the status is sent, so that a wrong query is refused.
		first, err := o.Events(c.Request().Context(), q)
		if err != nil {
			return a.writeControlError(c, x, err)
		}
		a.logRequest(c, x, http.StatusOK, "", nil)
		setHeaders(c.Response().Header(), x.requestID)
		c.Response().Header().Set(echo.HeaderContentType, "text/event-stream")
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		c.Response().WriteHeader(http.StatusOK)
		x.endSpan() // what the stream reads for hours is in no trace
		a.followEvents(c, o, q, first)
		return nil
	}
}

// followEvents sends events until the client or the server ends, or the database does not answer. A
// client connects again after the last event that it has received.
func (a *API) followEvents(c echo.Context, o *operator.Operator, q operator.EventQuery, page operator.Events) {
	ctx, response := c.Request().Context(), http.NewResponseController(c.Response())
	heartbeat := time.Now()
	for {
		// First send what is there.
		text := []byte{}
		for _, e := range page.Events {
			encoded, err := json.Marshal(e)
			if err != nil {
				return
			}
			text = fmt.Appendf(text, "id: %s\ndata: %s\n\n", e.Cursor, encoded)
		}
		if len(text) == 0 && time.Since(heartbeat) >= eventHeartbeat {
			text = append(text, ":\n\n"...)
		}
		if len(text) > 0 {
			heartbeat = time.Now()
			_ = response.SetWriteDeadline(time.Now().Add(eventWriteTimeout)) // a connection without deadlines has none
			if _, err := c.Response().Write(text); err != nil {
				return
			}
		}
		if err := response.Flush(); err != nil {
			return
		}
		// Then wait, unless more is there already.
		pause := eventPoll
		if page.IsCut {
			pause = 0
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		case <-a.stopping:
			return
		}
		// Then read on.
		q.After = page.Next
		var err error
		if page, err = o.Events(ctx, q); err != nil {
			return
		}
	}
}

// Events returns a page of events.
func (c *ControlClient) Events(ctx context.Context, q operator.EventQuery) (page operator.Events, err error) {
	query := url.Values{}
	for name, value := range map[string]string{
		"account": q.Account, "resource": q.Resource, "request": q.Request, "after": q.After,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if q.Refusals {
		query.Set("refusals", "true")
	}
	if q.NewestFirst {
		query.Set("newest", "true")
	}
	if q.Limit != 0 {
		query.Set("limit", strconv.Itoa(q.Limit))
	}
	err = c.do(ctx, http.MethodGet, eventsPath+"?"+query.Encode(), nil, &page)
	return page, err
}

// Request returns a recorded request, and why it was refused.
func (c *ControlClient) Request(ctx context.Context, id string) (request operator.Request, err error) {
	err = c.do(ctx, http.MethodGet, "/requests/"+url.PathEscape(id), nil, &request)
	return request, err
}
