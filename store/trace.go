package store

import (
	"context"
	"errors"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Attributes of spans.
const (
	statementsKey = attribute.Key("enisim.statements")          // the texts of a round trip, without values
	outcomeKey    = attribute.Key("enisim.transaction.outcome") // committed, rolled back or unknown
)

// Traced returns a change of a pool's configuration. A Store on that pool makes spans of its
// transactions and round trips, within the span of the context. Without such a span, or if it is not
// recorded, there are none: probes and operators are not traced. A nil provider changes nothing.
func Traced(provider trace.TracerProvider) func(*pgxpool.Config) {
	return func(config *pgxpool.Config) {
		if provider == nil {
			return
		}
		config.ConnConfig.Tracer = &roundTripTracer{
			Tracer: otelpgx.NewTracer(
				otelpgx.WithTracerProvider(provider),
				// The wait for a connection is a span of this package, with the wait for the account's turn.
				otelpgx.WithDisableAcquireTracer(),
				// Reading them copies the configuration for each round trip.
				otelpgx.WithDisableConnectionDetailsInAttributes(),
			),
			store: provider.Tracer("enisim/store"),
		}
	}
}

// roundTripTracer is the tracer of otelpgx with three differences. A batch is one span, not one and
// another of no length for each statement. Its name says whether it begins and commits. And an error
// is its SQLSTATE, because the text of Postgres may quote values.
type roundTripTracer struct {
	*otelpgx.Tracer
	store trace.Tracer // makes the spans of transactions
}

// TraceBatchStart is of pgx.BatchTracer.
func (t *roundTripTracer) TraceBatchStart(
	ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData,
) context.Context {
	traced := t.Tracer.TraceBatchStart(ctx, conn, data)
	span := trace.SpanFromContext(traced)
	if !span.IsRecording() {
		return traced
	}
	queued := data.Batch.QueuedQueries
	texts := make([]string, len(queued))
	for i, q := range queued {
		texts[i] = q.SQL
	}
	span.SetName(roundTripName(texts))
	span.SetAttributes(statementsKey.StringSlice(texts))
	return traced
}

// roundTripName returns the name of a batch's span.
func roundTripName(statements []string) string {
	begins := len(statements) > 0 && hasAnyPrefix(statements[0], "begin")
	commits := len(statements) > 0 && statements[len(statements)-1] == "commit"
	switch {
	case begins && commits:
		return "round trip: begin, commit"
	case begins:
		return "round trip: begin"
	case commits:
		return "round trip: commit"
	}
	return "round trip"
}

// TraceBatchQuery is of pgx.BatchTracer. The span of the batch has the texts of its statements.
func (*roundTripTracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is of pgx.BatchTracer.
func (t *roundTripTracer) TraceBatchEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchEndData) {
	data.Err = withoutValues(data.Err)
	t.Tracer.TraceBatchEnd(ctx, conn, data)
}

// TraceQueryEnd is of pgx.QueryTracer.
func (t *roundTripTracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	data.Err = withoutValues(data.Err)
	t.Tracer.TraceQueryEnd(ctx, conn, data)
}

// TraceCopyFromEnd is of pgx.CopyFromTracer.
func (t *roundTripTracer) TraceCopyFromEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceCopyFromEndData) {
	data.Err = withoutValues(data.Err)
	t.Tracer.TraceCopyFromEnd(ctx, conn, data)
}

// TracePrepareEnd is of pgx.PrepareTracer.
func (t *roundTripTracer) TracePrepareEnd(ctx context.Context, conn *pgx.Conn, data pgx.TracePrepareEndData) {
	data.Err = withoutValues(data.Err)
	t.Tracer.TracePrepareEnd(ctx, conn, data)
}

// TraceConnectEnd is of pgx.ConnectTracer.
func (t *roundTripTracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	data.Err = withoutValues(data.Err)
	t.Tracer.TraceConnectEnd(ctx, data)
}

// errRoundTrip stands for an error whose text may have values, addresses or passwords.
var errRoundTrip = errors.New("the round trip failed; the log has the cause")

// withoutValues returns an error for a span in place of err.
func withoutValues(err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pg):
		return &pgconn.PgError{Severity: pg.Severity, Code: pg.Code}
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return errRoundTrip
}

// startSpan starts a span within the span of the context. It returns a nil span, and does not
// allocate, if that one is not recorded or the Store does not trace.
func (s *Store) startSpan(ctx context.Context, name string) (context.Context, trace.Span) {
	if s.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, nil
	}
	return s.tracer.Start(ctx, name)
}

// endTransaction ends the span of a transaction. finished says that its commit was sent.
func endTransaction(span trace.Span, finished bool, err error) {
	if span == nil {
		return
	}
	outcome := "rolled back"
	switch {
	case finished && err == nil:
		outcome = "committed"
	case errors.Is(err, ErrOutcomeUnknown):
		outcome = "unknown"
	}
	span.SetAttributes(outcomeKey.String(outcome))
	endSpan(span, err)
}

// endSpan ends a span, if there is one. Its status is an error if the database failed, or a lock was
// not granted. An error of the caller's rules is no failure of a transaction.
func endSpan(span trace.Span, err error) {
	if span == nil {
		return
	}
	for _, failure := range []error{ErrLockTimeout, ErrUnavailable, ErrOutcomeUnknown, ErrAccountGone, ErrBusy} {
		if errors.Is(err, failure) {
			span.SetStatus(codes.Error, failure.Error())
		}
	}
	span.End()
}

// traced returns the context for a round trip, which is within the span of the transaction.
func (tx *Tx) traced(ctx context.Context) context.Context {
	if tx.span == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, tx.span)
}
