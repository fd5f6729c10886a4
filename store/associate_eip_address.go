package store

import (
	"context"
	"net/netip"
	"time"
)

// EIPTarget is an instance or a secondary interface that an EIP is to be associated with. One of the ids
// is set.
type EIPTarget struct{ InstanceID, NetworkInterfaceID string }

// AssociateEIPScene contains the rows on which the association of an EIP depends, read under the
// locks. A missing row is nil.
type AssociateEIPScene struct {
	EIP       *DescribedEIP
	Instance  *Instance         // the target, if it is an instance
	ENI       *NetworkInterface // the primary interface of Instance, or the target itself
	Addresses []EIPPlace        // the IPv4 addresses of ENI, the primary one first
}

// EIPPlace is a private address that may get an EIP.
type EIPPlace struct {
	Address   netip.Addr
	IsPrimary bool
	HasEIP    bool // whether an EIP is on it at the time of the scene

	nextStatus *string
	settlesAt  *time.Time
}

// LockForAssociateEIP locks the target of an association and the EIP. It looks for the EIP in a region, and for
// the target in all regions.
func (tx *Tx) LockForAssociateEIP(
	ctx context.Context, accountID, regionID, eipID string, target EIPTarget,
) (*AssociateEIPScene, error) {
	scene := &AssociateEIPScene{}
	// First lock the instance and its primary interface, or the secondary interface. The lock of an
	// interface keeps its addresses, and the EIPs on them.
	interfaces, args := `$2`, []any{accountID, target.NetworkInterfaceID}
	if target.InstanceID != "" {
		interfaces = `(SELECT id FROM network_interfaces WHERE account_id = $1 AND primary_of = $2)`
		args = []any{accountID, target.InstanceID}
		tx.lockInstance(accountID, "", target.InstanceID, func(i Instance, _ InstanceType) { scene.Instance = &i })
	}
	tx.lockENIs(forNoKeyUpdate, `t.account_id = $1 AND t.id = `+interfaces, args,
		func(n NetworkInterface) { scene.ENI = &n })
	// Then lock the EIP, and read what is on the addresses of the interface.
	tx.lockEIP(forNoKeyUpdate, accountID, regionID, eipID, func(e DescribedEIP) { scene.EIP = &e })
	tx.queue(`
		SELECT p.address, p.is_primary, a.eip_id IS NOT NULL, a.next_status, a.settles_at
		FROM private_ip_addresses p
		LEFT JOIN eip_associations a ON a.account_id = p.account_id AND a.vswitch_id = p.vswitch_id
		    AND a.private_ip_address = p.address
		WHERE p.account_id = $1 AND p.network_interface_id = `+interfaces+` AND family(p.address) = 4
		ORDER BY p.is_primary DESC, p.address`, args...).
		Query(each(func(p *EIPPlace) []any {
			return []any{&p.Address, &p.IsPrimary, &p.HasEIP, &p.nextStatus, &p.settlesAt}
		}, func(p EIPPlace) { scene.Addresses = append(scene.Addresses, p) }))
	return scene, tx.send(ctx)
}

// Settle settles the scene to now. It is pure.
func (s *AssociateEIPScene) Settle(now time.Time) {
	s.Instance, s.ENI = settledInstance(s.Instance, now), settledENI(s.ENI, now)
	if s.EIP != nil {
		s.EIP = new(s.EIP.Settled(now))
	}
	for k, p := range s.Addresses {
		s.Addresses[k].HasEIP = p.HasEIP && (!due(p.settlesAt, now) || *p.nextStatus != EIPAvailable)
	}
}

// Associated returns the EIP of a scene on an address of its interface, in transition until end.
func (s *AssociateEIPScene) Associated(address netip.Addr, mode string, end *Ending) DescribedEIP {
	e := *s.EIP
	e.Status, e.NextStatus, e.SettlesAt = end.statusUntil(EIPAssociating, EIPInUse)
	e.Mode, e.PrivateIPAddress, e.VPCID = mode, &address, s.ENI.VPCID
	e.InstanceType, e.InstanceID = EIPOfInterface, s.ENI.ID
	if s.Instance != nil {
		e.InstanceType, e.InstanceID = EIPOfInstance, s.Instance.ID
	}
	return e
}

// AssociateEIP queues the write that puts an EIP on an address of a locked interface. Associations that are
// gone by now leave their rows, and make room for it.
func (tx *Tx) AssociateEIP(e DescribedEIP, n NetworkInterface, now time.Time) {
	tx.queue(`
		DELETE FROM eip_associations
		WHERE account_id = $1 AND next_status = 'Available' AND settles_at <= $5
		  AND (eip_id = $2 OR (vswitch_id = $3 AND private_ip_address = $4))`,
		e.AccountID, e.ID, n.VSwitchID, *e.PrivateIPAddress, now)
	insertRow(tx, EIPAssociationsTable, EIPAssociation{
		AccountID:          e.AccountID,
		EIPID:              e.ID,
		VSwitchID:          n.VSwitchID,
		PrivateIPAddress:   *e.PrivateIPAddress,
		NetworkInterfaceID: n.ID,
		Mode:               e.Mode,
		Status:             e.Status,
		NextStatus:         e.NextStatus,
		SettlesAt:          e.SettlesAt,
	})
}
