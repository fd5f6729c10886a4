package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// InterfaceQuota is how many secondary interfaces an account may have in a region, and how many it has.
type InterfaceQuota struct {
	Most  int
	Count int // no more than one above Most is counted
}

// CreateNetworkInterfaceScene is all that decides the creation of an interface, read under the locks.
type CreateNetworkInterfaceScene struct {
	Quota  InterfaceQuota
	Offer  *AddressOffer
	Groups []GroupScene // those that exist: id, VPC and type only
}

// LockForCreateNetworkInterface locks an account, for its quota, and a VSwitch, for its addresses, and keeps security groups from going away.
// It reads what the creation of an interface depends on, in one round trip. An interface that was gone before counts no longer.
func (tx *Tx) LockForCreateNetworkInterface(ctx context.Context, accountID, regionID string, want AddressWant, groupIDs []string, before time.Time,
) (*CreateNetworkInterfaceScene, error) {
	scene := &CreateNetworkInterfaceScene{}
	tx.lockInterfaceQuota(accountID, regionID, before, &scene.Quota)
	scene.Offer = tx.LockAddresses(accountID, regionID, []AddressWant{want}, before)[0]
	tx.shareGroups(accountID, regionID, groupIDs, func(g GroupScene) { scene.Groups = append(scene.Groups, g) })
	return scene, tx.send(ctx)
}

// lockInterfaceQuota queues the lock of an account, under which secondary interfaces are created, and the count of those that it has in a region.
func (tx *Tx) lockInterfaceQuota(accountID, regionID string, before time.Time, quota *InterfaceQuota) {
	tx.lock(rankAccounts, `
		SELECT network_interfaces_per_region
		FROM accounts
		WHERE id = $1
		FOR NO KEY UPDATE`, accountID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&quota.Most) })
	tx.queue(`
		SELECT count(*)
		FROM (
		    SELECT FROM network_interfaces n
		    WHERE n.account_id = $1 AND n.region_id = $2 AND n.type = 'Secondary'
		      AND (n.next_status = 'Deleted' AND n.settles_at <= $3) IS NOT TRUE
		    LIMIT (SELECT a.network_interfaces_per_region + 1 FROM accounts a WHERE a.id = $1)
		) counted`, accountID, regionID, before).
		QueryRow(func(row pgx.Row) error { return row.Scan(&quota.Count) })
}

// shareGroups queues the locks that keep security groups from being deleted, and reads them. Who joins no instance to a group changes nothing in it.
func (tx *Tx) shareGroups(accountID, regionID string, ids []string, found func(GroupScene)) {
	tx.lock(rankSecurityGroups, `
		SELECT id, vpc_id, type
		FROM security_groups
		WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id
		FOR KEY SHARE`, accountID, regionID, ids).
		Query(each(func(g *GroupScene) []any { return []any{&g.ID, &g.VPCID, &g.Type} }, found))
}
