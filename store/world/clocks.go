package world

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// Clock is the clock of an account when a world has been applied. An account without one lives in
// real time.
type Clock struct {
	Ahead  time.Duration // of real time; negative: behind it
	At     *time.Time    // of a frozen clock: its time, in place of Ahead; nil: Ahead
	Rate   float64
	Frozen bool
}

// clockTolerance is the difference that does not matter between the distances of two clocks from real
// time.
const clockTolerance = time.Second

// start returns the clock as it begins at a real time.
func (c Clock) start(realTime time.Time) store.AccountClock {
	base := realTime.UTC().Truncate(time.Microsecond)
	started := store.AccountClock{RealBase: base, AccountBase: base.Add(c.Ahead), Rate: c.Rate, Frozen: c.Frozen}
	if c.At != nil {
		started.AccountBase = c.At.UTC().Truncate(time.Microsecond)
	}
	return started
}

// Matches reports whether a clock that an account has, such as Read returns it, is already the wanted
// one. A frozen clock matches at any time if none is wanted. A clock with a rate of its own matches by
// its rate.
func (c Clock) Matches(existing Clock) bool {
	switch {
	case c.Rate != existing.Rate || c.Frozen != existing.Frozen:
		return false
	case c.Frozen:
		return c.At == nil || existing.At != nil && existing.At.Equal(c.At.Truncate(time.Microsecond))
	case c.Rate != 1:
		return true
	}
	return (c.Ahead - existing.Ahead).Abs() <= clockTolerance
}

// saysRealTime reports whether a stored clock makes no difference. Such a clock is announced, or about
// to be.
func saysRealTime(c store.StoredClock) bool {
	return c.Rate == 1 && !c.Frozen && c.AccountBase.Equal(c.RealBase)
}

// newClock returns a stored clock whose account has a time at a real time.
func newClock(stored store.StoredClock, accountTime, realTime time.Time) Clock {
	c := Clock{Rate: stored.Rate, Frozen: stored.Frozen}
	switch {
	case c.Frozen:
		c.At = new(stored.AccountBase.UTC())
	case c.Rate == 1:
		c.Ahead = stored.AccountBase.Sub(stored.RealBase) // exactly
	default:
		c.Ahead = accountTime.Sub(realTime.Truncate(time.Microsecond))
	}
	return c
}

// TimeOf returns the time of an account of the world that is created at a real time.
func (w *World) TimeOf(accountID string, realTime time.Time) time.Time {
	if c, found := w.Clocks[accountID]; found {
		return c.start(realTime).AccountBase
	}
	return realTime
}

// readClocks sets the clocks of the world's accounts, other than those that say real time.
func (w *World) readClocks(times *accountTimes) {
	w.Clocks = map[string]Clock{}
	for _, id := range w.accountIDs() {
		if stored, found := times.clocks[id]; found && !saysRealTime(stored) {
			w.Clocks[id] = newClock(stored, times.of(id), times.realTime)
		}
	}
}

// startsClock returns the clock that an account of the world gets. It returns false if the account keeps the
// clock that it has at these times, or is to have none.
func (w *World) startsClock(accountID string, times *accountTimes) (store.AccountClock, bool) {
	wanted, found := w.Clocks[accountID]
	if !found {
		return store.AccountClock{}, false
	}
	stored, exists := times.clocks[accountID]
	if exists && !saysRealTime(stored) && wanted.Matches(newClock(stored, times.of(accountID), times.realTime)) {
		return store.AccountClock{}, false
	}
	return wanted.start(times.realTime), true
}

// timesAfter returns the times of the world's accounts after it is applied.
func (w *World) timesAfter(times *accountTimes) *accountTimes {
	after := &accountTimes{realTime: times.realTime, own: map[string]time.Time{}}
	for id := range w.Clocks {
		if next, starts := w.startsClock(id, times); starts {
			after.own[id] = next.AccountBase
		} else {
			after.own[id] = times.of(id)
		}
	}
	return after
}

// latest returns for each account the later one of its two times.
func latest(a, b *accountTimes) *accountTimes {
	out := &accountTimes{realTime: a.realTime, own: map[string]time.Time{}}
	for _, times := range []*accountTimes{a, b} {
		for id := range times.own {
			out.own[id] = a.of(id)
			if b.of(id).After(a.of(id)) {
				out.own[id] = b.of(id)
			}
		}
	}
	return out
}

// errClocksChanged is returned when clocks of the world's accounts have changed since they were read, or
// are not announced. Nothing was written, and the world can be applied again.
var errClocksChanged = errors.New("world: the clock of an account has changed meanwhile")

// checkClocks returns errClocksChanged unless the clocks of the locked accounts are those at the times,
// and each server looks at those that the world changes. An account that is created now needs no
// announcement, because no server knows its keys yet.
func checkClocks(ctx context.Context, tx pgx.Tx, w *World, times *accountTimes) error {
	locked, err := readAccountTimes(ctx, tx, w.accountIDs(), times.realTime)
	switch {
	case err != nil:
		return err
	case !maps.Equal(locked.clocks, times.clocks):
		return errClocksChanged
	}
	unannounced, err := unannouncedClocks(ctx, tx, w, times)
	if err == nil && len(unannounced) > 0 {
		err = errClocksChanged
	}
	return err
}

// unannouncedClocks returns the existing accounts whose clocks the world changes although servers may
// not know that they have one. It keeps the accounts from being deleted.
func unannouncedClocks(ctx context.Context, tx pgx.Tx, w *World, times *accountTimes) ([]string, error) {
	var changed []string
	for id := range w.Clocks {
		if _, starts := w.startsClock(id, times); starts && !times.clocks[id].Announced {
			changed = append(changed, id)
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	rows, _ := tx.Query(ctx, `
		SELECT id FROM accounts
		WHERE id = ANY ($1) AND (expires_at <= account_now(id, $2)) IS NOT TRUE
		ORDER BY id FOR KEY SHARE`, changed, times.realTime) // CollectRows returns its error too
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// setClocks makes the clocks of the world's locked accounts those of the world.
func setClocks(ctx context.Context, tx pgx.Tx, w *World, times *accountTimes, written *changeCounter) error {
	const table = "account_clocks"
	for _, id := range w.accountIDs() {
		stored, exists := times.clocks[id]
		if _, wanted := w.Clocks[id]; exists && !wanted {
			if _, err := tx.Exec(ctx, `DELETE FROM account_clocks WHERE account_id = $1`, id); err != nil {
				return err
			}
			if !saysRealTime(stored) {
				written.count(worldStep{verb: remove, table: table}, 1)
			}
			continue
		}
		next, starts := w.startsClock(id, times)
		if !starts {
			continue
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO account_clocks (account_id, real_base, account_base, rate, frozen, announced)
			VALUES ($1, $2, $3, $4, $5, true)
			ON CONFLICT (account_id) DO UPDATE
			SET real_base = excluded.real_base, account_base = excluded.account_base, rate = excluded.rate,
			    frozen = excluded.frozen, announced = true`,
			id, next.RealBase, next.AccountBase, next.Rate, next.Frozen); err != nil {
			return err
		}
		change := worldStep{verb: insert, table: table}
		if exists && !saysRealTime(stored) {
			change.verb = update
		}
		written.count(change, 1)
	}
	return nil
}

// AnnounceClocks makes every server look at the clocks of those accounts whose clocks the world changes.
// A server may remember for store.MaxIdentityAge that an account has no clock, so one that says real time is
// stored first. Then await is called with the accounts, and returns when every server looks at them. If
// all of them do already, it is not called. Apply and Reset announce clocks themselves, and then wait for so long.
func AnnounceClocks(
	ctx context.Context, s *store.Store, w *World, now time.Time, await func(context.Context, []string) error,
) error {
	if len(w.Clocks) == 0 {
		return nil
	}
	var (
		unannounced []string
		bases       []time.Time // of their clocks
	)
	err := s.LargeTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		times, err := readAccountTimes(ctx, tx, slices.Sorted(maps.Keys(w.Clocks)), now)
		if err != nil {
			return err
		}
		ids, err := unannouncedClocks(ctx, tx, w, times)
		if err != nil || len(ids) == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO account_clocks (account_id, real_base, account_base, rate, frozen, announced)
			SELECT id, $2, $2, 1, false, false
			FROM unnest($1::text[]) AS id
			ON CONFLICT (account_id) DO NOTHING`, ids, now); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `
			SELECT account_id, real_base FROM account_clocks
			WHERE account_id = ANY ($1) AND NOT announced`, ids) // ForEachRow returns its error too
		var (
			id   string
			base time.Time
		)
		_, err = pgx.ForEachRow(rows, []any{&id, &base}, func() error {
			unannounced, bases = append(unannounced, id), append(bases, base)
			return nil
		})
		return err
	})
	if err != nil || len(unannounced) == 0 {
		return err
	}
	if err := await(ctx, unannounced); err != nil {
		return err
	}
	return s.LargeTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		// Locked in order, because several processes may announce the clocks of the same accounts.
		for _, sql := range []string{
			`SELECT FROM accounts WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE`,
			`SELECT FROM account_clocks WHERE account_id = ANY ($1) ORDER BY account_id FOR UPDATE`,
		} {
			if _, err := tx.Exec(ctx, sql, unannounced); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `
			UPDATE account_clocks c SET announced = true
			FROM unnest($1::text[], $2::timestamptz[]) AS seen (account_id, real_base)
			WHERE c.account_id = seen.account_id AND c.real_base = seen.real_base`, unannounced, bases)
		return err
	})
}

// awaitServers waits until every server looks at new clocks.
func awaitServers(ctx context.Context, _ []string) error {
	select {
	case <-time.After(store.MaxIdentityAge):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
