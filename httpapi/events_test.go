package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
)

// controlClient returns a client of the server's control API.
func (s *server) controlClient() *httpapi.ControlClient {
	return &httpapi.ControlClient{Endpoint: s.URL, HTTP: s.Client()}
}

// requestID returns the RequestId of an answer.
func (r reply) requestID() string { return r.body["RequestId"].(string) }

// An attach, a refusal and a detach are events, in their order, with what has changed.
func TestEventsOfAttachments(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-1").NetworkInterface("eni-{n}", worldtest.Count(2)),
		service.Options{Refusals: service.AllRefusals}, openControl)
	attached := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	refused := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	detached := s.mustCall(t, "DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	page, err := s.controlClient().Events(t.Context(), operator.EventQuery{Account: account})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range page.Events {
		if e.Caller == store.OperatorCaller { // who has applied the scenario
			continue
		}
		line := e.RequestID + " " + e.Caller + " " + e.Action + " " + e.Outcome + " " + strings.Join(e.Resources, ",")
		for _, c := range e.Changes {
			line += fmt.Sprintf(" %s.%s:%s->%s", c.Resource, c.Field, c.From, c.To)
		}
		got = append(got, line)
	}
	want := []string{
		attached.requestID() + " " + accessKey + " AttachNetworkInterface OK eni-1,i-1" +
			" eni-1.Status:Available->InUse eni-1.InstanceId:->i-1 eni-1.DeviceIndex:->1",
		refused.requestID() + " " + accessKey + " AttachNetworkInterface InvalidOperation.InvalidEniState eni-1,i-1",
		detached.requestID() + " " + accessKey + " DetachNetworkInterface OK eni-1,i-1" +
			" eni-1.Status:InUse->Available eni-1.InstanceId:i-1-> eni-1.DeviceIndex:1->",
	}
	for _, line := range got { // the ids of a refusal are in no order
		if fields := strings.Fields(line); len(fields) == 5 {
			ids := strings.Split(fields[4], ",")
			slices.Sort(ids)
			got[1] = strings.Join(append(fields[:4], strings.Join(ids, ",")), " ")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A refusal by the limit of an instance says which interfaces have the slots, and who attached them.
func TestWhyALimitRefuses(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-1", worldtest.Set("type", "ecs.g7.large")). // with 3 interfaces
		NetworkInterface("eni-{n}", worldtest.Count(3)),
		service.Options{Refusals: service.AllRefusals}, openControl)
	first := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	second := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-2")
	refused := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-3")
	request, err := s.controlClient().Request(t.Context(), refused.requestID())
	if err != nil {
		t.Fatal(err)
	}
	if request.Outcome != "EniPerInstanceLimitExceeded" || request.Why == nil {
		t.Fatalf("got %+v, want a refusal by the limit", request)
	}
	why := request.Why
	if why.Values["Held"] != 3.0 || why.Values["EniQuantity"] != 3.0 || why.Hint == "" || len(why.Holders) != 3 {
		t.Errorf("got %+v, want 3 held of 3, a hint and 3 holders", why)
	}
	for k, want := range map[int]reply{1: first, 2: second} {
		holder := why.Holders[k]
		if holder.NetworkInterfaceID != fmt.Sprint("eni-", k) || holder.RequestID != want.requestID() ||
			holder.Caller != accessKey || holder.Since == nil || holder.Type != "Secondary" ||
			holder.Status != "InUse" {
			t.Errorf("slot %d: got %+v, want the interface that request %s attached", k, holder, want.requestID())
		}
	}
	// A request that is not known is an error that says what may be the cause.
	if _, err := s.controlClient().Request(t.Context(), "unknown"); err == nil ||
		!strings.Contains(err.Error(), "--events-keep") {
		t.Errorf("an unknown request: got %v", err)
	}
}

// A stream sends the events after its cursor, and then those that happen. Last-Event-ID goes before the
// cursor.
func TestEventsAreStreamed(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-1").NetworkInterface("eni-1"), service.Options{}, openControl)
	attach := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	next, end := s.stream(t, "resource=eni-1", "")
	defer end()
	first := next()
	if first.RequestID != attach.requestID() {
		t.Errorf("got %+v, want the attach", first)
	}
	detach := s.mustCall(t, "DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	if got := next(); got.RequestID != detach.requestID() {
		t.Errorf("got %+v, want the detach", got)
	}
	again, endAgain := s.stream(t, "resource=eni-1&after=0", first.Cursor)
	defer endAgain()
	if got := again(); got.RequestID != detach.requestID() {
		t.Errorf("after Last-Event-ID: got %+v, want the detach", got)
	}
}

// stream opens a stream of events. next returns its next event.
func (s *server) stream(t *testing.T, query, lastEventID string) (next func() operator.Event, end func()) {
	t.Helper()
	opened := s.openStream(t, query, lastEventID)
	if opened.status != http.StatusOK || opened.contentType != "text/event-stream" {
		t.Fatalf("got %d and %s", opened.status, opened.contentType)
	}
	lines := bufio.NewScanner(opened.body)
	next = func() (e operator.Event) {
		t.Helper()
		for lines.Scan() {
			if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					t.Fatal(err)
				}
				return e
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return e
	}
	return next, opened.end
}

// openedStream is the answer to a request for a stream.
type openedStream struct {
	status      int
	contentType string
	body        io.Reader
	end         func()
}

// openStream asks for a stream of events.
func (s *server) openStream(t *testing.T, query, lastEventID string) openedStream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserTimeout) // then the stream ends, and the test fails
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/_enisim/events?follow=true&"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastEventID != "" {
		request.Header.Set("Last-Event-ID", lastEventID)
	}
	response, err := s.Client().Do(request) //nolint:bodyclose // end closes it, which every caller calls
	if err != nil {
		t.Fatal(err)
	}
	return openedStream{response.StatusCode, response.Header.Get("Content-Type"), response.Body, func() {
		cancel()
		_ = response.Body.Close() // nothing is read any more
	}}
}

// A server has a limited number of streams, and one that ends makes room.
func TestStreamsOfEventsAreLimited(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, openControl)
	var ends []func()
	for range 64 {
		_, end := s.stream(t, "", "")
		ends = append(ends, end)
	}
	status, text, _ := s.control(t, controlRequest{method: "GET", path: "/events?follow=true"})
	if status != http.StatusServiceUnavailable || !strings.Contains(text, "64 streams") {
		t.Errorf("got %d %s, want 503", status, text)
	}
	for _, end := range ends {
		end()
	}
	for { // the server notices the end of a connection a moment later
		opened := s.openStream(t, "", "")
		opened.end()
		if opened.status == http.StatusOK {
			break
		}
	}
}

// Wrong queries of events are refused with what would be right.
func TestWrongQueriesOfEvents(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, openControl)
	for query, want := range map[string]string{
		"after=x":                 "is not a cursor",
		"limit=0":                 "limit",
		"limit=1001":              "1000",
		"account=1":               "16 digits",
		"follow=maybe":            "true or false",
		"follow=true&newest=true": "leave out newest",
		"follow=true&after=-1":    "is not a cursor",
	} {
		status, text, _ := s.control(t, controlRequest{method: "GET", path: "/events?" + query})
		if status != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%s: got %d %s, want 400 with %q", query, status, text, want)
		}
	}
}
