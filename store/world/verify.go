package world

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// Violation is an invariant that does not hold for some row.
type Violation struct {
	Invariant string // name of the invariant
	AccountID string
	What      string // a description with the ids
}

// MaxViolations is the maximum number of violations of one invariant that Verify returns. So many
// have one cause, and more would not help to find it.
const MaxViolations = 1000

// Invariants returns the names of the invariants that Verify checks, in its order.
func Invariants() []string {
	names := make([]string, 0, len(invariants))
	for _, i := range invariants {
		names = append(names, i.name)
	}
	return names
}

// Verify recomputes all invariants from the tables and returns their violations, at most
// MaxViolations of each. It reads all tables in one database snapshot, writes nothing, and takes no
// lock that a request would wait for.
func Verify(ctx context.Context, s *store.Store) ([]Violation, error) {
	var found []Violation
	err := s.LargeTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		for _, i := range invariants {
			some, err := i.violations(ctx, tx)
			if err != nil {
				return fmt.Errorf("%s: %w", i.name, err)
			}
			found = append(found, some...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return found, nil
}

// violations returns the violations of one invariant.
func (i invariant) violations(ctx context.Context, tx pgx.Tx) ([]Violation, error) {
	rows, err := tx.Query(ctx, i.sql, pgx.QueryExecModeExec) // planned anew, because it reads whole tables
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Violation
	for len(found) < MaxViolations && rows.Next() {
		v := Violation{Invariant: i.name}
		if err := rows.Scan(&v.AccountID, &v.What); err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	rows.Close()
	return found, rows.Err()
}
