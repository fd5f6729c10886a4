package operator

import (
	"context"
	"encoding/json"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// Stock is a rule on the stock with what was taken from it.
type Stock struct {
	disturbance.Stock
	Taken     int64     `json:"taken"` // instances, if the rule has a number of them
	CreatedAt time.Time `json:"created_at"`
}

// AddStock stores a rule on the stock and returns it with its new id. This server follows it at once,
// others within a second.
func (o *Operator) AddStock(ctx context.Context, stock disturbance.Stock) (Stock, error) {
	row, err := o.addNewRule(ctx, store.KindStock, stock.ID, stock.Account, stock)
	return ruleView(row, err, stockView)
}

// ListStock returns the rules on the stock of an account, with "*" those of every account, and with
// "" all.
func (o *Operator) ListStock(ctx context.Context, accountID string) ([]Stock, error) {
	rows, err := o.listRules(ctx, store.KindStock, accountID)
	return ruleViews(rows, err, stockView)
}

// FindStock returns a rule on the stock.
func (o *Operator) FindStock(ctx context.Context, id string) (Stock, error) {
	row, err := o.findRule(ctx, store.KindStock, id)
	return ruleView(row, err, stockView)
}

// RemoveStock deletes a rule on the stock.
func (o *Operator) RemoveStock(ctx context.Context, id string) error {
	return o.removeRule(ctx, store.KindStock, id)
}

// ResetStock deletes the rules on the stock of an account, or with "*" those of every account.
func (o *Operator) ResetStock(ctx context.Context, accountID string) error {
	return o.removeRules(ctx, store.KindStock, accountID)
}

func stockView(row store.Disturbance) (Stock, error) {
	stock := Stock{Taken: row.Struck, CreatedAt: row.CreatedAt}
	err := json.Unmarshal(row.Rule, &stock.Stock)
	stock.ID, stock.Account = row.ID, service.RuleAccount(row)
	return stock, err
}
