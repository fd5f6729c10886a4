package httpapi

import (
	"errors"
	"strconv"

	"github.com/labstack/echo/v4"

	"enisim.alt/service"
)

// The headers of a throttled call. The vendor's SDKs wait as long as the first two say, its command
// line as long as the third. Each client reads its own, so an answer has all of them.
const (
	headerRateLimitOfAPI = "X-Ratelimit-User-Api"
	headerRateLimit      = "X-Ratelimit-User"
	headerRetryAfter     = "X-Acs-Retry-After"
)

// throttle returns an error for a call that a throttle refuses, and adds the headers that say when
// the client may call again.
func (a *API) throttle(c echo.Context, caller service.Caller, x *exchange, p parameters) error {
	ctx, end := a.service.ForCaller(c.Request().Context(), caller)
	defer end()
	err := a.service.Throttle(ctx, caller, x.action, p["RegionId"])
	if throttled, ok := errors.AsType[*service.Throttled](err); ok {
		x.throttled = true
		h := c.Response().Header()
		h.Set(headerRateLimitOfAPI, throttled.RateLimit())
		h.Set(headerRateLimit, throttled.RateLimit())
		h.Set(headerRetryAfter, strconv.FormatInt(throttled.RetryAfter(), 10))
	}
	return err
}
