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

// mustBegin takes a free turn, and fails the test if there is none.
func mustBegin(t *testing.T, turns *turns, id string) (end func()) {
	t.Helper()
	account, pending, err := turns.enter(queueName{id, true})
	if err != nil || pending != nil {
		t.Fatalf("account %s: got error %v, queued %t, want a free turn", id, err, pending != nil)
	}
	return func() { turns.end(account, 0) }
}

// shareForAnHour makes two accounts count as users of the server for an hour.
func shareForAnHour(s *sharing) {
	s.note("a", time.Now())
	s.note("b", time.Now().Add(time.Hour))
}

// requestContext returns a context of a request of an account.
func requestContext(ctx context.Context, account string) context.Context {
	return context.WithValue(ctx, turnsKey{}, &turnsOf{queue: queueName{account, true}, startedAt: time.Now()})
}

// enqueue queues a request of an account. order receives the account's name when its turn comes.
func enqueue(t *testing.T, turns *turns, account string, order chan<- string) {
	t.Helper()
	entered, pending, err := turns.enter(queueName{account, true})
	if err != nil || pending == nil {
		t.Fatalf("account %s: got error %v, queued %t, want it queued", account, err, pending != nil)
	}
	go func() {
		<-pending.granted
		order <- entered.name.id
		turns.end(entered, 0)
	}()
}

// An account holds at most half of the connections while it is alone, and at most an eighth while
// other accounts use the server. The rest is free for the others.
func TestAnAccountHoldsItsShareOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		others bool
		want   int
	}{"alone": {false, 8}, "beside others": {true, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turns := newTurns(16, new(sharing))
			if c.others {
				shareForAnHour(turns.sharing)
			} else if lookup, _, err := turns.enter(queueName{"keys", false}); err != nil { // not an account
				t.Fatal(err)
			} else {
				turns.end(lookup, 0)
			}
			first := mustBegin(t, turns, "a")
			for range c.want - 1 {
				mustBegin(t, turns, "a")
			}
			order := make(chan string, 1)
			enqueue(t, turns, "a", order)
			mustBegin(t, turns, "c")()
			select {
			case <-order:
				t.Fatal("got a connection beyond the share of the account, want the request to wait")
			default:
			}
			turns.sharing.sharedUntil = turns.sharing.sharedUntil.Add(-2 * time.Hour)
			first()
			if got := <-order; got != "a" {
				t.Errorf("next turn: got account %q, want a", got)
			}
		})
	}
}

// Waiting accounts get turns in rotation, however many requests each of them has queued.
func TestWaitingAccountsAreServedInTurn(t *testing.T) {
	t.Parallel()
	turns := newTurns(1, new(sharing))
	end := mustBegin(t, turns, "z")
	order := make(chan string, 12)
	for _, account := range []string{"a", "a", "a", "a", "a", "a", "b", "b", "c"} {
		enqueue(t, turns, account, order)
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

// A request is refused at once if the queue of its account is full, or if its turn would come too
// late.
func TestARequestThatWouldWaitTooLongIsRefused(t *testing.T) {
	t.Parallel()
	turns := newTurns(1, new(sharing))
	end := mustBegin(t, turns, "a")
	order := make(chan string, maxQueuedPerAccount)
	for range maxQueuedPerAccount {
		enqueue(t, turns, "a", order)
	}
	if _, _, err := turns.enter(queueName{"a", true}); !errors.Is(err, ErrBusy) {
		t.Errorf("with a full queue: got %v, want ErrBusy", err)
	}
	enqueue(t, turns, "b", order) // each account has its own queue
	end()
	for range maxQueuedPerAccount + 1 {
		<-order
	}

	slow, _, _ := turns.enter(queueName{"c", true})
	if _, pending, err := turns.enter(queueName{"c", true}); err != nil || pending == nil {
		t.Fatalf("a second request: got error %v, want it queued", err)
	}
	turns.end(slow, 8*2*turns.maxWait) // the average duration moves by an eighth of the difference
	if _, _, err := turns.enter(queueName{"c", true}); !errors.Is(err, ErrBusy) {
		t.Errorf("behind slow requests: got %v, want ErrBusy", err)
	}
}

// A request whose context is cancelled leaves the queue, also when its turn comes at the same time.
// So no turn stays held.
func TestCancelledRequestsHoldNoTurns(t *testing.T) {
	t.Parallel()
	turns := newTurns(8, new(sharing))
	var holding, highest atomic.Int64
	var callers sync.WaitGroup
	for k := range 64 {
		random := rand.New(rand.NewPCG(1, uint64(k)))
		callers.Go(func() {
			for range 200 {
				request := requestContext(t.Context(), fmt.Sprint(random.IntN(5)))
				ctx, cancel := context.WithCancel(request)
				go func(spins int) {
					for range spins {
						runtime.Gosched()
					}
					cancel()
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
				cancel()
			}
		})
	}
	callers.Wait()
	if got := highest.Load(); got > int64(turns.maxHeld) {
		t.Errorf("held at once: got %d, want at most %d", got, turns.maxHeld)
	}
	if turns.held != 0 || len(turns.accounts) != 0 || len(turns.rotation) != 0 {
		t.Errorf("at the end: got %d held, %d accounts, %d waiting, want none",
			turns.held, len(turns.accounts), len(turns.rotation))
	}
}

// While several accounts use the server, each of them runs one large list at a time, until its
// answer is encoded. A list of another account does not wait for it.
func TestAnAccountRunsOneLargeListAtATime(t *testing.T) {
	t.Parallel()
	turns := newListTurns(16, new(sharing))
	shareForAnHour(turns.sharing)
	list := func(account string) (request *turnsOf, err error) {
		ctx := requestContext(t.Context(), account)
		return ctx.Value(turnsKey{}).(*turnsOf), turns.holdListTurn(ctx)
	}
	first, err := list("a")
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan *turnsOf)
	go func() {
		request, err := list("a")
		if err != nil {
			t.Error(err)
		}
		second <- request
	}()
	other, err := list("c")
	if err != nil {
		t.Fatalf("another account: %v", err)
	}
	other.end()
	select {
	case <-second:
		t.Fatal("got the second list of the account before the first was encoded, want it to wait")
	default:
	}
	first.end()
	first.end() // has no further effect
	(<-second).end()
}

// An account that is alone runs several large lists at once, but fewer than the pool has
// connections.
func TestAnAccountAloneRunsSeveralLargeLists(t *testing.T) {
	t.Parallel()
	turns := newListTurns(16, new(sharing))
	turns.maxWait = 0 // a list that has to wait is refused
	var running []*turnsOf
	for range 8 {
		ctx := requestContext(t.Context(), "a")
		if err := turns.holdListTurn(ctx); err != nil {
			t.Fatal(err)
		}
		running = append(running, ctx.Value(turnsKey{}).(*turnsOf))
	}
	if err := turns.holdListTurn(requestContext(t.Context(), "a")); !errors.Is(err, ErrBusy) {
		t.Errorf("the ninth list: got %v, want ErrBusy", err)
	}
	for _, request := range running {
		request.end()
	}
	if turns.held != 0 || len(turns.accounts) != 0 {
		t.Errorf("at the end: got %d turns held by %d accounts, want none", turns.held, len(turns.accounts))
	}
}

// A list counts as large if finding, counting or rendering its rows may take long.
func TestListsThatMayTakeLongAreLarge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		maxRows int
		page    Page
		want    bool
	}{
		"by one id, of a large page":  {1, Page{Limit: 500, Count: true}, false},
		"by 100 ids":                  {100, Page{Limit: 100}, true},
		"by 100 ids, of a small page": {100, Page{Limit: 10}, false},
		"all, a small page":           {0, Page{Limit: 10}, false},
		"all, counted":                {0, Page{Limit: 10, Count: true}, true},
		"all, a large page":           {0, Page{Limit: 100}, true},
	} {
		if got := (listQuery{maxRows: c.maxRows}).isLarge(c.page); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}
