package store

import (
	"net/netip"
	"time"
)

// Network interface statuses, as the API spells them. ENIDeleted is the end of Deleting: the row counts as gone.
const (
	ENIAvailable = "Available"
	ENIAttaching = "Attaching"
	ENIInUse     = "InUse"
	ENIDetaching = "Detaching"
	ENIDeleting  = "Deleting"
	ENIDeleted   = "Deleted"
)

// Network interface types.
const (
	ENIPrimary   = "Primary"
	ENISecondary = "Secondary"
)

// NetworkInterface is a row of network_interfaces as it is stored; Settled tells how it stands at a moment.
// The pointers from InstanceID to NetworkCardIndex are nil while it is not attached.
type NetworkInterface struct {
	AccountID, ID, RegionID, ZoneID                  string
	VPCID, VSwitchID                                 string
	Type                                             string
	Status                                           string
	NextStatus                                       *string
	SettlesAt                                        *time.Time
	InstanceID                                       *string
	InstanceENIQuantity                              *int
	DeviceIndex                                      *int
	NetworkCardIndex                                 *int
	MACAddress                                       string
	QueueNumber                                      *int
	DeleteOnRelease, SourceDestCheck, ServiceManaged bool
	Name, Description, ResourceGroupID               string
	Tags                                             map[string]string
	CreatedAt                                        time.Time
}

// Settled is the interface as it stands at now: in its next status once that is due, and off its instance when that is Available.
// An interface whose deletion is due has the status ENIDeleted.
func (n NetworkInterface) Settled(now time.Time) NetworkInterface {
	if !due(n.SettlesAt, now) {
		return n
	}
	n.Status, n.NextStatus, n.SettlesAt = *n.NextStatus, nil, nil
	if n.Status == ENIAvailable {
		n.InstanceID, n.InstanceENIQuantity, n.DeviceIndex, n.NetworkCardIndex = nil, nil, nil, nil
	}
	return n
}

// settledENI is Settled for a row that may be missing; one that is gone by now is missing too.
func settledENI(n *NetworkInterface, now time.Time) *NetworkInterface {
	if n == nil {
		return nil
	}
	settled := n.Settled(now)
	if settled.Status == ENIDeleted {
		return nil
	}
	return &settled
}

// PrivateIPAddress is an address of an interface, IPv4 or IPv6, given once in its VSwitch.
type PrivateIPAddress struct {
	AccountID, VSwitchID string
	Address              netip.Addr
	NetworkInterfaceID   string
	IsPrimary            bool
}

// GroupMembership puts an interface into a security group; Position keeps the order in which the caller named the groups.
type GroupMembership struct {
	AccountID, NetworkInterfaceID, SecurityGroupID, VPCID string
	Position                                              int
}
