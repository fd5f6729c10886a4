package enisimtest

import (
	"testing"

	"enisim/service/disturbance"
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
	if fault.Account == "" {
		fault.Account = s.accountID
	}
	added, err := s.operator.AddFault(t.Context(), fault)
	if err != nil {
		t.Fatalf("enisimtest: %v", err)
	}
	return &PlacedFault{added.ID, s}
}

// Counts returns how many calls the fault has matched, and how many of them it has struck.
func (f *PlacedFault) Counts(t testing.TB) (matched, struck int) {
	t.Helper()
	found, err := f.server.operator.Fault(t.Context(), f.ID)
	if err != nil {
		t.Fatalf("enisimtest: %v", err)
	}
	return int(found.Matched), int(found.Struck)
}

// Remove lifts the fault.
func (f *PlacedFault) Remove(t testing.TB) {
	t.Helper()
	if err := f.server.operator.RemoveFault(t.Context(), f.ID); err != nil {
		t.Fatalf("enisimtest: %v", err)
	}
}
