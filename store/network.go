package store

import (
	"net/netip"
	"time"
)

// Statuses of a VPC and a VSwitch, as the API spells them.
const (
	NetworkPending   = "Pending"
	NetworkAvailable = "Available"
)

// VPC is a virtual private cloud.
type VPC struct {
	AccountID, ID, RegionID            string
	CIDRBlock                          netip.Prefix
	IPv6CIDRBlock                      *netip.Prefix
	Name, Description, ResourceGroupID string
	Tags                               map[string]string
	Attributes                         VPCAttributes
	CreatedAt                          time.Time
	AvailableAt                        *time.Time // Pending until then; nil: Available
}

// VPCAttributes are what is only kept and shown of a VPC.
type VPCAttributes struct {
	UserCIDRs []string `json:",omitempty"`
}

// Status is how the VPC stands at now.
func (v VPC) Status(now time.Time) string { return networkStatus(v.AvailableAt, now) }

// VSwitch is a subnet of a VPC in one zone.
type VSwitch struct {
	AccountID, ID, VPCID, RegionID, ZoneID string
	CIDRBlock                              netip.Prefix
	IPv6CIDRBlock                          *netip.Prefix
	Name, Description, ResourceGroupID     string
	Tags                                   map[string]string
	CreatedAt                              time.Time
	AvailableAt                            *time.Time // Pending until then; nil: Available
	NextHost                               int        // of the block, from 1, where the search for a free address begins; 0 stands for 1
}

// Status is how the VSwitch stands at now.
func (v VSwitch) Status(now time.Time) string { return networkStatus(v.AvailableAt, now) }

func networkStatus(availableAt *time.Time, now time.Time) string {
	if availableAt != nil && availableAt.After(now) {
		return NetworkPending
	}
	return NetworkAvailable
}

// Types of a security group, and what it does with traffic among its members.
const (
	GroupNormal     = "normal"
	GroupEnterprise = "enterprise"

	PolicyAccept = "Accept"
	PolicyDrop   = "Drop"
)

// InstanceLimitOf is how many instances may be in a group of a type, unless somebody chose another
// figure.
func InstanceLimitOf(groupType string) int {
	if groupType == GroupEnterprise {
		return 65_536
	}
	return 2000
}

// SecurityGroup is a security group of a VPC. InstanceLimit is the most instances that may have an
// attached interface in it.
type SecurityGroup struct {
	AccountID, ID, VPCID, RegionID     string
	Type                               string // normal or enterprise
	InstanceLimit                      int
	InnerAccessPolicy                  string // Accept or Drop
	Name, Description, ResourceGroupID string
	Tags                               map[string]string
	CreatedAt                          time.Time
}
