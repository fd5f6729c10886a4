package store

import (
	"net/netip"
	"time"
)

// Types of route tables and their entries, as the API writes them.
const (
	RouteSystem = "System"
	RouteCustom = "Custom"
)

// Limits of VPCs and their route tables, which are the vendor's defaults. Calls and scenarios keep them.
const (
	MaxRouteTables     = 9   // custom ones of a VPC
	MaxRouteEntries    = 200 // custom ones of a table
	MaxSecondaryBlocks = 5   // of a VPC
)

// RouteTable is a route table of a VPC.
type RouteTable struct {
	AccountID        string            `db:"account_id,key"`
	ID               string            `db:"id,key"`
	VPCID            string            `db:"vpc_id,fixed" event:"VpcId"`
	RegionID         string            `db:"region_id,fixed"`
	Type             string            `db:"type,fixed" event:"RouteTableType"` // RouteSystem or RouteCustom
	Name             string            `db:"name" event:"RouteTableName"`
	Description      string            `db:"description" event:"Description"`
	RoutePropagation bool              `db:"route_propagation" event:"RoutePropagationEnable"`
	Tags             map[string]string `db:"tags"`
	CreatedAt        time.Time         `db:"created_at,once"`
}

// NewSystemRouteTable returns the system table of a new VPC. The database adds it at the
// commit.
func NewSystemRouteTable(v VPC) RouteTable {
	return RouteTable{
		AccountID: v.AccountID, ID: SystemRouteTableID(v.ID), VPCID: v.ID, RegionID: v.RegionID, Type: RouteSystem,
		RoutePropagation: true, CreatedAt: v.CreatedAt,
	}
}

// RouteTableAssociation is a row of route_table_associations: a VSwitch uses a custom table. A VSwitch
// without a row uses the system table of its VPC.
type RouteTableAssociation struct {
	AccountID    string `db:"account_id,key"`
	VSwitchID    string `db:"vswitch_id,key"`
	VPCID        string `db:"vpc_id,fixed"`
	RouteTableID string `db:"route_table_id,fixed"`
}

// RouteEntry is a custom entry of a route table. One of InstanceID and NetworkInterfaceID is its next hop.
type RouteEntry struct {
	AccountID            string       `db:"account_id,key"`
	ID                   string       `db:"id,key"`
	VPCID                string       `db:"vpc_id,fixed"`
	RouteTableID         string       `db:"route_table_id,fixed" event:"RouteTableId"`
	DestinationCIDRBlock netip.Prefix `db:"destination_cidr_block,fixed" event:"DestinationCidrBlock"`
	InstanceID           *string      `db:"instance_id,fixed" event:"InstanceId"`
	NetworkInterfaceID   *string      `db:"network_interface_id,fixed" event:"NetworkInterfaceId"`
	Name                 string       `db:"name" event:"RouteEntryName"`
	Description          string       `db:"description" event:"Description"`
	CreatedAt            time.Time    `db:"created_at,once"`
}

// NextHopID returns the id of the instance or the interface that is the next hop.
func (e RouteEntry) NextHopID() string {
	return valueOrEmpty(e.InstanceID) + valueOrEmpty(e.NetworkInterfaceID)
}

// CloudServicesBlock is the block of the cloud's own services. Each table has a system entry for it.
var CloudServicesBlock = netip.MustParsePrefix("100.64.0.0/10")

func (r RouteTable) recorded(time.Time) recordedStatus { return recordedStatus{resourceID: r.ID} }

func (e RouteEntry) recorded(time.Time) recordedStatus { return recordedStatus{resourceID: e.ID} }

// AssociationChange returns the change of a VSwitch that uses another table than before.
func AssociationChange(vswitchID, fromTable, toTable string) Change {
	return Change{Resource: vswitchID, Field: "RouteTableId", From: fromTable, To: toTable}
}
