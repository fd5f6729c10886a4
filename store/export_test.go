package store

import (
	"context"
	"time"
)

// PageStatement returns the statement that reads a page of interfaces, and its arguments, so that a
// test can read its plan.
func (f NetworkInterfaceFilter) PageStatement(now time.Time, p Page) (string, []any) {
	sql, args, _ := f.PageAndSetting(now, p)
	return sql, args
}

// PageAndSetting is PageStatement with the statement that runs before it.
func (f NetworkInterfaceFilter) PageAndSetting(now time.Time, p Page) (sql string, args []any, setting string) {
	q := networkInterfaceStatements.query(f.conditions(now, p), p)
	return q.page, append(q.args, p.Limit+1, p.Skip), q.plans.setting()
}

// PageAndSetting is the method of the same name of NetworkInterfaceFilter.
func (f InstanceFilter) PageAndSetting(now time.Time, p Page) (sql string, args []any, setting string) {
	q := instanceStatements.query(f.conditions(now, p), p)
	return q.page, append(q.args, p.Limit+1, p.Skip), q.plans.setting()
}

// Send sends the queued statements.
func (tx *Tx) Send(ctx context.Context) error { return tx.send(ctx) }

// FailForTest queues a statement that fails.
func (tx *Tx) FailForTest() { tx.queue(`SELECT 1 / 0`) }

// Queue queues a statement.
func (tx *Tx) Queue(sql string, args ...any) { tx.queue(sql, args...) }

// SpansOfTransaction does what a transaction of one round trip does for its spans.
func (s *Store) SpansOfTransaction(ctx context.Context) {
	inTx, span := s.startSpan(ctx, "transaction")
	_, connection := s.startSpan(inTx, "connection")
	endSpan(connection, nil)
	_ = (&Tx{span: span}).traced(ctx)
	endTransaction(span, true, nil)
}
