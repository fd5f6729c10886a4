package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Limits on how many connections of the pool one account may hold, so that a tenant that waits does
// not delay the others.
const (
	// maxQueuedPerAccount is how many requests of one account may wait for a connection. One more
	// is refused.
	maxQueuedPerAccount = 1024
	// maxQueueWait is how long a request may wait for a connection. SDKs stop waiting for an answer
	// after 3 s, so a request whose turn would come later is refused while its client still
	// listens.
	maxQueueWait = 2500 * time.Millisecond
	// sharingWindow is how long accounts count as sharing the pool after two different accounts
	// have sent requests.
	sharingWindow = time.Second
	// reservedConns is how many connections of a pool are reserved for batches and probes, which
	// serve all accounts.
	reservedConns = 2
)

// ErrBusy is returned when the caller's account has too many requests in the queue for a
// connection. It is also returned when this request's turn would come too late for its client.
// Nothing was sent to the database.
var ErrBusy = errors.New("store: too many requests of this account are waiting for the database")

// turnsKey is the context key of the queue in which statements wait for a connection.
type turnsKey struct{}

// queueName names a queue: an account's, or one of the server's own lookups.
type queueName struct {
	id      string
	account bool
}

// WithAccount returns a context whose statements count against an account's share of the
// connections. Statements without an account are those of the server itself (batches, probes) and
// of operators. They wait in no queue.
func WithAccount(ctx context.Context, accountID string) context.Context {
	return context.WithValue(ctx, turnsKey{}, queueName{accountID, true})
}

// WithLookups returns a context whose statements are lookups of the server. All lookups of one kind
// have a share of the connections like an account, but do not count as an account.
func WithLookups(ctx context.Context, kind string) context.Context {
	return context.WithValue(ctx, turnsKey{}, queueName{kind, false})
}

// WithoutAccount returns a context whose statements count against no share.
func WithoutAccount(ctx context.Context) context.Context {
	return context.WithValue(ctx, turnsKey{}, nil)
}

// turns grants the connections of a pool to accounts: each gets a limited number, and accounts that
// wait are served in rotation. A turn is the right to take one connection. turns counts connections
// and holds none. A request that has a turn takes a connection from the pool without waiting.
type turns struct {
	perAccount      int // how many connections an account may hold while several accounts share the pool
	perAccountAlone int // how many it may hold otherwise
	maxHeld         int // how many all accounts together may hold
	maxWait         time.Duration

	mu          sync.Mutex
	lastAccount string    // the account of the last request
	sharedUntil time.Time // several accounts count as sharing the pool until then

	held     int // number of connections that all accounts hold
	accounts map[queueName]*accountTurns
	rotation []*accountTurns // accounts below their limit with a queued request, in the order in which they are served
}

// accountTurns are the connections that one account holds, and its requests that wait for one. It
// is removed when there are none.
type accountTurns struct {
	name        queueName
	held        int
	queue       []*waiter
	inRotation  bool          // whether it is in turns.rotation
	averageHold time.Duration // moving average of how long its requests hold a connection
}

// waiter is a request that waits for a connection. granted is closed when its turn comes.
type waiter struct{ granted chan struct{} }

// newTurns returns the turns of a pool with conns connections. An account may hold half of them
// while it is alone, so that others find free connections however long its transactions wait for
// locks. While several accounts share the pool, an account may hold an eighth, so that its
// statements leave processor time to the others too.
func newTurns(conns int) *turns {
	return &turns{
		// At least two, if the pool has four: a request that waits for a lock must not stop all
		// others of its account.
		perAccount:      max(1, min(2, conns/2), conns/8),
		perAccountAlone: max(1, conns/2),
		maxHeld:         max(conns-reservedConns, (conns+1)/2),
		maxWait:         maxQueueWait,
		accounts:        map[queueName]*accountTurns{},
	}
}

// limit returns how many connections an account may hold now.
func (t *turns) limit(now time.Time) int {
	if now.Before(t.sharedUntil) {
		return t.perAccount
	}
	return t.perAccountAlone
}

// begin waits for a turn of the context's account, and returns the function that ends it. It fails
// with ErrBusy after maxWait, or at once if the account's queue is full or would take too long.
func (t *turns) begin(ctx context.Context) (end func(), err error) {
	name, ok := ctx.Value(turnsKey{}).(queueName)
	if !ok {
		return func() {}, nil
	}
	account, pending, err := t.enter(name)
	if err != nil {
		return nil, err
	}
	if pending != nil {
		if err := t.wait(ctx, account, pending); err != nil {
			return nil, err
		}
	}
	started := time.Now()
	return func() { t.end(account, time.Since(started)) }, nil
}

// enter takes a turn if one is free, and else returns the waiter that it has added to the account's
// queue.
func (t *turns) enter(name queueName) (*accountTurns, *waiter, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// First note whether several accounts use the pool, because the limit depends on it.
	now := time.Now()
	if name.account && name.id != t.lastAccount {
		if t.lastAccount != "" {
			t.sharedUntil = now.Add(sharingWindow)
		}
		t.lastAccount = strings.Clone(name.id)
	}
	// Then take a turn if the account and the pool have one left, and no earlier request of the
	// account waits.
	limit := t.limit(now)
	account := t.accounts[name]
	if account == nil {
		account = &accountTurns{name: queueName{strings.Clone(name.id), name.account}}
		t.accounts[account.name] = account
	}
	if account.held < limit && t.held < t.maxHeld && len(account.queue) == 0 {
		account.held++
		t.held++
		return account, nil, nil
	}
	// Last, join the queue, unless it is full or the turn would come too late. The estimate is how
	// long the requests ahead will take on all of the account's connections.
	expected := account.averageHold * time.Duration(len(account.queue)/limit+1)
	if len(account.queue) >= maxQueuedPerAccount || expected > t.maxWait {
		return nil, nil, fmt.Errorf("%w: %d wait, for about %v",
			ErrBusy, len(account.queue), expected.Round(time.Millisecond))
	}
	pending := &waiter{granted: make(chan struct{})}
	account.queue = append(account.queue, pending)
	t.addToRotation(account, limit)
	return account, pending, nil
}

// wait waits until the turn is granted. A request that gives up leaves the queue. If its turn was
// granted at the same time, it ends the turn.
func (t *turns) wait(ctx context.Context, account *accountTurns, pending *waiter) error {
	timeout := time.NewTimer(t.maxWait)
	defer timeout.Stop()
	var err error
	select {
	case <-pending.granted:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timeout.C:
		err = ErrBusy
	}
	// The request gives up. First look for it in the queue, under the lock, because its turn may
	// have been granted since.
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range account.queue {
		if other == pending {
			account.queue = append(account.queue[:i], account.queue[i+1:]...)
			t.removeIfIdle(account)
			return err
		}
	}
	t.release(account) // it is no longer queued, so its turn was granted
	return err
}

// end ends a turn that took so long, and grants the next ones.
func (t *turns) end(account *accountTurns, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	account.averageHold += (took - account.averageHold) / 8
	t.release(account)
}

// release ends a turn and grants the free connections to the accounts in rotation, one request at a
// time.
func (t *turns) release(account *accountTurns) {
	// First free the turn, which may bring the account itself below its limit.
	limit := t.limit(time.Now())
	account.held--
	t.held--
	t.addToRotation(account, limit)
	// Then serve the rotation while there are free connections.
	for t.held < t.maxHeld && len(t.rotation) > 0 {
		next := t.rotation[0]
		t.rotation, next.inRotation = t.rotation[1:], false
		if len(next.queue) == 0 || next.held >= limit {
			continue // it is added again when it ends a turn
		}
		granted := next.queue[0]
		next.queue = next.queue[1:]
		next.held++
		t.held++
		close(granted.granted)
		t.addToRotation(next, limit) // behind the other accounts
	}
	t.removeIfIdle(account)
}

// addToRotation puts an account at the end of the rotation if it has a queued request and may hold
// more connections.
func (t *turns) addToRotation(account *accountTurns, limit int) {
	if !account.inRotation && len(account.queue) > 0 && account.held < limit {
		account.inRotation = true
		t.rotation = append(t.rotation, account)
	}
}

// removeIfIdle removes an account that neither holds nor waits for a connection, so that inactive
// accounts take no memory.
func (t *turns) removeIfIdle(account *accountTurns) {
	if account.held == 0 && len(account.queue) == 0 && !account.inRotation {
		delete(t.accounts, account.name)
	}
}
