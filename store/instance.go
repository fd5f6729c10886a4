package store

import "time"

// Instance statuses, as the API writes them.
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

// Instance is a row of instances as it is stored; Settled returns its state at a given time.
// VSwitchID is nil for a classic instance.
type Instance struct {
	AttachableInstance
	VSwitchID           *string            `db:"vswitch_id,fixed" event:"VSwitchId"`
	InstanceTypeOwnerID string             `db:"instance_type_owner_id"`
	InstanceType        string             `db:"instance_type" event:"InstanceType"`
	StartedAt           *time.Time         `db:"started_at,once" event:"StartTime"` // of the last start; nil: never
	Name                string             `db:"name" event:"InstanceName"`
	Description         string             `db:"description" event:"Description"`
	HostName            string             `db:"host_name" event:"HostName"`
	ResourceGroupID     string             `db:"resource_group_id"`
	Tags                map[string]string  `db:"tags"`
	Attributes          InstanceAttributes `db:"attributes"`
	CreatedAt           time.Time          `db:"created_at,once"`
}

// AttachableInstance is what attaches and detaches know of an instance (see AttachableENI). VPCID is
// nil for a classic instance.
type AttachableInstance struct {
	AccountID   string     `db:"account_id,key"`
	ID          string     `db:"id,key"`
	RegionID    string     `db:"region_id,fixed"`
	ZoneID      string     `db:"zone_id,fixed" event:"ZoneId"`
	NetworkType string     `db:"network_type,once"`
	VPCID       *string    `db:"vpc_id,fixed" event:"VpcId"`
	ENIQuantity int        `db:"eni_quantity"`
	Status      string     `db:"status"`
	NextStatus  *string    `db:"next_status"`
	SettlesAt   *time.Time `db:"settles_at"`
	RunningAt   *time.Time `db:"running_at"`  // end of the step from Starting to Running, or nil
	StartFails  bool       `db:"start_fails"` // that step leads to Stopped
}

// InstanceAttributes are values of an instance that are only stored and shown. The zero value is
// that of an instance from a scenario: a plain pay-as-you-go Linux instance.
type InstanceAttributes struct {
	ImageID                 string `json:",omitempty"`
	KeyPairName             string `json:",omitempty" event:"KeyPairName"`
	RAMRoleName             string `json:",omitempty" event:"RamRoleName"`
	UserData                string `json:",omitempty" event:"UserData,hidden"` // as it was sent: Base64
	InstanceChargeType      string `json:",omitempty" event:"InstanceChargeType"`
	InternetChargeType      string `json:",omitempty"`
	InternetMaxBandwidthIn  int    `json:",omitempty" event:"InternetMaxBandwidthIn"`  // Mbit/s
	InternetMaxBandwidthOut int    `json:",omitempty" event:"InternetMaxBandwidthOut"` // Mbit/s
	PublicIPAddress         string `json:",omitempty" event:"PublicIpAddress"`
	SpotStrategy            string `json:",omitempty"`
	CreditSpecification     string `json:",omitempty" event:"CreditSpecification"`
	StoppedMode             string `json:",omitempty" event:"StoppedMode"` // KeepCharging or StopCharging
	DeletionProtection      bool   `json:",omitempty" event:"DeletionProtection"`
	MetadataEndpoint        string `json:",omitempty" event:"HttpEndpoint"` // enabled or disabled
	MetadataTokens          string `json:",omitempty" event:"HttpTokens"`   // optional or required
	MetadataHopLimit        int    `json:",omitempty" event:"HttpPutResponseHopLimit"`

	AutoReleaseTime *time.Time `json:",omitempty" event:"AutoReleaseTime"`
	Renewal         Renewal    `json:",omitzero"`

	SystemDisk Disk `json:",omitzero" event:"-"` // changes of it are its own
}

// Renewal says whether a subscription is renewed, and for how long at a time.
type Renewal struct {
	Status     string `json:",omitempty" event:"RenewalStatus"` // "": Normal
	Duration   int    `json:",omitempty" event:"Duration"`
	PeriodUnit string `json:",omitempty" event:"PeriodUnit"` // Week, Month or Year
}

// Settled returns the instance settled to now: it has its next status once that is due.
func (i Instance) Settled(now time.Time) Instance {
	i.AttachableInstance = i.AttachableInstance.Settled(now)
	return i
}

// Settled is the method of the same name of Instance.
func (i AttachableInstance) Settled(now time.Time) AttachableInstance {
	switch {
	case due(i.RunningAt, now):
		i.Status, i.NextStatus, i.SettlesAt, i.RunningAt, i.StartFails = i.started(), nil, nil, nil, false
	case due(i.SettlesAt, now):
		i.Status, i.NextStatus, i.SettlesAt = *i.NextStatus, nil, nil
		if i.RunningAt != nil && i.RunningAt.Before(Never) {
			i.NextStatus, i.SettlesAt = new(i.started()), i.RunningAt
		}
		i.RunningAt, i.StartFails = nil, false
	}
	return i
}

// started returns the status of an instance at its RunningAt.
func (i AttachableInstance) started() string {
	if i.StartFails {
		return InstanceStopped
	}
	return InstanceRunning
}

// settledInstance is Settled for a row that may be nil. If nothing is due, it returns the row
// itself.
func settledInstance(i *Instance, now time.Time) *Instance {
	if i == nil || settledAttachableInstance(&i.AttachableInstance, now) == &i.AttachableInstance {
		return i
	}
	settled := i.Settled(now)
	return &settled
}

// settledAttachableInstance is settledInstance for the instance of a batch.
func settledAttachableInstance(i *AttachableInstance, now time.Time) *AttachableInstance {
	if !due(i.SettlesAt, now) && !due(i.RunningAt, now) {
		return i
	}
	settled := i.Settled(now)
	return &settled
}

// due reports whether a transient row has reached its next status at now.
func due(settlesAt *time.Time, now time.Time) bool {
	return settlesAt != nil && !settlesAt.After(now)
}

// lockInstance queues the lock of an instance, and reads it with the limits of its type. A regionID
// of "" matches any region. found is not called if there is none.
func (tx *Tx) lockInstance(accountID, regionID, instanceID string, found func(Instance, InstanceType)) {
	tx.lockInstances(forNoKeyUpdate, accountID, regionID, []string{instanceID}, found)
}

// lockInstanceForUpdate is lockInstance for transactions that delete the instance, or change the
// columns to which its interfaces refer.
func (tx *Tx) lockInstanceForUpdate(accountID, regionID, instanceID string, found func(Instance, InstanceType)) {
	tx.lockInstances(forUpdate, accountID, regionID, []string{instanceID}, found)
}

// lockInstances queues the locks of instances in the order of their ids, and reads those that exist with
// the limits of their types. A regionID of "" matches any region.
func (tx *Tx) lockInstances(
	strength, accountID, regionID string, ids []string, found func(Instance, InstanceType),
) {
	// A join below the lock would lose an instance whose type changed while the lock was waited for.
	tx.lock(rankInstances, `
		WITH i AS MATERIALIZED (
		    SELECT * FROM instances
		    WHERE account_id = $1 AND ($2 = '' OR region_id = $2) AND id = ANY ($3)
		    ORDER BY id
		    `+strength+`
		)`+instanceWithType, accountID, regionID, ids).
		Query(each(instanceWithTypeTargets, func(r instanceRow) { found(r.instance, r.instanceType) }))
}

// instanceWithType selects the locked instance i with its type.
var instanceWithType = `
		SELECT ` + InstancesTable.SelectList("i") + `,
		       ` + InstanceTypesTable.SelectList("t") + `
		FROM i
		JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type`

// instanceRow is an instance with its type.
type instanceRow struct {
	instance     Instance
	instanceType InstanceType
}

// instanceWithTypeTargets returns the scan targets of instanceWithType.
func instanceWithTypeTargets(r *instanceRow) []any {
	return append(InstancesTable.Targets(&r.instance), InstanceTypesTable.Targets(&r.instanceType)...)
}
