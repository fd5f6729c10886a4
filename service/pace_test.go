package service

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"enisim/store"
)

// An account has some refusals a second at once; the next ones are held back, up to a bound. Another account's are its own.
func TestRefusalsOfAnOverloadAreHeldBack(t *testing.T) {
	t.Parallel()
	p, now := newPacer(), time.Now()
	for n := range freeRefusals {
		if delay, _ := p.hold("greedy", now); delay != 0 {
			t.Fatalf("refusal %d: got a delay of %v, want none", n, delay)
		}
	}
	var release func()
	for n := range maxHeldRefusals {
		var delay time.Duration
		if delay, release = p.hold("greedy", now); delay < minRefusalDelay || delay > maxRefusalDelay {
			t.Fatalf("refusal %d: got a delay of %v, want between %v and %v",
				freeRefusals+n, delay, minRefusalDelay, maxRefusalDelay)
		}
	}
	if delay, _ := p.hold("greedy", now); delay != 0 {
		t.Errorf("one more than are held at a time: got a delay of %v, want none", delay)
	}
	if delay, _ := p.hold("polite", now); delay != 0 {
		t.Errorf("another account: got a delay of %v, want none", delay)
	}
	release()
	if delay, _ := p.hold("greedy", now); delay < minRefusalDelay {
		t.Errorf("after one was answered: got a delay of %v, want at least %v", delay, minRefusalDelay)
	}
	if delay, _ := p.hold("greedy", now.Add(time.Second)); delay != 0 {
		t.Errorf("a second later: got a delay of %v, want none", delay)
	}
	for n := range 2 * maxPacedAccounts {
		p.hold(fmt.Sprint(n), now)
	}
	if got := p.accounts.Len(); got != maxPacedAccounts {
		t.Errorf("accounts that are remembered: got %d, want %d", got, maxPacedAccounts)
	}
}

// Only refusals of an overload are held back, and only as long as the client is there.
func TestOtherAnswersAreNotHeldBack(t *testing.T) {
	t.Parallel()
	s := &Service{pacer: newPacer()}
	caller := Caller{AccountID: "1"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 * freeRefusals { // each would take a second
		s.PaceRefusal(t.Context(), caller, errors.New("another failure"))
		s.PaceRefusal(ctx, caller, store.ErrBusy)
	}
}
