package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"enisim/service/disturbance"
	"enisim/service/operator"
)

type faultsReply struct {
	Faults []operator.Fault `json:"faults"`
}

func addFault(o *operator.Operator) control {
	return withBody(func(c echo.Context, fault disturbance.Fault) (int, any, error) {
		added, err := o.AddFault(c.Request().Context(), fault)
		return http.StatusCreated, added, err
	})
}

func listFaults(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		faults, err := o.Faults(c.Request().Context(), queryOf(c, "account"))
		return http.StatusOK, faultsReply{faults}, err
	}
}

func showFault(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		fault, err := o.Fault(c.Request().Context(), c.Param("id"))
		return http.StatusOK, fault, err
	}
}

func removeFault(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, o.RemoveFault(c.Request().Context(), c.Param("id"))
	}
}

func removeFaults(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, o.RemoveFaults(c.Request().Context(), queryOf(c, "account"))
	}
}

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
