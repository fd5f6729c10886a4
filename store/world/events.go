package world

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// action returns the name of the operator's command in events.
func (m applyMode) action() string {
	switch m {
	case createAccounts:
		return "CreateAccount"
	case resetAccounts:
		return "ResetAccount"
	case replaceAccounts:
		return "ApplyScenario"
	}
	return ""
}

// record records an operator's command that has written rows of accounts, for each of the accounts: how
// many rows of each table, of all accounts together.
func (a Applied) record(ctx context.Context, tx pgx.Tx, action string, accountIDs []string, now time.Time) error {
	var events []store.Event
	for _, id := range accountIDs {
		var changes []store.Change
		for _, t := range a.Tables {
			changes = append(changes, store.Change{
				Resource: id, Field: t.Table,
				To: fmt.Sprintf("%d new, %d changed, %d gone", t.Inserted, t.Updated, t.Deleted),
			})
		}
		if len(changes) > 0 {
			events = append(events, store.NewOperation(ctx, id, action, now, changes))
		}
	}
	return store.AppendEventsIn(ctx, tx, events)
}

// recordSnapshot records that a snapshot of an account has another state.
func recordSnapshot(ctx context.Context, tx pgx.Tx, action, accountID string, now time.Time, from, to string) error {
	change := store.Change{Resource: accountID, Field: "Snapshot", From: from, To: to}
	return store.AppendEventsIn(ctx, tx, []store.Event{
		store.NewOperation(ctx, accountID, action, now, []store.Change{change}),
	})
}
