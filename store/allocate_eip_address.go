package store

import (
	"context"
	"net/netip"

	"github.com/jackc/pgx/v5"
)

// AllocateEIPScene contains what the allocation of an EIP depends on, read under the account's lock.
type AllocateEIPScene struct {
	Held int          // EIPs of the account in the region
	Free []netip.Addr // those of the candidates that no EIP has, in their order
}

// LockForAllocateEIP locks an account, so that no other transaction allocates an EIP of it, and reads how many
// EIPs it has in a region, and which of some public addresses are free.
func (tx *Tx) LockForAllocateEIP(
	ctx context.Context, accountID, regionID string, candidates []netip.Addr,
) (*AllocateEIPScene, error) {
	scene := &AllocateEIPScene{}
	tx.lock(rankAccounts, `SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, accountID)
	tx.queue(`SELECT count(*) FROM eips WHERE account_id = $1 AND region_id = $2`, accountID, regionID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.Held) })
	tx.queue(`
		SELECT c.address
		FROM unnest($2::inet[]) WITH ORDINALITY AS c (address, position)
		WHERE NOT EXISTS (SELECT FROM eips e WHERE e.account_id = $1 AND e.ip_address = c.address)
		ORDER BY c.position`, accountID, candidates).
		Query(appendTo(&scene.Free))
	return scene, tx.send(ctx)
}

// InsertEIP queues the write that creates an EIP.
func (tx *Tx) InsertEIP(e EIP) { insertRow(tx, EIPsTable, e) }
