package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/operator"
)

// verifyReply has the checked invariants and their violations.
type verifyReply struct {
	Invariants []string         `json:"invariants"`
	Violations []violationReply `json:"violations"`
}

type violationReply struct {
	Invariant string `json:"invariant"`
	Account   string `json:"account"`
	What      string `json:"what"`
}

func verify(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		allowForLargeWorld(c)
		found, err := o.Verify(c.Request().Context())
		return http.StatusOK, newVerifyReply(found), err
	}
}

func newVerifyReply(found []operator.Violation) verifyReply {
	return verifyReply{
		Invariants: operator.Invariants(),
		Violations: mapEach(
			found,
			func(v operator.Violation) violationReply { return violationReply{v.Invariant, v.AccountID, v.What} },
		),
	}
}
