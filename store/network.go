package store

import (
	"net/netip"
	"time"
)

// Statuses of a VPC and a VSwitch, as the API writes them.
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
	AvailableAt                        *time.Time // Pending until then; nil if Available
}

// VPCAttributes are values of a VPC that are only stored and shown.
type VPCAttributes struct {
	UserCIDRs []string `json:",omitempty"`
}

// Status returns the status of the VPC at now.
func (v VPC) Status(now time.Time) string { return networkStatus(v.AvailableAt, now) }

// VSwitch is a subnet of a VPC in one zone.
type VSwitch struct {
	AccountID, ID, VPCID, RegionID, ZoneID string
	CIDRBlock                              netip.Prefix
	IPv6CIDRBlock                          *netip.Prefix
	Name, Description, ResourceGroupID     string
	Tags                                   map[string]string
	CreatedAt                              time.Time
	AvailableAt                            *time.Time // Pending until then; nil if Available

	// NextHost is the number of the address in the block, from 1, at which the search for a free
	// one begins. 0 stands for 1.
	NextHost int
}

// Status returns the status of the VSwitch at now.
func (v VSwitch) Status(now time.Time) string { return networkStatus(v.AvailableAt, now) }

func networkStatus(availableAt *time.Time, now time.Time) string {
	if availableAt != nil && availableAt.After(now) {
		return NetworkPending
	}
	return NetworkAvailable
}

// Types of a security group, and its policies for traffic among its members.
const (
	GroupNormal     = "normal"
	GroupEnterprise = "enterprise"

	PolicyAccept = "Accept"
	PolicyDrop   = "Drop"
)

// InstanceLimitOf returns the default maximum number of instances in a group of a type.
func InstanceLimitOf(groupType string) int {
	if groupType == GroupEnterprise {
		return 65_536
	}
	return 2000
}

// SecurityGroup is a security group of a VPC. InstanceLimit is the maximum number of instances with
// an attached interface in it.
type SecurityGroup struct {
	AccountID, ID, VPCID, RegionID     string
	Type                               string // normal or enterprise
	InstanceLimit                      int
	InnerAccessPolicy                  string // Accept or Drop
	Name, Description, ResourceGroupID string
	Tags                               map[string]string
	CreatedAt                          time.Time
}
