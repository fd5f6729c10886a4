package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Violation is a place in the tables where an invariant does not hold.
type Violation struct {
	Invariant string // its name
	AccountID string
	What      string // in words, with the ids
}

// MaxViolations is the most that Verify tells of one invariant. Who has so many looks for one
// cause.
const MaxViolations = 1000

// Invariants are the names of what Verify checks, in its order.
func Invariants() []string {
	names := make([]string, 0, len(invariants))
	for _, i := range invariants {
		names = append(names, i.name)
	}
	return names
}

// Verify derives every invariant anew from the tables and returns what violates it, MaxViolations
// of each at most. It sees all tables at one moment, writes nothing, and takes no lock that a
// request would wait for.
func (s *Store) Verify(ctx context.Context) ([]Violation, error) {
	var found []Violation
	err := s.largeTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
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

// violations asks for those of one invariant.
func (i invariant) violations(ctx context.Context, tx pgx.Tx) ([]Violation, error) {
	rows, err := tx.Query(ctx, i.sql, pgx.QueryExecModeExec) // planned for what is there now: it reads whole tables
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
