package store

import (
	"context"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// AddressScene is a locked interface whose addresses are to change. A missing row is nil.
type AddressScene struct {
	Busy      bool // whether another transaction is changing the interface's addresses; then nothing was read
	ENI       *NetworkInterface
	Instance  *Instance     // the one that holds ENI
	Type      *InstanceType // of Instance
	Addresses []PrivateIPAddress
	Prefixes  []netip.Prefix
}

// tryLockAddresses queues the attempt to lock the addresses of an interface until the transaction
// ends. It sets busy if another transaction has the lock. It does not wait, because the API refuses
// the second of two concurrent requests. For an attach, or any other change of the interface, the
// row lock waits as usual.
func (tx *Tx) tryLockAddresses(accountID, eniID string, busy *bool) {
	tx.queue(`
		SELECT NOT pg_try_advisory_xact_lock(hashtextextended('enisim addresses ' || $1 || ' ' || $2, 0))`,
		accountID, eniID).
		QueryRow(func(row pgx.Row) error { return row.Scan(busy) })
}

// lockInterfaceForAddresses queues the locks of an interface, and of the instance whose primary
// interface it is. It also queues the reads that depend on them.
//
// The statement that locks the instance can also look it up, because a primary interface belongs to
// the same instance for life. A secondary interface can move, but its instance needs no lock. The
// instance's status does not matter. Its type changes only with a scenario, which locks all
// interfaces. It can neither lose the interface nor be deleted while the interface's own row is
// locked. An attach counts the addresses under that lock too. So the right instance is locked at
// the first attempt, and no retry is needed.
func (tx *Tx) lockInterfaceForAddresses(accountID, regionID, eniID string, scene *AddressScene) {
	tx.lock(rankInstances, `
		SELECT i.id
		FROM instances i
		WHERE i.account_id = $1 AND i.id = (
		    SELECT n.primary_of FROM network_interfaces n
		    WHERE n.account_id = $1 AND n.region_id = $2 AND n.id = $3)
		FOR SHARE`, accountID, regionID, eniID)
	// The advisory lock is that of tryLockAddresses: there is no row if another transaction has it.
	tx.lockENIs(forNoKeyUpdate, oneInterface+`
		  AND pg_try_advisory_xact_lock(hashtextextended('enisim addresses ' || $1 || ' ' || $3, 0))`,
		[]any{accountID, regionID, eniID}, func(n NetworkInterface) { scene.ENI = &n })

	tx.queue(`
		SELECT `+InstancesTable.SelectList("i")+`, `+InstanceTypesTable.SelectList("t")+`
		FROM whole_network_interfaces n
		JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
		JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
		WHERE n.account_id = $1 AND n.region_id = $2 AND n.id = $3`, accountID, regionID, eniID).
		Query(each(instanceWithTypeTargets,
			func(r instanceRow) { scene.Instance, scene.Type = &r.instance, &r.instanceType }))
	tx.queue(`
		SELECT address, is_primary
		FROM private_ip_addresses
		WHERE account_id = $1 AND network_interface_id = $2`, accountID, eniID).
		Query(each(func(a *PrivateIPAddress) []any { return []any{&a.Address, &a.IsPrimary} },
			func(a PrivateIPAddress) { scene.Addresses = append(scene.Addresses, a) }))
	tx.queue(`
		SELECT prefix FROM ip_prefixes WHERE account_id = $1 AND network_interface_id = $2`, accountID, eniID).
		Query(appendTo(&scene.Prefixes))
}

// Settle settles the scene to now: an interface that has left its instance has no instance. It is
// pure.
func (s *AddressScene) Settle(now time.Time) {
	s.Instance, s.ENI = settledInstance(s.Instance, now), settledENI(s.ENI, now)
	if s.ENI == nil || s.ENI.InstanceID == nil {
		s.Instance, s.Type = nil, nil
	}
}

// Count returns how many addresses of one family count against the interface's limit. The primary
// address counts, and a prefix counts as one address.
func (s *AddressScene) Count(isOfFamily func(netip.Addr) bool) int {
	n := 0
	for _, a := range s.Addresses {
		if isOfFamily(a.Address) {
			n++
		}
	}
	for _, p := range s.Prefixes {
		if isOfFamily(p.Addr()) {
			n++
		}
	}
	return n
}

// AssignScene contains the rows on which an assignment of addresses depends.
type AssignScene struct {
	AddressScene
	Offer AddressOffer // of the interface's VSwitch
}

// FindVSwitchOf reads the VSwitch of an interface without a row lock. It returns nil if there is no
// such interface. busy reports whether another transaction is changing the interface's addresses.
// If not, none can until this transaction ends.
func (tx *Tx) FindVSwitchOf(
	ctx context.Context, accountID, regionID, eniID string,
) (found *VSwitch, busy bool, err error) {
	tx.tryLockAddresses(accountID, eniID, &busy)
	tx.queue(`
		SELECT `+VSwitchesTable.SelectList("v")+`
		FROM network_interfaces n
		JOIN vswitches v ON v.account_id = n.account_id AND v.id = n.vswitch_id
		WHERE n.account_id = $1 AND n.region_id = $2 AND n.id = $3`, accountID, regionID, eniID).
		Query(each(VSwitchesTable.Targets,
			func(v VSwitch) { found = &v }))
	err = tx.send(ctx)
	return found, busy, err
}

// LockForAssign locks an interface and its VSwitch, which want names, and reads what the VSwitch
// can assign. For goneBefore see LockAddresses.
func (tx *Tx) LockForAssign(
	ctx context.Context, accountID, regionID, eniID string, want AddressWant, goneBefore time.Time,
) (*AssignScene, error) {
	scene := &AssignScene{}
	offers := tx.LockAddresses(accountID, regionID, []AddressWant{want}, goneBefore)
	tx.lockInterfaceForAddresses(accountID, regionID, eniID, &scene.AddressScene)
	if err := tx.send(ctx); err != nil {
		return nil, err
	}
	scene.Offer = *offers[0]
	return scene, nil
}

// LockForUnassign locks an interface and reads its addresses. Releasing addresses needs no lock of
// the VSwitch: searches for free addresses see them as taken until the commit.
func (tx *Tx) LockForUnassign(ctx context.Context, accountID, regionID, eniID string) (*AddressScene, error) {
	scene := &AddressScene{}
	tx.tryLockAddresses(accountID, eniID, &scene.Busy)
	tx.lockInterfaceForAddresses(accountID, regionID, eniID, scene)
	return scene, tx.send(ctx)
}

// ReleaseAddresses queues the writes that release addresses and prefixes of a locked interface.
func (tx *Tx) ReleaseAddresses(n NetworkInterface, addresses []netip.Addr, prefixes []netip.Prefix) {
	if len(addresses) > 0 {
		tx.write(int64(len(addresses)), `
			DELETE FROM private_ip_addresses
			WHERE account_id = $1 AND network_interface_id = $2 AND address = ANY ($3)`, n.AccountID, n.ID, addresses)
	}
	if len(prefixes) > 0 {
		tx.write(int64(len(prefixes)), `
			DELETE FROM ip_prefixes
			WHERE account_id = $1 AND network_interface_id = $2 AND prefix = ANY ($3)`, n.AccountID, n.ID, prefixes)
	}
}
