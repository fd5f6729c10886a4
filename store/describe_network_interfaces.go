package store

import (
	"context"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedNetworkInterface is a network interface as a reader sees it: settled, with its addresses
// and groups.
type DescribedNetworkInterface struct {
	NetworkInterface
	Addresses        []PrivateIPAddress // only Address and IsPrimary; the primary address of a family comes first
	Prefixes         []netip.Prefix     // its IPv4 prefixes (/28) and IPv6 prefixes (/80)
	SecurityGroupIDs []string           // in the order in which the caller named them

	// CatalogueType is the type of its instance. It is "" if the interface has no instance, or if
	// the type belongs to an account.
	CatalogueType string
}

// IPv4 returns the IPv4 addresses, the primary one first.
func (n DescribedNetworkInterface) IPv4() []PrivateIPAddress { return n.ofFamily(netip.Addr.Is4) }

// IPv6 returns the IPv6 addresses.
func (n DescribedNetworkInterface) IPv6() []PrivateIPAddress { return n.ofFamily(netip.Addr.Is6) }

// IPv4Prefixes returns the IPv4 prefixes.
func (n DescribedNetworkInterface) IPv4Prefixes() []netip.Prefix { return n.prefixesOf(netip.Addr.Is4) }

// IPv6Prefixes returns the IPv6 prefixes.
func (n DescribedNetworkInterface) IPv6Prefixes() []netip.Prefix { return n.prefixesOf(netip.Addr.Is6) }

// PrimaryIP returns the primary IPv4 address, or "" if there is none.
func (n DescribedNetworkInterface) PrimaryIP() string {
	for _, a := range n.IPv4() {
		if a.IsPrimary {
			return a.Address.String()
		}
	}
	return ""
}

func (n DescribedNetworkInterface) prefixesOf(is func(netip.Addr) bool) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range n.Prefixes {
		if is(p.Addr()) {
			out = append(out, p)
		}
	}
	return out
}

func (n DescribedNetworkInterface) ofFamily(is func(netip.Addr) bool) []PrivateIPAddress {
	var out []PrivateIPAddress
	for _, a := range n.Addresses {
		if is(a.Address) {
			out = append(out, a)
		}
	}
	return out
}

// NetworkInterfaceFilter selects interfaces of an account in a region. An interface must match
// every field that is set. The zero value selects all.
type NetworkInterfaceFilter struct {
	AccountID, RegionID string
	IDs                 []string
	InstanceID          string
	VPCID, VSwitchID    string
	SecurityGroupID     string // matches secondary interfaces only
	Type, Status        string
	PrimaryIPs          []netip.Addr // matches any of them as primary IPv4 address
	SecondaryIPs        []netip.Addr // matches any of them as secondary IPv4 address
	IPv6Addresses       []netip.Addr // matches any of them as IPv6 address
	Name                string
	ServiceManaged      *bool
	ResourceGroupID     string
	Tags                TagFilter
}

// networkInterfaceStatements read the interfaces that match. The page reads addresses, prefixes and
// groups only for its own rows.
var networkInterfaceStatements = listStatements{
	count: `
	SELECT count(*)
	FROM settled_network_interfaces($1) n
	WHERE %[1]s`,
	// Deleted interfaces whose time has come are in the kept count until they are purged. They are
	// counted apart, by the index of those that are being deleted.
	kept: `
	SELECT (SELECT coalesce(sum(c.interfaces), 0)::bigint
	        FROM vswitches v
	        JOIN vswitch_counts c ON c.account_id = v.account_id AND c.vswitch_id = v.id
	        WHERE v.account_id = $2 AND v.region_id = $3 AND %[1]s)
	     - (SELECT count(*)
	        FROM network_interfaces n
	        JOIN vswitches v ON v.account_id = n.account_id AND v.id = n.vswitch_id
	        WHERE n.account_id = $2 AND n.region_id = $3 AND n.next_status = 'Deleted' AND n.settles_at <= $1
	          AND %[1]s)`,
	keptArgs: 3,
	page: `
	SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type, n.status,
	       n.instance_id, n.device_index, n.network_card_index, n.mac_address, n.queue_number,
	       n.delete_on_release, n.source_dest_check, n.service_managed,
	       n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at,
	       (SELECT coalesce(json_agg(json_build_object('Address', host(a.address), 'IsPrimary', a.is_primary)
	                                 ORDER BY a.is_primary DESC, a.address), '[]')
	        FROM private_ip_addresses a
	        WHERE a.account_id = n.account_id AND a.network_interface_id = n.id),
	       ARRAY(SELECT p.prefix
	             FROM ip_prefixes p
	             WHERE p.account_id = n.account_id AND p.network_interface_id = n.id
	             ORDER BY p.prefix),
	       ARRAY(SELECT m.security_group_id
	             FROM network_interface_security_groups m
	             WHERE m.account_id = n.account_id AND m.network_interface_id = n.id
	             ORDER BY m.position, m.security_group_id),
	       coalesce((SELECT i.instance_type
	                 FROM instances i
	                 WHERE i.account_id = n.account_id AND i.id = n.instance_id AND i.instance_type_owner_id = ''), '')
	FROM (
	    SELECT *
	    FROM settled_network_interfaces($1) n
	    WHERE %[1]s
	    ORDER BY n.id %[2]s
	) n
	ORDER BY n.id`,
}

// conditions returns the conditions of the filter. It selects from other tables into
// arrays, because Postgres turns an array into a condition on the primary key. The instance is
// compared twice: slots are as they are stored, so they may have an interface that has left.
func (f NetworkInterfaceFilter) conditions(now time.Time, p Page) *conditions {
	c := &conditions{
		base: `n.account_id = $2 AND n.region_id = $3 AND n.id > $4`,
		args: []any{now, f.AccountID, f.RegionID, p.After},
	}
	rowsOfInstance := 0
	if f.InstanceID != "" {
		rowsOfInstance = maxRowsOfSmallList // more only where a scenario defines a type of its own
	}
	c.addKey(len(f.IDs), `n.id = ANY ({})`, f.IDs)
	c.addKey(rowsOfInstance, `n.instance_id = {} AND n.id = ANY (ARRAY(
	          SELECT s.network_interface_id FROM slots s WHERE s.account_id = $2 AND s.instance_id = {}))`,
		f.InstanceID)
	c.addCounted(f.VPCID != "", `n.vpc_id = {}`, `v.vpc_id = {}`, f.VPCID)
	c.addCounted(f.VSwitchID != "", `n.vswitch_id = {}`, `v.id = {}`, f.VSwitchID)
	// Of a large group, only the members from the beginning of the page are read.
	c.add(f.SecurityGroupID != "", `n.type = 'Secondary' AND n.id = ANY (ARRAY(
	          SELECT m.network_interface_id FROM network_interface_security_groups m
	          WHERE m.account_id = $2 AND m.security_group_id = {} AND m.network_interface_id > $4))`,
		f.SecurityGroupID)
	c.add(f.Type != "", `n.type = {}`, f.Type)
	c.add(f.Status != "", `n.status = {}`, f.Status)
	c.addKey(len(f.PrimaryIPs), `n.id = ANY (ARRAY(
	          SELECT a.network_interface_id FROM private_ip_addresses a
	          WHERE a.account_id = $2 AND a.address = ANY ({}) AND family(a.address) = 4 AND a.is_primary))`,
		f.PrimaryIPs)
	c.addKey(len(f.SecondaryIPs), `n.id = ANY (ARRAY(
	          SELECT a.network_interface_id FROM private_ip_addresses a
	          WHERE a.account_id = $2 AND a.address = ANY ({}) AND family(a.address) = 4 AND NOT a.is_primary))`,
		f.SecondaryIPs)
	c.addKey(len(f.IPv6Addresses), `n.id = ANY (ARRAY(
	          SELECT a.network_interface_id FROM private_ip_addresses a
	          WHERE a.account_id = $2 AND a.address = ANY ({}) AND family(a.address) = 6))`, f.IPv6Addresses)
	c.add(f.Name != "", `n.name = {}`, f.Name)
	c.add(f.ServiceManaged != nil, `n.service_managed = {}`, f.ServiceManaged)
	c.add(f.ResourceGroupID != "", `n.resource_group_id = {}`, f.ResourceGroupID)
	c.addTags("n.tags", f.Tags)
	return c
}

// DescribeNetworkInterfaces returns a page of the interfaces that match a filter, settled to now.
func (s *Store) DescribeNetworkInterfaces(
	ctx context.Context, now time.Time, f NetworkInterfaceFilter, p Page,
) (List[DescribedNetworkInterface], error) {
	return readList(ctx, s, p, scanDescribedNetworkInterface, networkInterfaceStatements.query(f.conditions(now, p)))
}

func scanDescribedNetworkInterface(row pgx.CollectableRow) (DescribedNetworkInterface, error) {
	var n DescribedNetworkInterface
	err := row.Scan(&n.AccountID, &n.ID, &n.RegionID, &n.ZoneID, &n.VPCID, &n.VSwitchID, &n.Type, &n.Status,
		&n.InstanceID, &n.DeviceIndex, &n.NetworkCardIndex, &n.MACAddress, &n.QueueNumber,
		&n.DeleteOnRelease, &n.SourceDestCheck, &n.ServiceManaged,
		&n.Name, &n.Description, &n.ResourceGroupID, &n.Tags, &n.Attributes, &n.CreatedAt,
		&n.Addresses, &n.Prefixes, &n.SecurityGroupIDs, &n.CatalogueType)
	n.CreatedAt = n.CreatedAt.UTC()
	return n, err
}
