package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// CreateKeyPairScene contains what a new key pair depends on, read under the account's lock.
type CreateKeyPairScene struct {
	Held    int  // key pairs of the account in the region
	IsTaken bool // whether one of them has the name
}

// LockForCreateKeyPair locks an account, so that no other transaction adds a key pair to it.
func (tx *Tx) LockForCreateKeyPair( //nolint:dupl // locks of accounts have one shape
	ctx context.Context, accountID, regionID, name string,
) (*CreateKeyPairScene, error) {
	scene := &CreateKeyPairScene{}
	tx.lock(rankAccounts, `SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, accountID)
	tx.queue(`
		SELECT count(*), count(*) FILTER (WHERE name = $3) > 0
		FROM key_pairs
		WHERE account_id = $1 AND region_id = $2`, accountID, regionID, name).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.Held, &scene.IsTaken) })
	return scene, tx.send(ctx)
}

// InsertKeyPair queues the write that adds a key pair.
func (tx *Tx) InsertKeyPair(k KeyPair) { insertRow(tx, KeyPairsTable, k) }
