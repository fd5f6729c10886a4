package operator

import (
	"context"
	"encoding/json"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// Throttle is the throttle of an account with its counts.
type Throttle struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	disturbance.Throttle
	Effective []disturbance.Limit `json:"effective"` // all limits, with the values of the keys that they leave out
	Matched   int64               `json:"matched"`   // calls that a limit matches, up to a second ago
	Struck    int64               `json:"struck"`    // calls that it refused
	CreatedAt time.Time           `json:"created_at"`
}

// SetThrottle replaces the throttle of an account, or with "*" that of every account. Its buckets
// are full. This server follows it at once, others within a second.
func (o *Operator) SetThrottle(
	ctx context.Context, accountID string, throttle disturbance.Throttle,
) (Throttle, error) {
	if err := checkRuleAccount(accountID); err != nil {
		return Throttle{}, err
	}
	if err := throttle.Check(); err != nil {
		return Throttle{}, invalidRequestf("%v", err)
	}
	row, err := o.putRule(ctx, store.KindThrottle, accountID, throttle)
	if err != nil {
		return Throttle{}, err
	}
	return throttleView(row)
}

// Throttle returns the throttle of an account, or with "*" that of every account.
func (o *Operator) Throttle(ctx context.Context, accountID string) (Throttle, error) {
	if err := checkRuleAccount(accountID); err != nil {
		return Throttle{}, err
	}
	// First let the counts be written: those of this server at once, those of others in time.
	if err := o.service.WriteThrottleCounts(ctx); err != nil {
		return Throttle{}, err
	}
	o.awaitServers(ctx, service.MaxThrottleCountAge)
	rows, err := o.listRules(ctx, store.KindThrottle, accountID)
	switch {
	case err != nil:
		return Throttle{}, err
	case len(rows) == 0:
		return Throttle{}, notFoundf("account %s has no throttle: enisim throttle set makes one", accountID)
	}
	return throttleView(rows[0])
}

// ClearThrottle removes the throttle of an account, or with "*" that of every account.
func (o *Operator) ClearThrottle(ctx context.Context, accountID string) error {
	return o.removeRules(ctx, store.KindThrottle, accountID)
}

func throttleView(row store.Disturbance) (Throttle, error) {
	throttle := Throttle{
		ID: row.ID, Account: service.RuleAccount(row),
		Matched: row.Matched, Struck: row.Struck, CreatedAt: row.CreatedAt,
	}
	err := json.Unmarshal(row.Rule, &throttle.Throttle)
	throttle.Effective = throttle.Throttle.Effective()
	return throttle, err
}
