package service

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"enisim.alt/store"
)

// Two keys are made at a time. The accounts that wait get the next turns alternately, however many requests one of
// them has, and one whose queue is full is refused. A caller who leaves takes no turn.
func TestTurnsToMakeAKey(t *testing.T) {
	t.Parallel()
	var turns keyTurns
	for range maxKeysAtOnce {
		if err := turns.acquire(t.Context(), "greedy"); err != nil {
			t.Fatal(err)
		}
	}
	// First fill the queue of an account, then two others wait behind it, of which one leaves.
	granted := make(chan string)
	wait := func(ctx context.Context, account string) {
		before := turns.length()
		go func() {
			if err := turns.acquire(ctx, account); err != nil {
				account = err.Error()
			}
			granted <- account
		}()
		for turns.length() == before {
			runtime.Gosched()
		}
	}
	for range maxKeysWaiting {
		wait(t.Context(), "greedy")
	}
	if err := turns.acquire(t.Context(), "greedy"); !errors.Is(err, store.ErrBusy) {
		t.Errorf("beyond the queue: got %v, want %v", err, store.ErrBusy)
	}
	gone, leave := context.WithCancel(t.Context())
	wait(gone, "gone")
	wait(t.Context(), "polite")
	leave()
	if got := <-granted; got != context.Canceled.Error() {
		t.Fatalf("the caller who left: got %s, want %s", got, context.Canceled)
	}
	// Then each turn that ends goes to the next account.
	var order []string
	for range 4 {
		turns.release()
		order = append(order, <-granted)
	}
	if want := []string{"greedy", "polite", "greedy", "greedy"}; !slices.Equal(order, want) {
		t.Errorf("turns: got %q, want %q", order, want)
	}
	for range maxKeysWaiting - 3 {
		turns.release()
		<-granted
	}
	for range maxKeysAtOnce {
		turns.release()
	}
	if turns.granted != 0 || turns.length() != 0 {
		t.Errorf("in the end: got %d turns and %d requests that wait, want none", turns.granted, turns.length())
	}
}

// length returns how many requests wait.
func (k *keyTurns) length() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.waiting.size
}
