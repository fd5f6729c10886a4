package service

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"enisim/store"
)

const (
	// mostWaiting is how many requests wait in a lane before it refuses more: about a second of work. SDKs give up after three.
	mostWaiting = 8192
	// patience is for how long a batch waits for a lock that is not of this process. Then its requests run alone, so that only those wait on that need it.
	patience = 500 * time.Millisecond
	// batchTimeout is for how long a batch may be without its locks: longer than Postgres itself takes to give up. A connection that only
	// seems to be there must not hold up a lane for as long as TCP believes in it.
	batchTimeout = 12 * time.Second
)

// lanes run the attaches and detaches that arrive while a transaction is in flight together in the next one: one round of locks and one commit for
// all of them. Nothing waits for company: a request that finds its lane idle has a transaction to itself, by the same code. An instance always has
// the same lane, so that no two transactions of a process wait for each other's lock on it; between processes the row locks decide.
//
// There is no worker. The first to come leads: it runs its batch in its own goroutine, and when it is through, the one that has waited longest
// leads the next batch, with all that have come since.
type lanes struct {
	seed    maphash.Seed
	lanes   []lane
	timeout time.Duration                                        // of a batch, until its commit
	run     func(ctx context.Context, batch []*attachment) error // answers each of a batch, or fails as a whole
}

// lane is a queue behind the batch that is in flight.
type lane struct {
	mu      sync.Mutex
	busy    bool
	waiting []*attachment
}

// attachment is an attach or a detach on its way through a lane.
type attachment struct {
	ctx    context.Context
	want   store.Attachment
	decide func(*store.AttachScene, time.Time) error // the rules, and the change if they have nothing against it
	err    error                                     // the answer
	turn   chan turn                                 // what the one who waits is to do
}

// turn is what a lane tells the one who waits.
type turn int

const (
	answered turn = iota // its answer is there
	lead                 // run the next batch, and be part of it
	alone                // its batch has failed: run without the others
)

func newLanes(count int, run func(context.Context, []*attachment) error) *lanes {
	return &lanes{seed: maphash.MakeSeed(), lanes: make([]lane, count), timeout: batchTimeout, run: run}
}

// through runs a request in the lane of its instance, and returns its answer.
func (l *lanes) through(ctx context.Context, want store.Attachment, decide func(*store.AttachScene, time.Time) error) error {
	a := &attachment{ctx: ctx, want: want, decide: decide, turn: make(chan turn, 1)}
	if len(l.lanes) == 0 {
		return l.take(nil, a, alone)
	}
	instance := store.ResourceID{AccountID: want.AccountID, ID: want.InstanceID}
	lane := &l.lanes[maphash.Comparable(l.seed, instance)%uint64(len(l.lanes))]
	leads, err := lane.enter(a)
	switch {
	case err != nil:
		return err
	case leads:
		return l.take(lane, a, lead)
	}
	select {
	case next := <-a.turn:
		return l.take(lane, a, next)
	case <-ctx.Done():
		return l.leave(lane, a)
	}
}

// enter puts a request into the lane, and tells whether it was idle.
func (l *lane) enter(a *attachment) (leads bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= mostWaiting {
		return false, ServiceUnavailable
	}
	l.waiting = append(l.waiting, a)
	leads, l.busy = !l.busy, true
	return leads, nil
}

// leave is for a request whose caller has gone away while it waited. If its turn has just come, it takes it: others may depend on that.
func (l *lanes) leave(lane *lane, a *attachment) error {
	lane.mu.Lock()
	defer lane.mu.Unlock()
	select {
	case next := <-a.turn:
		lane.mu.Unlock()
		defer lane.mu.Lock()
		return l.take(lane, a, next)
	default:
	}
	lane.waiting = slices.DeleteFunc(lane.waiting, func(other *attachment) bool { return other == a })
	return a.ctx.Err()
}

// take does what the lane tells, and returns the request's answer.
func (l *lanes) take(lane *lane, a *attachment, next turn) error {
	if next == lead {
		next = l.lead(lane, a)
	}
	if next == alone {
		if err := l.run(a.ctx, []*attachment{a}); err != nil {
			return err
		}
	}
	return a.err
}

// lead runs all that wait in a lane as one batch, passes the lead on, and tells each of the batch what is next for it, and the leader by its return.
func (l *lanes) lead(lane *lane, leader *attachment) turn {
	batch := lane.takeAll()
	err := l.runSafely(leader.ctx, batch)
	lane.passOn() // before the answers, so that the database does not wait for them

	next := answered
	if err != nil && len(batch) > 1 && !errors.Is(err, store.ErrOutcomeUnknown) {
		next = alone
	}
	for _, a := range batch {
		if err != nil {
			a.err = err
		}
		if a != leader {
			a.turn <- next
		}
	}
	if !slices.Contains(batch, leader) { // its caller has gone away
		leader.err = leader.ctx.Err()
		return answered
	}
	return next
}

// takeAll empties the lane, and leaves out whose caller has gone away.
func (l *lane) takeAll() []*attachment {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch := slices.DeleteFunc(l.waiting, func(a *attachment) bool { return a.ctx.Err() != nil })
	l.waiting = nil
	return batch
}

// passOn makes the one that has waited longest lead, if there is one.
func (l *lane) passOn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.busy = false
		return
	}
	l.waiting[0].turn <- lead
}

// runSafely runs a batch for all who are in it: it does not end with one caller, and a panic over one request fails the batch, after which that
// request panics alone.
func (l *lanes) runSafely(ctx context.Context, batch []*attachment) (err error) {
	switch len(batch) {
	case 0:
		return nil
	case 1:
		ctx = batch[0].ctx
	default:
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return l.run(ctx, batch)
}

// Why a batch writes nothing.
var (
	errShort     = errors.New("a place in a security group is needed that the locked shares do not have")
	errUnchanged = errors.New("nothing to write")
)

// decideTogether decides a batch in one transaction: request k sees what request k-1 did.
func (s *Service) decideTogether(ctx context.Context, batch []*attachment) error {
	err := s.decideUnder(ctx, batch, false)
	if errors.Is(err, errShort) {
		err = s.decideUnder(ctx, batch, true)
	}
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

func (s *Service) decideUnder(ctx context.Context, batch []*attachment, exact bool) error {
	wants := make([]store.Attachment, len(batch))
	for i, a := range batch {
		wants[i] = a.want
	}
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		if len(batch) > 1 {
			tx.WaitAtMost(patience)
		}
		rows, err := tx.LockForAttachments(ctx, wants, exact)
		if err != nil {
			return err
		}
		now := s.moment() // after the locks: times follow the order of commits
		rows.At(now)
		for _, a := range batch {
			a.err = a.decide(rows.Scene(a.want), now)
		}
		switch {
		case rows.Short():
			return errShort
		case !rows.Changed():
			return errUnchanged // a commit would wait for the disk
		}
		tx.WriteAttachments(rows)
		return nil
	})
}
