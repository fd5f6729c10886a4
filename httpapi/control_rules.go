package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
)

// The operations on the rules of a kind (faults, lifecycles, stock) differ only in the operator's
// methods that they call.

// addRule returns the control that stores the rule in the body of its request.
func addRule[Rule, View any](add func(context.Context, Rule) (View, error)) control {
	return withBody(func(c echo.Context, rule Rule) (int, any, error) {
		added, err := add(c.Request().Context(), rule)
		return http.StatusCreated, added, err
	})
}

// listRules returns the control that lists the rules of an account, or all.
func listRules[View, Reply any](
	list func(context.Context, string) ([]View, error), reply func([]View) Reply,
) control {
	return func(c echo.Context) (int, any, error) {
		rules, err := list(c.Request().Context(), queryOf(c, "account"))
		return http.StatusOK, reply(rules), err
	}
}

// showRule returns the control that answers with a rule.
func showRule[View any](find func(context.Context, string) (View, error)) control {
	return func(c echo.Context) (int, any, error) {
		rule, err := find(c.Request().Context(), c.Param("id"))
		return http.StatusOK, rule, err
	}
}

// removeRule returns the control that removes a rule.
func removeRule(remove func(context.Context, string) error) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, remove(c.Request().Context(), c.Param("id"))
	}
}

// removeRules returns the control that removes the rules of an account.
func removeRules(remove func(context.Context, string) error) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, remove(c.Request().Context(), queryOf(c, "account"))
	}
}
