package store

import (
	"context"
	"time"
)

// PageStatement returns the statement that reads a page of interfaces, and its arguments, for a look at its plan.
func (f NetworkInterfaceFilter) PageStatement(now time.Time, p Page) (string, []any) {
	q := networkInterfaceStatements.query(f.conditions(now, p))
	return q.page, append(q.args, p.Limit+1, p.Skip)
}

// Send sends what is queued.
func (tx *Tx) Send(ctx context.Context) error { return tx.send(ctx) }
