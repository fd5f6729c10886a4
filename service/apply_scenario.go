package service

import (
	"context"
	"errors"

	"enisim/service/scenario"
	"enisim/store"
)

// Applied counts what applying a scenario changed, for packages that know nothing of the store.
type Applied = store.Applied

// TableChange counts the rows of one table that were written.
type TableChange = store.TableChange

// Difference is one resource that applying a scenario would change.
type Difference = scenario.Difference

// ApplyScenario makes the accounts that a scenario names equal to it, all or nothing. Other accounts stay as they are.
func (s *Service) ApplyScenario(ctx context.Context, file ScenarioFile) (Applied, error) {
	sc, done, err := s.parseScenario(ctx, file)
	if err != nil {
		return Applied{}, err
	}
	defer done()
	applied, err := scenario.Apply(ctx, s.store, sc, s.moment())
	for _, account := range sc.World().Accounts {
		s.forgetAccount(account.ID) // also when the outcome is unknown: its keys may have changed
	}
	return applied, ExplainApply(err)
}

// DiffScenario returns what ApplyScenario would change. It writes nothing.
func (s *Service) DiffScenario(ctx context.Context, file ScenarioFile) ([]Difference, error) {
	sc, done, err := s.parseScenario(ctx, file)
	if err != nil {
		return nil, err
	}
	defer done()
	differences, err := scenario.Diff(ctx, s.store, sc, s.moment())
	return differences, ExplainApply(err)
}

// ExplainApply explains to an operator why the database does not take a scenario that is valid in itself.
func ExplainApply(err error) error {
	switch {
	case errors.Is(err, store.ErrAccessKeyTaken):
		return refused("an access key of the scenario belongs to an account that is not in it; the id of a key is unique, so give it another one (%v)", err)
	case errors.Is(err, store.ErrZoneElsewhere):
		return errZoneElsewhere(err)
	}
	return err
}
