package store

import (
	"cmp"
	"time"
)

// World is the wanted state of some accounts: ApplyWorld makes every account in it equal to it. Its
// rows are as they are to be stored, except for their times. CreatedAt is set when a row is first
// written. The due time of a transient row comes from the maps below.
type World struct {
	Regions       []Region // missing ones are added, existing ones never changed
	Zones         []Zone
	InstanceTypes []InstanceType // each owned by one of the accounts

	Accounts           []Account
	RAMUsers           []RAMUser
	AccessKeys         []AccessKey
	VPCs               []VPC
	VSwitches          []VSwitch
	SecurityGroups     []SecurityGroup
	Instances          []Instance
	NetworkInterfaces  []NetworkInterface
	PrivateIPAddresses []PrivateIPAddress
	IPPrefixes         []IPPrefix
	GroupMemberships   []GroupMembership
	SecurityGroupRules []SecurityGroupRule

	// These maps say how long after ApplyWorld a transient row settles. A transient row without an
	// entry never settles. A VPC or VSwitch without one is Available.
	VPCsSettleIn              map[ResourceID]time.Duration
	VSwitchesSettleIn         map[ResourceID]time.Duration
	InstancesSettleIn         map[ResourceID]time.Duration
	InstancesRunIn            map[ResourceID]time.Duration // for instances that settle to Starting: when they are Running
	NetworkInterfacesSettleIn map[ResourceID]time.Duration
}

// ResourceID identifies a resource: ids are unique only within their account.
type ResourceID struct {
	AccountID, ID string
}

// resourceIDFields returns the scan targets of a resource id.
func resourceIDFields(r *ResourceID) []any { return []any{&r.AccountID, &r.ID} }

// compare orders resources in lock order.
func (r ResourceID) compare(other ResourceID) int {
	return cmp.Or(cmp.Compare(r.AccountID, other.AccountID), cmp.Compare(r.ID, other.ID))
}
