package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"enisim/service"
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

func verify(s *service.Service) control {
	return func(c echo.Context) (int, any, error) {
		allowForLargeWorld(c)
		found, err := s.Verify(c.Request().Context())
		return http.StatusOK, newVerifyReply(found), err
	}
}

func newVerifyReply(found []service.Violation) verifyReply {
	return verifyReply{
		Invariants: service.Invariants(),
		Violations: mapEach(
			found,
			func(v service.Violation) violationReply { return violationReply{v.Invariant, v.AccountID, v.What} },
		),
	}
}
