package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// ListedAccessKey is an access key without its secret and security token, which are read only where
// they are needed.
type ListedAccessKey struct {
	ID          string
	AccountID   string
	RAMUserName *string // nil for a key of the account itself
	Status      string
	Temporary   bool
	ExpiresAt   *time.Time
	CreatedAt   time.Time
}

// ListAccessKeys returns the keys of an account, or of all accounts if accountID is "". It leaves
// out the keys of accounts that have expired at the real time now.
func (s *Store) ListAccessKeys(ctx context.Context, accountID string, now time.Time) ([]ListedAccessKey, error) {
	return Query(ctx, s, pgx.RowToStructByPos[ListedAccessKey], `
		SELECT k.id, k.account_id, k.ram_user_name, k.status, k.security_token IS NOT NULL, k.expires_at, k.created_at
		FROM access_keys k
		JOIN accounts a ON a.id = k.account_id
		WHERE (k.account_id = $1 OR $1 = '') AND (a.expires_at <= account_now(a.id, $2)) IS NOT TRUE
		ORDER BY k.account_id, k.id`, accountID, now)
}

// UsableAccessKeys returns at most limit keys of an account that are active and have not expired at the
// real time now: temporary ones and those of RAM users last, then the newest first.
func (s *Store) UsableAccessKeys(
	ctx context.Context, accountID string, now time.Time, limit int,
) ([]ListedAccessKey, error) {
	return Query(ctx, s, pgx.RowToStructByPos[ListedAccessKey], `
		SELECT k.id, k.account_id, k.ram_user_name, k.status, k.security_token IS NOT NULL, k.expires_at, k.created_at
		FROM access_keys k
		WHERE k.account_id = $1 AND k.status = 'Active' AND (k.expires_at <= $2) IS NOT TRUE
		ORDER BY k.security_token IS NOT NULL, k.ram_user_name IS NOT NULL, k.created_at DESC, k.id
		LIMIT $3`, accountID, now, limit)
}

// KeyOwner reports whether the owner of a new key exists.
type KeyOwner struct {
	AccountExists bool
	RAMUserExists bool // in that account
}

// LockKeyOwner looks up the account and the RAM user of a new key, and keeps both from being
// deleted. A scenario waits for the account's lock too. An account that has expired at
// the real time now does not exist.
func (tx *Tx) LockKeyOwner(ctx context.Context, accountID, ramUserName string, now time.Time) (KeyOwner, error) {
	var owner KeyOwner
	tx.lock(rankAccounts, `
		SELECT true, EXISTS (SELECT FROM ram_users u WHERE u.account_id = a.id AND u.name = $2)
		FROM accounts a
		WHERE a.id = $1 AND (a.expires_at <= account_now(a.id, $3)) IS NOT TRUE
		FOR KEY SHARE`, accountID, ramUserName, now).
		Query(each(func(o *KeyOwner) []any { return []any{&o.AccountExists, &o.RAMUserExists} },
			func(o KeyOwner) { owner = o }))
	err := tx.send(ctx)
	return owner, err
}

// InsertAccessKey queues the write that adds a key. Its owner must be locked.
func (tx *Tx) InsertAccessKey(k AccessKey) {
	insertRow(tx, AccessKeysTable, k)
}

// LockAccessKey locks and reads a key. It returns nil if there is none.
func (tx *Tx) LockAccessKey(ctx context.Context, id string) (*ListedAccessKey, error) {
	var found *ListedAccessKey
	tx.lock(rankAccessKeys, `
		SELECT id, account_id, ram_user_name, status, security_token IS NOT NULL, expires_at, created_at
		FROM access_keys
		WHERE id = $1
		FOR UPDATE`, id).
		Query(each(func(k *ListedAccessKey) []any {
			return []any{&k.ID, &k.AccountID, &k.RAMUserName, &k.Status, &k.Temporary, &k.ExpiresAt, &k.CreatedAt}
		}, func(k ListedAccessKey) { found = &k }))
	err := tx.send(ctx)
	return found, err
}

// SetAccessKeyStatus queues the write that makes a locked key Active or Inactive.
func (tx *Tx) SetAccessKeyStatus(id, status string) {
	tx.write(1, `UPDATE access_keys SET status = $2 WHERE id = $1`, id, status)
}

// DeleteAccessKey queues the deletion of a locked key.
func (tx *Tx) DeleteAccessKey(id string) {
	tx.write(1, `DELETE FROM access_keys WHERE id = $1`, id)
}
