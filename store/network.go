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
	AccountID       string            `db:"account_id,key"`
	ID              string            `db:"id,key"`
	RegionID        string            `db:"region_id,fixed"`
	CIDRBlock       netip.Prefix      `db:"cidr_block" event:"CidrBlock"`
	SecondaryBlocks []netip.Prefix    `db:"secondary_cidr_blocks" event:"SecondaryCidrBlocks"`
	IPv6CIDRBlock   *netip.Prefix     `db:"ipv6_cidr_block" event:"Ipv6CidrBlock"`
	Name            string            `db:"name" event:"VpcName"`
	Description     string            `db:"description" event:"Description"`
	ResourceGroupID string            `db:"resource_group_id"`
	Tags            map[string]string `db:"tags"`
	Attributes      VPCAttributes     `db:"attributes"`
	CreatedAt       time.Time         `db:"created_at,once"`
	AvailableAt     *time.Time        `db:"available_at"` // Pending until then; nil if Available
}

// VPCAttributes are values of a VPC that are only stored and shown.
type VPCAttributes struct {
	UserCIDRs []string `json:",omitempty"`
}

// Blocks returns the IPv4 blocks of the VPC, the primary one first.
func (v VPC) Blocks() []netip.Prefix {
	return append([]netip.Prefix{v.CIDRBlock}, v.SecondaryBlocks...)
}

// Status returns the status of the VPC at now.
func (v VPC) Status(now time.Time) string { return networkStatus(v.AvailableAt, now) }

// VSwitch is a subnet of a VPC in one zone. Its fields are listed apart from those of a VPC, because
// each struct lists the columns of its own table.
type VSwitch struct {
	AccountID       string            `db:"account_id,key"`
	ID              string            `db:"id,key"`
	VPCID           string            `db:"vpc_id,fixed" event:"VpcId"`
	RegionID        string            `db:"region_id,fixed"`
	ZoneID          string            `db:"zone_id,fixed" event:"ZoneId"`
	CIDRBlock       netip.Prefix      `db:"cidr_block" event:"CidrBlock"`
	IPv6CIDRBlock   *netip.Prefix     `db:"ipv6_cidr_block" event:"Ipv6CidrBlock"`
	Name            string            `db:"name" event:"VSwitchName"`
	Description     string            `db:"description" event:"Description"`
	ResourceGroupID string            `db:"resource_group_id"`
	Tags            map[string]string `db:"tags"`
	CreatedAt       time.Time         `db:"created_at,once"`
	AvailableAt     *time.Time        `db:"available_at"` // Pending until then; nil if Available

	// NextHost is the number of the address in the block, from 1, at which the search for a free
	// one begins. 0 stands for 1.
	NextHost int `db:"next_host"`
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
	AccountID         string            `db:"account_id,key"`
	ID                string            `db:"id,key"`
	VPCID             string            `db:"vpc_id,fixed" event:"VpcId"`
	RegionID          string            `db:"region_id,fixed"`
	Type              string            `db:"type" event:"SecurityGroupType"` // normal or enterprise
	InstanceLimit     int               `db:"instance_limit"`
	InnerAccessPolicy string            `db:"inner_access_policy" event:"InnerAccessPolicy"` // Accept or Drop
	Name              string            `db:"name" event:"SecurityGroupName"`
	Description       string            `db:"description" event:"Description"`
	ResourceGroupID   string            `db:"resource_group_id"`
	Tags              map[string]string `db:"tags"`
	CreatedAt         time.Time         `db:"created_at,once"`
}
