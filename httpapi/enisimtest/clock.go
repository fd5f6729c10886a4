package enisimtest

import (
	"context"
	"testing"
	"time"

	"enisim.alt/service/disturbance"
)

// Advance moves the time of all accounts on: an interface that is Attaching for 5 s is InUse after
// Advance(5 * time.Second). The time that signatures are checked with stays the machine's.
func (s *Server) Advance(by time.Duration) {
	s.t.Helper()
	s.changeClocks(s.t, disturbance.ClockChange{Advance: new(disturbance.Duration(by))})
}

// Freeze stops the time of all accounts, so that nothing becomes due until the test advances it or
// resumes it.
func (s *Server) Freeze(t testing.TB) {
	t.Helper()
	s.changeClocks(t, disturbance.ClockChange{Freeze: new(true)})
}

// Resume lets the time of all accounts go on after Freeze.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.changeClocks(t, disturbance.ClockChange{Freeze: new(false)})
}

// changeClocks changes the clock of each account. A failure fails the test.
func (s *Server) changeClocks(t testing.TB, change disturbance.ClockChange) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	accounts, err := s.operator.Accounts(ctx)
	if err != nil {
		t.Errorf("enisimtest: %v", err)
	}
	for _, a := range accounts {
		if _, err := s.operator.ChangeClock(ctx, a.ID, change); err != nil {
			t.Errorf("enisimtest: the clock of account %s: %v", a.ID, err)
		}
	}
}
