package store

import (
	"context"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// PublicIPScene contains the rows on which a public address of an instance depends, read under its
// lock.
type PublicIPScene struct {
	InstanceScene
	HasEIP  bool // whether an EIP is on the primary address of the instance
	IPInUse bool // whether an EIP or another instance of the account has the public address
}

// LockForPublicIP locks an instance that is to get a public address, and its account, so that no other
// transaction gives the address away. EIPs that have left the instance by beforeLocks do not count.
func (tx *Tx) LockForPublicIP(
	ctx context.Context, accountID, instanceID string, address netip.Addr, beforeLocks time.Time,
) (*PublicIPScene, error) {
	scene := &PublicIPScene{}
	tx.lock(rankAccounts, `SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, accountID)
	tx.lockInstance(accountID, "", instanceID, func(i Instance, t InstanceType) { scene.Instance, scene.Type = &i, &t })
	tx.queue(`
		SELECT EXISTS (
		           SELECT FROM network_interfaces n
		           JOIN eip_associations a ON a.account_id = n.account_id AND a.network_interface_id = n.id
		           WHERE n.account_id = $1 AND n.primary_of = $2
		             AND (a.settles_at <= $4 AND a.next_status = 'Available') IS NOT TRUE),
		       EXISTS (SELECT FROM eips WHERE account_id = $1 AND ip_address = $3)
		       OR EXISTS (
		           SELECT FROM instances
		           WHERE account_id = $1 AND attributes->>'PublicIPAddress' = host($3::inet))`,
		accountID, instanceID, address, beforeLocks).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.HasEIP, &scene.IPInUse) })
	return scene, tx.send(ctx)
}
