package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

type stockReply struct {
	Stock []operator.Stock `json:"stock"`
}

func newStockReply(list []operator.Stock) stockReply { return stockReply{list} }

// AddStock stores a rule on the stock.
func (c *ControlClient) AddStock(ctx context.Context, stock disturbance.Stock) (added operator.Stock, err error) {
	err = c.do(ctx, http.MethodPost, "/stock", stock, &added)
	return added, err
}

// ListStock lists the rules on the stock of an account, with "*" those of every account, and with ""
// all.
func (c *ControlClient) ListStock(ctx context.Context, accountID string) ([]operator.Stock, error) {
	var reply stockReply
	err := c.do(ctx, http.MethodGet, "/stock"+ofAccount(accountID), nil, &reply)
	return reply.Stock, err
}

// FindStock returns a rule on the stock.
func (c *ControlClient) FindStock(ctx context.Context, id string) (stock operator.Stock, err error) {
	err = c.do(ctx, http.MethodGet, "/stock/"+url.PathEscape(id), nil, &stock)
	return stock, err
}

// RemoveStock removes a rule on the stock.
func (c *ControlClient) RemoveStock(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/stock/"+url.PathEscape(id), nil, nil)
}

// ResetStock removes the rules on the stock of an account.
func (c *ControlClient) ResetStock(ctx context.Context, accountID string) error {
	return c.do(ctx, http.MethodDelete, "/stock"+ofAccount(accountID), nil, nil)
}
