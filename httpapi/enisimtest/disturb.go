package enisimtest

import (
	"cmp"
	"testing"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

// Rules and their parts, under names for which a test needs no other package.
type (
	// Fault is a fault of an account.
	Fault = disturbance.Fault
	// FaultWhen says which of the matching calls a fault strikes.
	FaultWhen = disturbance.When
	// FaultDo says what a fault does.
	FaultDo = disturbance.Do
	// Duration is a time span in a rule.
	Duration = disturbance.Duration
)

// The other rules.
type (
	// Lifecycle decides about a transition.
	Lifecycle = disturbance.Lifecycle
	// Lasts is how long a transition lasts.
	Lasts = disturbance.Lasts
	// Throttle limits how often an account calls.
	Throttle = disturbance.Throttle
	// Limit is a limit of a throttle.
	Limit = disturbance.Limit
	// Stock says what is sold out.
	Stock = disturbance.Stock
)

// Lifecycle decides how long transitions last, that they never end, or that they fail, from now on.
func (s *Server) Lifecycle(t testing.TB, lifecycle Lifecycle) {
	t.Helper()
	s.own(&lifecycle.Account)
	_, err := s.operator.AddLifecycle(t.Context(), lifecycle)
	s.check(t, err)
}

// Release ends the transition of a resource of the account of AccessKeyID now, such as an attach that
// never ends.
func (s *Server) Release(t testing.TB, resource string) {
	t.Helper()
	_, err := s.operator.ReleaseTransition(t.Context(),
		operator.ReleaseRequest{Account: s.accountID, Resource: resource})
	s.check(t, err)
}

// Throttle limits how often the account of AccessKeyID may call. It replaces an earlier throttle.
func (s *Server) Throttle(t testing.TB, throttle Throttle) {
	t.Helper()
	_, err := s.operator.SetThrottle(t.Context(), s.accountID, throttle)
	s.check(t, err)
}

// Stock lets instance types or zones be sold out.
func (s *Server) Stock(t testing.TB, stock Stock) {
	t.Helper()
	s.own(&stock.Account)
	_, err := s.operator.AddStock(t.Context(), stock)
	s.check(t, err)
}

// own sets the account of a rule that names none.
func (s *Server) own(account *string) { *account = cmp.Or(*account, s.accountID) }

func (s *Server) check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("enisimtest: %v", err)
	}
}

// PlacedFault is a fault of a running server.
type PlacedFault struct {
	ID     string
	server *Server
}

// Fault disturbs some calls, from now on. Without an account it is for the account of AccessKeyID. A
// fault that cannot be meant ends the test.
//
// The answer of the second attach is lost after its commit:
//
//	server.Fault(t, enisimtest.Fault{
//		Action: "AttachNetworkInterface",
//		When:   enisimtest.FaultWhen{From: 2, To: 2},
//		Do:     enisimtest.FaultDo{Lose: "reset"},
//	})
func (s *Server) Fault(t testing.TB, fault Fault) *PlacedFault {
	t.Helper()
	s.own(&fault.Account)
	added, err := s.operator.AddFault(t.Context(), fault)
	s.check(t, err)
	return &PlacedFault{added.ID, s}
}

// Counts returns how many calls the fault has matched, and how many of them it has struck.
func (f *PlacedFault) Counts(t testing.TB) (matched, struck int) {
	t.Helper()
	found, err := f.server.operator.Fault(t.Context(), f.ID)
	f.server.check(t, err)
	return int(found.Matched), int(found.Struck)
}

// Remove lifts the fault.
func (f *PlacedFault) Remove(t testing.TB) {
	t.Helper()
	f.server.check(t, f.server.operator.RemoveFault(t.Context(), f.ID))
}
