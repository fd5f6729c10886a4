package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// InterfaceQuota is an account's quota of secondary interfaces in a region, and its use.
type InterfaceQuota struct {
	Max     int // the maximum
	Count   int // the number of interfaces
	deleted int // the number of further ones that are deleted and not purged yet
}

// CreateNetworkInterfaceScene contains the rows on which the creation of an interface depends, read
// under the locks.
type CreateNetworkInterfaceScene struct {
	Quota  InterfaceQuota
	Offer  *AddressOffer
	Groups []GroupScene // the existing ones of the named groups: id, VPC and type only
}

// LockForCreateNetworkInterface locks an account, for its quota, a VSwitch, for its addresses, and
// security groups, so that they cannot be deleted. It reads what the creation of an interface
// depends on, in one round trip. Interfaces deleted before goneBefore do not count.
func (tx *Tx) LockForCreateNetworkInterface(
	ctx context.Context, accountID, regionID string, want AddressWant, groupIDs []string, goneBefore time.Time,
) (*CreateNetworkInterfaceScene, error) {
	scene := &CreateNetworkInterfaceScene{}
	tx.lockInterfaceQuota(accountID, regionID, goneBefore, &scene.Quota)
	scene.Offer = tx.LockAddresses(accountID, regionID, []AddressWant{want}, goneBefore)[0]
	tx.lockGroupsForKeyShare(accountID, regionID, groupIDs,
		func(g GroupScene) { scene.Groups = append(scene.Groups, g) })
	return scene, tx.send(ctx)
}

// lockInterfaceQuota queues the lock of an account, without which no secondary interface is
// created, and the count of its secondary interfaces in a region.
func (tx *Tx) lockInterfaceQuota(accountID, regionID string, goneBefore time.Time, quota *InterfaceQuota) {
	tx.lock(rankAccounts, `
		SELECT network_interfaces_per_region
		FROM accounts
		WHERE id = $1
		FOR NO KEY UPDATE`, accountID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&quota.Max) })
	// Deleted interfaces whose time has come are in the kept count until they are purged, so they are
	// counted apart.
	tx.queue(`
		SELECT (SELECT coalesce(sum(c.secondary_interfaces), 0)::bigint
		        FROM vswitches v
		        JOIN vswitch_counts c ON c.account_id = v.account_id AND c.vswitch_id = v.id
		        WHERE v.account_id = $1 AND v.region_id = $2),
		       (SELECT count(*)
		        FROM network_interfaces
		        WHERE account_id = $1 AND region_id = $2 AND type = 'Secondary'
		          AND next_status = 'Deleted' AND settles_at <= $3)`, accountID, regionID, goneBefore).
		QueryRow(func(row pgx.Row) error {
			err := row.Scan(&quota.Count, &quota.deleted)
			quota.Count -= quota.deleted
			return err
		})
}

// PurgeSomeInterfaces queues the purge of some interfaces of an account that were deleted before
// goneBefore, in whichever VSwitch they are, if the count of a quota found many. So later counts find
// few. It has to come after all locks, because it skips rows that are locked by another transaction
// but then holds those of the interfaces.
func (tx *Tx) PurgeSomeInterfaces(accountID string, quota InterfaceQuota, goneBefore time.Time) {
	const many, maxPurged = 50, 200
	if quota.deleted < many {
		return
	}
	tx.queue(`
		DELETE FROM network_interfaces
		WHERE account_id = $1 AND id = ANY (ARRAY (
		    SELECT id FROM network_interfaces
		    WHERE account_id = $1 AND next_status = 'Deleted' AND settles_at <= $2
		    LIMIT $3 FOR UPDATE SKIP LOCKED))`, accountID, goneBefore, maxPurged)
}

// lockGroupsForKeyShare queues the locks that keep security groups from being deleted, and reads
// the groups. FOR KEY SHARE is enough for a transaction that changes neither the group nor its
// capacity.
func (tx *Tx) lockGroupsForKeyShare(accountID, regionID string, ids []string, found func(GroupScene)) {
	tx.lock(rankSecurityGroups, `
		SELECT id, vpc_id, type
		FROM security_groups
		WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id
		FOR KEY SHARE`, accountID, regionID, ids).
		Query(each(func(g *GroupScene) []any { return []any{&g.ID, &g.VPCID, &g.Type} }, found))
}
