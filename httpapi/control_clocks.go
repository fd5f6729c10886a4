package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

func showClock(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		state, err := o.Clock(c.Request().Context(), c.Param("id"))
		return http.StatusOK, state, err
	}
}

func changeClock(o *operator.Operator) control {
	return withBody(func(c echo.Context, change disturbance.ClockChange) (int, any, error) {
		state, err := o.ChangeClock(c.Request().Context(), c.Param("id"), change)
		return http.StatusOK, state, err
	})
}

// Clock returns what the clock of an account shows.
func (c *ControlClient) Clock(ctx context.Context, accountID string) (state disturbance.ClockState, err error) {
	err = c.do(ctx, http.MethodGet, clockPath(accountID), nil, &state)
	return state, err
}

// ChangeClock changes the clock of an account, and returns what it shows then.
func (c *ControlClient) ChangeClock(
	ctx context.Context, accountID string, change disturbance.ClockChange,
) (state disturbance.ClockState, err error) {
	err = c.do(ctx, http.MethodPost, clockPath(accountID), change, &state)
	return state, err
}

func clockPath(accountID string) string { return "/accounts/" + url.PathEscape(accountID) + "/clock" }
