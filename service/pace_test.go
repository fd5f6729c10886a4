package service

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"enisim.alt/store"
)

// Each account has a number of immediate refusals a second. Further refusals are delayed, up to a
// limit. Accounts do not affect each other.
func TestRefusalsOfAnOverloadAreDelayed(t *testing.T) {
	t.Parallel()
	p, now := newPacer(), time.Now()
	for n := range freeRefusals {
		if delay, _ := p.hold("first", now); delay != 0 {
			t.Fatalf("refusal %d: got a delay of %v, want none", n, delay)
		}
	}
	var release func()
	for n := range maxHeldRefusals {
		var delay time.Duration
		if delay, release = p.hold("first", now); delay < minRefusalDelay || delay > maxRefusalDelay {
			t.Fatalf("refusal %d: got a delay of %v, want between %v and %v",
				freeRefusals+n, delay, minRefusalDelay, maxRefusalDelay)
		}
	}
	if delay, _ := p.hold("first", now); delay != 0 {
		t.Errorf("one more than the maximum of delayed refusals: got a delay of %v, want none", delay)
	}
	if delay, _ := p.hold("second", now); delay != 0 {
		t.Errorf("another account: got a delay of %v, want none", delay)
	}
	release()
	if delay, _ := p.hold("first", now); delay < minRefusalDelay {
		t.Errorf("after one was answered: got a delay of %v, want at least %v", delay, minRefusalDelay)
	}
	if delay, _ := p.hold("first", now.Add(time.Second)); delay != 0 {
		t.Errorf("a second later: got a delay of %v, want none", delay)
	}
	for n := range 2 * maxPacedAccounts {
		p.hold(fmt.Sprint(n), now)
	}
	if got := p.accounts.Len(); got != maxPacedAccounts {
		t.Errorf("stored accounts: got %d, want %d", got, maxPacedAccounts)
	}
}

// Only refusals of an overload are delayed, and only while the client is connected.
func TestOtherAnswersAreNotDelayed(t *testing.T) {
	t.Parallel()
	s := &Service{pacer: newPacer()}
	caller := Caller{AccountID: "1"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 * freeRefusals { // a delayed one would take a second
		s.PaceRefusal(t.Context(), caller, errors.New("another failure"))
		s.PaceRefusal(ctx, caller, store.ErrBusy)
	}
}
