package store

import (
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Network interface statuses, as the API spells them. ENIDeleted is the end of Deleting: the row
// counts as gone.
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

// NetworkInterface is a row of network_interfaces as it is stored; Settled tells how it stands at a
// moment. The pointers from InstanceID to NetworkCardIndex are nil while it is not attached.
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
	Attributes                                       NetworkInterfaceAttributes
	CreatedAt                                        time.Time
}

// NetworkInterfaceAttributes are what is only kept and shown of an interface. 0 stands for what was
// never set.
type NetworkInterfaceAttributes struct {
	TCPEstablishedTimeout       int `json:",omitempty"` // s
	TCPClosedAndTimeWaitTimeout int `json:",omitempty"` // s
	UDPTimeout                  int `json:",omitempty"` // s
	RxQueueSize                 int `json:",omitempty"`
	TxQueueSize                 int `json:",omitempty"`
}

// Settled is the interface as it stands at now: in its next status once that is due, and off its
// instance when that is Available. An interface whose deletion is due has the status ENIDeleted.
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

// left tells whether the interface's row still names an instance that it has left by now.
func (n *NetworkInterface) hasLeft(now time.Time) bool {
	return due(n.SettlesAt, now) && *n.NextStatus == ENIAvailable
}

// settledENI is Settled for a row that may be missing; one that is gone by now is missing too. One
// of which nothing is due is returned as it is.
func settledENI(n *NetworkInterface, now time.Time) *NetworkInterface {
	if n == nil || !due(n.SettlesAt, now) {
		return n
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

// IPPrefix is a prefix of an interface, of either family, given once in its VSwitch.
type IPPrefix struct {
	AccountID, VSwitchID string
	Prefix               netip.Prefix
	NetworkInterfaceID   string
}

// GroupMembership puts an interface into a security group; Position, from 0, keeps the order in
// which the caller named the groups.
type GroupMembership struct {
	AccountID, NetworkInterfaceID, SecurityGroupID, VPCID string
	Position                                              int
}

// NewNetworkInterface is an interface to be created, with all that is its own. Addresses, prefixes
// and groups need only what tells them apart.
type NewNetworkInterface struct {
	NetworkInterface
	Addresses        []PrivateIPAddress
	Prefixes         []netip.Prefix
	SecurityGroupIDs []string // in the order in which the caller named them
}

// InsertNetworkInterface queues the writes that create an interface. found: see GiveAddresses.
func (tx *Tx) InsertNetworkInterface(n NewNetworkInterface, found []netip.Addr) {
	tx.write(1, `
		INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
		    instance_id, instance_eni_quantity, device_index, network_card_index, mac_address, queue_number,
		    delete_on_release, source_dest_check, name, description, resource_group_id, tags, attributes, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		n.AccountID, n.ID, n.RegionID, n.ZoneID, n.VPCID, n.VSwitchID, n.Type, n.Status,
		n.InstanceID, n.InstanceENIQuantity, n.DeviceIndex, n.NetworkCardIndex, n.MACAddress, n.QueueNumber,
		n.DeleteOnRelease, n.SourceDestCheck, n.Name, n.Description, n.ResourceGroupID, tags(n.Tags), n.Attributes,
		n.CreatedAt)
	tx.GiveAddresses(n.NetworkInterface, n.Addresses, n.Prefixes, found)
	tx.joinGroups(n.NetworkInterface, n.SecurityGroupIDs)
}

// readGroupsOf queues the search for the security groups that a locked interface is in.
func (tx *Tx) readGroupsOf(accountID, eniID string, into *[]string) {
	tx.queue(`
		SELECT ARRAY(SELECT security_group_id FROM network_interface_security_groups WHERE account_id = $1 AND network_interface_id = $2)`,
		accountID, eniID).QueryRow(func(row pgx.Row) error { return row.Scan(into) })
}

// ReplaceGroups queues the writes that put an interface into these security groups, and no longer
// into those that it was in.
func (tx *Tx) ReplaceGroups(n NetworkInterface, oldGroupIDs, groupIDs []string, now time.Time) {
	affected := slices.Concat(oldGroupIDs, groupIDs)
	if n.InstanceID != nil {
		tx.GiveBackPlaces(n.AccountID, affected, *n.InstanceID, now)
	}
	tx.queue(`
		DELETE FROM network_interface_security_groups WHERE account_id = $1 AND network_interface_id = $2`, n.AccountID, n.ID)
	tx.joinGroups(n, groupIDs)
	if n.InstanceID != nil {
		tx.TakePlaces(n.AccountID, affected, []string{*n.InstanceID}, now)
	}
}

func (tx *Tx) joinGroups(n NetworkInterface, groupIDs []string) {
	tx.write(int64(len(groupIDs)), `
		INSERT INTO network_interface_security_groups (account_id, network_interface_id, security_group_id, vpc_id, position)
		SELECT $1, $2, id, $3, position - 1
		FROM unnest($4::text[]) WITH ORDINALITY AS chosen (id, position)`, n.AccountID, n.ID, n.VPCID, groupIDs)
}

// DeleteNetworkInterfaces queues the deletion of locked interfaces: their addresses and memberships
// go along.
func (tx *Tx) DeleteNetworkInterfaces(accountID string, ids []string) {
	tx.write(int64(len(ids)), `
		DELETE FROM network_interfaces WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids)
}

// BeginDeleteNetworkInterfaces queues the write that takes locked interfaces off their instance and
// sets them Deleting until settlesAt, when they are gone. A primary interface cannot be Deleting,
// because it cannot be without its instance: it is deleted at once.
func (tx *Tx) BeginDeleteNetworkInterfaces(accountID string, ids []string, settlesAt time.Time) {
	tx.write(int64(len(ids)), `
		UPDATE network_interfaces
		SET status = 'Deleting', next_status = 'Deleted', settles_at = $3,
		    instance_id = NULL, instance_eni_quantity = NULL, device_index = NULL, network_card_index = NULL
		WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids, settlesAt)
}

// ReleaseNetworkInterfaces queues the write that takes locked interfaces off their instance at
// once.
func (tx *Tx) ReleaseNetworkInterfaces(accountID string, ids []string) {
	tx.write(int64(len(ids)), `
		UPDATE network_interfaces
		SET status = 'Available', next_status = NULL, settles_at = NULL,
		    instance_id = NULL, instance_eni_quantity = NULL, device_index = NULL, network_card_index = NULL
		WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids)
}
