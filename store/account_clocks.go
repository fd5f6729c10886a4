package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// MaxIdentityAge is the time for which a server may remember an account without a clock.
const MaxIdentityAge = time.Second

// AccountClock is the clock of an account: AccountBase plus Rate times the real time since RealBase,
// or AccountBase while it is frozen.
type AccountClock struct {
	RealBase, AccountBase time.Time
	Rate                  float64
	Frozen                bool
}

// StoredClock is the clock of an account with whether every server looks at it.
type StoredClock struct {
	AccountClock
	Announced bool
}

// ClockFields returns pointers to the fields of a clock, in the order of their columns.
func ClockFields(c *StoredClock) []any {
	return []any{&c.RealBase, &c.AccountBase, &c.Rate, &c.Frozen, &c.Announced}
}

// FindClock returns the clock of an account, or nil if the account lives in real time. It reports
// whether the account exists and has not expired at a real time.
func (s *Store) FindClock(
	ctx context.Context, accountID string, realTime time.Time,
) (c *StoredClock, exists bool, err error) {
	rows, err := Query(ctx, s, scanClock, `
		SELECT c.real_base, c.account_base, c.rate, c.frozen, c.announced
		FROM accounts a
		LEFT JOIN account_clocks c ON c.account_id = a.id
		WHERE a.id = $1 AND (a.expires_at <= account_now(a.id, $2)) IS NOT TRUE`, accountID, realTime)
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	return rows[0], true, nil
}

// scanClock reads a row of an outer join. It returns nil for an account without a clock.
func scanClock(row pgx.CollectableRow) (*StoredClock, error) {
	var c struct {
		realBase, accountBase *time.Time
		rate                  *float64
		frozen, announced     *bool
	}
	if err := row.Scan(&c.realBase, &c.accountBase, &c.rate, &c.frozen, &c.announced); err != nil || c.realBase == nil {
		return nil, err
	}
	return &StoredClock{AccountClock{*c.realBase, *c.accountBase, *c.rate, *c.frozen}, *c.announced}, nil
}

// LockClock locks and reads the clock of an account, and keeps the account from being deleted
// meanwhile. It returns nil for a clock or an account that does not exist. It also returns an account
// that has expired.
func (tx *Tx) LockClock(ctx context.Context, accountID string) (c *StoredClock, a *Account, err error) {
	tx.lock(rankAccounts, `
		SELECT `+AccountsTable.SelectList("t")+`
		FROM accounts t
		WHERE id = $1
		FOR KEY SHARE`, accountID).
		Query(each(AccountsTable.Targets, func(found Account) { a = &found }))
	tx.lock(rankClocks, `
		SELECT real_base, account_base, rate, frozen, announced
		FROM account_clocks
		WHERE account_id = $1
		FOR UPDATE`, accountID).
		Query(each(ClockFields, func(found StoredClock) { c = &found }))
	return c, a, tx.send(ctx)
}

// InsertClock queues the write of a clock that says real time, and is not announced yet. The account
// must be locked and have no clock. If another transaction inserts one first, nothing is written.
func (tx *Tx) InsertClock(accountID string, realTime time.Time) {
	tx.queue(`
		INSERT INTO account_clocks (account_id, real_base, account_base, rate, frozen, announced)
		VALUES ($1, $2, $2, 1, false, false)
		ON CONFLICT (account_id) DO NOTHING`, accountID, realTime)
}

// SetClock queues the write of a locked clock, which is announced from then on.
func (tx *Tx) SetClock(accountID string, c AccountClock) {
	tx.write(1, `
		UPDATE account_clocks
		SET real_base = $2, account_base = $3, rate = $4, frozen = $5, announced = true
		WHERE account_id = $1`, accountID, c.RealBase, c.AccountBase, c.Rate, c.Frozen)
}

// DeleteClock queues the deletion of a locked clock.
func (tx *Tx) DeleteClock(accountID string) {
	tx.write(1, `DELETE FROM account_clocks WHERE account_id = $1`, accountID)
}
