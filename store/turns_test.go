package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mustBegin takes a turn that is free, and fails the test where it is not.
func mustBegin(t *testing.T, turns *turns, id string) (end func()) {
	t.Helper()
	account, pending, err := turns.enter(queueName{id, true})
	if err != nil || pending != nil {
		t.Fatalf("account %s: got error %v and a place in the queue %t, want a free turn", id, err, pending != nil)
	}
	return func() { turns.end(account, 0) }
}

// queued puts a request of an account into the queue. order gets the account's name when its turn comes.
func queued(t *testing.T, turns *turns, account string, order chan<- string) {
	t.Helper()
	entered, pending, err := turns.enter(queueName{account, true})
	if err != nil || pending == nil {
		t.Fatalf("account %s: got error %v and a place in the queue %t, want to wait", account, err, pending != nil)
	}
	go func() {
		<-pending.granted
		order <- entered.name.id
		turns.end(entered, 0)
	}()
}

// An account holds half of the connections while it is alone, and an eighth while others come too: it leaves the rest to them.
func TestAnAccountHoldsItsShareOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		others bool
		want   int
	}{"alone": {false, 8}, "beside others": {true, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turns := newTurns(16)
			if c.others {
				mustBegin(t, turns, "b")()
				mustBegin(t, turns, "a")()
				turns.sharedUntil = turns.sharedUntil.Add(time.Hour)
			} else if lookup, _, err := turns.enter(queueName{"keys", false}); err != nil { // which is no account
				t.Fatal(err)
			} else {
				turns.end(lookup, 0)
			}
			first := mustBegin(t, turns, "a")
			for range c.want - 1 {
				mustBegin(t, turns, "a")
			}
			order := make(chan string, 1)
			queued(t, turns, "a", order)
			mustBegin(t, turns, "c")()
			select {
			case <-order:
				t.Fatal("the account got a connection beyond its share")
			default:
			}
			turns.sharedUntil = turns.sharedUntil.Add(-2 * time.Hour)
			first()
			if got := <-order; got != "a" {
				t.Errorf("got the turn of %q, want that of a", got)
			}
		})
	}
}

// Accounts that wait are served in turn, however many requests each has in its queue.
func TestWaitingAccountsAreServedInTurn(t *testing.T) {
	t.Parallel()
	turns := newTurns(1)
	end := mustBegin(t, turns, "z")
	order := make(chan string, 12)
	for _, account := range []string{"a", "a", "a", "a", "a", "a", "b", "b", "c"} {
		queued(t, turns, account, order)
	}
	end()
	var got []string
	for range 9 {
		got = append(got, <-order)
	}
	if want := []string{"a", "b", "c", "a", "b", "a", "a", "a", "a"}; !slices.Equal(got, want) {
		t.Errorf("order: got %v, want %v", got, want)
	}
}

// A request is refused at once where the queue of its account is full, and where its turn would come too late.
func TestARequestThatWouldWaitTooLongIsRefused(t *testing.T) {
	t.Parallel()
	turns := newTurns(1)
	end := mustBegin(t, turns, "a")
	order := make(chan string, maxQueuedPerAccount)
	for range maxQueuedPerAccount {
		queued(t, turns, "a", order)
	}
	if _, _, err := turns.enter(queueName{"a", true}); !errors.Is(err, ErrBusy) {
		t.Errorf("with a full queue: got %v, want ErrBusy", err)
	}
	queued(t, turns, "b", order) // another account's queue is its own
	end()
	for range maxQueuedPerAccount + 1 {
		<-order
	}

	slow, _, _ := turns.enter(queueName{"c", true})
	if _, pending, err := turns.enter(queueName{"c", true}); err != nil || pending == nil {
		t.Fatalf("a second request: got error %v, want a place in the queue", err)
	}
	turns.end(slow, 8*2*turns.maxWait) // the average moves by an eighth
	if _, _, err := turns.enter(queueName{"c", true}); !errors.Is(err, ErrBusy) {
		t.Errorf("behind requests that take long: got %v, want ErrBusy", err)
	}
}

// A request that gives up leaves the queue, also when its turn comes in the same moment: nothing is held in the end.
func TestTurnsWhileRequestsComeAndGo(t *testing.T) {
	t.Parallel()
	turns := newTurns(8)
	var holding, highest atomic.Int64
	var callers sync.WaitGroup
	for k := range 64 {
		random := rand.New(rand.NewPCG(1, uint64(k)))
		callers.Go(func() {
			for range 200 {
				ctx, giveUp := context.WithCancel(WithAccount(t.Context(), fmt.Sprint(random.IntN(5))))
				go func(spins int) {
					for range spins {
						runtime.Gosched()
					}
					giveUp()
				}(random.IntN(300))
				end, err := turns.begin(ctx)
				if err != nil {
					if !errors.Is(err, context.Canceled) && !errors.Is(err, ErrBusy) {
						t.Errorf("got %v, want context.Canceled or ErrBusy", err)
					}
					continue
				}
				for n := holding.Add(1); ; {
					old := highest.Load()
					if n <= old || highest.CompareAndSwap(old, n) {
						break
					}
				}
				runtime.Gosched()
				holding.Add(-1)
				end()
				giveUp()
			}
		})
	}
	callers.Wait()
	if got := highest.Load(); got > int64(turns.maxHeld) {
		t.Errorf("held at once: got %d, want at most %d", got, turns.maxHeld)
	}
	if turns.held != 0 || len(turns.accounts) != 0 || len(turns.rotation) != 0 {
		t.Errorf("in the end: got %d held, %d accounts, %d waiting, want none", turns.held, len(turns.accounts), len(turns.rotation))
	}
}
