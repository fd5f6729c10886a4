package operator

import (
	"context"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/store"
	"enisim.alt/store/world"
)

// Clock returns what the clock of an account shows.
func (o *Operator) Clock(ctx context.Context, accountID string) (disturbance.ClockState, error) {
	if !accountIDPattern.MatchString(accountID) {
		return disturbance.ClockState{}, errInvalidAccountID(accountID)
	}
	now := o.service.Now()
	stored, exists, err := o.store.FindClock(ctx, accountID, now)
	switch {
	case err != nil:
		return disturbance.ClockState{}, err
	case !exists:
		return disturbance.ClockState{}, errNoAccount(accountID)
	}
	return clockOf(stored).State(now), nil
}

// clockOf returns a stored clock, or nil for real time.
func clockOf(stored *store.StoredClock) *disturbance.Clock {
	if stored == nil {
		return nil
	}
	return new(disturbance.Clock(stored.AccountClock))
}

// ChangeClock changes the clock of an account, and returns what it shows then. When it returns, every
// server follows the change, for each request that begins from then on.
//
// The first change takes a second longer, because servers may remember for so long that the account
// has no clock. So first a clock is stored that says real time. A second later every server reads it
// with each request, and the change itself takes effect on all servers by its commit. A reset
// deletes the clock. No server remembers a clock, so all of them return to real time at once.
func (o *Operator) ChangeClock(
	ctx context.Context, accountID string, change disturbance.ClockChange,
) (disturbance.ClockState, error) {
	if !accountIDPattern.MatchString(accountID) {
		return disturbance.ClockState{}, errInvalidAccountID(accountID)
	}
	if err := change.Check(); err != nil {
		return disturbance.ClockState{}, invalidRequestf("%v", err)
	}
	var announced time.Time
	for {
		state, done, err := o.tryChangeClock(ctx, accountID, change, announced)
		if err != nil || done {
			return state, err
		}
		if announced, err = o.announceClock(ctx, accountID); err != nil {
			return disturbance.ClockState{}, err
		}
	}
}

// tryChangeClock changes the clock of an account if every server looks at it. Otherwise it reports
// that it has not done the change. announced is the base of a clock that every server looks at
// although its row does not say so yet.
func (o *Operator) tryChangeClock(
	ctx context.Context, accountID string, change disturbance.ClockChange, announced time.Time,
) (state disturbance.ClockState, done bool, err error) {
	err = o.store.InTx(ctx, func(tx *store.Tx) error {
		stored, account, err := tx.LockClock(ctx, accountID)
		if err != nil {
			return err
		}
		// The time is read after the lock, so that the times of changes follow the order of commits.
		now, clock := o.service.Now(), clockOf(stored)
		switch {
		case account == nil || account.Expired(clock.At(now)):
			return errNoAccount(accountID)
		case stored == nil && change.Reset != nil:
			state, done = clock.State(now), true
			return nil
		case change.Reset != nil: // needs no announcement
		case stored == nil || !stored.Announced && !stored.RealBase.Equal(announced):
			return nil
		}
		next, err := change.Apply(clock, now)
		if err != nil {
			return invalidRequestf("%v", err)
		}
		if next == nil {
			tx.DeleteClock(accountID)
		} else {
			tx.SetClock(accountID, store.AccountClock(*next))
		}
		state, done = next.State(now), true
		return o.record(ctx, tx, accountID, "ChangeClock",
			store.Change{Resource: accountID, Field: "Clock", To: ruleText(change)})
	})
	return state, done && err == nil, err
}

// announceClock stores a clock that says real time, unless the account has a clock, and waits until
// every server looks at it. It returns the base of the clock.
func (o *Operator) announceClock(ctx context.Context, accountID string) (base time.Time, err error) {
	wait := !o.service.IsOnlyServer()
	err = o.store.InTx(ctx, func(tx *store.Tx) error {
		stored, account, err := tx.LockClock(ctx, accountID)
		switch {
		case err != nil:
			return err
		case account == nil:
			return errNoAccount(accountID)
		case stored != nil:
			base, wait = stored.RealBase, wait && !stored.Announced
			return nil
		}
		base = o.service.Now()
		tx.InsertClock(accountID, base)
		return nil
	})
	o.service.ForgetAccount(accountID) // even if the outcome is unknown
	if err != nil || !wait {
		return base, err
	}
	return base, awaitOtherServers(ctx)
}

// awaitOtherServers waits until every server looks at a clock that was stored before.
func awaitOtherServers(ctx context.Context) error {
	select {
	case <-time.After(service.MaxRuleAge):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// announceClocks makes every server look at the clocks that applying a world changes.
func (o *Operator) announceClocks(ctx context.Context, w *world.World) error {
	return world.AnnounceClocks(ctx, o.store, w, o.service.Now(), func(ctx context.Context, accountIDs []string) error {
		for _, id := range accountIDs {
			o.service.ForgetAccount(id)
		}
		if o.service.IsOnlyServer() {
			return nil
		}
		return awaitOtherServers(ctx)
	})
}
