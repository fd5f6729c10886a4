package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

type lifecyclesReply struct {
	Lifecycles []operator.Lifecycle `json:"lifecycles"`
}

func newLifecyclesReply(list []operator.Lifecycle) lifecyclesReply { return lifecyclesReply{list} }

func releaseTransition(o *operator.Operator) control {
	return withBody(func(c echo.Context, req operator.ReleaseRequest) (int, any, error) {
		released, err := o.ReleaseTransition(c.Request().Context(), req)
		return http.StatusOK, released, err
	})
}

// AddLifecycle stores a lifecycle.
func (c *ControlClient) AddLifecycle(
	ctx context.Context, lifecycle disturbance.Lifecycle,
) (added operator.Lifecycle, err error) {
	err = c.do(ctx, http.MethodPost, "/lifecycles", lifecycle, &added)
	return added, err
}

// Lifecycles lists the lifecycles of an account, with "*" those of every account, and with "" all.
func (c *ControlClient) Lifecycles(ctx context.Context, accountID string) ([]operator.Lifecycle, error) {
	var reply lifecyclesReply
	err := c.do(ctx, http.MethodGet, "/lifecycles"+ofAccount(accountID), nil, &reply)
	return reply.Lifecycles, err
}

// Lifecycle returns a lifecycle.
func (c *ControlClient) Lifecycle(ctx context.Context, id string) (lifecycle operator.Lifecycle, err error) {
	err = c.do(ctx, http.MethodGet, "/lifecycles/"+url.PathEscape(id), nil, &lifecycle)
	return lifecycle, err
}

// RemoveLifecycle removes a lifecycle.
func (c *ControlClient) RemoveLifecycle(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/lifecycles/"+url.PathEscape(id), nil, nil)
}

// RemoveLifecycles removes the lifecycles of an account.
func (c *ControlClient) RemoveLifecycles(ctx context.Context, accountID string) error {
	return c.do(ctx, http.MethodDelete, "/lifecycles"+ofAccount(accountID), nil, nil)
}

// ReleaseTransition ends the transition of a resource now.
func (c *ControlClient) ReleaseTransition(
	ctx context.Context, req operator.ReleaseRequest,
) (released operator.Released, err error) {
	err = c.do(ctx, http.MethodPost, "/lifecycles/release", req, &released)
	return released, err
}
