package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// rulesCacheSize is the maximum number of accounts whose rules are kept.
const rulesCacheSize = 128

// cachedRules are the rules of an account, with what identifies them.
type cachedRules struct {
	last  int64
	count int
	set   *disturbance.Set
}

// rulesOf returns the rules that disturb the account of an identity. They are read from the database
// only after they have changed. The identity is at most a second old, and so are the rules.
func (s *Service) rulesOf(ctx context.Context, identity *store.Identity) (*disturbance.Set, error) {
	if identity.RuleCount == 0 {
		return nil, nil
	}
	known, ok := s.rules.Get(identity.AccountID)
	if ok && known.last == identity.LastRule && known.count == identity.RuleCount {
		return known.set, nil
	}
	rows, err := s.store.DisturbancesOf(ctx, identity.AccountID)
	if err != nil {
		return nil, err
	}
	set, err := newRules(rows)
	if err != nil {
		return nil, err
	}
	s.rules.Add(identity.AccountID, cachedRules{identity.LastRule, identity.RuleCount, set})
	return set, nil
}

// newRules reads the rules of an account.
func newRules(rows []store.Disturbance) (*disturbance.Set, error) {
	set := &disturbance.Set{}
	for _, row := range rows {
		var err error
		switch row.Kind {
		case store.KindFault:
			var fault disturbance.Fault
			err = json.Unmarshal(row.Rule, &fault)
			fault.ID = row.ID
			set.Faults = append(set.Faults, fault)
		case store.KindLifecycle:
			var lifecycle disturbance.Lifecycle
			err = json.Unmarshal(row.Rule, &lifecycle)
			lifecycle.ID = row.ID
			set.Lifecycles = append(set.Lifecycles, lifecycle)
		case store.KindThrottle:
			var throttle disturbance.Throttle
			err = json.Unmarshal(row.Rule, &throttle)
			set.Throttles = append(set.Throttles, disturbance.ThrottleRule{ID: row.ID, Limits: throttle.Effective()})
		case store.KindStock:
			var stock disturbance.Stock
			err = json.Unmarshal(row.Rule, &stock)
			stock.ID = row.ID
			set.Stock = append(set.Stock, stock)
		}
		if err != nil {
			return nil, fmt.Errorf("the %s %s cannot be read: %w", row.Kind, row.ID, err)
		}
	}
	return set, nil
}

// RuleAccount returns the account of a stored rule, or disturbance.AllAccounts.
func RuleAccount(d store.Disturbance) string {
	return cmp.Or(valueOf(d.AccountID), disturbance.AllAccounts)
}

// ForgetRules makes this server read the rules of an account again, or with disturbance.AllAccounts
// those of every account. Other servers do so within a second.
func (s *Service) ForgetRules(accountID string) {
	if accountID == disturbance.AllAccounts {
		s.forget(func(store.Identity) bool { return true })
		return
	}
	s.ForgetAccount(accountID)
}
