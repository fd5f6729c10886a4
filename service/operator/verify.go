package operator

import (
	"context"

	"enisim.alt/store/world"
)

// Violation is a row that violates an invariant. The alias is for packages that do not import the
// store.
type Violation = world.Violation

// Invariants returns the names of the invariants that Verify checks.
func Invariants() []string { return world.Invariants() }

// Verify recomputes all invariants of all accounts from one snapshot of the database, and returns
// the violations. It blocks no requests.
func (o *Operator) Verify(ctx context.Context) ([]Violation, error) {
	return world.Verify(ctx, o.store)
}
