package operator

import (
	"context"
	"encoding/json"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// Fault is a fault with its counts.
type Fault struct {
	disturbance.Fault
	Matched   int64     `json:"matched"` // calls that it matches, so far
	Struck    int64     `json:"struck"`  // calls that it struck
	CreatedAt time.Time `json:"created_at"`
}

// AddFault stores a fault and returns it with its new id. This server follows it at once, others
// within a second.
func (o *Operator) AddFault(ctx context.Context, fault disturbance.Fault) (Fault, error) {
	row, err := o.addNewRule(ctx, store.KindFault, fault.ID, fault.Account, fault)
	return ruleView(row, err, faultView)
}

// Faults returns the faults of an account, with "*" those of every account, and with "" all.
func (o *Operator) Faults(ctx context.Context, accountID string) ([]Fault, error) {
	rows, err := o.listRules(ctx, store.KindFault, accountID)
	return ruleViews(rows, err, faultView)
}

// Fault returns a fault.
func (o *Operator) Fault(ctx context.Context, id string) (Fault, error) {
	row, err := o.findRule(ctx, store.KindFault, id)
	return ruleView(row, err, faultView)
}

// RemoveFault deletes a fault.
func (o *Operator) RemoveFault(ctx context.Context, id string) error {
	return o.removeRule(ctx, store.KindFault, id)
}

// RemoveFaults deletes the faults of an account, or with "*" those of every account.
func (o *Operator) RemoveFaults(ctx context.Context, accountID string) error {
	return o.removeRules(ctx, store.KindFault, accountID)
}

func faultView(row store.Disturbance) (Fault, error) {
	fault := Fault{Matched: row.Matched, Struck: row.Struck, CreatedAt: row.CreatedAt}
	err := json.Unmarshal(row.Rule, &fault.Fault)
	fault.ID, fault.Account = row.ID, service.RuleAccount(row)
	return fault, err
}
