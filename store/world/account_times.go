package world

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// accountTimes are the times of accounts at one moment of real time.
type accountTimes struct {
	realTime time.Time
	own      map[string]time.Time // of accounts that have a clock
	expired  map[string]bool      // accounts that have expired by a clock of their own
	clocks   map[string]store.StoredClock
}

// hasExpired reports whether an account has expired.
func (t *accountTimes) hasExpired(a *store.Account) bool {
	return t.expired[a.ID] || a.Expired(t.of(a.ID))
}

// of returns the time of an account.
func (t *accountTimes) of(accountID string) time.Time {
	if now, found := t.own[accountID]; found {
		return now
	}
	return t.realTime
}

// accountsByTime are accounts with the same time.
type accountsByTime struct {
	now time.Time
	ids []string
}

// groups returns the accounts grouped by their times.
func (t *accountTimes) groups(accountIDs []string) (groups []accountsByTime) {
	inRealTime := accountsByTime{now: t.realTime}
	for _, id := range accountIDs {
		if now, found := t.own[id]; found {
			groups = append(groups, accountsByTime{now, []string{id}})
		} else {
			inRealTime.ids = append(inRealTime.ids, id)
		}
	}
	if len(inRealTime.ids) > 0 {
		groups = append(groups, inRealTime)
	}
	return groups
}

// readAccountTimes reads the times of accounts. That of an account that has expired is real time,
// because an account that is created in its place begins in real time.
func readAccountTimes(ctx context.Context, tx pgx.Tx, accountIDs []string, realTime time.Time) (*accountTimes, error) {
	times := &accountTimes{realTime: realTime, own: map[string]time.Time{}, expired: map[string]bool{},
		clocks: map[string]store.StoredClock{}}
	rows, _ := tx.Query(ctx, `
		SELECT a.id, account_now(a.id, $2), (a.expires_at <= account_now(a.id, $2)) IS TRUE,
		       c.real_base, c.account_base, c.rate, c.frozen, c.announced
		FROM account_clocks c
		JOIN accounts a ON a.id = c.account_id
		WHERE a.id = ANY ($1)`, accountIDs, realTime) // ForEachRow returns its error too
	var (
		id      string
		now     time.Time
		expired bool
		clock   store.StoredClock
	)
	columns := append([]any{&id, &now, &expired}, store.ClockFields(&clock)...)
	_, err := pgx.ForEachRow(rows, columns, func() error {
		if expired {
			times.expired[id] = true
		} else {
			times.own[id] = now.UTC()
			times.clocks[id] = clock
		}
		return nil
	})
	return times, err
}
