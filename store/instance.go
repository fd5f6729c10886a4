package store

import "time"

// Instance statuses, as the API spells them.
const (
	InstancePending  = "Pending"
	InstanceStarting = "Starting"
	InstanceRunning  = "Running"
	InstanceStopping = "Stopping"
	InstanceStopped  = "Stopped"
)

// Network types of an instance.
const (
	NetworkTypeVPC     = "vpc"
	NetworkTypeClassic = "classic"
)

// Instance is a row of instances as it is stored; Settled tells how it stands at a moment.
// VPCID and VSwitchID are nil for a classic instance.
type Instance struct {
	AccountID, ID, RegionID, ZoneID string
	NetworkType                     string
	VPCID, VSwitchID                *string
	InstanceTypeOwnerID             string
	InstanceType                    string
	ENIQuantity                     int
	Status                          string
	NextStatus                      *string
	SettlesAt                       *time.Time
	Name, Description, HostName     string
	ResourceGroupID                 string
	Tags                            map[string]string
	CreatedAt                       time.Time
}

// Settled is the instance as it stands at now: in its next status once that is due.
func (i Instance) Settled(now time.Time) Instance {
	if !due(i.SettlesAt, now) {
		return i
	}
	i.Status, i.NextStatus, i.SettlesAt = *i.NextStatus, nil, nil
	return i
}

// settledInstance is Settled for a row that may be missing.
func settledInstance(i *Instance, now time.Time) *Instance {
	if i == nil {
		return nil
	}
	settled := i.Settled(now)
	return &settled
}

// due tells whether a transient row has reached its next status at now.
func due(settlesAt *time.Time, now time.Time) bool {
	return settlesAt != nil && !settlesAt.After(now)
}

// lockInstance queues the lock of one instance, which comes with the figures of its type. found is not called when there is none.
func (tx *Tx) lockInstance(accountID, regionID, instanceID string, found func(Instance, InstanceType)) {
	type row struct {
		Instance
		InstanceType
	}
	tx.lock(rankInstances, `
		SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id, i.eni_quantity,
		       i.status, i.next_status, i.settles_at,
		       t.id, t.eni_quantity, t.private_ipv4_per_eni, t.ipv6_per_eni, t.network_cards, t.hot_plug, t.io_optimized
		FROM instances i
		JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
		WHERE i.account_id = $1 AND i.region_id = $2 AND i.id = $3
		FOR NO KEY UPDATE OF i`, accountID, regionID, instanceID).
		Query(each(func(r *row) []any {
			i, t := &r.Instance, &r.InstanceType
			return []any{&i.AccountID, &i.ID, &i.RegionID, &i.ZoneID, &i.NetworkType, &i.VPCID, &i.VSwitchID, &i.ENIQuantity,
				&i.Status, &i.NextStatus, &i.SettlesAt,
				&t.ID, &t.ENIQuantity, &t.PrivateIPv4PerENI, &t.IPv6PerENI, &t.NetworkCards, &t.HotPlug, &t.IOOptimized}
		}, func(r row) {
			r.Instance.InstanceType = r.InstanceType.ID
			found(r.Instance, r.InstanceType)
		}))
}
