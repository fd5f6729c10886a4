package sdktest

import (
	"testing"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
	"enisim.alt/testdata/scenarios"
)

// The user of an SDK sees an attach that gets stuck, one that falls back, and one whose time passes by
// the clock of the account.
func testLifecycles(t *testing.T, s sdk) {
	server := serve(t, scenarios.Quickstart)
	c := s.client(t, server.endpoint, quickstartKey)
	order := func(l disturbance.Lifecycle) {
		t.Helper()
		if err := server.operator.RemoveLifecycles(t.Context(), quickstartAccount); err != nil {
			t.Fatal(err)
		}
		l.Account = quickstartAccount
		if _, err := server.operator.AddLifecycle(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	mustAttach := func() {
		t.Helper()
		if _, err := attach(c, freeInterface); err != nil {
			t.Fatalf("attach: %v", err)
		}
	}
	// An attach that never ends is Attaching until it is released.
	order(disturbance.Lifecycle{Transition: disturbance.Attaching, Lasts: disturbance.Lasts{Never: true}})
	mustAttach()
	server.clock.advance(365 * 24 * time.Hour)
	expectState(t, c, interfaceState{"Attaching", "i-web", 1})
	_, err := server.operator.ReleaseTransition(t.Context(),
		operator.ReleaseRequest{Account: quickstartAccount, Resource: freeInterface.NetworkInterfaceID})
	if err != nil {
		t.Fatal(err)
	}
	expectState(t, c, interfaceState{"InUse", "i-web", 1})
	// The detach takes as long as its lifecycle says.
	order(disturbance.Lifecycle{
		Transition: disturbance.Detaching, Lasts: disturbance.Lasts{Fixed: new(disturbance.Duration(time.Hour))},
	})
	if _, err := detach(c, freeInterface); err != nil {
		t.Fatalf("detach: %v", err)
	}
	server.clock.advance(time.Hour - time.Second)
	expectState(t, c, interfaceState{"Detaching", "i-web", 1})
	server.clock.advance(time.Second)
	expectState(t, c, interfaceState{Status: "Available"})
	// An attach that fails is accepted, and falls back.
	order(disturbance.Lifecycle{
		Transition: disturbance.Attaching, Lasts: disturbance.Lasts{Fixed: new(disturbance.Duration(time.Hour))},
		Fails: disturbance.Fails{Probability: new(1.0)},
	})
	mustAttach()
	expectState(t, c, interfaceState{"Attaching", "i-web", 1})
	server.clock.advance(time.Hour)
	expectState(t, c, interfaceState{Status: "Available"})
}
