package store

import (
	"net/netip"
	"slices"
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

// CreateScene returns the view of a request that creates an interface.
func (b *InterfaceBatch) CreateScene(c InterfaceChange) *CreateNetworkInterfaceScene {
	scene := &CreateNetworkInterfaceScene{Offer: b.pools.offer(c.RegionID, *c.Assigns)}
	if quota := b.quotas[c.RegionID]; quota != nil {
		scene.Quota = *quota
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(c.SecurityGroupIDs))) {
		if g, found := b.groups[id]; found && g.regionID == c.RegionID {
			scene.Groups = append(scene.Groups, g.GroupScene)
		}
	}
	return scene
}

// Create adds a new interface. found are those of its addresses that come from the offer and not
// from the caller: the next search begins after the last of them.
func (b *InterfaceBatch) Create(n NewNetworkInterface, found []netip.Addr) {
	b.quotas[n.RegionID].Count++
	b.take(n.VSwitchID, n.Addresses, n.Prefixes, found)
	b.changes.created = append(b.changes.created, n)
	b.logCreation(n)
}

// The numbers of secondary interfaces and trunks of the account $1 in the region r.id: those that are kept as
// counts, and those among them whose deletion was due at $3.
const (
	keptSecondaryInterfaces = `
		       (SELECT coalesce(sum(c.secondary_interfaces), 0)::bigint
		        FROM vswitches v
		        JOIN vswitch_counts c ON c.account_id = v.account_id AND c.vswitch_id = v.id
		        WHERE v.account_id = $1 AND v.region_id = r.id)`
	goneSecondaryInterfaces = `
		       (SELECT count(*)
		        FROM network_interfaces
		        WHERE account_id = $1 AND region_id = r.id AND type <> 'Primary'
		          AND next_status = 'Deleted' AND settles_at <= $3)`
)

// lockInterfaceQuotas queues the lock of an account, without which no secondary interface is
// created, and the counts of its secondary interfaces in some regions.
func (tx *Tx) lockInterfaceQuotas(
	accountID string, regionIDs []string, goneBefore time.Time, quotas map[string]*InterfaceQuota,
) {
	limits := tx.lockAccountQuotas(accountID)
	tx.countSecondaryInterfaces(accountID, regionIDs, goneBefore, limits, quotas)
}

// accountLimits are the quotas of a locked account that limit the rows of a region.
type accountLimits struct {
	interfaces int
	instances  *int // nil: no limit
}

// lockAccountQuotas queues the lock of an account. It returns where the quotas will be.
func (tx *Tx) lockAccountQuotas(accountID string) *accountLimits {
	limits := &accountLimits{}
	tx.lock(rankAccounts, `
		SELECT network_interfaces_per_region, instances_per_region
		FROM accounts
		WHERE id = $1
		`+accountLock, accountID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&limits.interfaces, &limits.instances) })
	return limits
}

// countSecondaryInterfaces queues the counts of an account's secondary interfaces in some regions.
func (tx *Tx) countSecondaryInterfaces(
	accountID string, regionIDs []string, goneBefore time.Time, limits *accountLimits,
	quotas map[string]*InterfaceQuota,
) {
	// Deleted interfaces whose time has come are in the kept count until they are purged, so they are
	// counted apart.
	tx.queue(`
		SELECT r.id, `+keptSecondaryInterfaces+`, `+goneSecondaryInterfaces+`
		FROM unnest($2::text[]) AS r (id)`, accountID, regionIDs, goneBefore).
		Query(each(func(q *regionalQuota) []any { return []any{&q.regionID, &q.Count, &q.deleted} },
			func(q regionalQuota) {
				q.Max, q.Count = limits.interfaces, q.Count-q.deleted
				quotas[q.regionID] = &q.InterfaceQuota
			}))
}

// regionalQuota is a quota with its region.
type regionalQuota struct {
	regionID string
	InterfaceQuota
}

// purgeSomeInterfaces queues the purge of some interfaces of an account that were deleted before
// goneBefore, in whichever VSwitch they are, if the counts of quotas found many. So later counts find
// few. It has to come after all locks, because it skips rows that are locked by another transaction
// but then holds those of the interfaces.
func (tx *Tx) purgeSomeInterfaces(accountID string, found int, goneBefore time.Time) {
	const many, maxPurged = 50, 200
	if found < many {
		return
	}
	tx.queue(`
		DELETE FROM network_interfaces
		WHERE account_id = $1 AND id = ANY (ARRAY (
		    SELECT id FROM network_interfaces
		    WHERE account_id = $1 AND next_status = 'Deleted' AND settles_at <= $2
		    LIMIT $3 FOR UPDATE SKIP LOCKED))`, accountID, goneBefore, maxPurged)
}
