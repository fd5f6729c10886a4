package store

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	// sharingWindow is how long accounts count as sharing the server after two different accounts
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

// turnsOf is the value of turnsKey: the queue of a request, and the turns that it holds until its
// answer is complete.
type turnsOf struct {
	queue     queueName
	startedAt time.Time // from which the waits for all of its turns count together; zero: each wait counts alone

	mu   sync.Mutex
	ends []func()
}

// waited returns for how long the request has waited for earlier turns, at most.
func (r *turnsOf) waited() time.Duration {
	if r.startedAt.IsZero() {
		return 0
	}
	return time.Since(r.startedAt)
}

// hold keeps a turn until the request ends.
func (r *turnsOf) hold(end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends = append(r.ends, end)
}

// end ends the turns that the request holds. Later calls do nothing.
func (r *turnsOf) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, end := range r.ends {
		end()
	}
	r.ends = nil
}

// WithAccount returns a context for one request of an account, whose statements count against the
// account's share of the connections. The caller calls end when it has encoded the answer, because
// a large list holds a turn until then.
//
// Statements without an account are those of the server itself (batches, probes) and of operators.
// They wait in no queue.
func (s *Store) WithAccount(ctx context.Context, accountID string) (_ context.Context, end func()) {
	now := time.Now()
	s.sharing.note(accountID, now)
	r := &turnsOf{queue: queueName{accountID, true}, startedAt: now}
	return context.WithValue(ctx, turnsKey{}, r), r.end
}

// WithLookups returns a context whose statements are lookups of the server. All lookups of one kind
// have a share of the connections like an account, but do not count as an account.
func WithLookups(ctx context.Context, kind string) context.Context {
	return context.WithValue(ctx, turnsKey{}, &turnsOf{queue: queueName{kind, false}})
}

// WithoutAccount returns a context whose statements count against no share.
func WithoutAccount(ctx context.Context) context.Context {
	return context.WithValue(ctx, turnsKey{}, (*turnsOf)(nil))
}

// IsShared reports whether several accounts count as sharing the server.
func (s *Store) IsShared(now time.Time) bool { return s.sharing.isShared(now) }

// sharing knows whether several accounts use the server.
type sharing struct {
	mu          sync.Mutex
	lastAccount string    // the account of the last request
	sharedUntil time.Time // several accounts count as using the server until then
}

// note notes a request of an account.
func (s *sharing) note(accountID string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if accountID == s.lastAccount {
		return
	}
	if s.lastAccount != "" {
		s.sharedUntil = now.Add(sharingWindow)
	}
	s.lastAccount = strings.Clone(accountID)
}

// isShared reports whether several accounts count as using the server.
func (s *sharing) isShared(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.sharedUntil)
}

// turns grants the connections of a pool to accounts: each gets a limited number, and accounts that
// wait are served in rotation. A turn is the right to take one connection. turns counts connections
// and holds none. A request that has a turn takes a connection from the pool without waiting.
type turns struct {
	perAccount      int // how many connections an account may hold while several accounts share the server
	perAccountAlone int // how many it may hold otherwise
	maxHeld         int // how many all accounts together may hold
	maxWait         time.Duration
	sharing         *sharing

	mu       sync.Mutex
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
// locks. While several accounts share the server, an account may hold an eighth, so that its
// statements leave processor time to the others too.
func newTurns(conns int, s *sharing) *turns {
	return &turns{
		sharing: s,
		// At least two, if the pool has four: a request that waits for a lock must not stop all
		// others of its account.
		perAccount:      max(1, min(2, conns/2), conns/8),
		perAccountAlone: max(1, conns/2),
		maxHeld:         max(conns-reservedConns, (conns+1)/2),
		maxWait:         maxQueueWait,
		accounts:        map[queueName]*accountTurns{},
	}
}

// newListTurns returns the turns of large lists. These take processor time rather than connections:
// to find rows, and then to render them. While several accounts share the server, an account has one
// large list in work, and then none for as long as that one took. So it keeps about half a core busy,
// and the requests of other accounts find a free one.
func newListTurns(conns int, s *sharing) *turns {
	t := newTurns(conns, s)
	t.perAccount, t.maxHeld = 1, conns
	return t
}

// newCreationTurns returns the turns of transactions that create or assign something in the
// account, a VPC or a VSwitch, and lock that row. They run one after the other in any case. If all of
// them waited in the database, the last one would reach its lock timeout while the locks are granted
// regularly. So two of an account are at work: one that has the locks, and one that gets them next.
func newCreationTurns(s *sharing) *turns {
	t := newTurns(0, s)
	t.perAccount, t.perAccountAlone, t.maxHeld = 2, 2, math.MaxInt
	return t
}

// BeginCreation waits for the turn of a transaction that creates or assigns something in the
// account, a VPC or a VSwitch. The caller calls end after the transaction. It returns ErrBusy if the
// turn does not come in time.
func (s *Store) BeginCreation(ctx context.Context) (end func(), err error) {
	return s.creations.begin(ctx)
}

// holdListTurn waits for the turn of a large list. The request of the context holds it until its
// answer is encoded.
func (t *turns) holdListTurn(ctx context.Context) error {
	end, err := t.begin(ctx)
	if err != nil {
		return err
	}
	request, _ := ctx.Value(turnsKey{}).(*turnsOf)
	if request == nil {
		return nil
	}
	started := time.Now()
	request.hold(func() {
		if t.sharing.isShared(time.Now()) {
			time.AfterFunc(time.Since(started), end)
			return
		}
		end()
	})
	return nil
}

// limit returns how many connections an account may hold now.
func (t *turns) limit(now time.Time) int {
	if t.sharing.isShared(now) {
		return t.perAccount
	}
	return t.perAccountAlone
}

// begin waits for a turn of the context's account, and returns the function that ends it. It fails
// with ErrBusy after maxWait, or at once if the account's queue is full or would take too long.
func (t *turns) begin(ctx context.Context) (end func(), err error) {
	request, _ := ctx.Value(turnsKey{}).(*turnsOf)
	if request == nil {
		return func() {}, nil
	}
	account, pending, err := t.enter(request.queue)
	if err != nil {
		return nil, err
	}
	if pending != nil {
		if err := t.wait(ctx, account, pending, t.maxWait-request.waited()); err != nil {
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
	// First take a turn if the account and the pool have one left, and no earlier request of the
	// account waits.
	limit := t.limit(time.Now())
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
	// Otherwise join the queue, unless it is full or the turn would come too late. The estimate is how
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

// wait waits at most maxWait until the turn is granted. A request that gives up leaves the queue.
// If its turn was granted at the same time, it ends the turn.
func (t *turns) wait(ctx context.Context, account *accountTurns, pending *waiter, maxWait time.Duration) error {
	timeout := time.NewTimer(maxWait)
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
