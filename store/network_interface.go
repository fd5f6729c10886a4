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

// Network interface types. A member is a secondary interface while it is attached to a trunk, and
// stored as a secondary one.
const (
	ENIPrimary   = "Primary"
	ENISecondary = "Secondary"
	ENITrunk     = "Trunk"
	ENIMember    = "Member"
)

// NetworkInterface is an interface with its attachment, as both are stored: a row of the view
// whole_network_interfaces. Settled returns its state at a given time, Split the two rows that are
// stored.
type NetworkInterface struct {
	AttachableENI
	MACAddress      string                     `db:"mac_address"`
	DeleteOnRelease bool                       `db:"delete_on_release" event:"DeleteOnRelease"`
	SourceDestCheck bool                       `db:"source_dest_check" event:"SourceDestCheck"`
	Name            string                     `db:"name" event:"NetworkInterfaceName"`
	Description     string                     `db:"description" event:"Description"`
	ResourceGroupID string                     `db:"resource_group_id"`
	Tags            map[string]string          `db:"tags"`
	Attributes      NetworkInterfaceAttributes `db:"attributes"`
	CreatedAt       time.Time                  `db:"created_at,once"`
}

// AttachableENI is what attaches and detaches know of an interface. They read nothing else, so that
// they stay fast, and the compiler refuses a rule that needs more. The pointers from InstanceID to
// MemberQuantity are nil while the interface is not attached. InstanceENIQuantity, the limit of the
// instance's type, is not stored for a primary interface. TrunkID is the trunk of a member, and the own
// id of an attached trunk; both carry the limit of members. Queues is how many queues an attached interface
// takes of the total of the instance's type; it is nil if the type has no total. Of the slot of a primary
// interface, Queues is its QueueNumber.
type AttachableENI struct {
	AccountID           string     `db:"account_id,key"`
	ID                  string     `db:"id,key"`
	RegionID            string     `db:"region_id,fixed"`
	ZoneID              string     `db:"zone_id,fixed"`
	VPCID               string     `db:"vpc_id,fixed" event:"VpcId"`
	VSwitchID           string     `db:"vswitch_id,fixed" event:"VSwitchId"`
	Type                string     `db:"type" event:"Type"`
	Status              string     `db:"status"`
	NextStatus          *string    `db:"next_status"`
	SettlesAt           *time.Time `db:"settles_at"`
	InstanceID          *string    `db:"instance_id" event:"InstanceId"`
	InstanceENIQuantity *int       `db:"instance_eni_quantity"`
	DeviceIndex         *int       `db:"device_index" event:"DeviceIndex"`
	NetworkCardIndex    *int       `db:"network_card_index" event:"NetworkCardIndex"`
	TrunkID             *string    `db:"trunk_id" event:"TrunkNetworkInterfaceId"`
	MemberQuantity      *int       `db:"member_quantity"`
	ServiceManaged      bool       `db:"service_managed"`
	TrafficMode         string     `db:"traffic_mode" event:"NetworkInterfaceTrafficMode"`
	QueueNumber         *int       `db:"queue_number" event:"QueueNumber"` // nil unless it was set
	Queues              *int       `db:"queues"`
}

// Traffic modes of an interface. One of the second mode is an RDMA interface.
const (
	TrafficStandard        = "Standard"
	TrafficHighPerformance = "HighPerformance"
)

// IsMember reports whether the interface is a member of a trunk.
func (n AttachableENI) IsMember() bool { return n.TrunkID != nil && *n.TrunkID != n.ID }

// CurrentType returns the type of the interface as the API shows it: a member is a secondary interface
// that is attached to a trunk.
func (n AttachableENI) CurrentType() string {
	if n.IsMember() {
		return ENIMember
	}
	return n.Type
}

// isLeaving reports whether the interface is about to leave its instance, or has left it although its
// row still refers to it.
func (n AttachableENI) isLeaving() bool { return n.NextStatus != nil && *n.NextStatus == ENIAvailable }

// takeOff takes an interface off its instance.
func takeOff(n *AttachableENI) {
	n.InstanceID, n.InstanceENIQuantity, n.DeviceIndex, n.NetworkCardIndex = nil, nil, nil, nil
	n.TrunkID, n.MemberQuantity, n.Queues = nil, nil, nil
}

// NetworkInterfaceAttributes are values of an interface that are only stored and shown. 0 stands
// for a value that was never set.
type NetworkInterfaceAttributes struct {
	TCPEstablishedTimeout       int `json:",omitempty" event:"TcpEstablishedTimeout"`       // s
	TCPClosedAndTimeWaitTimeout int `json:",omitempty" event:"TcpClosedAndTimeWaitTimeout"` // s
	UDPTimeout                  int `json:",omitempty" event:"UdpTimeout"`                  // s
	RxQueueSize                 int `json:",omitempty" event:"RxQueueSize"`
	QueuePairNumber             int `json:",omitempty" event:"QueuePairNumber"` // of an RDMA interface
	TxQueueSize                 int `json:",omitempty" event:"TxQueueSize"`
}

// Settled returns the interface settled to now: it has its next status once that is due. If that is
// Available, it has left its instance. An interface whose deletion is due has the status
// ENIDeleted.
func (n NetworkInterface) Settled(now time.Time) NetworkInterface {
	n.AttachableENI = n.AttachableENI.Settled(now)
	return n
}

// Settled is the method of the same name of NetworkInterface.
func (n AttachableENI) Settled(now time.Time) AttachableENI {
	if !due(n.SettlesAt, now) {
		return n
	}
	n.Status, n.NextStatus, n.SettlesAt = *n.NextStatus, nil, nil
	if n.Status == ENIAvailable {
		takeOff(&n)
	}
	return n
}

// hasLeft reports whether the interface has left its instance by now, although its row still refers
// to it.
func (n AttachableENI) hasLeft(now time.Time) bool {
	return due(n.SettlesAt, now) && *n.NextStatus == ENIAvailable
}

// settledENI is Settled for a row that may be nil. It returns nil for an interface whose deletion
// is due. If nothing is due, it returns the row itself.
func settledENI(n *NetworkInterface, now time.Time) *NetworkInterface {
	if n == nil || !due(n.SettlesAt, now) {
		return n
	}
	if settledAttachableENI(&n.AttachableENI, now) == nil {
		return nil
	}
	settled := n.Settled(now)
	return &settled
}

// settledAttachableENI is settledENI for the interface of a batch.
func settledAttachableENI(n *AttachableENI, now time.Time) *AttachableENI {
	if !due(n.SettlesAt, now) {
		return n
	}
	settled := n.Settled(now)
	if settled.Status == ENIDeleted {
		return nil
	}
	return &settled
}

// AttachmentRow is a row of attachments: a secondary interface or a trunk is on an instance. An interface
// without a row is on none.
type AttachmentRow struct {
	AccountID           string     `db:"account_id,key"`
	NetworkInterfaceID  string     `db:"network_interface_id,key"`
	InstanceID          string     `db:"instance_id"`
	VPCID               string     `db:"vpc_id"`
	ZoneID              string     `db:"zone_id"`
	InstanceENIQuantity int        `db:"instance_eni_quantity"`
	DeviceIndex         int        `db:"device_index"`
	NetworkCardIndex    *int       `db:"network_card_index"`
	Status              string     `db:"status"`
	NextStatus          *string    `db:"next_status"`
	SettlesAt           *time.Time `db:"settles_at"`
	TrunkID             *string    `db:"trunk_id"`
	HeldTrunkID         *string    `db:"held_trunk_id"` // TrunkID until the interface leaves
	MemberQuantity      *int       `db:"member_quantity"`
	TrafficMode         string     `db:"traffic_mode"`
	Queues              *int       `db:"queues"`
}

// attachment returns the row of the interface's attachment. It returns nil if the interface is on no
// instance, or is the primary one, which is a part of its instance.
func (n AttachableENI) attachment() *AttachmentRow {
	if n.InstanceID == nil || n.Type == ENIPrimary {
		return nil
	}
	row := &AttachmentRow{
		AccountID:           n.AccountID,
		NetworkInterfaceID:  n.ID,
		InstanceID:          *n.InstanceID,
		VPCID:               n.VPCID,
		ZoneID:              n.ZoneID,
		InstanceENIQuantity: *n.InstanceENIQuantity,
		DeviceIndex:         *n.DeviceIndex,
		NetworkCardIndex:    n.NetworkCardIndex,
		Status:              n.Status,
		NextStatus:          n.NextStatus,
		SettlesAt:           n.SettlesAt,
		TrunkID:             n.TrunkID,
		MemberQuantity:      n.MemberQuantity,
		TrafficMode:         n.TrafficMode,
		Queues:              n.Queues,
	}
	if !n.isLeaving() {
		row.HeldTrunkID = n.TrunkID
	}
	return row
}

// Split returns the interface as network_interfaces stores it, and the row of its attachment, which
// is nil if there is none. An attached interface is stored as Available.
func (n NetworkInterface) Split() (NetworkInterface, *AttachmentRow) {
	a := n.attachment()
	if a != nil {
		n.Status, n.NextStatus, n.SettlesAt = ENIAvailable, nil, nil
		n.InstanceID, n.NetworkCardIndex = nil, nil
	}
	n.InstanceENIQuantity, n.DeviceIndex, n.TrunkID, n.MemberQuantity, n.Queues = nil, nil, nil, nil, nil
	return n, a
}

// PrivateIPAddress is an IPv4 or IPv6 address of an interface. It is assigned at most once in its
// VSwitch.
type PrivateIPAddress struct {
	AccountID          string     `db:"account_id,key"`
	VSwitchID          string     `db:"vswitch_id,key"`
	Address            netip.Addr `db:"address,key"`
	NetworkInterfaceID string     `db:"network_interface_id,fixed"`
	IsPrimary          bool       `db:"is_primary,fixed"`
}

// IPPrefix is a prefix of an interface, of either family. It is assigned at most once in its
// VSwitch.
type IPPrefix struct {
	AccountID          string       `db:"account_id,key"`
	VSwitchID          string       `db:"vswitch_id,key"`
	Prefix             netip.Prefix `db:"prefix,key"`
	NetworkInterfaceID string       `db:"network_interface_id,fixed"`
}

// GroupMembership is the membership of an interface in a security group. Position, from 0, keeps
// the order in which the caller named the groups.
type GroupMembership struct {
	AccountID          string `db:"account_id,key"`
	NetworkInterfaceID string `db:"network_interface_id,key"`
	SecurityGroupID    string `db:"security_group_id,key"`
	VPCID              string `db:"vpc_id,fixed"`
	Position           int    `db:"position,fixed"`
}

// NewNetworkInterface is an interface to be created, with its addresses, prefixes and groups. Of an
// address only Address and IsPrimary are used.
type NewNetworkInterface struct {
	NetworkInterface
	Addresses        []PrivateIPAddress
	Prefixes         []netip.Prefix
	SecurityGroupIDs []string // in the order in which the caller named them
}

// InsertNetworkInterfaces queues the writes that create interfaces of an account, with their
// attachments. For found see insertAddresses.
func (tx *Tx) InsertNetworkInterfaces(accountID string, enis []NewNetworkInterface, found map[string]netip.Addr) {
	var (
		rows        []NetworkInterface
		attachments []AttachmentRow
		addresses   []PrivateIPAddress
		prefixes    []IPPrefix
		memberships []GroupMembership
	)
	for _, n := range enis {
		row, attachment := n.Split()
		rows = append(rows, row)
		if attachment != nil {
			attachments = append(attachments, *attachment)
		}
		addresses, prefixes = n.appendAddresses(addresses, n.Addresses), n.appendPrefixes(prefixes, n.Prefixes)
		for position, group := range n.SecurityGroupIDs {
			memberships = append(memberships, GroupMembership{
				AccountID: n.AccountID, NetworkInterfaceID: n.ID, SecurityGroupID: group,
				VPCID: n.VPCID, Position: position,
			})
		}
	}
	insertRows(tx, NetworkInterfacesTable, rows)
	insertRows(tx, AttachmentsTable, attachments)
	tx.insertAddresses(accountID, addresses, prefixes, found)
	insertRows(tx, GroupMembershipsTable, memberships)
}

// appendAddresses appends addresses as rows of the interface.
func (n NetworkInterface) appendAddresses(rows, addresses []PrivateIPAddress) []PrivateIPAddress {
	for _, a := range addresses {
		rows = append(rows, PrivateIPAddress{n.AccountID, n.VSwitchID, a.Address, n.ID, a.IsPrimary})
	}
	return rows
}

// appendPrefixes appends prefixes as rows of the interface.
func (n NetworkInterface) appendPrefixes(rows []IPPrefix, prefixes []netip.Prefix) []IPPrefix {
	for _, p := range prefixes {
		rows = append(rows, IPPrefix{n.AccountID, n.VSwitchID, p, n.ID})
	}
	return rows
}

// readGroupsOf queues the read of the security groups that a locked interface is in.
func (tx *Tx) readGroupsOf(accountID, eniID string, into *[]string) {
	tx.queue(`
		SELECT ARRAY(SELECT security_group_id FROM network_interface_security_groups
		             WHERE account_id = $1 AND network_interface_id = $2
		             ORDER BY position)`,
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
		DELETE FROM network_interface_security_groups WHERE account_id = $1 AND network_interface_id = $2`,
		n.AccountID, n.ID)
	tx.joinGroups(n, groupIDs)
	if n.InstanceID != nil {
		tx.AcquireCapacity(n.AccountID, affected, []string{*n.InstanceID}, now)
	}
}

// joinGroups queues the writes that add an interface to security groups, in their order.
func (tx *Tx) joinGroups(n NetworkInterface, groupIDs []string) {
	tx.write(int64(len(groupIDs)), `
		INSERT INTO network_interface_security_groups
		    (account_id, network_interface_id, security_group_id, vpc_id, position)
		SELECT $1, $2, id, $3, position - 1
		FROM unnest($4::text[]) WITH ORDINALITY AS chosen (id, position)`, n.AccountID, n.ID, n.VPCID, groupIDs)
}

// Strengths of the lock of an instance or an interface, weakest first: to change it or its attachments, and
// to delete it or change a column that its attachments refer to.
const (
	forNoKeyUpdate = "FOR NO KEY UPDATE"
	forUpdate      = "FOR UPDATE"
)

// lockENIs queues the locks of interfaces t for which where holds, in the order of their ids, and
// the read of the locked ones with their attachments. The read is a statement after the lock, so
// its snapshot sees the attachments of the transactions that the lock waited for.
func (tx *Tx) lockENIs(strength, where string, args []any, found func(NetworkInterface)) {
	locked := map[string]bool{}
	tx.lock(rankNetworkInterfaces, `
		SELECT t.id
		FROM network_interfaces t
		WHERE `+where+`
		ORDER BY t.id
		`+strength, args...).
		Query(each(func(id *string) []any { return []any{id} }, func(id string) { locked[id] = true }))
	tx.queue(`
		SELECT `+WholeInterfacesTable.SelectList("t")+`
		FROM whole_network_interfaces t
		WHERE `+where+`
		ORDER BY t.id`, args...).
		Query(each(WholeInterfacesTable.Targets, func(n NetworkInterface) {
			if locked[n.ID] { // otherwise it was created after the locking statement
				found(n)
			}
		}))
}

// Conditions for lockENIs.
const (
	oneInterface = `t.account_id = $1 AND t.region_id = $2 AND t.id = $3`

	// The instances have to be locked, so that no further interface is attached.
	interfacesOfLockedInstances = `t.account_id = $1 AND t.id IN (
		    SELECT network_interface_id FROM slots WHERE account_id = $1 AND instance_id = ANY ($2))`
)

// DeleteNetworkInterfaces queues the deletion of locked interfaces, with their attachments, addresses
// and memberships.
func (tx *Tx) DeleteNetworkInterfaces(accountID string, ids []string) {
	tx.ReleaseNetworkInterfaces(accountID, ids)
	tx.write(int64(len(ids)), `
		DELETE FROM network_interfaces WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids)
}

// DeletingInterface is an interface whose deletion begins, and how it will end.
type DeletingInterface struct {
	ID  string
	End Ending
}

// BeginDeleteNetworkInterfaces queues the write that detaches locked interfaces, releases their EIPs, and
// makes them Deleting. In the end they count as deleted. A primary interface cannot be Deleting, because it
// cannot exist without its instance: it has to be deleted at once.
func (tx *Tx) BeginDeleteNetworkInterfaces(accountID string, deleting []DeletingInterface) {
	if len(deleting) == 0 {
		return
	}
	var (
		ids     []string
		next    []*string
		settles []*time.Time
	)
	for _, n := range deleting {
		_, nextStatus, settlesAt := n.End.statusUntil(ENIDeleting, ENIDeleted)
		ids, next, settles = append(ids, n.ID), append(next, nextStatus), append(settles, settlesAt)
	}
	tx.ReleaseNetworkInterfaces(accountID, ids)
	tx.releaseEIPs(accountID, ids)
	tx.write(int64(len(ids)), `
		UPDATE network_interfaces n
		SET status = 'Deleting', next_status = d.next_status, settles_at = d.settles_at
		FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS d (id, next_status, settles_at)
		WHERE n.account_id = $1 AND n.id = d.id`, accountID, ids, next, settles)
}

// ReleaseNetworkInterfaces queues the write that detaches locked interfaces at once.
func (tx *Tx) ReleaseNetworkInterfaces(accountID string, ids []string) {
	tx.queue(`DELETE FROM attachments WHERE account_id = $1 AND network_interface_id = ANY ($2)`, accountID, ids)
}
