package store

import (
	"cmp"
	"time"
)

// World is a state to bring accounts into: ApplyWorld makes every account in it equal to it. Rows come as they shall be stored, except that
// their times are open: CreatedAt is set when a row is first written, and when a transient row settles comes from the maps below.
type World struct {
	Regions       []Region // added where they are missing, never changed
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

	// How long after being applied a transient row settles. A transient row without an entry stays as it is; a network without one is Available.
	VPCsSettleIn              map[ResourceID]time.Duration
	VSwitchesSettleIn         map[ResourceID]time.Duration
	InstancesSettleIn         map[ResourceID]time.Duration
	InstancesRunIn            map[ResourceID]time.Duration // of those that settle to Starting: when the second step ends
	NetworkInterfacesSettleIn map[ResourceID]time.Duration
}

// ResourceID names a resource of an account: ids are unique within their account only.
type ResourceID struct {
	AccountID, ID string
}

func (r *ResourceID) fields() []any { return []any{&r.AccountID, &r.ID} }

// compare orders resources as their locks are taken.
func (r ResourceID) compare(other ResourceID) int {
	return cmp.Or(cmp.Compare(r.AccountID, other.AccountID), cmp.Compare(r.ID, other.ID))
}
