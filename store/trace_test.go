package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"enisim.alt/store"
)

// recorder returns what makes spans, and keeps them.
func recorder() (*sdktrace.TracerProvider, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)), spans
}

// tree returns the names of spans as lines, each below its parent and indented.
func tree(spans []sdktrace.ReadOnlySpan, parent trace.SpanID, indent string) (lines []string) {
	ordered := slices.Clone(spans)
	slices.SortStableFunc(ordered, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	for _, s := range ordered {
		if s.Parent().SpanID() == parent {
			lines = append(lines, indent+s.Name())
			lines = append(lines, tree(spans, s.SpanContext().SpanID(), indent+"  ")...)
		}
	}
	return lines
}

// A transaction is a span within that of the context, and so is each of its round trips. The spans
// have the texts of statements, and no value.
func TestTransactionsAndRoundTripsAreTraced(t *testing.T) {
	t.Parallel()
	provider, spans := recorder()
	s, _ := open(t, store.Traced(provider), func(c *pgxpool.Config) { c.MaxConns = 1 })
	if err := s.Ping(t.Context()); err != nil { // connects, so that no request has to
		t.Fatal(err)
	}
	ctx, request := provider.Tracer("test").Start(t.Context(), "request")
	if err := attach(ctx, s); err != nil {
		t.Fatal(err)
	}
	request.End()
	want := []string{
		"request", "  transaction", "    connection", "    round trip: begin", "    round trip: commit",
	}
	if got := tree(spans.Ended(), trace.SpanID{}, ""); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, span := range spans.Ended() {
		text := fmt.Sprint(span.Attributes(), span.Events(), span.Status())
		for _, value := range []string{toAttach.NetworkInterfaceID, toAttach.AccountID, toAttach.InstanceID} {
			if strings.Contains(text, value) {
				t.Errorf("%s: got %q in %s, want no value of a statement", span.Name(), value, text)
			}
		}
		if strings.HasPrefix(span.Name(), "round trip") && !strings.Contains(text, "enisim.statements") {
			t.Errorf("%s: got %s, want its statements", span.Name(), text)
		}
	}
}

// The span of a failed transaction has the kind of its failure, and that of the round trip the SQLSTATE.
// No span has the text of an error, which may quote values.
func TestFailuresOfTracedTransactions(t *testing.T) {
	t.Parallel()
	const secret = "secret-value"
	for _, c := range []struct {
		name, sql       string
		value           any
		transaction, is string // the statuses of the transaction and of its round trip
	}{
		{"a refusal by a rule", `SELECT $1::text`, secret, "", ""},
		{"a wrong value", `SELECT $1::text::int`, secret, "", "22P02"},
		{"a value that is not sent", `SELECT $1::int`, []string{secret}, store.ErrUnavailable.Error(),
			"the log has the cause"},
		{"a lock timeout", `SELECT error_with($1, '55P03')`, secret, store.ErrLockTimeout.Error(), "55P03"},
		{"a shutdown", `SELECT error_with($1, '57P01')`, secret, store.ErrUnavailable.Error(), "57P01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			provider, spans := recorder()
			s, pool := open(t, store.Traced(provider))
			if _, err := pool.Exec(t.Context(), `
				CREATE FUNCTION error_with(message text, state text) RETURNS void LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION '%', message USING ERRCODE = state; END $$`); err != nil {
				t.Fatal(err)
			}
			ctx, request := provider.Tracer("test").Start(t.Context(), "request")
			err := s.InTx(ctx, func(tx *store.Tx) error {
				tx.Queue(c.sql, c.value)
				return errors.Join(tx.Send(ctx), errors.New("refused because of "+secret))
			})
			if err == nil {
				t.Fatal("got no error")
			}
			request.End()
			found := map[string]sdktrace.ReadOnlySpan{}
			for _, span := range spans.Ended() {
				found[span.Name()] = span
				if text := fmt.Sprint(span.Attributes(), span.Events(), span.Status()); strings.Contains(text, secret) {
					t.Errorf("%s: got %s, want no value", span.Name(), text)
				}
			}
			transaction, trip := found["transaction"], found["round trip: begin"]
			if transaction == nil || trip == nil {
				t.Fatalf("got %v, want a transaction and a round trip", found)
			}
			if got := transaction.Status().Description; got != c.transaction {
				t.Errorf("status of the transaction: got %q, want %q", got, c.transaction)
			}
			if got := fmt.Sprint(transaction.Attributes()); !strings.Contains(got, "rolled back") {
				t.Errorf("attributes of the transaction: got %s, want it rolled back", got)
			}
			if got := trip.Status().Description; !strings.Contains(got, c.is) || c.is == "" && got != "" {
				t.Errorf("status of the round trip: got %q, want %q in it", got, c.is)
			}
		})
	}
}

// Without a span in the context, or with one that is not recorded, nothing is traced.
func TestOnlyTracedRequestsAreTraced(t *testing.T) {
	t.Parallel()
	provider, spans := recorder()
	s, _ := open(t, store.Traced(provider))
	unsampled := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true,
	}))
	if err := errors.Join(s.Ping(t.Context()), attach(t.Context(), s), s.Ping(unsampled)); err != nil {
		t.Fatal(err)
	}
	if got := spans.Started(); len(got) > 0 {
		t.Errorf("got %s and %d more, want no span", got[0].Name(), len(got)-1)
	}
}

// A transaction that is not traced allocates nothing for traces.
func TestTracesThatAreOffAllocateNothing(t *testing.T) {
	provider, _ := recorder()
	traced, _ := open(t, store.Traced(provider))
	untraced, _ := open(t, store.Traced(nil))
	for name, s := range map[string]*store.Store{"without traces": untraced, "of an untraced request": traced} {
		if got := testing.AllocsPerRun(100, func() { s.SpansOfTransaction(t.Context()) }); got > 0 {
			t.Errorf("%s: got %v allocations, want none", name, got)
		}
	}
}
