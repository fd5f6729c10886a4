package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// ListAccounts returns the accounts that have not expired at the real time now, each by its own clock.
func (s *Store) ListAccounts(ctx context.Context, now time.Time) ([]Account, error) {
	return Query(ctx, s, AccountsTable.Scan, `
		SELECT `+AccountsTable.SelectList("t")+`
		FROM accounts t
		WHERE (expires_at <= account_now(id, $1)) IS NOT TRUE
		ORDER BY id`, now)
}

// longTransactionSettings are the settings of a transaction that deletes all rows of an account. A
// large account takes longer than any request may.
const longTransactionSettings = `
	SELECT set_config('statement_timeout', '15min', true), set_config('lock_timeout', '30s', true)`

// sweepSettings are the settings of a transaction that purges an expired account. No caller depends
// on it, so it hardly waits for locks: while it waited, others would wait for it.
const sweepSettings = `
	SELECT set_config('statement_timeout', '15min', true), set_config('lock_timeout', '100ms', true)`

// lockTokensOfAccount locks the client tokens of an account. It comes before the lock of the
// account itself. A request that claims a token again holds the token's lock, and then waits for
// locks that conflict with the account's. Once the account is locked, no new token can appear.
const lockTokensOfAccount = `
	SELECT FROM client_tokens
	WHERE account_id = $1
	ORDER BY action, token
	FOR UPDATE`

// LockAccountID queues the lock of an account's id, so that other transactions that create the same
// account wait. It is an advisory lock, because an account that does not exist yet has no row to
// lock.
func (tx *Tx) LockAccountID(id string) {
	tx.queue(`SELECT pg_advisory_xact_lock(hashtextextended('enisim account ' || $1, 0))`, id)
}

// LockedAccount is a locked account with whether it has expired.
type LockedAccount struct {
	Account
	Expired bool
}

// LockAccount locks and reads an account, so that no new row can refer to it. It returns nil if
// there is none. It also returns an account that has expired at the real time now.
func (tx *Tx) LockAccount(ctx context.Context, id string, now time.Time) (*LockedAccount, error) {
	var found *LockedAccount
	tx.queue(longTransactionSettings)
	tx.lock(rankClientTokens, lockTokensOfAccount, id)
	tx.lock(rankAccounts, `
		SELECT `+AccountsTable.SelectList("t")+`
		FROM accounts t
		WHERE id = $1
		FOR UPDATE`, id).
		Query(each(AccountsTable.Targets, func(a Account) { found = &LockedAccount{Account: a} }))
	tx.queue(`SELECT true FROM accounts WHERE id = $1 AND expires_at <= account_now(id, $2)`, id, now).
		Query(eachValue(func(expired bool) { found.Expired = expired }))
	return found, tx.send(ctx)
}

// lockExpiredAccount is LockAccount for an account that has expired at the real time now. It returns
// nil if another transaction has locked the account.
func (tx *Tx) lockExpiredAccount(ctx context.Context, id string, now time.Time) (*Account, error) {
	var found *Account
	tx.queue(sweepSettings)
	tx.lock(rankClientTokens, lockTokensOfAccount, id)
	tx.lock(rankAccounts, `
		SELECT `+AccountsTable.SelectList("t")+`
		FROM accounts t
		WHERE id = $1 AND expires_at <= account_now(id, $2)
		FOR UPDATE SKIP LOCKED`, id, now).
		Query(each(AccountsTable.Targets, func(a Account) { found = &a }))
	return found, tx.send(ctx)
}

// InsertAccount queues the write that adds an account. Its id must be locked by LockAccountID and
// unused.
func (tx *Tx) InsertAccount(a Account) {
	insertRow(tx, AccountsTable, a)
}

// SetRepeats queues the write of a locked account's Repeats.
func (tx *Tx) SetRepeats(id, repeats string) {
	tx.write(1, `UPDATE accounts SET repeats = $2 WHERE id = $1`, id, repeats)
}

// SetQuotas queues the write of a locked account's quotas.
func (tx *Tx) SetQuotas(a Account) {
	tx.write(1, `
		UPDATE accounts
		SET network_interfaces_per_region = $2, instances_per_region = $3, security_groups_per_network_interface = $4,
		    private_ipv4_per_network_interface = $5, ipv6_per_network_interface = $6
		WHERE id = $1`,
		a.ID, a.NetworkInterfacesPerRegion, a.InstancesPerRegion, a.SecurityGroupsPerInterface, a.IPv4PerInterface,
		a.IPv6PerInterface)
}

// lockContents lock all rows of a locked account, in the lock order.
var lockContents = []struct {
	rank rank
	sql  string
}{
	{rankKeyPairs, `SELECT FROM key_pairs WHERE account_id = $1 ORDER BY region_id, name FOR UPDATE`},
	{rankVPCs, `SELECT FROM vpcs WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankRouteTables, `SELECT FROM route_tables WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankVSwitches, `SELECT FROM vswitches WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankInstances, `SELECT FROM instances WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankNetworkInterfaces, `SELECT FROM network_interfaces WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankEIPs, `SELECT FROM eips WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankDisks, `SELECT FROM disks WHERE account_id = $1 ORDER BY id FOR UPDATE`},
	{rankSecurityGroups, `SELECT FROM security_groups WHERE account_id = $1 ORDER BY id FOR UPDATE`},
}

// deleteContents delete all rows of an account, children before parents. Nearly all the time is
// spent on the checks of foreign keys, three for each interface. The referring rows are deleted
// first, so the checks find nothing. That is cheaper than a cascade, which would delete them one by
// one.
var deleteContents = []string{
	`DELETE FROM client_tokens WHERE account_id = $1`,
	`DELETE FROM route_entries WHERE account_id = $1`,
	`DELETE FROM route_table_associations WHERE account_id = $1`,
	`DELETE FROM key_pairs WHERE account_id = $1`,
	`DELETE FROM disks WHERE account_id = $1`,
	`DELETE FROM eip_associations WHERE account_id = $1`,
	`DELETE FROM eips WHERE account_id = $1`,
	`DELETE FROM security_group_rules WHERE account_id = $1`,
	`DELETE FROM ip_prefixes WHERE account_id = $1`,
	`DELETE FROM network_interface_security_groups WHERE account_id = $1`,
	`DELETE FROM private_ip_addresses WHERE account_id = $1`,
	`DELETE FROM attachments WHERE account_id = $1`,
	`DELETE FROM network_interfaces WHERE account_id = $1`,
	`DELETE FROM vswitch_counts WHERE account_id = $1`, // after what it counts
	`DELETE FROM instances WHERE account_id = $1`,
	`DELETE FROM security_groups WHERE account_id = $1`,
	`DELETE FROM vswitches WHERE account_id = $1`,
	`DELETE FROM vpcs WHERE account_id = $1`,
	`DELETE FROM instance_types WHERE owner_id = $1`, // these have no foreign key to the account
	`DELETE FROM disturbances WHERE account_id = $1`,
}

// lockKeysOfAccount locks the access keys of an account.
const lockKeysOfAccount = `SELECT FROM access_keys WHERE account_id = $1 ORDER BY id FOR UPDATE`

// deleteAccount delete an account whose contents are deleted.
var deleteAccount = []string{
	`DELETE FROM access_keys WHERE account_id = $1`,
	`DELETE FROM ram_users WHERE account_id = $1`,
	`DELETE FROM accounts WHERE id = $1`,
}

// EmptyAccount deletes all rows of a locked account, except its keys and RAM users. The statements
// are sent at once, because they may take longer than the timeout of a commit.
func (tx *Tx) EmptyAccount(ctx context.Context, id string) error {
	for _, l := range lockContents {
		tx.lock(l.rank, l.sql, id)
	}
	for _, sql := range deleteContents {
		tx.queue(sql, id)
	}
	return tx.send(ctx)
}

// DeleteAccount deletes a locked account with all its rows. The statements are sent at once, like
// those of EmptyAccount.
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

// DeleteLockedAccount deletes an account with all its rows, all of which the transaction has locked.
func DeleteLockedAccount(ctx context.Context, tx pgx.Tx, id string) error {
	for _, sql := range slices.Concat(deleteContents, deleteAccount) {
		if _, err := tx.Exec(ctx, sql, id); err != nil {
			return err
		}
	}
	return nil
}

// countInterfaces returns the number of interfaces of an account, or limit if there are more.
func (tx *Tx) countInterfaces(ctx context.Context, id string, limit int) (n int, err error) {
	tx.queue(`
		SELECT count(*)
		FROM (SELECT FROM network_interfaces WHERE account_id = $1 LIMIT $2) AS those`, id, limit).
		QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	return n, tx.send(ctx)
}

// deleteSomeInterfaces deletes n interfaces of a locked account, with their attachments, addresses
// and memberships. It takes two round trips: an attach that the lock waited for may have added an
// attachment, which only a later statement sees.
func (tx *Tx) deleteSomeInterfaces(ctx context.Context, id string, n int) error {
	var ids []string
	tx.lock(rankNetworkInterfaces, `
		SELECT id FROM network_interfaces WHERE account_id = $1 ORDER BY id LIMIT $2 FOR UPDATE`, id, n).
		Query(appendTo(&ids))
	if err := tx.send(ctx); err != nil {
		return err
	}
	tx.DeleteNetworkInterfaces(id, ids)
	return tx.send(ctx)
}

// SweepAccounts purges accounts that have expired at the real time now. The arguments limit the accounts and,
// approximately, the interfaces that one call purges, so that no caller waits long for expired rows
// of others. An account that another transaction has locked is left for the next sweep. A failure
// is only logged: no caller depends on a sweep, because reads leave expired rows out.
func (s *Store) SweepAccounts(ctx context.Context, now time.Time, accounts, interfaces int) {
	expired, err := Query(ctx, s, pgx.RowTo[string], `
		SELECT id
		FROM (
		    (SELECT id, expires_at
		     FROM accounts
		     WHERE expires_at <= $1 AND NOT EXISTS (SELECT FROM account_clocks c WHERE c.account_id = id)
		     ORDER BY expires_at
		     LIMIT $2)
		    UNION ALL
		    SELECT a.id, a.expires_at
		    FROM account_clocks c
		    JOIN accounts a ON a.id = c.account_id
		    WHERE a.expires_at <= account_now(a.id, $1)) expired
		ORDER BY expires_at
		LIMIT $2`, now, accounts)
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
		s.log.ErrorContext(ctx,
			"accounts that have expired could not be removed; the next look at the accounts tries again",
			"error", err)
	}
}

// sweepAccount purges an account that has expired at now. It purges at most this number of
// interfaces. If the account has that many, the rest is left for the next sweep. It returns how
// many interfaces it has purged.
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
