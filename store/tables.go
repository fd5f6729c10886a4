package store

import "enisim.alt/store/table"

// insertRow queues the write that inserts a whole row.
func insertRow[T any](tx *Tx, t *table.Table[T], row T) {
	tx.write(1, t.InsertSQL(), t.Values(&row)...)
}

// insertRows queues the write that inserts whole rows, in one statement.
func insertRows[T any](tx *Tx, t *table.Table[T], rows []T) {
	switch len(rows) {
	case 0:
	case 1:
		insertRow(tx, t, rows[0])
	default:
		tx.write(int64(len(rows)), t.InsertRowsSQL(), t.ColumnValues(rows)...)
	}
}

// deleteRows queues the write that deletes rows by their keys, in one statement.
func deleteRows[T any](tx *Tx, t *table.Table[T], rows []T) {
	if len(rows) > 0 {
		tx.write(int64(len(rows)), t.DeleteRowsSQL(), t.KeyValues(rows)...)
	}
}

// The tables, with the columns of the rows that they hold. Package world fills and reads them too.
var (
	RegionsTable            = table.New[Region]("regions", "")
	ZonesTable              = table.New[Zone]("zones", "")
	AccountsTable           = table.New[Account]("accounts", "id")
	RAMUsersTable           = table.New[RAMUser]("ram_users", "account_id")
	AccessKeysTable         = table.New[AccessKey]("access_keys", "account_id")
	InstanceTypesTable      = table.New[InstanceType]("instance_types", "owner_id")
	VPCsTable               = table.New[VPC]("vpcs", "account_id")
	VSwitchesTable          = table.New[VSwitch]("vswitches", "account_id")
	SecurityGroupsTable     = table.New[SecurityGroup]("security_groups", "account_id")
	SecurityGroupRulesTable = table.New[SecurityGroupRule]("security_group_rules", "account_id")
	InstancesTable          = table.New[Instance]("instances", "account_id")
	AttachmentsTable        = table.New[AttachmentRow]("attachments", "account_id")
	PrivateIPAddressesTable = table.New[PrivateIPAddress]("private_ip_addresses", "account_id")
	IPPrefixesTable         = table.New[IPPrefix]("ip_prefixes", "account_id")
	GroupMembershipsTable   = table.New[GroupMembership]("network_interface_security_groups", "account_id")
	RouteTablesTable        = table.New[RouteTable]("route_tables", "account_id")
	RouteEntriesTable       = table.New[RouteEntry]("route_entries", "account_id")
	DisksTable              = table.New[DataDisk]("disks", "account_id")
	EIPsTable               = table.New[EIP]("eips", "account_id")
	KeyPairsTable           = table.New[KeyPair]("key_pairs", "account_id")
	EIPAssociationsTable    = table.New[EIPAssociation]("eip_associations", "account_id")

	RouteTableAssociationsTable = table.New[RouteTableAssociation]("route_table_associations", "account_id")
)

// The two ways in which interfaces are stored. WholeInterfacesTable is the view of interfaces with
// their attachments, and is for reading. NetworkInterfacesTable is the table without attachments:
// its rows are what Split returns.
var (
	WholeInterfacesTable   = table.New[NetworkInterface]("whole_network_interfaces", "account_id")
	NetworkInterfacesTable = table.New[NetworkInterface]("network_interfaces", "account_id",
		table.Omit("instance_eni_quantity", "device_index", "trunk_id", "member_quantity", "queues"),
		table.Rename("instance_id", "primary_of"))
)
