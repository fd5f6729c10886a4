package store

import (
	"context"
	"time"
)

// PageStatement returns the statement that reads a page of interfaces, and its arguments, so that a
// test can read its plan.
func (f NetworkInterfaceFilter) PageStatement(now time.Time, p Page) (string, []any) {
	q := networkInterfaceStatements.query(f.conditions(now, p))
	return q.page, append(q.args, p.Limit+1, p.Skip)
}

// Send sends the queued statements.
func (tx *Tx) Send(ctx context.Context) error { return tx.send(ctx) }
