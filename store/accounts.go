package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ListAccounts reads the accounts that have not expired at now.
func (s *Store) ListAccounts(ctx context.Context, now time.Time) ([]Account, error) {
	return query(ctx, s, pgx.RowToStructByPos[Account], `
		SELECT id, name, network_interfaces_per_region, created_at, expires_at, repeats
		FROM accounts
		WHERE (expires_at <= $1) IS NOT TRUE
		ORDER BY id`, now)
}

// longTransactionSettings are for a transaction that removes all of an account: a large one takes longer than any request may.
const longTransactionSettings = `
	SELECT set_config('statement_timeout', '15min', true), set_config('lock_timeout', '30s', true)`

// sweepSettings are for one that nobody asked for: it waits for nobody, and so keeps nobody waiting.
const sweepSettings = `
	SELECT set_config('statement_timeout', '15min', true), set_config('lock_timeout', '100ms', true)`

// lockTokensOfAccount comes before the account's own lock: who claims a token again holds it, and then asks for locks that the account's would bar.
// After the account's lock no token is new.
const lockTokensOfAccount = `
	SELECT FROM client_tokens
	WHERE account_id = $1
	ORDER BY action, token
	FOR UPDATE`

// TakeAccount makes others that are about to make the same account wait: one that does not exist yet has no row to lock.
func (tx *Tx) TakeAccount(id string) {
	tx.queue(`SELECT pg_advisory_xact_lock(hashtextextended('enisim account ' || $1, 0))`, id)
}

// LockAccount locks an account, so that nothing new refers to it, or finds nil where there is none. An expired one is found.
func (tx *Tx) LockAccount(ctx context.Context, id string) (*Account, error) {
	var found *Account
	tx.queue(longTransactionSettings)
	tx.lock(rankClientTokens, lockTokensOfAccount, id)
	tx.lock(rankAccounts, `
		SELECT id, name, network_interfaces_per_region, created_at, expires_at, repeats
		FROM accounts
		WHERE id = $1
		FOR UPDATE`, id).
		Query(each(accountFields, func(a Account) { found = &a }))
	return found, tx.send(ctx)
}

// lockExpiredAccount is LockAccount for one that has expired at now and that nobody else is busy with.
func (tx *Tx) lockExpiredAccount(ctx context.Context, id string, now time.Time) (*Account, error) {
	var found *Account
	tx.queue(sweepSettings)
	tx.lock(rankClientTokens, lockTokensOfAccount, id)
	tx.lock(rankAccounts, `
		SELECT id, name, network_interfaces_per_region, created_at, expires_at, repeats
		FROM accounts
		WHERE id = $1 AND expires_at <= $2
		FOR UPDATE SKIP LOCKED`, id, now).
		Query(each(accountFields, func(a Account) { found = &a }))
	return found, tx.send(ctx)
}

func accountFields(a *Account) []any {
	return []any{&a.ID, &a.Name, &a.NetworkInterfacesPerRegion, &a.CreatedAt, &a.ExpiresAt, &a.Repeats}
}

// InsertAccount adds an account whose id is taken and free.
func (tx *Tx) InsertAccount(a Account) {
	tx.write(1, `
		INSERT INTO accounts (id, name, network_interfaces_per_region, created_at, expires_at, repeats)
		VALUES ($1, $2, $3, $4, $5, $6)`, a.ID, a.Name, a.NetworkInterfacesPerRegion, a.CreatedAt, a.ExpiresAt, a.Repeats)
}

// SetRepeats queues the write that changes what a locked account says of repeats.
func (tx *Tx) SetRepeats(id, repeats string) {
	tx.write(1, `UPDATE accounts SET repeats = $2 WHERE id = $1`, id, repeats)
}

// Locks on all that a locked account has, in the order of the house.
var lockContents = []struct {
	rank rank
	sql  string
}{
	{rankVPCs, `SELECT FROM vpcs WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankVSwitches, `SELECT FROM vswitches WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankInstances, `SELECT FROM instances WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankNetworkInterfaces, `SELECT FROM network_interfaces WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankSecurityGroups, `SELECT FROM security_groups WHERE account_id = $1 ORDER BY id FOR UPDATE`},
}

// deleteContents remove all that an account has, children before parents. Nearly all the time goes into the checks of foreign keys, three for each
// interface; with the rows that refer to it gone before, they find nothing, which is cheaper than a cascade that deletes them one by one.
var deleteContents = []string{
	`DELETE FROM client_tokens WHERE account_id = $1`,
	`DELETE FROM security_group_rules WHERE account_id = $1`,
	`DELETE FROM ip_prefixes WHERE account_id = $1`,
	`DELETE FROM network_interface_security_groups WHERE account_id = $1`,
	`DELETE FROM private_ip_addresses WHERE account_id = $1`,
	`DELETE FROM network_interfaces WHERE account_id = $1`,
	`DELETE FROM instances WHERE account_id = $1`,
	`DELETE FROM security_groups WHERE account_id = $1`,
	`DELETE FROM vswitches WHERE account_id = $1`,
	`DELETE FROM vpcs WHERE account_id = $1`,
	`DELETE FROM instance_types WHERE owner_id = $1`, // no foreign key leads from the account to these
}

const lockKeysOfAccount = `SELECT FROM access_keys WHERE account_id = $1 ORDER BY id FOR UPDATE`

// deleteAccount removes an account without contents.
var deleteAccount = []string{
	`DELETE FROM access_keys WHERE account_id = $1`,
	`DELETE FROM ram_users WHERE account_id = $1`,
	`DELETE FROM accounts WHERE id = $1`,
}

// EmptyAccount removes all that a locked account has, except its keys and RAM users. It is sent at once, as a commit has no time for so much.
func (tx *Tx) EmptyAccount(ctx context.Context, id string) error {
	for _, l := range lockContents {
		tx.lock(l.rank, l.sql, id)
	}
	for _, sql := range deleteContents {
		tx.queue(sql, id)
	}
	return tx.send(ctx)
}

// DeleteAccount removes a locked account with all that it has.
func (tx *Tx) DeleteAccount(ctx context.Context, id string) error {
	for _, l := range lockContents {
		tx.lock(l.rank, l.sql, id)
	}
	tx.lock(rankAccessKeys, lockKeysOfAccount, id)
	for _, sql := range deleteContents {
		tx.queue(sql, id)
	}
	for _, sql := range deleteAccount {
		tx.queue(sql, id)
	}
	return tx.send(ctx)
}

// countInterfaces counts the interfaces of an account, up to a number.
func (tx *Tx) countInterfaces(ctx context.Context, id string, most int) (n int, err error) {
	tx.queue(`SELECT count(*) FROM (SELECT FROM network_interfaces WHERE account_id = $1 LIMIT $2) AS those`, id, most).
		QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	return n, tx.send(ctx)
}

// deleteSomeInterfaces removes n interfaces of a locked account, with what they have. ARRAY makes sure that they are chosen once: IN may choose again
// for each row that it looks at, others each time.
func (tx *Tx) deleteSomeInterfaces(ctx context.Context, id string, n int) error {
	tx.lock(rankNetworkInterfaces, `
		DELETE FROM network_interfaces
		WHERE account_id = $1 AND id = ANY (ARRAY (SELECT id FROM network_interfaces WHERE account_id = $1 ORDER BY id LIMIT $2 FOR UPDATE))`, id, n)
	return tx.send(ctx)
}

// SweepAccounts removes the rows of accounts that have expired at now: of so many accounts, and of not many more interfaces, at a time, so that no
// caller waits long for what others left behind. An account that somebody is busy with waits for the next sweep. No caller depends on a sweep, as
// reads leave out what has expired: a failure is logged.
func (s *Store) SweepAccounts(ctx context.Context, now time.Time, accounts, interfaces int) {
	expired, err := query(ctx, s, pgx.RowTo[string], `
		SELECT id FROM accounts WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`, now, accounts)
	for _, id := range expired {
		if err != nil || interfaces <= 0 {
			break
		}
		var swept int
		swept, err = s.sweepAccount(ctx, id, now, interfaces)
		interfaces -= swept
		if errors.Is(err, ErrLockTimeout) {
			err = nil
		}
	}
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "accounts that have expired could not be removed; the next look at the accounts tries again", "error", err)
	}
}

// sweepAccount removes an account that has expired at now, or as many of its interfaces as it may, since nobody sees them any more.
func (s *Store) sweepAccount(ctx context.Context, id string, now time.Time, interfaces int) (swept int, err error) {
	err = s.InTx(ctx, func(tx *Tx) error {
		account, err := tx.lockExpiredAccount(ctx, id, now)
		if err != nil || account == nil {
			return err
		}
		if swept, err = tx.countInterfaces(ctx, id, interfaces); err != nil {
			return err
		}
		if swept == interfaces {
			return tx.deleteSomeInterfaces(ctx, id, interfaces)
		}
		return tx.DeleteAccount(ctx, id)
	})
	return swept, err
}

// CountResources counts the instances and network interfaces that accounts have, those included that are about to go.
func (s *Store) CountResources(ctx context.Context, accountIDs []string) (int, error) {
	counts, err := query(ctx, s, pgx.RowTo[int], `
		SELECT (SELECT count(*) FROM instances WHERE account_id = ANY ($1))
		     + (SELECT count(*) FROM network_interfaces WHERE account_id = ANY ($1))`, accountIDs)
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}
