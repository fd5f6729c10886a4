package service

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Attributes of the spans of lanes.
const (
	laneKey      = attribute.Key("enisim.lane")
	batchSizeKey = attribute.Key("enisim.batch.size")
)

// laneTracer makes the spans of a kind of lanes. Without a tracer there are none.
type laneTracer struct {
	tracer trace.Tracer
	lane   string
}

// traceWith makes a provider trace all lanes.
func (s *Service) traceWith(provider trace.TracerProvider) {
	if provider == nil {
		return
	}
	tracer := provider.Tracer("enisim/service")
	s.attachmentLanes.trace = laneTracer{tracer, "attachments"}
	s.interfaceLanes.creating.trace = laneTracer{tracer, "creations and assignments"}
	s.interfaceLanes.releasing.trace = laneTracer{tracer, "deletions and releases"}
	s.countingLanes.trace = laneTracer{tracer, "counts of calls"}
	s.lookupLanes.trace = laneTracer{tracer, "access keys"}
	s.throttles.lanes.trace = laneTracer{tracer, "throttles"}
	s.refusals.lanes.trace = laneTracer{tracer, "refusals"}
}

// batchSpan is the span of a batch. It belongs to the trace of one request, of the leader if that is
// recorded, and has a link to each recorded request. nil: no request of the batch is recorded.
type batchSpan struct {
	trace.Span
	began time.Time
}

// startBatch starts the span of a batch that begins at a time.
func startBatch[Work any](
	t laneTracer, leader *laneRequest[Work], batch []*laneRequest[Work], began time.Time,
) *batchSpan {
	if t.tracer == nil {
		return nil
	}
	var (
		parent trace.Span
		links  []trace.Link
	)
	for _, r := range batch {
		span := trace.SpanFromContext(r.ctx)
		if !span.IsRecording() {
			continue
		}
		if parent == nil || r == leader {
			parent = span
		}
		links = append(links, trace.Link{SpanContext: span.SpanContext()})
	}
	if parent == nil {
		return nil
	}
	_, span := t.tracer.Start(trace.ContextWithSpan(context.Background(), parent), "batch",
		trace.WithTimestamp(began), trace.WithLinks(links...),
		trace.WithAttributes(laneKey.String(t.lane), batchSizeKey.Int(len(batch))))
	b := &batchSpan{span, began}
	for _, r := range batch {
		r.batch = b
	}
	return b
}

// within returns a context for what the batch does.
func (b *batchSpan) within(ctx context.Context) context.Context {
	if b == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, b.Span)
}

// end ends the span of a batch. An error means that the whole batch has failed. Its text may have
// values, so the span does not have it: the transaction says what failed.
func (b *batchSpan) end(err error) {
	if b == nil {
		return
	}
	if err != nil {
		b.SetStatus(codes.Error, "the batch has failed")
	}
	b.End()
}

// endQueueWait adds the span of a request's wait, within that of the request. It ends when the batch
// began, and has a link to it. A request that was in no batch has waited until now: it was refused, or
// its caller has disconnected.
//
// The request adds it when its turn comes, so that the leader of a large batch does not do it for all.
func (t laneTracer) endQueueWait(ctx context.Context, batch *batchSpan, since time.Time, err error) {
	if t.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return
	}
	options := []trace.SpanStartOption{trace.WithTimestamp(since), trace.WithAttributes(laneKey.String(t.lane))}
	until := time.Now()
	if batch != nil {
		until = batch.began
		options = append(options, trace.WithLinks(trace.Link{SpanContext: batch.SpanContext()}))
	}
	_, span := t.tracer.Start(ctx, "queue wait", options...)
	if batch == nil && err != nil {
		span.SetStatus(codes.Error, "left the queue without a transaction")
	}
	span.End(trace.WithTimestamp(until))
}
