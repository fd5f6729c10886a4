package operator

import (
	"context"
	"errors"

	"enisim.alt/service/scenario"
	"enisim.alt/store/world"
)

// Applied counts what applying a scenario changed. The alias is for packages that do not import the
// store.
type Applied = world.Applied

// TableChange counts the rows of one table that were written.
type TableChange = world.TableChange

// Difference is one resource that applying a scenario would change.
type Difference = scenario.Difference

// ApplyScenario makes the content of a scenario's accounts equal to the scenario: all of it or
// none. Other accounts stay as they are.
func (o *Operator) ApplyScenario(ctx context.Context, file ScenarioFile) (Applied, error) {
	var applied Applied
	err := o.withScenario(ctx, file, file.parse, func(sc *scenario.Scenario, _ scenario.Limits) (err error) {
		if err := o.announceClocks(ctx, sc.World()); err != nil {
			return err
		}
		applied, err = scenario.Apply(ctx, o.store, sc, o.service.Now())
		for _, account := range sc.World().Accounts {
			o.service.ForgetAccount(account.ID) // even if the outcome is unknown: its keys may have changed
		}
		return ExplainApply(err)
	})
	return applied, err
}

// DiffScenario returns what ApplyScenario would change. It writes nothing.
func (o *Operator) DiffScenario(ctx context.Context, file ScenarioFile) ([]Difference, error) {
	var differences []Difference
	err := o.withScenario(ctx, file, file.parse, func(sc *scenario.Scenario, limits scenario.Limits) (err error) {
		if file.OverHTTP {
			var ids []string
			for _, account := range sc.World().Accounts {
				ids = append(ids, account.ID)
			}
			if err := o.checkWorldSize(ctx, ids, limits, "enisim scenario diff"); err != nil {
				return err
			}
		}
		differences, err = scenario.Diff(ctx, o.store, sc, o.service.Now())
		return ExplainApply(err)
	})
	return differences, err
}

// ExplainApply explains to an operator why the database refuses a scenario that is valid in itself.
func ExplainApply(err error) error {
	switch {
	case errors.Is(err, world.ErrAccessKeyTaken):
		return invalidRequestf(
			"an access key of the scenario belongs to an account that is not in it; "+
				"the id of a key is unique, so give it another one (%v)",
			err,
		)
	case errors.Is(err, world.ErrZoneElsewhere):
		return errZoneElsewhere(err)
	}
	return err
}
