package service

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"enisim.alt/store"
)

// Limits of the lanes. They bound the length of a queue, the size of a batch and every wait.
const (
	// maxBatch is the maximum number of requests in a transaction, so that a batch stays short
	// however many wait. While several accounts use a lane, maxPart is the maximum per account,
	// because the others wait for the batch. While several accounts use the server, maxOwnPart is the
	// maximum in a lane of one account, because the others wait for the processors.
	maxBatch   = 128
	maxPart    = 8
	maxOwnPart = 16
	// sharedPeriod is how long a lane counts as used by several accounts after requests of two
	// accounts met in it.
	sharedPeriod = time.Second
	// maxQueued is the maximum number of requests that wait in a lane, and maxQueuedPerAccount that
	// of one account. More are refused.
	maxQueued           = 8192
	maxQueuedPerAccount = 4096
	// maxLaneWait is how long a request may wait for its batch. SDKs give up after 3 s.
	maxLaneWait = 2500 * time.Millisecond
	// lockTimeout is how long a request waits for contended rows after it left the shared lane.
	lockTimeout = 2 * time.Second
	// batchLockTimeout is the lock timeout of a batch. After it the requests run alone, so that
	// only requests that need the contended lock keep waiting.
	batchLockTimeout = 500 * time.Millisecond
	// batchTimeout is the timeout of a batch including its commit. It is longer than Postgres's own
	// timeouts. Without it, a dead connection would block a lane until TCP gives up.
	batchTimeout = 12 * time.Second
)

// lanes batch requests. Those that arrive while a transaction is in flight run together in the next
// one: one round of locks and one commit for all of them. Requests are never delayed to fill a
// batch: a request in an idle lane has a transaction to itself. Work is what a batch has to know of
// a request.
//
// A batch of a shared lane serves all accounts, so it waits for no row that another transaction has
// locked. A request that needs such a row leaves the batch undecided and goes to the lane of that
// row. There the requests of one account wait for it together, and use the account's share of the
// connections. So only the tenant that needs the row waits for it.
//
// There is no worker goroutine: leadership rotates. The first request to arrive is the leader: it
// runs its batch in its own goroutine. Then it makes the request whose turn is next the leader of
// the next batch.
type lanes[Work any] struct {
	seed    maphash.Seed
	shared  []lane[Work]  // chosen by the first row of a request; may be empty
	timeout time.Duration // of a batch, until its commit
	run     func(ctx context.Context, batch []*laneRequest[Work], wait bool) error
	// beginAlone waits for the turn of a request that runs alone. nil: there are no turns.
	beginAlone func(ctx context.Context) (end func(), err error)
	// isBrief is set if the requests in the lane of a row need other rows too, each its own. A batch of
	// that lane then waits for locks only for batchLockTimeout, even if it has a single request.
	isBrief bool
	// isServerShared reports whether several accounts use the server, for lanes of rows that all
	// requests of an account use. nil: the size of a batch does not depend on it.
	isServerShared func(now time.Time) bool
	observe        *Observer // nil: nothing is measured
	trace          laneTracer

	mu    sync.Mutex
	ofRow map[store.Row]*lane[Work] // the lanes of single rows, which exist while they have requests
}

// lane is a queue behind the batch that is in flight.
type lane[Work any] struct {
	ofRow bool // whether it is the lane of a row
	wait  bool // whether a batch of a single request waits for locks as long as the request may
	users int  // the number of requests in the lane of a row; guarded by lanes.mu

	isServerShared func(now time.Time) bool // as of lanes

	mu              sync.Mutex
	busy            bool
	queue           fairQueue[Work]
	averageDuration time.Duration // moving average of the duration of a batch

	lastAccount string    // the account of the last request
	sharedUntil time.Time // until when the lane counts as used by several accounts
}

// laneRequest is a request in the lanes.
type laneRequest[Work any] struct {
	ctx       context.Context
	accountID string
	work      Work
	queuedAt  time.Time
	lockBy    time.Time  // when it stops waiting for contended rows; zero: at the lock timeout of its transaction
	contended *store.Row // a row that it needs and that another transaction has locked; nil: it was decided
	err       error      // the answer
	batch     *batchSpan // of the batch that it has run in; nil: none, or it is not traced
	turn      chan turn  // receives what the waiting request does next
}

// turn is what a waiting request has to do next.
type turn int

const (
	finished turn = iota // the request has its answer, or its contended row
	lead                 // the request runs the next batch, which includes it
	alone                // its batch has failed: the request runs alone
)

func newLanes[Work any](
	sharedLanes int, run func(context.Context, []*laneRequest[Work], bool) error,
) *lanes[Work] {
	return &lanes[Work]{
		seed: maphash.MakeSeed(), shared: make([]lane[Work], sharedLanes), timeout: batchTimeout, run: run,
		ofRow: map[store.Row]*lane[Work]{},
	}
}

func newLaneRequest[Work any](ctx context.Context, accountID string, work Work) *laneRequest[Work] {
	return &laneRequest[Work]{ctx: ctx, accountID: accountID, work: work, turn: make(chan turn, 1)}
}

// submit runs a request in a shared lane, and returns its answer. The rows are those that the request
// names, in lock order. If it needs a row that another transaction has locked, it goes on to the
// lane of that row.
func (l *lanes[Work]) submit(ctx context.Context, accountID string, rows []store.Row, work Work) error {
	r := newLaneRequest(ctx, accountID, work)
	// First the shared lane. But if requests already wait in the lane of one of the rows, this one
	// goes behind them.
	row, waits := l.contendedRow(rows)
	if !waits {
		lane := &l.shared[maphash.Comparable(l.seed, rows[0])%uint64(len(l.shared))]
		if err := l.runInLane(lane, r); err != nil || r.contended == nil {
			return err
		}
		row = *r.contended
	}
	// Then the lane of the contended row.
	r.contended, r.lockBy = nil, time.Now().Add(lockTimeout)
	return l.runInLaneOf(row, r)
}

// runInLaneOf runs a request in the lane of a row. The batches of that lane wait for all locks that
// they need, so the request gets its answer there.
func (l *lanes[Work]) runInLaneOf(row store.Row, r *laneRequest[Work]) error {
	lane := l.enterLaneOf(row)
	defer l.leaveLaneOf(row, lane)
	return l.runInLane(lane, r)
}

// contendedRow returns the first row of a request that has a lane of its own.
func (l *lanes[Work]) contendedRow(rows []store.Row) (row store.Row, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ofRow) == 0 {
		return row, false
	}
	for _, row := range rows {
		if l.ofRow[row] != nil {
			return row, true
		}
	}
	return row, false
}

func (l *lanes[Work]) enterLaneOf(row store.Row) *lane[Work] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ofRow[row] == nil {
		l.ofRow[row] = &lane[Work]{ofRow: true, wait: !l.isBrief, isServerShared: l.isServerShared}
	}
	l.ofRow[row].users++
	return l.ofRow[row]
}

func (l *lanes[Work]) leaveLaneOf(row store.Row, lane *lane[Work]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lane.users--; lane.users == 0 {
		delete(l.ofRow, row)
	}
}

// runInLane runs a request in a lane and returns its answer. It also returns nil if the request
// turned out to need a contended row.
func (l *lanes[Work]) runInLane(lane *lane[Work], r *laneRequest[Work]) error {
	leads, err := lane.enter(r)
	switch {
	case err != nil:
		l.trace.endQueueWait(r.ctx, nil, r.queuedAt, err)
		return err
	case leads:
		return l.handleTurn(lane, r, lead)
	}
	select {
	case next := <-r.turn:
		return l.handleTurn(lane, r, next)
	case <-r.ctx.Done():
		return l.abandon(lane, r)
	}
}

// enter puts a request into the lane's queue, and reports whether it leads because the lane was
// idle.
func (l *lane[Work]) enter(r *laneRequest[Work]) (leads bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Refuse a request that would wait too long. The estimate counts the batches until its turn, of
	// which its account gets a fair part.
	r.queuedAt, r.batch = time.Now(), nil
	if id := r.accountID; id != l.lastAccount {
		if l.lastAccount != "" {
			l.sharedUntil = r.queuedAt.Add(sharedPeriod)
		}
		l.lastAccount = strings.Clone(id)
	}
	if l.busy {
		own := l.queue.countOf(r.accountID)
		part := min(maxBatch/max(l.queue.accountCount(), 1), l.maxPart(r.queuedAt))
		expected := l.averageDuration * time.Duration(1+own/max(part, 1))
		if own >= maxQueuedPerAccount || l.queue.size >= maxQueued || expected > maxLaneWait {
			return false, fmt.Errorf(
				"%w: %d in the lane, for about %v",
				store.ErrBusy,
				own,
				expected.Round(time.Millisecond),
			)
		}
	}
	l.queue.push(r)
	leads, l.busy = !l.busy, true
	return leads, nil
}

// maxPart returns the maximum number of requests of one account in a batch.
func (l *lane[Work]) maxPart(now time.Time) int {
	if now.Before(l.sharedUntil) {
		return maxPart
	}
	if l.isServerShared != nil && l.isServerShared(now) {
		return maxOwnPart
	}
	return maxBatch
}

// abandon removes a request whose caller has disconnected from the queue. If its turn has just
// come, the request still takes it, because the next leader may depend on that.
func (l *lanes[Work]) abandon(lane *lane[Work], r *laneRequest[Work]) error {
	lane.mu.Lock()
	select {
	case next := <-r.turn:
		lane.mu.Unlock()
		return l.handleTurn(lane, r, next)
	default:
	}
	waited := lane.queue.remove(r)
	lane.mu.Unlock()
	if waited {
		l.trace.endQueueWait(r.ctx, nil, r.queuedAt, r.ctx.Err())
	}
	return r.ctx.Err()
}

// handleTurn handles the turn of a request, and returns its answer.
func (l *lanes[Work]) handleTurn(lane *lane[Work], r *laneRequest[Work], next turn) error {
	if next == lead {
		next = l.lead(lane, r)
	}
	l.trace.endQueueWait(r.ctx, r.batch, r.queuedAt, r.err)
	if next == alone {
		return l.runAlone(r)
	}
	return r.err
}

// allLanes returns the shared lanes, and those of rows.
func allLanes[Work any](l *lanes[Work]) (all []*lane[Work]) {
	for i := range l.shared {
		all = append(all, &l.shared[i])
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lane := range l.ofRow {
		all = append(all, lane)
	}
	return all
}

// queued returns the number of requests that wait for their batch.
func (l *lanes[Work]) queued() (n int) {
	for _, lane := range allLanes(l) {
		lane.mu.Lock()
		n += lane.queue.size
		lane.mu.Unlock()
	}
	return n
}

// runAlone runs a request in a transaction of its own. It waits for locks, and uses its account's
// share of the connections. A panic affects only this request.
func (l *lanes[Work]) runAlone(r *laneRequest[Work]) error {
	if l.beginAlone != nil {
		end, err := l.beginAlone(r.ctx)
		if err != nil {
			return err
		}
		defer end()
	}
	if err := l.run(r.ctx, []*laneRequest[Work]{r}, true); err != nil {
		return err
	}
	return r.err
}

// lead runs the next batch of a lane, passes leadership on, and gives each request of the batch its
// next turn: the leader by the return value, the others by their channels.
func (l *lanes[Work]) lead(lane *lane[Work], leader *laneRequest[Work]) turn {
	// First take the batch from the queue and run it.
	batch := lane.takeBatch(time.Now())
	started := time.Now()
	observeBatch(l.observe, batch, started)
	span := startBatch(l.trace, leader, batch, started)
	err := l.runSafely(leader.ctx, lane, batch, span)
	span.end(err)

	// Then pass leadership on before answering, so that the database does not wait for the answers.
	lane.passOn(time.Since(started))

	// Then answer. A failed batch is run again one by one, so that its requests do not fail because
	// of each other. After an unknown outcome nothing is run again, and every decided request gets
	// that error: even a refusal may depend on changes that are not known to be committed. Only an
	// undecided request goes on, to the lane of the row that it needs.
	unknown := errors.Is(err, store.ErrOutcomeUnknown)
	next := finished
	if err != nil && !unknown && (len(batch) > 1 || !lane.wait && errors.Is(err, store.ErrLockTimeout)) {
		next = alone
	}
	mine := finished
	for _, r := range batch {
		if err != nil && (!unknown || r.contended == nil) {
			r.contended, r.err = nil, err
		}
		if r == leader {
			mine = next
			continue
		}
		r.turn <- next
	}
	return mine
}

// takeBatch takes the next batch out of the queue, with an equal part for each waiting account. It
// drops requests whose context is done, and refuses those that have waited too long.
func (l *lane[Work]) takeBatch(now time.Time) (batch []*laneRequest[Work]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken, maxOfAccount := map[string]int{}, l.maxPart(now)
	for len(batch) < maxBatch {
		next := l.queue.front()
		if next == nil ||
			taken[next.accountID] == maxOfAccount { // accounts have their turns, so the others have as many
			break
		}
		r := l.queue.pop()
		switch {
		case r.ctx.Err() != nil:
			r.err = r.ctx.Err()
			r.turn <- finished // read only if the request leads; the channel has room
		case now.Sub(r.queuedAt) > maxLaneWait:
			r.err = fmt.Errorf("%w: for %v", store.ErrBusy, now.Sub(r.queuedAt).Round(time.Millisecond))
			r.turn <- finished
		default:
			batch = append(batch, r)
			taken[r.accountID]++
		}
	}
	return batch
}

// passOn makes the request whose turn is next the leader, or marks the lane idle.
func (l *lane[Work]) passOn(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.averageDuration += (took - l.averageDuration) / 8
	next := l.queue.front()
	if next == nil {
		l.busy = false
		return
	}
	next.turn <- lead
}

// runSafely runs a batch on behalf of all of its requests. The batch does not end when one caller
// disconnects. In a shared lane it uses no account's share of the connections. A panic in one
// request fails the batch, after which only that request panics when it runs alone.
func (l *lanes[Work]) runSafely(
	ctx context.Context, lane *lane[Work], batch []*laneRequest[Work], span *batchSpan,
) (err error) {
	switch len(batch) {
	case 0:
		return nil
	case 1:
		ctx = batch[0].ctx
	default:
		ctx = context.WithoutCancel(ctx)
	}
	ctx = span.within(ctx)
	if !lane.ofRow {
		ctx = store.WithoutAccount(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return l.run(ctx, batch, lane.wait)
}
