package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// The kinds of resources that may be in a transition.
const (
	KindNetworkInterface = "network interface"
	KindInstance         = "instance"
	KindVPC              = "VPC"
	KindVSwitch          = "VSwitch"
	KindEIP              = "EIP"
	KindDisk             = "disk"
)

// Located is where a resource of an account is.
type Located struct {
	Kind       string
	RegionID   string
	InstanceID *string // to which the interface's attachment refers; nil: it has none
}

// Locate returns where a resource of an account is, or nil if the account has none with this id.
func (s *Store) Locate(ctx context.Context, accountID, id string) (*Located, error) {
	rows, err := Query(ctx, s, pgx.RowToAddrOfStructByPos[Located], `
		SELECT 'network interface', n.region_id, a.instance_id
		FROM network_interfaces n
		LEFT JOIN attachments a ON a.account_id = n.account_id AND a.network_interface_id = n.id
		WHERE n.account_id = $1 AND n.id = $2
		UNION ALL
		SELECT 'instance', region_id, NULL FROM instances WHERE account_id = $1 AND id = $2
		UNION ALL
		SELECT 'VPC', region_id, NULL FROM vpcs WHERE account_id = $1 AND id = $2
		UNION ALL
		SELECT 'VSwitch', region_id, NULL FROM vswitches WHERE account_id = $1 AND id = $2
		UNION ALL
		SELECT 'EIP', region_id, NULL FROM eips WHERE account_id = $1 AND id = $2
		UNION ALL
		SELECT 'disk', region_id, NULL FROM disks WHERE account_id = $1 AND id = $2`, accountID, id)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// ReleaseVPC makes a VPC that is Pending at now Available, and reports whether it was Pending.
func (tx *Tx) ReleaseVPC(ctx context.Context, accountID, id string, now time.Time) (pending bool, err error) {
	tx.lock(rankVPCs, `
		UPDATE vpcs SET available_at = NULL
		WHERE account_id = $1 AND id = $2 AND available_at > $3
		RETURNING true`, accountID, id, now).
		Query(eachValue(func(released bool) { pending = released }))
	return pending, tx.send(ctx)
}

// ReleaseVSwitch is ReleaseVPC for a VSwitch.
func (tx *Tx) ReleaseVSwitch(ctx context.Context, accountID, id string, now time.Time) (pending bool, err error) {
	tx.lock(rankVSwitches, `
		UPDATE vswitches SET available_at = NULL
		WHERE account_id = $1 AND id = $2 AND available_at > $3
		RETURNING true`, accountID, id, now).
		Query(eachValue(func(released bool) { pending = released }))
	return pending, tx.send(ctx)
}

// ReleasedTransition returns the EIP with its transition ended, as it would have ended.
func (e DescribedEIP) ReleasedTransition() DescribedEIP {
	switch e.Status {
	case EIPAssociating:
		e.Status, e.NextStatus, e.SettlesAt = EIPInUse, nil, nil
	case EIPUnassociating:
		e = e.released()
	}
	return e
}

// ReleasedTransition returns the disk with its transition ended, as it would have ended.
func (d DataDisk) ReleasedTransition(now time.Time) DataDisk {
	switch {
	case d.SettlesAt != nil:
		d.SettlesAt = &now
		return d.Settled(now)
	case d.Status == DiskCreating:
		d.Status = DiskAvailable
	case d.Status == DiskAttaching:
		d.Status = DiskInUse
	case d.Status == DiskDetaching:
		d.Status, d.InstanceID, d.Slot = DiskAvailable, nil, nil
	}
	return d
}

// Released returns the instance with its transition ended at now, as it would have ended. The next one
// of a new instance begins then, and lasts as long as it would have. ok is false for an instance that is
// Pending without an end, because what follows is not stored.
func (i Instance) Released(now time.Time) (_ Instance, ok bool) {
	switch {
	case i.SettlesAt != nil:
		if i.RunningAt != nil && i.RunningAt.Before(Never) {
			i.RunningAt = new(now.Add(i.RunningAt.Sub(*i.SettlesAt)))
		}
		if *i.NextStatus == InstanceStarting {
			i.StartedAt = &now
		}
		i.SettlesAt = &now
		return i.Settled(now), true
	case i.Status == InstanceStarting:
		i.Status = InstanceRunning
	case i.Status == InstanceStopping:
		i.Status = InstanceStopped
	case i.Status == InstancePending && i.StartedAt == nil: // it was not to start
		i.Status = InstanceStopped
	case i.Status == InstancePending:
		return i, false
	}
	return i, true
}
