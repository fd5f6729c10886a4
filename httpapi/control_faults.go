package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

type faultsReply struct {
	Faults []operator.Fault `json:"faults"`
}

func newFaultsReply(list []operator.Fault) faultsReply { return faultsReply{list} }

// AddFault stores a fault.
func (c *ControlClient) AddFault(ctx context.Context, fault disturbance.Fault) (added operator.Fault, err error) {
	err = c.do(ctx, http.MethodPost, "/faults", fault, &added)
	return added, err
}

// Faults lists the faults of an account, with "*" those of every account, and with "" all.
func (c *ControlClient) Faults(ctx context.Context, accountID string) ([]operator.Fault, error) {
	var reply faultsReply
	err := c.do(ctx, http.MethodGet, "/faults"+ofAccount(accountID), nil, &reply)
	return reply.Faults, err
}

// ofAccount returns a query that selects an account, or nothing for "".
func ofAccount(accountID string) string {
	if accountID == "" {
		return ""
	}
	return "?" + url.Values{"account": {accountID}}.Encode()
}

// Fault returns a fault.
func (c *ControlClient) Fault(ctx context.Context, id string) (fault operator.Fault, err error) {
	err = c.do(ctx, http.MethodGet, "/faults/"+url.PathEscape(id), nil, &fault)
	return fault, err
}

// RemoveFault removes a fault.
func (c *ControlClient) RemoveFault(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/faults/"+url.PathEscape(id), nil, nil)
}

// RemoveFaults removes the faults of an account.
func (c *ControlClient) RemoveFaults(ctx context.Context, accountID string) error {
	return c.do(ctx, http.MethodDelete, "/faults"+ofAccount(accountID), nil, nil)
}
