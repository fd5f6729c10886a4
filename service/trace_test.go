package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"enisim.alt/store"
)

// tracedLanes is a laneTest whose spans are kept.
type tracedLanes struct {
	*laneTest
	spans  *tracetest.SpanRecorder
	tracer trace.Tracer
}

func newTracedLanes(t *testing.T) *tracedLanes {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	l := newLaneTest(t, laneWorld(), Options{Traces: provider}, store.Traced(provider),
		func(c *pgxpool.Config) { c.MaxConns = 16 })
	return &tracedLanes{l, spans, provider.Tracer("test")}
}

// request returns a context in the span of a request of its own trace.
func (l *tracedLanes) request(ctx context.Context, name string) (context.Context, trace.Span) {
	return l.tracer.Start(ctx, name)
}

// named returns the ended spans with a name, within a span or anywhere.
func (l *tracedLanes) named(name string, parent trace.Span) (found []sdktrace.ReadOnlySpan) {
	for _, s := range l.spans.Ended() {
		if s.Name() == name && (parent == nil || s.Parent().Equal(parent.SpanContext())) {
			found = append(found, s)
		}
	}
	return found
}

// links returns the spans to which a span has links.
func links(s sdktrace.ReadOnlySpan) (to []trace.SpanID) {
	for _, link := range s.Links() {
		to = append(to, link.SpanContext.SpanID())
	}
	return to
}

// A batch is a span in the trace of one of its requests, with links to all that are traced, and its
// transaction is within it. Each request has the span of its wait, with a link to the batch.
func TestABatchIsTracedForAllOfItsRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		traced []bool // of the requests, the first of which leads
		parent int    // the request in whose trace the batch is
	}{
		{"all", []bool{true, true, true}, 0},
		{"all but the leader", []bool{false, true, true}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newTracedLanes(t)
			release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
			var (
				requests []trace.Span
				traced   []trace.SpanID
				answers  []func() error
			)
			for k, isTraced := range c.traced {
				ctx, span := t.Context(), trace.Span(nil)
				if isTraced {
					ctx, span = l.request(ctx, fmt.Sprint("request ", k))
					traced = append(traced, span.SpanContext().SpanID())
				}
				requests = append(requests, span)
				answers = append(answers, l.enqueue(t, func() error {
					return l.attach(ctx, fmt.Sprint("eni-", k+2), "i-2")
				}))
			}
			release()
			for _, answer := range append(answers, first) {
				if err := answer(); err != nil {
					t.Fatal(err)
				}
			}
			batches := l.named("batch", nil)
			if len(batches) != 1 {
				t.Fatalf("got %d batches, want the one with traced requests", len(batches))
			}
			batch := batches[0]
			if got, want := batch.Parent().SpanID(), requests[c.parent].SpanContext().SpanID(); got != want {
				t.Errorf("parent of the batch: got %v, want request %d, %v", got, c.parent, want)
			}
			if got := links(batch); !slices.Equal(got, traced) {
				t.Errorf("links of the batch: got %v, want all traced requests %v", got, traced)
			}
			if got, want := batch.Attributes(), batchSizeKey.Int(len(c.traced)); !slices.Contains(got, want) {
				t.Errorf("attributes of the batch: got %v, want %v", got, want)
			}
			transactions := l.named("transaction", nil)
			if len(transactions) != 1 || !transactions[0].Parent().Equal(batch.SpanContext()) {
				t.Errorf("got %d transactions, want one, within the batch", len(transactions))
			}
			for k, request := range requests {
				if request == nil {
					continue
				}
				waits := l.named("queue wait", request)
				if len(waits) != 1 || !slices.Equal(links(waits[0]), []trace.SpanID{batch.SpanContext().SpanID()}) ||
					!waits[0].EndTime().Equal(batch.StartTime()) {
					t.Errorf("request %d: got the waits %v, want one until the batch begins, with its link", k, waits)
				}
			}
		})
	}
}

// The wait of a request that leaves the queue without an answer from the database is traced too.
func TestTheWaitOfARequestThatLeavesTheQueueIsTraced(t *testing.T) {
	t.Parallel()
	l := newTracedLanes(t)
	release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	ctx, disconnect := context.WithCancel(t.Context())
	ctx, gone := l.request(ctx, "request")
	answer := l.enqueue(t, func() error { return l.attach(ctx, "eni-2", "i-1") })
	disconnect()
	if err := answer(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	release()
	if err := first(); err != nil {
		t.Fatal(err)
	}
	waits := l.named("queue wait", gone)
	if len(waits) != 1 || waits[0].Status().Code != codes.Error || len(waits[0].Links()) > 0 {
		t.Errorf("got the waits %v, want one that failed, without a batch", waits)
	}
}

// A request that is not traced allocates nothing for traces in its lane.
func TestLanesWithoutTracesAllocateNothing(t *testing.T) {
	provider := sdktrace.NewTracerProvider()
	for name, tracer := range map[string]laneTracer{
		"without traces": {}, "of an untraced request": {provider.Tracer("test"), "attachments"},
	} {
		r := newLaneRequest(t.Context(), laneAccount, attachmentWork{})
		batch, now := []*laneRequest[attachmentWork]{r}, time.Now()
		if got := testing.AllocsPerRun(100, func() {
			span := startBatch(tracer, r, batch, now)
			_ = span.within(r.ctx)
			span.end(nil)
			tracer.endQueueWait(r.ctx, r.batch, now, nil)
		}); got > 0 {
			t.Errorf("%s: got %v allocations, want none", name, got)
		}
	}
}
