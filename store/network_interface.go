package store

import (
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Network interface statuses, as the API writes them. ENIDeleted follows Deleting and is never
// shown: the row counts as deleted.
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

// NetworkInterface is a row of network_interfaces as it is stored; Settled returns its state at a
// given time. The pointers from InstanceID to NetworkCardIndex are nil while it is not attached.
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

// NetworkInterfaceAttributes are values of an interface that are only stored and shown. 0 stands
// for a value that was never set.
type NetworkInterfaceAttributes struct {
	TCPEstablishedTimeout       int `json:",omitempty"` // s
	TCPClosedAndTimeWaitTimeout int `json:",omitempty"` // s
	UDPTimeout                  int `json:",omitempty"` // s
	RxQueueSize                 int `json:",omitempty"`
	TxQueueSize                 int `json:",omitempty"`
}

// Settled returns the interface settled to now: it has its next status once that is due. If that is
// Available, it has left its instance. An interface whose deletion is due has the status
// ENIDeleted.
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

// hasLeft reports whether the interface has left its instance by now, although its row still refers
// to it.
func (n *NetworkInterface) hasLeft(now time.Time) bool {
	return due(n.SettlesAt, now) && *n.NextStatus == ENIAvailable
}

// settledENI is Settled for a row that may be nil. It returns nil for an interface whose deletion
// is due. If nothing is due, it returns the row itself.
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

// PrivateIPAddress is an IPv4 or IPv6 address of an interface. It is assigned at most once in its
// VSwitch.
type PrivateIPAddress struct {
	AccountID, VSwitchID string
	Address              netip.Addr
	NetworkInterfaceID   string
	IsPrimary            bool
}

// IPPrefix is a prefix of an interface, of either family. It is assigned at most once in its
// VSwitch.
type IPPrefix struct {
	AccountID, VSwitchID string
	Prefix               netip.Prefix
	NetworkInterfaceID   string
}

// GroupMembership is the membership of an interface in a security group. Position, from 0, keeps
// the order in which the caller named the groups.
type GroupMembership struct {
	AccountID, NetworkInterfaceID, SecurityGroupID, VPCID string
	Position                                              int
}

// NewNetworkInterface is an interface to be created, with its addresses, prefixes and groups. Of an
// address only Address and IsPrimary are used.
type NewNetworkInterface struct {
	NetworkInterface
	Addresses        []PrivateIPAddress
	Prefixes         []netip.Prefix
	SecurityGroupIDs []string // in the order in which the caller named them
}

// InsertNetworkInterface queues the writes that create an interface. For found see GiveAddresses.
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

// readGroupsOf queues the read of the security groups that a locked interface is in.
func (tx *Tx) readGroupsOf(accountID, eniID string, into *[]string) {
	tx.queue(`
		SELECT ARRAY(SELECT security_group_id FROM network_interface_security_groups WHERE account_id = $1 AND network_interface_id = $2)`,
		accountID, eniID).QueryRow(func(row pgx.Row) error { return row.Scan(into) })
}

// ReplaceGroups queues the writes that move an interface from its old security groups to new ones.
// If an instance holds the interface, it also queues the changes of the groups' capacity.
func (tx *Tx) ReplaceGroups(n NetworkInterface, oldGroupIDs, groupIDs []string, now time.Time) {
	affected := slices.Concat(oldGroupIDs, groupIDs)
	if n.InstanceID != nil {
		tx.ReleaseCapacity(n.AccountID, affected, *n.InstanceID, now)
	}
	tx.queue(`
		DELETE FROM network_interface_security_groups WHERE account_id = $1 AND network_interface_id = $2`, n.AccountID, n.ID)
	tx.joinGroups(n, groupIDs)
	if n.InstanceID != nil {
		tx.AcquireCapacity(n.AccountID, affected, []string{*n.InstanceID}, now)
	}
}

// joinGroups queues the writes that add an interface to security groups, in their order.
func (tx *Tx) joinGroups(n NetworkInterface, groupIDs []string) {
	tx.write(int64(len(groupIDs)), `
		INSERT INTO network_interface_security_groups (account_id, network_interface_id, security_group_id, vpc_id, position)
		SELECT $1, $2, id, $3, position - 1
		FROM unnest($4::text[]) WITH ORDINALITY AS chosen (id, position)`, n.AccountID, n.ID, n.VPCID, groupIDs)
}

// DeleteNetworkInterfaces queues the deletion of locked interfaces, with their addresses and
// memberships.
func (tx *Tx) DeleteNetworkInterfaces(accountID string, ids []string) {
	tx.write(int64(len(ids)), `
		DELETE FROM network_interfaces WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids)
}

// BeginDeleteNetworkInterfaces queues the write that detaches locked interfaces and makes them
// Deleting until settlesAt, when they count as deleted. A primary interface cannot be Deleting,
// because it cannot exist without its instance: it has to be deleted at once.
func (tx *Tx) BeginDeleteNetworkInterfaces(accountID string, ids []string, settlesAt time.Time) {
	tx.write(int64(len(ids)), `
		UPDATE network_interfaces
		SET status = 'Deleting', next_status = 'Deleted', settles_at = $3,
		    instance_id = NULL, instance_eni_quantity = NULL, device_index = NULL, network_card_index = NULL
		WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids, settlesAt)
}

// ReleaseNetworkInterfaces queues the write that detaches locked interfaces at once.
func (tx *Tx) ReleaseNetworkInterfaces(accountID string, ids []string) {
	tx.write(int64(len(ids)), `
		UPDATE network_interfaces
		SET status = 'Available', next_status = NULL, settles_at = NULL,
		    instance_id = NULL, instance_eni_quantity = NULL, device_index = NULL, network_card_index = NULL
		WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids)
}
