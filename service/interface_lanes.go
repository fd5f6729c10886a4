package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// interfaceChange is how an action runs that creates or deletes an interface, or changes its
// addresses. Requests of one account share a batch.
type interfaceChange[Answer any] struct {
	store.InterfaceChange
	// assigns returns which addresses an assignment needs of the interface's VSwitch. The VSwitch is
	// nil if there is no such interface, or another transaction is changing its addresses. It is called
	// before the locks. If assigns is nil, the request needs InterfaceChange.Assigns.
	assigns func(*store.VSwitch) *store.AddressWant
	// decide checks the rules under the locks, and changes the batch if none is violated.
	decide func(*store.InterfaceBatch, interfaceInput) (Answer, error)
	// conflict is the error for a row that stays locked.
	conflict *Error
}

// interfaceWork is such a request in the lanes.
type interfaceWork struct {
	change  store.InterfaceChange
	assigns func(*store.VSwitch) *store.AddressWant
	header  eventHeader
	clock   *disturbance.Clock // of the account
	claim   *store.TokenClaim  // nil: without a client token
	busy    bool               // whether another request is changing the interface's addresses
	decide  func(*store.InterfaceBatch, interfaceInput) error
	answer  func() ([]byte, error)    // the answer of decide, as JSON
	repeat  func(stored []byte) error // takes the answer of an earlier request with the same token
	consume func(error) bool          // whether a refusal uses up the token
}

// interfaceInput is what a request of a batch is decided by, in addition to the rows.
type interfaceInput struct {
	store.InterfaceChange
	busy bool // whether another request is changing the addresses of the same interface
}

// interfaceLanes are the lanes of requests that change interfaces. An account has two: one for
// requests that create interfaces and assign addresses, which lock the account and VSwitches, and
// one for those that delete and release, which lock neither. Both are lanes of a row, whose batches
// wait for locks: other accounts are in other lanes, and so do not wait.
type interfaceLanes struct {
	creating, releasing *lanes[interfaceWork]

	mu        sync.Mutex
	addressed map[store.ResourceID]bool // the interfaces whose addresses a request is changing
}

func newInterfaceLanes(s *Service) *interfaceLanes {
	l := &interfaceLanes{
		creating:  newLanes(0, s.decideInterfaces),
		releasing: newLanes(0, s.decideInterfaces),
		addressed: map[store.ResourceID]bool{},
	}
	// Creations of an account that run alone wait for each other's locks.
	l.creating.beginAlone = s.store.BeginCreation
	// A deletion or a release needs no row but its interface.
	l.releasing.isBrief = true
	// A large batch keeps Postgres and the server busy for long, although no other account waits for it.
	l.creating.isServerShared, l.releasing.isServerShared = s.store.IsShared, s.store.IsShared
	return l
}

// enterAddresses marks an interface whose addresses a request changes, until leave is called. It
// reports busy if another request of this server is doing that, because the API refuses the second of
// two concurrent requests. Those of other servers find a lock in the database.
func (l *interfaceLanes) enterAddresses(eni store.ResourceID) (busy bool, leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.addressed[eni] {
		return true, func() {}
	}
	l.addressed[eni] = true
	return false, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.addressed, eni)
	}
}

// changeInterface runs a request in the lane of its account, and returns its answer. A request with
// a ClientToken takes effect at most once, as runOnce says.
func changeInterface[Answer any](
	ctx context.Context, s *Service, caller Caller, call idempotentCall, change interfaceChange[Answer],
) (Answer, error) {
	claim, err := call.claim(caller.AccountID)
	if err != nil {
		return *new(Answer), err
	}
	var answer Answer // set by the leader of the batch, which may still run when ctx has ended
	work := interfaceWork{
		header:  caller.eventHeader(),
		clock:   caller.Clock,
		claim:   claim,
		change:  change.InterfaceChange,
		assigns: change.assigns,
		decide: func(rows *store.InterfaceBatch, input interfaceInput) (err error) {
			answer, err = change.decide(rows, input)
			return err
		},
		answer: func() ([]byte, error) { return json.Marshal(answer) },
		repeat: func(stored []byte) error {
			answer = *new(Answer) // a batch that failed may have set it
			return json.Unmarshal(stored, &answer)
		},
		consume: func(err error) bool { return consumesToken(call, err) },
	}
	if change.ChangesAddresses() {
		busy, leave := s.interfaceLanes.enterAddresses(
			store.ResourceID{AccountID: caller.AccountID, ID: change.NetworkInterfaceID})
		defer leave()
		work.busy = busy
	}
	lanes := s.interfaceLanes.releasing
	if change.Assigns != nil || change.assigns != nil {
		lanes = s.interfaceLanes.creating
	}
	r := newLaneRequest(ctx, caller.AccountID, work)
	switch {
	case work.busy && claim == nil: // refused at once: the request that it conflicts with may wait for long
		err = work.decide(&store.InterfaceBatch{}, interfaceInput{change.InterfaceChange, true})
	case work.busy, s.withoutLanes(): // its token may have an answer
		err = lanes.runAlone(r)
	default:
		account := store.ResourceID{AccountID: caller.AccountID, ID: caller.AccountID}
		err = lanes.runInLaneOf(store.Row{Kind: store.AccountRow, ResourceID: account}, r)
	}
	if err != nil && change.conflict != nil {
		err = conflictAs(change.conflict, err)
	}
	if err != nil {
		return *new(Answer), err
	}
	return answer, nil
}

// decideInterfaces decides a batch of changes of interfaces of one account in one transaction:
// request k sees the changes of request k-1. It always waits for locks, for a short time without
// wait.
func (s *Service) decideInterfaces(ctx context.Context, batch []*laneRequest[interfaceWork], wait bool) error {
	var (
		claims  []store.TokenClaim
		eniIDs  []string
		changes = make([]store.InterfaceChange, len(batch))
		account = batch[0].accountID
	)
	for _, r := range batch {
		if r.work.claim != nil {
			claims = append(claims, *r.work.claim)
		}
		if r.work.assigns != nil && !r.work.busy {
			eniIDs = append(eniIDs, r.work.change.NetworkInterfaceID)
		}
	}
	err := s.store.InTx(ctx, func(tx *store.Tx) error {
		setLockTimeout(tx, batch, wait)
		// First claim the tokens, and find the VSwitches from which addresses are assigned.
		before := s.timeOfBatch(batch)
		rows, err := tx.NewInterfaceBatch(ctx, account, claims, eniIDs, before, before.Add(-clientTokenLifetime))
		if err != nil {
			return err
		}
		// Then lock the rows. A request that is refused because of another one needs none, and would
		// make that one wait or fail.
		var locked []store.InterfaceChange
		for k, r := range batch {
			changes[k] = r.work.change
			if r.work.busy {
				continue
			}
			if r.work.assigns != nil {
				changes[k].Assigns = r.work.assigns(rows.VSwitchOf(changes[k].NetworkInterfaceID))
			}
			locked = append(locked, changes[k])
		}
		if err := tx.LockInterfaceBatch(ctx, rows, locked); err != nil {
			return err
		}
		// Then decide the requests. The time is read after the locks, so that times follow the order of
		// commits.
		rows.Settle(s.timeOfBatch(batch))
		events := s.decideEach(batch, rows, changes)
		if !rows.Changed() {
			return errUnchanged
		}
		tx.WriteInterfaceBatch(rows, before.Add(-clientTokenLifetime), maxFailedTokens)
		return tx.AppendEvents(events)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// decideEach decides the requests of a batch one after the other, under the locks of their changes. It
// returns the events of those that change something.
func (s *Service) decideEach(
	batch []*laneRequest[interfaceWork], rows *store.InterfaceBatch, changes []store.InterfaceChange,
) (events []store.Event) {
	for k, r := range batch {
		r.err = r.work.decideOnce(rows, interfaceInput{changes[k], r.work.busy})
		logged := rows.TakeChanges()
		switch {
		case r.err != nil:
			s.observeRefusal(r.accountID, r.err)
		case len(logged) > 0 && !s.options.WithoutEvents:
			event := s.newEvent(r.work.header, rows.Now(), logged)
			event.AddResource(changes[k].NetworkInterfaceID)
			events = append(events, event)
		}
	}
	return events
}

// timeOfBatch returns the time of the account of a batch.
func (s *Service) timeOfBatch(batch []*laneRequest[interfaceWork]) (now time.Time) {
	realTime := s.Now()
	for _, r := range batch {
		if r.work.clock != nil {
			now = later(now, r.work.clock.At(realTime))
		}
	}
	if now.IsZero() {
		return realTime
	}
	return now
}

// decideOnce decides a request, unless its token was used before: then it gets the first answer.
func (w interfaceWork) decideOnce(rows *store.InterfaceBatch, input interfaceInput) error {
	if w.claim == nil {
		return w.decide(rows, input)
	}
	claimed := rows.Token(w.claim.ClientToken)
	switch {
	case claimed.Answer == nil && !claimed.Failed:
	case !bytes.Equal(claimed.RequestHash, w.claim.RequestHash):
		return IdempotentParameterMismatch
	case claimed.Failed:
		return IdempotentFailed
	default:
		return w.repeat(claimed.Answer)
	}
	if err := w.decide(rows, input); err != nil {
		if w.consume(err) {
			rows.FailToken(*w.claim)
		}
		return err
	}
	answer, err := w.answer()
	if err != nil {
		return err
	}
	rows.UseToken(*w.claim, answer)
	return nil
}
