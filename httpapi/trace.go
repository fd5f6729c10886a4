package httpapi

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

// Attributes of the span of a request, beside those of HTTP. docs/tracing.md describes them.
const (
	requestIDKey = attribute.Key("enisim.request_id")
	productKey   = attribute.Key("enisim.product")
	actionKey    = attribute.Key("enisim.action")
	accountKey   = attribute.Key("enisim.account")
	codeKey      = attribute.Key("enisim.code")
	faultKey     = attribute.Key("enisim.fault")
)

// maxTraceState is how many bytes of a caller's tracestate are kept, the minimum that W3C asks for.
// All spans of a request have it until they are exported, so a longer one is dropped.
const maxTraceState = 512

// traceHeaders are the headers from which a request's trace context is taken.
type traceHeaders struct{ propagation.HeaderCarrier }

// Get is of propagation.TextMapCarrier.
func (h traceHeaders) Get(key string) string {
	value := h.HeaderCarrier.Get(key)
	if len(value) > maxTraceState {
		return ""
	}
	return value
}

// startSpan starts the span of a request, in the trace of its caller if the request has one in the
// headers of W3C. It does nothing without traces.
func (a *API) startSpan(c echo.Context, x *exchange) {
	if a.tracer == nil {
		return
	}
	r := c.Request()
	ctx := propagation.TraceContext{}.Extract(r.Context(), traceHeaders{propagation.HeaderCarrier(r.Header)})
	ctx, x.span = a.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithTimestamp(x.started), trace.WithAttributes(requestIDKey.String(x.requestID), methodOf(r)))
	c.SetRequest(r.WithContext(ctx))
}

// methodOf returns the attribute with a request's method. A client may make up others.
func methodOf(r *http.Request) attribute.KeyValue {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return semconv.HTTPRequestMethodKey.String(r.Method)
	}
	return semconv.HTTPRequestMethodOther
}

// traceOutcome adds what is known of a request when its answer is ready. No text comes from the
// request itself, so it is bounded, and names are few.
func (a *API) traceOutcome(c echo.Context, x *exchange, status int, code string) {
	if x.span == nil || !x.span.IsRecording() {
		return
	}
	known := []attribute.KeyValue{semconv.HTTPResponseStatusCode(status)}
	add := func(key attribute.Key, value string) {
		if value != "" {
			known = append(known, key.String(value))
		}
	}
	add(accountKey, x.account)
	add(codeKey, code)
	if x.fault != nil {
		add(faultKey, x.fault.ID)
	}
	act, isKnown := a.actions[x.version][x.action]
	switch {
	case x.isControl:
		x.span.SetName(c.Request().Method + " " + c.Path())
	case isKnown:
		_, name, _ := strings.Cut(act.permission, ":")
		x.span.SetName(name)
		add(productKey, productForVersion(x.version).ram)
		add(actionKey, name)
	default:
		x.span.SetName("unknown action")
	}
	x.span.SetAttributes(known...)
	if status >= http.StatusInternalServerError {
		x.span.SetStatus(codes.Error, code)
	}
}

// endSpan ends the span of a request, when its answer was sent.
func (x *exchange) endSpan() {
	if x.span != nil {
		x.span.End()
	}
}
