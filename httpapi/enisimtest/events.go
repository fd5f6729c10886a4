package enisimtest

import (
	"testing"

	"enisim.alt/service/operator"
)

// Events and their parts, under names for which a test needs no other package.
type (
	// Event is a change that a request has made, or a refused request.
	Event = operator.Event
	// EventQuery selects events. The zero value selects all of the account of AccessKeyID.
	EventQuery = operator.EventQuery
	// Request is a recorded request, with why it was refused.
	Request = operator.Request
)

// Events returns what has happened, in order: each change, and each refused request. A query without an
// account is for that of AccessKeyID. It returns 1,000 events at most; further ones come after the cursor of
// the last one.
func (s *Server) Events(t testing.TB, q EventQuery) []Event {
	t.Helper()
	s.own(&q.Account)
	if q.Limit == 0 {
		q.Limit = operator.MaxEvents
	}
	page, err := s.operator.Events(t.Context(), q)
	s.check(t, err)
	return page.Events
}

// Why returns a request by the RequestId of its answer: what it has changed, or the rule that refused it,
// the values that the rule saw, and what would have to change. A request that did neither is a failure.
func (s *Server) Why(t testing.TB, requestID string) Request {
	t.Helper()
	request, err := s.operator.Request(t.Context(), requestID)
	s.check(t, err)
	return request
}
