package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Limits on how much of the pool one account may have, so that a tenant that waits waits alone.
const (
	// maxQueuedPerAccount is how many requests of one account wait for a connection; one more is refused.
	maxQueuedPerAccount = 1024
	// maxQueueWait is how long a request may wait for a connection. SDKs give up on an answer after 3 s, so a request whose
	// turn would come later is refused while its client still listens.
	maxQueueWait = 2500 * time.Millisecond
	// accountsMeet is how long accounts count as sharing the pool after requests of two of them came.
	accountsMeet = time.Second
	// reservedConns of a pool are for batches and probes, which serve all accounts.
	reservedConns = 2
)

// ErrBusy is returned when a caller's account has too many requests in the queue for a connection, or when the turn of this one
// would come too late for its client. Nothing was sent to the database.
var ErrBusy = errors.New("store: too many requests of this account are waiting for the database")

// turnsKey is the context key of the queue in which statements wait for a connection.
type turnsKey struct{}

// queueName names a queue: an account's, or one of the server's own lookups.
type queueName struct {
	id      string
	account bool
}

// WithAccount returns a context whose statements count against an account's share of the connections. Without an account they are the
// server's own (batches, probes) and the operators', which come first.
func WithAccount(ctx context.Context, accountID string) context.Context {
	return context.WithValue(ctx, turnsKey{}, queueName{accountID, true})
}

// WithLookups returns a context whose statements are lookups of the server. Those of a kind have a share of the connections like an
// account, but do not count as one.
func WithLookups(ctx context.Context, kind string) context.Context {
	return context.WithValue(ctx, turnsKey{}, queueName{kind, false})
}

// WithoutAccount returns a context whose statements count against no share.
func WithoutAccount(ctx context.Context) context.Context {
	return context.WithValue(ctx, turnsKey{}, nil)
}

// turns hands out the connections of a pool: a bounded number to each account, and in turn where several accounts wait. It counts
// connections and holds none; whoever has a turn takes one from the pool without waiting.
type turns struct {
	perAccount int // how many connections an account may hold while several share the pool
	alone      int // how many it may hold otherwise
	shared     int // how many all accounts together may hold
	maxWait    time.Duration

	mu           sync.Mutex
	lastAccount  string    // whose request came last
	severalUntil time.Time // until when several accounts share the pool

	held     int // by all accounts
	accounts map[queueName]*accountTurns
	waiting  []*accountTurns // the accounts with a request that could start if there were a connection, in the order of their turns
}

// accountTurns are the connections that one account holds and waits for. It is dropped when there are none.
type accountTurns struct {
	name   queueName
	held   int
	queue  []*turn
	listed bool          // whether it is among the waiting
	usual  time.Duration // how long its requests hold a connection, as a moving average
}

// turn is a request that waits for a connection.
type turn struct{ granted chan struct{} }

// newTurns shares out a pool of so many connections. While several accounts share it, one may hold an eighth, so that its statements
// leave the processors to others, too, and otherwise half. So there is room for others, however long its transactions wait for locks.
func newTurns(conns int) *turns {
	return &turns{
		perAccount: max(1, min(2, conns/2), conns/8), // two, so that one that waits for a lock does not stop all others of its account
		alone:      max(1, conns/2),
		shared:     max(conns-reservedConns, (conns+1)/2),
		maxWait:    maxQueueWait,
		accounts:   map[queueName]*accountTurns{},
	}
}

// limit returns how many connections an account may hold now.
func (t *turns) limit(now time.Time) int {
	if now.Before(t.severalUntil) {
		return t.perAccount
	}
	return t.alone
}

// begin waits for a turn of the context's account, and returns the function that ends it. The wait is over with ErrBusy after maxWait,
// or at once where the account's queue is full or too long.
func (t *turns) begin(ctx context.Context) (end func(), err error) {
	name, ok := ctx.Value(turnsKey{}).(queueName)
	if !ok {
		return func() {}, nil
	}
	account, mine, err := t.enter(name)
	if err != nil {
		return nil, err
	}
	if mine != nil {
		if err := t.wait(ctx, account, mine); err != nil {
			return nil, err
		}
	}
	started := time.Now()
	return func() { t.end(account, time.Since(started)) }, nil
}

// enter takes a free turn, or else a place in the account's queue.
func (t *turns) enter(name queueName) (*accountTurns, *turn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if name.account && name.id != t.lastAccount {
		if t.lastAccount != "" {
			t.severalUntil = now.Add(accountsMeet)
		}
		t.lastAccount = strings.Clone(name.id)
	}
	limit := t.limit(now)
	account := t.accounts[name]
	if account == nil {
		account = &accountTurns{name: queueName{strings.Clone(name.id), name.account}}
		t.accounts[account.name] = account
	}
	if account.held < limit && t.held < t.shared && len(account.queue) == 0 {
		account.held++
		t.held++
		return account, nil, nil
	}
	// The estimate is the account's own: how long those before this request will take, with all of its connections.
	expected := account.usual * time.Duration(len(account.queue)/limit+1)
	if len(account.queue) >= maxQueuedPerAccount || expected > t.maxWait {
		return nil, nil, fmt.Errorf("%w: %d wait, for about %v", ErrBusy, len(account.queue), expected.Round(time.Millisecond))
	}
	mine := &turn{granted: make(chan struct{})}
	account.queue = append(account.queue, mine)
	t.list(account, limit)
	return account, mine, nil
}

// wait returns when the turn has come. A request that gives up leaves the queue, unless its turn came in the same moment.
func (t *turns) wait(ctx context.Context, account *accountTurns, mine *turn) error {
	tooLate := time.NewTimer(t.maxWait)
	defer tooLate.Stop()
	var err error
	select {
	case <-mine.granted:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-tooLate.C:
		err = ErrBusy
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range account.queue {
		if other == mine {
			account.queue = append(account.queue[:i], account.queue[i+1:]...)
			t.drop(account)
			return err
		}
	}
	t.release(account) // it was granted after all
	return err
}

// end gives a connection back, and the next in turn its own.
func (t *turns) end(account *accountTurns, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	account.usual += (took - account.usual) / 8
	t.release(account)
}

// release frees what a request held and hands it on: to one request of each waiting account in turn, as long as there are connections.
func (t *turns) release(account *accountTurns) {
	limit := t.limit(time.Now())
	account.held--
	t.held--
	t.list(account, limit)
	for t.held < t.shared && len(t.waiting) > 0 {
		next := t.waiting[0]
		t.waiting, next.listed = t.waiting[1:], false
		if len(next.queue) == 0 || next.held >= limit {
			continue // it is listed again when it ends a turn
		}
		granted := next.queue[0]
		next.queue = next.queue[1:]
		next.held++
		t.held++
		close(granted.granted)
		t.list(next, limit) // behind the other accounts
	}
	t.drop(account)
}

// list puts an account that waits, and may hold more, at the end of those in turn.
func (t *turns) list(account *accountTurns, limit int) {
	if !account.listed && len(account.queue) > 0 && account.held < limit {
		account.listed = true
		t.waiting = append(t.waiting, account)
	}
}

// drop forgets an account that neither holds nor waits for anything, so that accounts that come and go take no memory.
func (t *turns) drop(account *accountTurns) {
	if account.held == 0 && len(account.queue) == 0 && !account.listed {
		delete(t.accounts, account.name)
	}
}
