package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

func setThrottle(o *operator.Operator) control {
	return withBody(func(c echo.Context, throttle disturbance.Throttle) (int, any, error) {
		set, err := o.SetThrottle(c.Request().Context(), c.Param("id"), throttle)
		return http.StatusOK, set, err
	})
}

func showThrottle(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		throttle, err := o.Throttle(c.Request().Context(), c.Param("id"))
		return http.StatusOK, throttle, err
	}
}

func clearThrottle(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusOK, disturbance.Throttle{}, o.ClearThrottle(c.Request().Context(), c.Param("id"))
	}
}

// SetThrottle replaces the throttle of an account.
func (c *ControlClient) SetThrottle(
	ctx context.Context, accountID string, throttle disturbance.Throttle,
) (set operator.Throttle, err error) {
	err = c.do(ctx, http.MethodPut, throttlePath(accountID), throttle, &set)
	return set, err
}

// Throttle returns the throttle of an account.
func (c *ControlClient) Throttle(ctx context.Context, accountID string) (throttle operator.Throttle, err error) {
	err = c.do(ctx, http.MethodGet, throttlePath(accountID), nil, &throttle)
	return throttle, err
}

// ClearThrottle removes the throttle of an account.
func (c *ControlClient) ClearThrottle(ctx context.Context, accountID string) error {
	return c.do(ctx, http.MethodDelete, throttlePath(accountID), nil, nil)
}

func throttlePath(accountID string) string {
	return "/accounts/" + url.PathEscape(accountID) + "/throttle"
}
