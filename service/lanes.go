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

	"enisim/store"
)

// Limits of the lanes: no caller makes a queue, a batch or a wait grow beyond them.
const (
	// maxBatch is how many requests share a transaction at most, so that a batch stays short
	// however many wait. While several accounts use a lane, maxPart is how many of one account do:
	// others would wait for them.
	maxBatch = 128
	maxPart  = 32
	// sharedPeriod is how long a lane counts as used by several accounts after their requests met
	// in it.
	sharedPeriod = time.Second
	// maxQueued is how many requests wait in a lane, and maxQueuedPerAccount how many of one
	// account. More are refused.
	maxQueued           = 8192
	maxQueuedPerAccount = 4096
	// maxLaneWait is how long a request may wait for its batch. SDKs give up on an answer after 3
	// s.
	maxLaneWait = 2500 * time.Millisecond
	// lockTimeout is how long a request waits for contended rows, from the moment that it left the
	// shared lane.
	lockTimeout = 2 * time.Second
	// batchLockTimeout is how long a batch waits for a lock. Then its requests run alone, so that
	// only those that need the lock wait on.
	batchLockTimeout = 500 * time.Millisecond
	// batchTimeout is how long a batch may take until its commit: longer than Postgres itself takes
	// to give up. A connection that only seems to be there must not hold up a lane for as long as
	// TCP believes in it.
	batchTimeout = 12 * time.Second
)

// lanes run the attaches and detaches that arrive while a transaction is in flight together in the
// next one: one round of locks and one commit for all of them. Requests are never delayed to fill a
// batch: one that finds its lane idle has a transaction to itself.
//
// A batch of a shared lane serves all accounts, so it waits for no row that another transaction has
// locked. A request that needs such a row leaves the batch undecided and goes to the lane of that
// row. There the requests of one account wait for it together, under the account's share of the
// connections. So a tenant that waits waits alone.
//
// There is no worker goroutine: leadership rotates. The first request to arrive leads: it runs its
// batch in its own goroutine, and then makes the request whose turn is next the leader of the next
// batch.
type lanes struct {
	seed    maphash.Seed
	shared  []lane        // by instance; empty: every request has a transaction of its own
	timeout time.Duration // of a batch, until its commit
	run     func(ctx context.Context, batch []*laneRequest, wait bool) error

	mu        sync.Mutex
	contended map[store.Row]*lane // the lanes of contended rows, as long as there are requests in them
}

// lane is a queue behind the batch that is in flight.
type lane struct {
	wait  bool // whether its batches wait for locks
	users int  // requests in the lane of a contended row; guarded by lanes.mu

	mu              sync.Mutex
	busy            bool
	queue           fairQueue
	averageDuration time.Duration // how long a batch takes, as a moving average

	lastAccount string    // whose request came last
	sharedUntil time.Time // until when the lane counts as used by several accounts
}

// laneRequest is an attach or a detach on its way through the lanes.
type laneRequest struct {
	ctx       context.Context
	want      store.Attachment
	decide    func(*store.AttachScene, time.Time) error // the rules, and the change if no rule is violated
	queuedAt  time.Time
	lockBy    time.Time  // when it stops waiting for contended rows; zero: it is in a shared lane
	contended *store.Row // the row that it needs and another transaction has locked; nil: it was decided
	err       error      // the answer
	turn      chan turn  // what a request that waits has to do next
}

// turn is what a lane tells a request that waits.
type turn int

const (
	finished turn = iota // its answer is there, or the contended row that it needs
	lead                 // run the next batch, and be part of it
	alone                // its batch has failed: run without the others
)

func newLanes(count int, run func(context.Context, []*laneRequest, bool) error) *lanes {
	return &lanes{
		seed: maphash.MakeSeed(), shared: make([]lane, count), timeout: batchTimeout, run: run,
		contended: map[store.Row]*lane{},
	}
}

// submit runs a request in the lanes, and returns its answer.
func (l *lanes) submit(
	ctx context.Context, want store.Attachment, decide func(*store.AttachScene, time.Time) error,
) error {
	r := &laneRequest{ctx: ctx, want: want, decide: decide, turn: make(chan turn, 1)}
	if len(l.shared) == 0 {
		return l.runAlone(r)
	}
	// First the shared lane, unless requests for the same instance or interface wait for it
	// already: this one waits behind them.
	row, waits := l.contendedRow(want)
	if !waits {
		instance := store.ResourceID{AccountID: want.AccountID, ID: want.InstanceID}
		lane := &l.shared[maphash.Comparable(l.seed, instance)%uint64(len(l.shared))]
		if err := l.runInLane(lane, r); err != nil || r.contended == nil {
			return err
		}
		row = *r.contended
	}
	// Then the lane of the contended row. Its batches wait for all locks that they need, so a
	// request leaves it with an answer.
	lane := l.enterContended(row)
	defer l.leaveContended(row, lane)
	r.contended, r.lockBy = nil, time.Now().Add(lockTimeout)
	return l.runInLane(lane, r)
}

// contendedRow returns the named row of a request that has a lane, if one has.
func (l *lanes) contendedRow(want store.Attachment) (row store.Row, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.contended) == 0 {
		return row, false
	}
	for _, row := range want.Rows() {
		if l.contended[row] != nil {
			return row, true
		}
	}
	return row, false
}

func (l *lanes) enterContended(row store.Row) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.contended[row] == nil {
		l.contended[row] = &lane{wait: true}
	}
	l.contended[row].users++
	return l.contended[row]
}

func (l *lanes) leaveContended(row store.Row, lane *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lane.users--; lane.users == 0 {
		delete(l.contended, row)
	}
}

// runInLane runs a request in a lane. It returns its answer; nil also where the request turned out
// to need a contended row.
func (l *lanes) runInLane(lane *lane, r *laneRequest) error {
	leads, err := lane.enter(r)
	switch {
	case err != nil:
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

// enter puts a request into the lane's queue, and reports whether the lane was idle.
func (l *lane) enter(r *laneRequest) (leads bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Refuse a request that would wait too long. The estimate counts the batches until its turn, of
	// which its account has a fair part.
	r.queuedAt = time.Now()
	if id := r.want.AccountID; id != l.lastAccount {
		if l.lastAccount != "" {
			l.sharedUntil = r.queuedAt.Add(sharedPeriod)
		}
		l.lastAccount = strings.Clone(id)
	}
	if l.busy {
		own := l.queue.countOf(r.want.AccountID)
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

// maxPart returns how many requests of one account a batch takes at most.
func (l *lane) maxPart(now time.Time) int {
	if now.Before(l.sharedUntil) {
		return maxPart
	}
	return maxBatch
}

// abandon takes a request whose caller has disconnected out of the queue. If its turn has just
// come, it takes it: others may depend on that.
func (l *lanes) abandon(lane *lane, r *laneRequest) error {
	lane.mu.Lock()
	select {
	case next := <-r.turn:
		lane.mu.Unlock()
		return l.handleTurn(lane, r, next)
	default:
	}
	defer lane.mu.Unlock()
	lane.queue.remove(r)
	return r.ctx.Err()
}

// handleTurn does what the lane has told a request, and returns its answer.
func (l *lanes) handleTurn(lane *lane, r *laneRequest, next turn) error {
	if next == lead {
		next = l.lead(lane, r)
	}
	if next == alone {
		return l.runAlone(r)
	}
	return r.err
}

// runAlone runs a request in a transaction of its own, which waits for locks, under its account's
// share of the connections. A panic is its own.
func (l *lanes) runAlone(r *laneRequest) error {
	if err := l.run(r.ctx, []*laneRequest{r}, true); err != nil {
		return err
	}
	return r.err
}

// lead runs the next batch of a lane, passes the lead on, and tells each request of the batch what
// is next for it: the leader by its return, the others by their channels.
func (l *lanes) lead(lane *lane, leader *laneRequest) turn {
	// First take the batch and run it, for all requests in it.
	batch := lane.takeBatch(time.Now())
	started := time.Now()
	err := l.runSafely(leader.ctx, lane, batch)

	// Then pass the lead on before the answers are given, so that the database does not wait for
	// them.
	lane.passOn(time.Since(started))

	// Then answer. A failed batch is run again one by one, so that its requests do not suffer for
	// each other. After an unknown outcome nothing is run again, and no request is told anything
	// else: a refusal, too, may be due to what is not known to be committed. Only a request that
	// was not decided goes on, to the lane of the row that it needs.
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

// takeBatch takes the next batch out of the queue, an equal part of it for each account that waits.
// Requests whose callers have disconnected are dropped, and those whose turn comes too late are
// refused.
func (l *lane) takeBatch(now time.Time) (batch []*laneRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken, maxOfAccount := map[string]int{}, l.maxPart(now)
	for len(batch) < maxBatch {
		next := l.queue.front()
		if next == nil ||
			taken[next.want.AccountID] == maxOfAccount { // accounts have their turns, so the others have as many
			break
		}
		r := l.queue.pop()
		switch {
		case r.ctx.Err() != nil:
			r.err = r.ctx.Err()
			r.turn <- finished // nobody reads it, unless the request leads
		case now.Sub(r.queuedAt) > maxLaneWait:
			r.err = fmt.Errorf("%w: for %v", store.ErrBusy, now.Sub(r.queuedAt).Round(time.Millisecond))
			r.turn <- finished
		default:
			batch = append(batch, r)
			taken[r.want.AccountID]++
		}
	}
	return batch
}

// passOn makes the request whose turn is next the leader, if there is one.
func (l *lane) passOn(took time.Duration) {
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

// runSafely runs a batch for all of its requests: it does not end with one caller, it takes no
// account's share of the connections where it serves all accounts, and a panic over one request
// fails the batch, after which that request panics alone.
func (l *lanes) runSafely(ctx context.Context, lane *lane, batch []*laneRequest) (err error) {
	switch len(batch) {
	case 0:
		return nil
	case 1:
		ctx = batch[0].ctx
	default:
		ctx = context.WithoutCancel(ctx)
	}
	if !lane.wait {
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

// errUnchanged is why a batch writes nothing: a commit would wait for the disk.
var errUnchanged = errors.New("nothing to write")

// decideTogether decides a batch in one transaction: request k sees what request k-1 did. Without
// wait it waits for no row that another transaction has locked, and leaves the requests that need
// one undecided.
func (s *Service) decideTogether(ctx context.Context, batch []*laneRequest, wait bool) error {
	wants := make([]store.Attachment, len(batch))
	for i, r := range batch {
		wants[i] = r.want
	}
	err := s.store.InTx(ctx, func(tx *store.Tx) error {
		// First the locks. Requests that wait for the same row do so together for a moment, and
		// then each for what is left of its time.
		switch lockBy := batch[0].lockBy; {
		case len(batch) > 1 || !wait:
			tx.SetLockTimeout(batchLockTimeout)
		case !lockBy.IsZero():
			tx.SetLockTimeout(time.Until(lockBy))
		}
		rows, err := tx.LockForAttachments(ctx, wants, wait)
		if err != nil {
			return err
		}
		// Then the decisions, one after the other. The time is read after the locks, so that times
		// follow the order of commits.
		now := s.now()
		rows.At(now)
		for _, r := range batch {
			scene := rows.Scene(r.want)
			if r.contended, r.err = scene.Contended, nil; r.contended == nil {
				r.err = r.decide(scene, now)
			}
		}
		if !rows.Changed() {
			return errUnchanged
		}
		tx.WriteAttachments(rows)
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}
