package store

import (
	"context"
	"time"
)

// PageOfNetworkInterfaces and PageArguments are the statement that reads a page of interfaces, for a look at its plan.
const PageOfNetworkInterfaces = pageOfNetworkInterfaces

// PageArguments are what PageOfNetworkInterfaces takes.
func (f NetworkInterfaceFilter) PageArguments(now time.Time, p Page) []any {
	return append(f.arguments(now, p), p.Limit+1, p.Skip)
}

// Send sends what is queued.
func (tx *Tx) Send(ctx context.Context) error { return tx.send(ctx) }

// WorldWithout returns a world without the rows of an account.
func WorldWithout(w *World, account string) *World { return w.without(map[string]bool{account: true}) }
