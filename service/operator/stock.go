package operator

import (
	"context"
	"encoding/json"
	"time"

	"enisim/service"
	"enisim/service/disturbance"
	"enisim/store"
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
	if stock.ID != "" {
		return Stock{}, invalidRequestf("a new rule on the stock gets its id from the server: leave id out")
	}
	if err := checkRuleAccount(stock.Account); err != nil {
		return Stock{}, err
	}
	if err := stock.Check(); err != nil {
		return Stock{}, invalidRequestf("%v", err)
	}
	row, err := o.addRule(ctx, store.KindStock, stock.Account, stock)
	if err != nil {
		return Stock{}, err
	}
	return stockView(row)
}

// ListStock returns the rules on the stock of an account, with "*" those of every account, and with
// "" all.
func (o *Operator) ListStock(ctx context.Context, accountID string) ([]Stock, error) {
	rows, err := o.listRules(ctx, store.KindStock, accountID)
	list := make([]Stock, 0, len(rows))
	for _, row := range rows {
		stock, err := stockView(row)
		if err != nil {
			return nil, err
		}
		list = append(list, stock)
	}
	return list, err
}

// FindStock returns a rule on the stock.
func (o *Operator) FindStock(ctx context.Context, id string) (Stock, error) {
	row, err := o.findRule(ctx, store.KindStock, id)
	if err != nil {
		return Stock{}, err
	}
	return stockView(row)
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
