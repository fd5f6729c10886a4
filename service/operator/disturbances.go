package operator

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// checkRuleAccount returns an error unless an account of a rule has the form of one, or is "*".
func checkRuleAccount(id string) error {
	switch {
	case id == "":
		return invalidRequestf("a rule is for an account: give its 16 digits, or %q for every account",
			disturbance.AllAccounts)
	case id != disturbance.AllAccounts && !accountIDPattern.MatchString(id):
		return errInvalidAccountID(id)
	}
	return nil
}

// addNewRule checks a rule of an account, and stores it. id is the one that the caller gave it: a rule
// gets its id here.
func (o *Operator) addNewRule(
	ctx context.Context, kind, id, accountID string, rule interface{ Check() error },
) (store.Disturbance, error) {
	if id != "" {
		return store.Disturbance{}, invalidRequestf("a new %s gets its id from the server: leave id out", kind)
	}
	if err := checkRuleAccount(accountID); err != nil {
		return store.Disturbance{}, err
	}
	if err := rule.Check(); err != nil {
		return store.Disturbance{}, invalidRequestf("%v", err)
	}
	return o.addRule(ctx, kind, accountID, rule)
}

// ruleView returns a stored rule as a caller sees it, or the error of storing or finding it.
func ruleView[View any](
	row store.Disturbance, err error, view func(store.Disturbance) (View, error),
) (View, error) {
	if err != nil {
		return *new(View), err
	}
	return view(row)
}

// ruleViews returns stored rules as a caller sees them, or the error of listing them.
func ruleViews[View any](
	rows []store.Disturbance, err error, view func(store.Disturbance) (View, error),
) ([]View, error) {
	if err != nil {
		return nil, err
	}
	views := make([]View, len(rows))
	for i, row := range rows {
		if views[i], err = view(row); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// addRule stores a rule of an account that was checked.
func (o *Operator) addRule(ctx context.Context, kind, accountID string, rule any) (store.Disturbance, error) {
	return o.storeRule(ctx, kind, accountID, rule, false)
}

// putRule stores the only rule of its kind that an account has, in place of an earlier one.
func (o *Operator) putRule(ctx context.Context, kind, accountID string, rule any) (store.Disturbance, error) {
	return o.storeRule(ctx, kind, accountID, rule, true)
}

// storeRule stores a rule. The id of the rule begins with its kind.
func (o *Operator) storeRule(
	ctx context.Context, kind, accountID string, rule any, replaces bool,
) (store.Disturbance, error) {
	text, err := json.Marshal(rule)
	if err != nil {
		return store.Disturbance{}, err
	}
	now := o.service.Now()
	row := store.Disturbance{
		ID:        store.NewDisturbanceID(kind),
		Kind:      kind,
		Rule:      text,
		CreatedAt: now,
	}
	if accountID != disturbance.AllAccounts {
		row.AccountID = &accountID
	}
	err = o.store.InTx(ctx, func(tx *store.Tx) error {
		exists, rules, err := tx.LockForDisturbances(ctx, row.AccountID, kind, now)
		switch {
		case err != nil:
			return err
		case !exists:
			return errNoAccount(accountID)
		case replaces:
			tx.DeleteLockedDisturbances(row.AccountID, kind)
		case rules >= disturbance.MaxRules:
			return invalidRequestf("account %s has %d rules of the kind %s, which is the maximum: remove some",
				accountID, rules, kind)
		}
		return o.insertRule(ctx, tx, row)
	})
	o.rulesChanged(ctx, accountID) // even if the outcome is unknown
	return row, err
}

// insertRule queues the writes of a rule and of its event.
func (o *Operator) insertRule(ctx context.Context, tx *store.Tx, row store.Disturbance) error {
	tx.InsertDisturbance(row)
	return o.record(ctx, tx, ruleAccount(row), ruleActions[row.Kind].add, addedRule(row))
}

// rulesChanged makes servers follow a change of rules. This one does so at once. If this process
// serves no requests, it waits until every server does.
func (o *Operator) rulesChanged(ctx context.Context, accountID string) {
	o.service.ForgetRules(accountID)
	o.awaitServers(ctx, service.MaxRuleAge)
}

// awaitServers waits if this process serves no requests, so that other servers do something meanwhile.
func (o *Operator) awaitServers(ctx context.Context, d time.Duration) {
	if !o.besideServers {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// listRules returns the stored rules of a kind that an account has; "" means all accounts.
func (o *Operator) listRules(ctx context.Context, kind, accountID string) ([]store.Disturbance, error) {
	if accountID != "" {
		if err := checkRuleAccount(accountID); err != nil {
			return nil, err
		}
	}
	return o.store.ListDisturbances(ctx, kind, accountID)
}

// findRule returns a stored rule.
func (o *Operator) findRule(ctx context.Context, kind, id string) (store.Disturbance, error) {
	if !isStorable(id) {
		return existingRule(nil, nil, kind, id)
	}
	found, err := o.store.FindDisturbance(ctx, kind, id)
	return existingRule(found, err, kind, id)
}

// isStorable reports whether the database can have a text. Otherwise nothing has it as its id.
func isStorable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

func existingRule(found *store.Disturbance, err error, kind, id string) (store.Disturbance, error) {
	switch {
	case err != nil:
		return store.Disturbance{}, err
	case found == nil:
		return store.Disturbance{}, notFoundf("there is no %s %s: enisim %[1]s list shows them", kind, id)
	}
	return *found, nil
}

// removeRule deletes a rule.
func (o *Operator) removeRule(ctx context.Context, kind, id string) error {
	if !isStorable(id) {
		_, err := existingRule(nil, nil, kind, id)
		return err
	}
	var removed store.Disturbance
	err := o.store.InTx(ctx, func(tx *store.Tx) error {
		row, err := tx.DeleteDisturbance(ctx, kind, id)
		if removed, err = existingRule(row, err, kind, id); err != nil {
			return err
		}
		return o.record(ctx, tx, ruleAccount(removed), ruleActions[kind].remove, removedRules(removed)...)
	})
	if err != nil {
		return err
	}
	o.rulesChanged(ctx, service.RuleAccount(removed))
	return nil
}

// removeRules deletes the rules of a kind that an account has, or with "*" those of every account.
func (o *Operator) removeRules(ctx context.Context, kind, accountID string) error {
	if err := checkRuleAccount(accountID); err != nil {
		return err
	}
	err := o.store.InTx(ctx, func(tx *store.Tx) error {
		removed, err := tx.DeleteDisturbances(ctx, kind, accountID)
		if err != nil {
			return err
		}
		return o.record(ctx, tx, accountID, ruleActions[kind].remove, removedRules(removed...)...)
	})
	o.rulesChanged(ctx, accountID) // even if the outcome is unknown
	return err
}
