package store

import (
	"net/netip"
	"time"
)

// VPC is a virtual private cloud.
type VPC struct {
	AccountID, ID, RegionID            string
	CIDRBlock                          netip.Prefix
	IPv6CIDRBlock                      *netip.Prefix
	Name, Description, ResourceGroupID string
	Tags                               map[string]string
	CreatedAt                          time.Time
}

// VSwitch is a subnet of a VPC in one zone.
type VSwitch struct {
	AccountID, ID, VPCID, RegionID, ZoneID string
	CIDRBlock                              netip.Prefix
	IPv6CIDRBlock                          *netip.Prefix
	Name, Description, ResourceGroupID     string
	Tags                                   map[string]string
	CreatedAt                              time.Time
}

// SecurityGroup is a security group of a VPC. InstanceLimit is the most instances that may have an attached interface in it.
type SecurityGroup struct {
	AccountID, ID, VPCID, RegionID     string
	Type                               string // normal or enterprise
	InstanceLimit                      int
	Name, Description, ResourceGroupID string
	Tags                               map[string]string
	CreatedAt                          time.Time
}
