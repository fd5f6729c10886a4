package store

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// NewInterfaceBatch claims client tokens, which come first in the lock order, and finds the VSwitches
// of interfaces that get addresses, because these are locked before the interfaces. It takes a round
// trip if there is one or the other.
func (tx *Tx) NewInterfaceBatch(
	ctx context.Context, accountID string, claims []TokenClaim, eniIDs []string, now, expired time.Time,
) (*InterfaceBatch, error) {
	b := &InterfaceBatch{
		accountID: accountID,
		tokens:    map[ClientToken]*batchToken{},
		quotas:    map[string]*InterfaceQuota{},
		pools:     addressPools{},
		groups:    map[string]regionalGroup{},
		enis:      map[string]*batchedInterface{},
		located:   map[string]VSwitch{},
		goneSince: now,
		changes:   interfaceChanges{found: map[string]netip.Addr{}},
	}
	tx.claimTokens(b, claims, now, expired)
	if eniIDs = distinct(eniIDs); len(eniIDs) > 0 {
		tx.tryLockAddresses(b, eniIDs)
		tx.queue(`
			SELECT n.id, `+VSwitchesTable.SelectList("v")+`
			FROM network_interfaces n
			JOIN vswitches v ON v.account_id = n.account_id AND v.id = n.vswitch_id
			WHERE n.account_id = $1 AND n.id = ANY ($2)`, accountID, eniIDs).
			Query(each(func(l *locatedVSwitch) []any {
				return append([]any{&l.eniID}, VSwitchesTable.Targets(&l.v)...)
			}, func(l locatedVSwitch) {
				if b.enis[l.eniID] == nil { // otherwise another transaction changes its addresses
					b.located[l.eniID] = l.v
				}
			}))
	}
	return b, tx.sendQueued(ctx)
}

// locatedVSwitch is the VSwitch of an interface.
type locatedVSwitch struct {
	eniID string
	v     VSwitch
}

// LockInterfaceBatch locks and reads the rows that the changes depend on, in one round trip: the
// account, for its quota, VSwitches, for their addresses, interfaces, and security groups, so that
// they cannot be deleted. It waits for rows that another transaction has locked. Only a change of
// addresses does not wait for another transaction that changes those of the same interface:
// AddressScene.Busy reports that.
func (tx *Tx) LockInterfaceBatch(ctx context.Context, b *InterfaceBatch, changes []InterfaceChange) error {
	var (
		regions, vswitches, enis, addressed, groups []string
		deleted, losing                             []string
		wants                                       []AddressWant
	)
	for _, c := range changes {
		if c.creates() {
			regions, groups = append(regions, c.RegionID), append(groups, c.SecurityGroupIDs...)
		} else {
			enis = append(enis, c.NetworkInterfaceID)
		}
		if c.Assigns != nil {
			want := *c.Assigns
			want.ofNewInterface = c.creates()
			vswitches, wants = append(vswitches, want.VSwitchID), append(wants, want)
		}
		if c.ChangesAddresses() {
			addressed = append(addressed, c.NetworkInterfaceID)
		}
		if c.Deletes {
			deleted = append(deleted, c.NetworkInterfaceID)
		}
		if !c.creates() && c.Assigns == nil {
			losing = append(losing, c.NetworkInterfaceID)
		}
	}
	// First try the advisory locks of addresses, which wait for nobody.
	if addressed = distinct(addressed); len(addressed) > 0 {
		tx.tryLockAddresses(b, addressed)
	}
	// Then lock the rows, in the lock order.
	if regions = distinct(regions); len(regions) > 0 {
		tx.lockInterfaceQuotas(b.accountID, regions, b.goneSince, b.quotas)
	}
	if vswitches = distinct(vswitches); len(vswitches) > 0 {
		tx.lockVSwitches(b.accountID, vswitches, b.pools)
	}
	if enis = distinct(enis); len(enis) > 0 {
		tx.lockBatchedInterfaces(b, enis, addressed, deleted)
	}
	if losing = distinct(losing); len(losing) > 0 { // EIPs leave addresses that are released
		tx.lockEIPsOf(`SELECT unnest($2::text[])`, []any{b.accountID, losing}, func(eniID string, e DescribedEIP) {
			if n := b.enis[eniID]; n != nil {
				n.eips = append(n.eips, e)
			}
		})
	}
	if groups = distinct(groups); len(groups) > 0 {
		tx.lockGroupsForKeyShare(b.accountID, groups, func(g regionalGroup) { b.groups[g.ID] = g })
	}
	// Last, search for free addresses, because that purges deleted interfaces.
	tx.fillAddressPools(b.accountID, b.pools, wants, b.goneSince)
	return tx.sendQueued(ctx)
}

// distinct returns the values of a list, sorted and each once.
func distinct(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// addressLock begins a condition that tries the advisory lock of an interface's addresses, and holds
// if the transaction has it. $1 is the account. The statement continues with the column of the
// interface's id, and ends the condition with ", 0))".
const addressLock = `pg_try_advisory_xact_lock(hashtextextended('enisim addresses ' || $1 || ' ' || `

// tryLockAddresses queues the attempt to lock the addresses of interfaces until the transaction
// ends. It does not wait, because the API refuses the second of two concurrent requests. For an
// attach, or any other change of an interface, the row lock waits as usual.
func (tx *Tx) tryLockAddresses(b *InterfaceBatch, eniIDs []string) {
	tx.queue(`
		SELECT id
		FROM unnest($2::text[]) AS id
		WHERE NOT `+addressLock+`id, 0))`, b.accountID, eniIDs).
		Query(eachValue(func(id string) {
			b.enis[id] = &batchedInterface{AddressScene: AddressScene{Busy: true}}
		}))
}

// lockBatchedInterfaces queues the locks of interfaces, and of the instances whose primary
// interfaces they are if their addresses change. It also queues the reads that depend on them.
//
// The statement that locks the instances can also look them up, because a primary interface belongs
// to the same instance for life. A secondary interface can move, but its instance needs no lock. The
// instance's status does not matter. Its type changes only with a scenario, which locks all
// interfaces. It can neither lose the interface nor be deleted while the interface's own row is
// locked. An attach counts the addresses under that lock too. So the right instance is locked at
// the first attempt, and no retry is needed.
//
// The instance that a deleted interface may have left is not locked, because a transaction that
// deletes the instance locks its interfaces too.
func (tx *Tx) lockBatchedInterfaces(b *InterfaceBatch, enis, addressed, deleted []string) {
	if len(addressed) > 0 {
		tx.lock(rankInstances, `
			SELECT i.id
			FROM instances i
			WHERE i.account_id = $1 AND i.id IN (
			    SELECT n.primary_of FROM network_interfaces n WHERE n.account_id = $1 AND n.id = ANY ($2))
			ORDER BY i.id
			FOR SHARE`, b.accountID, addressed)
	}
	// An interface is deleted under a stronger lock, because its attachment refers to its status. An
	// interface whose addresses another transaction is changing is left out, unless another request of
	// the batch deletes it.
	strength := forNoKeyUpdate
	if len(deleted) > 0 {
		strength = forUpdate
	}
	unlessBusy := slices.DeleteFunc(append([]string{}, addressed...),
		func(id string) bool { return slices.Contains(deleted, id) })
	tx.lockENIs(strength, `t.account_id = $1 AND t.id = ANY ($2)
		  AND (t.id <> ALL ($3) OR `+addressLock+`t.id, 0)))`,
		[]any{b.accountID, enis, unlessBusy}, func(n NetworkInterface) {
			if b.enis[n.ID] == nil { // otherwise it is busy
				b.enis[n.ID] = &batchedInterface{}
			}
			b.enis[n.ID].ENI, b.enis[n.ID].regionID = &n, n.RegionID
		})
	if len(deleted) > 0 {
		tx.queue(`
			SELECT network_interface_id FROM route_entries WHERE account_id = $1 AND network_interface_id = ANY ($2)`,
			b.accountID, deleted).
			Query(eachValue(func(id string) {
				if n := b.enis[id]; n != nil {
					n.isNextHop = true
				}
			}))
	}
	if len(addressed) == 0 {
		return
	}
	with := func(eniID string, change func(*batchedInterface)) {
		if n := b.enis[eniID]; n != nil && !n.Busy {
			change(n)
		}
	}
	tx.queue(`
		SELECT n.id, `+InstancesTable.SelectList("i")+`, `+InstanceTypesTable.SelectList("t")+`
		FROM whole_network_interfaces n
		JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
		JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
		WHERE n.account_id = $1 AND n.id = ANY ($2)`, b.accountID, addressed).
		Query(each(func(r *eniInstanceRow) []any {
			return append([]any{&r.eniID}, instanceWithTypeTargets(&r.instanceRow)...)
		}, func(r eniInstanceRow) {
			with(r.eniID, func(n *batchedInterface) { n.Instance, n.Type = &r.instance, &r.instanceType })
		}))
	tx.queue(`
		SELECT network_interface_id, address, is_primary
		FROM private_ip_addresses
		WHERE account_id = $1 AND network_interface_id = ANY ($2)`, b.accountID, addressed).
		Query(each(func(a *PrivateIPAddress) []any { return []any{&a.NetworkInterfaceID, &a.Address, &a.IsPrimary} },
			func(a PrivateIPAddress) {
				with(a.NetworkInterfaceID, func(n *batchedInterface) { n.Addresses = append(n.Addresses, a) })
			}))
	tx.queue(`
		SELECT network_interface_id, prefix
		FROM ip_prefixes
		WHERE account_id = $1 AND network_interface_id = ANY ($2)`, b.accountID, addressed).
		Query(each(func(p *IPPrefix) []any { return []any{&p.NetworkInterfaceID, &p.Prefix} },
			func(p IPPrefix) {
				with(p.NetworkInterfaceID, func(n *batchedInterface) { n.Prefixes = append(n.Prefixes, p.Prefix) })
			}))
}

// eniInstanceRow is the instance that holds an interface, with its type.
type eniInstanceRow struct {
	eniID string
	instanceRow
}

// WriteInterfaceBatch queues the writes of what the requests of a batch have changed. Tokens claimed
// before expired are forgotten, and about maxFailures failures of the account's tokens remain.
func (tx *Tx) WriteInterfaceBatch(b *InterfaceBatch, expired time.Time, maxFailures int) {
	// First write what is new, and then what goes. An interface goes after the addresses that an earlier
	// request has released.
	c := b.changes
	tx.InsertNetworkInterfaces(b.accountID, c.created, c.found)
	tx.insertAddresses(b.accountID, c.assigned, c.blocks, nil)
	deleteRows(tx, PrivateIPAddressesTable, c.released)
	deleteRows(tx, IPPrefixesTable, c.unblocked)
	if len(c.deleted) > 0 {
		tx.DeleteNetworkInterfaces(b.accountID, idsOf(c.deleted))
	}
	tx.BeginDeleteNetworkInterfaces(b.accountID, c.deleting)
	tx.writeTokens(b, expired, maxFailures)
	// Last, keep the counts short: of quotas, and of VSwitches that are not locked.
	deleted := 0
	for _, quota := range b.quotas {
		deleted = max(deleted, quota.deleted)
	}
	tx.purgeSomeInterfaces(b.accountID, deleted, b.goneSince)
	var vswitches []string
	for _, n := range c.deleted {
		vswitches = append(vswitches, n.VSwitchID)
	}
	for _, a := range c.released {
		vswitches = append(vswitches, a.VSwitchID)
	}
	for _, p := range c.unblocked {
		vswitches = append(vswitches, p.VSwitchID)
	}
	if vswitches = distinct(vswitches); len(vswitches) > 0 {
		tx.CompactCounts(b.accountID, vswitches...)
	}
}

// idsOf returns the ids of interfaces.
func idsOf(enis []NetworkInterface) []string {
	ids := make([]string, len(enis))
	for k, n := range enis {
		ids[k] = n.ID
	}
	return ids
}
