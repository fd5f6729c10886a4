package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/operator"
)

func showQuotas(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		quotas, err := o.Quotas(c.Request().Context(), c.Param("id"))
		return http.StatusOK, quotas, err
	}
}

func setQuotas(o *operator.Operator) control {
	return withBody(func(c echo.Context, quotas operator.Quotas) (int, any, error) {
		set, err := o.SetQuotas(c.Request().Context(), c.Param("id"), quotas)
		return http.StatusOK, set, err
	})
}

func resetQuotas(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, o.ResetQuotas(c.Request().Context(), c.Param("id"))
	}
}

// Quotas returns the quotas of an account.
func (c *ControlClient) Quotas(ctx context.Context, accountID string) (quotas operator.Quotas, err error) {
	err = c.do(ctx, http.MethodGet, quotasPath(accountID), nil, &quotas)
	return quotas, err
}

// SetQuotas gives an account these quotas, and makes the others as documented.
func (c *ControlClient) SetQuotas(
	ctx context.Context, accountID string, quotas operator.Quotas,
) (set operator.Quotas, err error) {
	err = c.do(ctx, http.MethodPut, quotasPath(accountID), quotas, &set)
	return set, err
}

// ResetQuotas makes all quotas of an account as documented.
func (c *ControlClient) ResetQuotas(ctx context.Context, accountID string) error {
	return c.do(ctx, http.MethodDelete, quotasPath(accountID), nil, nil)
}

func quotasPath(accountID string) string { return "/accounts/" + url.PathEscape(accountID) + "/quotas" }
