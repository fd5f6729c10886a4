package httpapi_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// tracedServer is a server whose spans are kept.
type tracedServer struct {
	*server
	spans    *tracetest.SpanRecorder
	requests requestSpans
}

// requestSpans is a processor that passes on the spans of requests as they end.
type requestSpans chan sdktrace.ReadOnlySpan

func (requestSpans) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (requestSpans) Shutdown(context.Context) error                  { return nil }
func (requestSpans) ForceFlush(context.Context) error                { return nil }
func (s requestSpans) OnEnd(span sdktrace.ReadOnlySpan) {
	if span.SpanKind() == trace.SpanKindServer {
		s <- span
	}
}

// serveTraced starts the API on a world of an instance and two interfaces.
func serveTraced(t *testing.T) *tracedServer {
	t.Helper()
	spans, requests := tracetest.NewSpanRecorder(), make(requestSpans, 100)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSpanProcessor(requests))
	pool, w := tracedPool(t, provider), world().Instance("i-1").NetworkInterface("eni-{n}", worldtest.Count(2))
	s := serveOn(t, pool, w, service.Options{Traces: provider}, func(o *httpapi.Options) {
		o.Traces, o.Control = provider, httpapi.Control{Open: true}
	})
	return &tracedServer{s, spans, requests}
}

// tracedPool returns a traced pool on a database of its own.
func tracedPool(t testing.TB, provider trace.TracerProvider) *pgxpool.Pool {
	t.Helper()
	config, err := store.Config(storetest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	store.Traced(provider)(config)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// send sends a form with headers, and returns the status of the answer and the span of the request.
func (s *tracedServer) send(
	t *testing.T, method, path string, form url.Values, header http.Header,
) (int, sdktrace.ReadOnlySpan) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	maps.Copy(request.Header, header)
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case span := <-s.requests:
			if attributeOf(span, "enisim.request_id") == response.Header.Get("X-Acs-Request-Id") {
				return response.StatusCode, span
			}
		case <-time.After(time.Minute):
			t.Fatal("got no span of the request within a minute")
		}
	}
}

// inLane returns the spans of the lane of attachments with a name that are directly within a span.
func (s *tracedServer) inLane(parent sdktrace.ReadOnlySpan, name string) (found []sdktrace.ReadOnlySpan) {
	for _, span := range s.spans.Ended() {
		if span.Parent().SpanID() == parent.SpanContext().SpanID() && span.Name() == name &&
			attributeOf(span, "enisim.lane") == "attachments" {
			found = append(found, span)
		}
	}
	return found
}

// within returns the names of the spans within a span, directly or not, sorted. Connecting is left out.
func (s *tracedServer) within(parent trace.SpanContext) (names []string) {
	for _, span := range s.spans.Ended() {
		if span.Parent().SpanID() == parent.SpanID() && span.Name() != "connect" {
			names = append(append(names, span.Name()), s.within(span.SpanContext())...)
		}
	}
	slices.Sort(names)
	return names
}

// attributeOf returns the value of an attribute as text, or "".
func attributeOf(span sdktrace.ReadOnlySpan, key string) string {
	for _, a := range span.Attributes() {
		if a.Key == attribute.Key(key) {
			return a.Value.String()
		}
	}
	return ""
}

// form returns the parameters of an action of ECS.
func form(action string, pairs ...string) url.Values {
	values := url.Values{"Action": {action}, "Version": {httpapi.VersionOf("AttachNetworkInterface")},
		"AccessKeyId": {accessKey}, "RegionId": {"cn-hangzhou"}}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

// The trace and the span of a caller, as in headers of W3C.
const (
	callerTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callerSpan  = "00f067aa0ba902b7"
)

// An attach is traced within its caller's span: what it waits for, its transaction and each round trip.
func TestAnAttachIsTracedFromItsCallerToEachRoundTrip(t *testing.T) {
	t.Parallel()
	s := serveTraced(t)
	status, span := s.send(t, http.MethodPost, "/", form("AttachNetworkInterface", "InstanceId", "i-1",
		"NetworkInterfaceId", "eni-1"), http.Header{
		"Traceparent": {"00-" + callerTrace + "-" + callerSpan + "-01"}, "Tracestate": {"vendor=value"},
	})
	if status != http.StatusOK || span.Name() != "AttachNetworkInterface" {
		t.Errorf("got %d and the span %s, want 200 and AttachNetworkInterface", status, span.Name())
	}
	parent := span.Parent()
	if parent.TraceID().String() != callerTrace || parent.SpanID().String() != callerSpan || !parent.IsRemote() {
		t.Errorf("parent: got %s of %s, want the caller's", parent.SpanID(), parent.TraceID())
	}
	if got := span.SpanContext().TraceState().String(); got != "vendor=value" {
		t.Errorf("tracestate: got %q, want the caller's", got)
	}
	for key, want := range map[string]string{
		"enisim.product": "ecs", "enisim.action": "AttachNetworkInterface",
		"enisim.account": account, "enisim.code": "", "enisim.fault": "",
		"http.request.method": "POST", "http.response.status_code": "200",
	} {
		if got := attributeOf(span, key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	// Beside them there may be a lookup of the key or the region, which has no lane of attachments.
	waits, batches := s.inLane(span, "queue wait"), s.inLane(span, "batch")
	if len(waits) != 1 || len(batches) != 1 {
		t.Fatalf("got %d waits and %d batches, want one of each", len(waits), len(batches))
	}
	want := []string{"connection", "round trip: begin", "round trip: commit", "transaction"}
	if got := s.within(batches[0].SpanContext()); !slices.Equal(got, want) {
		t.Errorf("spans within the batch: got %q, want %q", got, want)
	}
	for _, inner := range s.spans.Ended() {
		for _, a := range inner.Attributes() {
			if strings.Contains(a.Value.String(), "eni-1") {
				t.Errorf("%s: got %s in its attributes, want no parameter", inner.Name(), a.Value.String())
			}
		}
	}
}

// The span of a request has its outcome: what refused it, the fault that struck it, or a failure.
func TestTheSpanOfARequestHasItsOutcome(t *testing.T) {
	t.Parallel()
	s := serveTraced(t)
	for _, c := range []struct {
		name, method, path string
		form               url.Values
		span, code, status string
	}{
		{"a refusal", "POST", "/", form("AttachNetworkInterface", "InstanceId", "i-9", "NetworkInterfaceId", "eni-1"),
			"AttachNetworkInterface", "InvalidEcsId.NotFound", "404"},
		{"an unknown action", "POST", "/", form("MadeUp"), "unknown action", "InvalidAction.NotFound", "404"},
		{"an unknown path", "GET", "/made/up", nil, "unknown action", "InvalidAction.NotFound", "404"},
		{"an unknown method", "MADEUP", "/?" + form("DescribeRegions").Encode(), nil, "unknown action",
			"InvalidAction.NotFound", "404"},
		{"the control API", "GET", "/_enisim/accounts/1000000000000009/clock", nil, "GET /_enisim/accounts/:id/clock",
			"Not Found", "404"},
		{"an unknown path of it", "GET", "/_enisim/made/up", nil, "GET /_enisim/*", "Not Found", "404"},
	} {
		_, span := s.send(t, c.method, c.path, c.form, nil)
		got := []string{span.Name(), attributeOf(span, "enisim.code"), attributeOf(span, "http.response.status_code")}
		if want := []string{c.span, c.code, c.status}; !slices.Equal(got, want) || span.Status().Code != codes.Unset {
			t.Errorf("%s: got %q, status %v; want %q", c.name, got, span.Status(), want)
		}
		if strings.Contains(strings.ToLower(fmt.Sprint(span.Attributes())), "made") {
			t.Errorf("%s: got %v, want nothing that the client made up", c.name, span.Attributes())
		}
	}
	// A fault that answers.
	fault := s.addFault(t, `"action": "DescribeZones", "do": {"answer": "Throttling"}`)
	_, span := s.send(t, http.MethodPost, "/", form("DescribeZones"), nil)
	if got := attributeOf(span, "enisim.fault"); got != fault || attributeOf(span, "enisim.code") != "Throttling" {
		t.Errorf("a fault: got %v, want the fault %s and Throttling", span.Attributes(), fault)
	}
	// A failure of the server.
	s.pool.Close()
	_, span = s.send(t, http.MethodPost, "/", form("DescribeInstances"), nil)
	if got := span.Status(); got.Code != codes.Error || got.Description != "ServiceUnavailable" {
		t.Errorf("without a database: got %v, want an error with its code", got)
	}
}

// Headers that are no trace context, or too long, are ignored.
func TestHostileTraceHeaders(t *testing.T) {
	t.Parallel()
	s := serveTraced(t)
	valid, long := "00-"+callerTrace+"-"+callerSpan+"-01", strings.Repeat("x", 200)
	for _, c := range []struct {
		name, parent, state string
		isChild             bool
	}{
		{"too long a state", valid, "one=" + long + ",two=" + long + ",three=" + long, true},
		{"a state that is none", valid, "\x80=,,=", true},
		{"zeros", "00-" + strings.Repeat("0", 32) + "-" + strings.Repeat("0", 16) + "-01", "", false},
		{"too long", valid + strings.Repeat("-00", 1000), "", false},
		{"no parent", "a' OR 1=1 --", "vendor=value", false},
	} {
		_, span := s.send(t, http.MethodPost, "/", form("DescribeRegions"),
			http.Header{"Traceparent": {c.parent}, "Tracestate": {c.state}})
		if isChild := span.SpanContext().TraceID().String() == callerTrace; isChild != c.isChild {
			t.Errorf("%s: got the caller's trace %t, want %t", c.name, isChild, c.isChild)
		}
		if got := span.SpanContext().TraceState().String(); got != "" {
			t.Errorf("%s: got the state %q, want none", c.name, got)
		}
	}
}

// A caller that does not want to be traced is not, and neither is its transaction.
func TestAnUnsampledCallerIsNotTraced(t *testing.T) {
	t.Parallel()
	s := serveTraced(t)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+form("DescribeInstances").Encode(), nil)
	request.Header.Set("Traceparent", "00-"+callerTrace+"-"+callerSpan+"-00")
	answer := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(answer, request)
	if got := s.spans.Started(); answer.Code != http.StatusOK || len(got) > 0 {
		t.Errorf("got %d and %d spans, want 200 and none", answer.Code, len(got))
	}
}

// The span of a stream of events ends when the stream begins, because that goes on for hours.
func TestAStreamOfEventsIsTracedUntilItBegins(t *testing.T) {
	t.Parallel()
	s := serveTraced(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/_enisim/events?follow=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	select {
	case span := <-s.requests:
		if span.Name() != "GET /_enisim/events" || attributeOf(span, "http.response.status_code") != "200" {
			t.Errorf("got %s with %v, want GET /_enisim/events and 200", span.Name(), span.Attributes())
		}
	case <-time.After(time.Minute):
		t.Error("got no span while the stream is open, want that of its request")
	}
}
