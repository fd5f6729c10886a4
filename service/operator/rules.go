package operator

import (
	"context"
	"fmt"

	"enisim.alt/store"
)

// Rule is a rule of any kind, with its counts. Exactly one of its fields is set.
type Rule struct {
	Fault     *Fault
	Lifecycle *Lifecycle
	Throttle  *Throttle
	Stock     *Stock
}

// Rules are some rules and how many there are.
type Rules struct {
	Newest []Rule
	Total  int
}

// NewestRules returns the newest rules that apply to an account, and with "" those of all accounts.
func (o *Operator) NewestRules(ctx context.Context, accountID string, limit int) (Rules, error) {
	return o.NewestRulesOf(ctx, "", accountID, limit)
}

// NewestRulesOf returns the newest rules of a kind that apply to an account, with "*" only those of every
// account. With "" as the kind or the account, they are of any. The kinds are those of the store.
func (o *Operator) NewestRulesOf(ctx context.Context, kind, accountID string, limit int) (Rules, error) {
	if accountID != "" {
		if err := checkRuleAccount(accountID); err != nil {
			return Rules{}, err
		}
	}
	found, err := o.store.NewestDisturbances(ctx, kind, accountID, limit)
	if err != nil {
		return Rules{}, err
	}
	newest, err := ruleViews(found.Rows, nil, anyRuleView)
	return Rules{newest, found.Total}, err
}

// anyRuleView returns a stored rule of any kind.
func anyRuleView(row store.Disturbance) (Rule, error) {
	switch row.Kind {
	case store.KindFault:
		fault, err := faultView(row)
		return Rule{Fault: &fault}, err
	case store.KindLifecycle:
		lifecycle, err := lifecycleView(row)
		return Rule{Lifecycle: &lifecycle}, err
	case store.KindThrottle:
		throttle, err := throttleView(row)
		return Rule{Throttle: &throttle}, err
	case store.KindStock:
		stock, err := stockView(row)
		return Rule{Stock: &stock}, err
	}
	return Rule{}, fmt.Errorf("rule %s has the unknown kind %q", row.ID, row.Kind)
}
