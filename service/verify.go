package service

import (
	"context"

	"enisim/store"
)

// Violation is a place where the tables break a promise, for packages that know nothing of the
// store.
type Violation = store.Violation

// Invariants returns the names of what Verify checks.
func Invariants() []string { return store.Invariants() }

// Verify derives every promise that the tables can keep anew from them, of all accounts at one
// moment, and returns where one is broken. Nobody waits for it.
func (s *Service) Verify(ctx context.Context) ([]Violation, error) { return s.store.Verify(ctx) }
