package store

import "time"

// World is a state to bring accounts into: ApplyWorld makes every account in it equal to it. Rows come as they shall be stored, except that
// their times are open: CreatedAt is set when a row is first written, and SettlesAt from the two maps below.
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
	GroupMemberships   []GroupMembership

	// How long after being applied a transient row settles. A transient row without an entry stays as it is.
	InstancesSettleIn         map[ResourceID]time.Duration
	NetworkInterfacesSettleIn map[ResourceID]time.Duration
}

// ResourceID names a resource of an account: ids are unique within their account only.
type ResourceID struct {
	AccountID, ID string
}
