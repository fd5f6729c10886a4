package world

import (
	"math"
	"time"

	"enisim.alt/store"
)

// World is the wanted state of some accounts: Apply makes every account in it equal to it. Its
// rows are as they are to be stored, except for their times. CreatedAt is set when a row is first
// written. The due time of a transient row comes from the maps below.
type World struct {
	Regions       []store.Region // missing ones are added, existing ones never changed
	Zones         []store.Zone
	InstanceTypes []store.InstanceType // each owned by one of the accounts

	Accounts           []store.Account
	RAMUsers           []store.RAMUser
	AccessKeys         []store.AccessKey
	VPCs               []store.VPC
	VSwitches          []store.VSwitch
	SecurityGroups     []store.SecurityGroup
	Instances          []store.Instance
	NetworkInterfaces  []store.NetworkInterface
	PrivateIPAddresses []store.PrivateIPAddress
	IPPrefixes         []store.IPPrefix
	GroupMemberships   []store.GroupMembership
	SecurityGroupRules []store.SecurityGroupRule
	RouteTables        []store.RouteTable // a system table without a row is as it came with its VPC
	RouteEntries       []store.RouteEntry
	KeyPairs           []store.KeyPair
	Disks              []store.DataDisk // without system disks
	EIPs               []store.EIP
	EIPAssociations    []store.EIPAssociation // of EIPs that are on an address

	RouteTableAssociations []store.RouteTableAssociation // of VSwitches that use a custom table

	Disturbances []store.Disturbance // of the accounts; without id and counts, in the order of their positions
	Clocks       map[string]Clock    // of the accounts, by id

	// These maps say how long after Apply a transient row settles. A transient row without an
	// entry never settles. A VPC or VSwitch without one is Available, and one with Never stays Pending.
	VPCsSettleIn              map[store.ResourceID]time.Duration
	VSwitchesSettleIn         map[store.ResourceID]time.Duration
	InstancesSettleIn         map[store.ResourceID]time.Duration
	NetworkInterfacesSettleIn map[store.ResourceID]time.Duration
	EIPsSettleIn              map[store.ResourceID]time.Duration
	DisksSettleIn             map[store.ResourceID]time.Duration
	// InstancesRunIn says of instances that settle to Starting how long after Apply they are Running.
	// With Never they stay Starting.
	InstancesRunIn map[store.ResourceID]time.Duration
}

// Never is the duration of a transition that does not end.
const Never = time.Duration(math.MaxInt64)

// rows returns the number of rows of the world.
func (w *World) rows() int {
	return len(w.Regions) + len(w.Zones) + len(w.InstanceTypes) + len(w.Accounts) + len(w.RAMUsers) +
		len(w.AccessKeys) + len(w.VPCs) + len(w.VSwitches) + len(w.SecurityGroups) + len(w.Instances) +
		len(w.NetworkInterfaces) + len(w.PrivateIPAddresses) + len(w.IPPrefixes) + len(w.GroupMemberships) +
		len(w.SecurityGroupRules) + len(w.KeyPairs) + len(w.Disks) + len(w.EIPs) + len(w.EIPAssociations) +
		len(w.RouteTables) +
		len(w.RouteEntries) + len(w.RouteTableAssociations) + len(w.Disturbances)
}

// resourceID returns the id of a resource of an account.
func resourceID(accountID, id string) store.ResourceID {
	return store.ResourceID{AccountID: accountID, ID: id}
}
