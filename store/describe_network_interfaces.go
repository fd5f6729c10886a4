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
	EIPs             []EIPOfAddress     // on its addresses, by id

	// DefaultQueues is how many queues it has unless a number is set. It is nil if the interface has no
	// instance, or if no source gives the figure of its type.
	DefaultQueues *int
}

// IPv4 returns the IPv4 addresses, the primary one first.
func (n DescribedNetworkInterface) IPv4() []PrivateIPAddress { return n.ofFamily(netip.Addr.Is4) }

// IPv6 returns the IPv6 addresses.
func (n DescribedNetworkInterface) IPv6() []PrivateIPAddress { return n.ofFamily(netip.Addr.Is6) }

// IPv4Prefixes returns the IPv4 prefixes.
func (n DescribedNetworkInterface) IPv4Prefixes() []netip.Prefix { return n.prefixesOf(netip.Addr.Is4) }

// IPv6Prefixes returns the IPv6 prefixes.
func (n DescribedNetworkInterface) IPv6Prefixes() []netip.Prefix { return n.prefixesOf(netip.Addr.Is6) }

// EIPOn returns the EIP that is on an address of the interface, or nil if there is none.
func (n DescribedNetworkInterface) EIPOn(address netip.Addr) *EIPOfAddress {
	for k := range n.EIPs {
		if n.EIPs[k].PrivateIPAddress == address {
			return &n.EIPs[k]
		}
	}
	return nil
}

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
	SecurityGroupID     string       // matches interfaces that are not primary
	Type, Status        string       // as shown: the type of a member is ENIMember
	PrimaryIPs          []netip.Addr // matches any of them as primary IPv4 address
	SecondaryIPs        []netip.Addr // matches any of them as secondary IPv4 address
	IPv6Addresses       []netip.Addr // matches any of them as IPv6 address
	Name                string
	ServiceManaged      *bool
	ResourceGroupID     string
	Tags                TagFilter
}

// networkInterfaceStatements read the interfaces that match.
var networkInterfaceStatements = listStatements{
	ids: `
	    SELECT n.id
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
	       n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at, n.trunk_id, n.traffic_mode,
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
	       (SELECT CASE n.type WHEN 'Primary' THEN t.primary_eni_queues ELSE t.secondary_eni_queues END
	        FROM instances i
	        JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	        WHERE i.account_id = n.account_id AND i.id = n.instance_id),
	       (SELECT json_agg(json_build_object(
	                   'PrivateIPAddress', host(e.private_ip_address), 'ID', e.eip_id,
	                   'IPAddress', (SELECT host(p.ip_address) FROM eips p
	                                 WHERE p.account_id = e.account_id AND p.id = e.eip_id)) ORDER BY e.eip_id)
	        FROM eip_associations e
	        WHERE e.account_id = n.account_id AND e.network_interface_id = n.id
	          AND (e.settles_at <= $1 AND e.next_status = 'Available') IS NOT TRUE)
	FROM (%[1]s
	) page
	CROSS JOIN LATERAL (
	    SELECT * FROM settled_network_interfaces($1) n WHERE n.account_id = $2 AND n.id = page.id OFFSET 0
	) n
	ORDER BY page.id`,
}

// The paths of lists of interfaces. A LATERAL subquery with OFFSET 0 looks up one row for each row
// before it, whatever the planner thinks, so the order of these is kept.
const (
	// The rows before a page are skipped in the index alone, without reading the interfaces. The index
	// has the condition that an id is not empty.
	pathOfInterfaces = `
	    SELECT n.id
	    FROM network_interfaces n
	    WHERE n.account_id = $2 AND n.region_id = $3 AND n.id > $4 AND n.id <> ''
	      AND n.id NOT IN (` + deletedInterfaces + `)`

	// In a small table, its index is not better than the primary key. So this path is planned each time.
	pathOfVSwitch = `
	    SELECT n.id
	    FROM network_interfaces n
	    WHERE n.account_id = $2 AND n.vswitch_id = {} AND n.id > $4
	      AND EXISTS (SELECT FROM vswitches v WHERE v.account_id = $2 AND v.id = {} AND v.region_id = $3)
	      AND n.id NOT IN (` + deletedInterfaces + `)`

	deletedInterfaces = `
	          SELECT d.id FROM network_interfaces d
	          WHERE d.account_id = $2 AND d.next_status = 'Deleted' AND d.settles_at <= $1`

	pathOfGroup = `
	    SELECT n.id
	    FROM (
	        SELECT m.network_interface_id AS id
	        FROM network_interface_security_groups m
	        WHERE m.account_id = $2 AND m.security_group_id = {} AND m.network_interface_id > $4
	        ORDER BY m.network_interface_id OFFSET 0
	    ) n
	    CROSS JOIN LATERAL (
	        SELECT FROM network_interfaces i
	        WHERE i.account_id = $2 AND i.id = n.id AND i.region_id = $3 AND i.type <> 'Primary' ` + notDeleted + `
	        OFFSET 0
	    ) i`

	notDeleted = `AND (i.settles_at <= $1 AND i.next_status = 'Deleted') IS NOT TRUE`

	// The interfaces and the attachments are merged in the order of both. So a page reads of each table
	// only what lies between its first row and its last one, however rare the status is.
	pathOfStatus = `
	    SELECT n.id
	    FROM (
	        SELECT i.id, i.status
	        FROM network_interfaces i
	        WHERE i.account_id = $2 AND i.region_id = $3 AND i.id > $4 ` + notDeleted + `
	        ORDER BY i.id OFFSET 0
	    ) n
	    LEFT JOIN (
	        SELECT a.network_interface_id,
	               CASE WHEN a.settles_at <= $1 THEN a.next_status ELSE a.status END AS status
	        FROM attachments a
	        WHERE a.account_id = $2 AND a.network_interface_id > $4
	        ORDER BY a.network_interface_id OFFSET 0
	    ) a ON a.network_interface_id = n.id
	    WHERE coalesce(a.status, n.status) = {}`

	// Only an attachment has the status Attaching or Detaching. It lies in the zone of its interface.
	pathOfAttachmentStatus = `
	    SELECT a.network_interface_id AS id
	    FROM attachments a
	    WHERE a.account_id = $2 AND a.network_interface_id > $4 AND ` + attachmentsOfRegion + `
	      AND CASE WHEN a.settles_at <= $1 THEN a.next_status ELSE a.status END = {}`

	attachmentsOfRegion = `a.zone_id = ANY (ARRAY(SELECT z.id FROM zones z WHERE z.region_id = $3))`

	// A primary interface is InUse, or it would not exist.
	pathOfInUse = `
	    SELECT n.id
	    FROM ((
	        SELECT p.id
	        FROM network_interfaces p
	        WHERE p.account_id = $2 AND p.region_id = $3 AND p.id > $4 AND p.type = 'Primary'
	        ORDER BY p.id
	    ) UNION ALL (` + pathOfAttachmentStatus + `
	        ORDER BY a.network_interface_id
	    )) n`

	// The number of interfaces is read where it is kept. Their attachments are counted.
	keptCounts = `
	        FROM vswitches v
	        JOIN vswitch_counts c ON c.account_id = v.account_id AND c.vswitch_id = v.id
	        WHERE v.account_id = $2 AND v.region_id = $3`

	countOfInUse = `
	SELECT (SELECT coalesce(sum(c.interfaces - c.secondary_interfaces), 0)::bigint` + keptCounts + `)
	     + (SELECT count(*) FROM (` + pathOfAttachmentStatus + `
	       ) attached)`

	countOfAvailable = `
	SELECT (SELECT coalesce(sum(c.secondary_interfaces), 0)::bigint` + keptCounts + `)
	     - (SELECT count(*) FROM network_interfaces i
	        WHERE i.account_id = $2 AND i.region_id = $3 AND i.id > $4 AND i.status = 'Deleting')
	     - (SELECT count(*) FROM attachments a
	        WHERE a.account_id = $2 AND ` + attachmentsOfRegion + `
	          AND CASE WHEN a.settles_at <= $1 THEN a.next_status ELSE a.status END <> {})`

	// Only an interface that is not attached is Deleting. The argument is this status.
	pathOfDeleting = `
	    SELECT i.id
	    FROM network_interfaces i
	    WHERE i.account_id = $2 AND i.region_id = $3 AND i.id > $4 AND i.status = 'Deleting' AND i.status = {}
	      ` + notDeleted

	pathOfInterfaceTags = `
	    CROSS JOIN LATERAL (
	        SELECT FROM network_interfaces i
	        WHERE i.account_id = $2 AND i.id = n.id AND i.region_id = $3 ` + notDeleted
	pathOfInterfaceTagPairs = idsByTagPairs + pathOfInterfaceTags + ` AND i.tags @> ALL ({}::jsonb[])
	        OFFSET 0
	    ) i`
	pathOfInterfaceTagKeys = idsByTagKeys + pathOfInterfaceTags + ` AND i.tags ?& {}::text[]
	        OFFSET 0
	    ) i`
)

// pathByStatus returns the path of the list by a status.
func pathByStatus(status string) path {
	switch status {
	case ENIAttaching, ENIDetaching:
		return path{ids: pathOfAttachmentStatus, plans: planPath}
	case ENIInUse:
		return path{ids: pathOfInUse, plans: planPath, count: countOfInUse}
	case ENIDeleting:
		return path{ids: pathOfDeleting, plans: planPath}
	case ENIAvailable:
		return path{ids: pathOfStatus, plans: planMergePath, count: countOfAvailable}
	}
	return path{ids: pathOfStatus, plans: planMergePath}
}

// conditions returns the conditions of the filter. It selects from other tables into
// arrays, because Postgres turns an array into a condition on the primary key. The instance is
// compared twice: slots are as they are stored, so they may have an interface that has left.
func (f NetworkInterfaceFilter) conditions(now time.Time, p Page) *conditions {
	c := &conditions{
		base: `n.account_id = $2 AND n.region_id = $3 AND n.id > $4`,
		args: []any{now, f.AccountID, f.RegionID, p.After},
		path: path{ids: pathOfInterfaces, plans: planPath},
	}
	rowsOfInstance := 0
	if f.InstanceID != "" {
		rowsOfInstance = maxRowsOfSmallList // more only where a scenario defines a type of its own
	}
	c.addKey(len(f.IDs), `n.id = ANY ({})`, f.IDs)
	c.addKey(rowsOfInstance, `n.instance_id = {} AND n.id = ANY (ARRAY(
	          SELECT s.network_interface_id FROM slots s WHERE s.account_id = $2 AND s.instance_id = {}))`,
		f.InstanceID)
	c.addCounted(f.VPCID != "", `n.vpc_id = {}`, `v.vpc_id = {}`, path{}, f.VPCID)
	c.filters = append(c.filters, filter{condition: `n.vswitch_id = {}`, keptCondition: `v.id = {}`, arg: f.VSwitchID,
		isSet: f.VSwitchID != "", path: path{ids: pathOfVSwitch, plans: planEach}, isNarrow: true})
	// Of a large group, only the members from the beginning of the page are read.
	c.addNarrow(f.SecurityGroupID != "", `n.type <> 'Primary' AND n.id = ANY (ARRAY(
	          SELECT m.network_interface_id FROM network_interface_security_groups m
	          WHERE m.account_id = $2 AND m.security_group_id = {} AND m.network_interface_id > $4))`,
		path{ids: pathOfGroup, plans: planPath}, f.SecurityGroupID)
	// A member is stored as a secondary interface.
	c.add(f.Type != "", `CASE WHEN n.trunk_id <> n.id THEN 'Member' ELSE n.type END = {}`, f.Type)
	c.addPath(f.Status != "", `n.status = {}`, pathByStatus(f.Status), f.Status)
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
	c.addTags("n.tags", f.Tags, taggedPath(TaggedNetworkInterface, pathOfInterfaceTagPairs),
		taggedPath(TaggedNetworkInterface, pathOfInterfaceTagKeys))
	return c
}

// DescribeNetworkInterfaces returns a page of the interfaces that match a filter, settled to now.
func (s *Store) DescribeNetworkInterfaces(
	ctx context.Context, now time.Time, f NetworkInterfaceFilter, p Page,
) (List[DescribedNetworkInterface], error) {
	return readList(ctx, s, p, scanDescribedNetworkInterface, networkInterfaceStatements.query(f.conditions(now, p), p))
}

func scanDescribedNetworkInterface(row pgx.CollectableRow) (DescribedNetworkInterface, error) {
	var n DescribedNetworkInterface
	err := row.Scan(&n.AccountID, &n.ID, &n.RegionID, &n.ZoneID, &n.VPCID, &n.VSwitchID, &n.Type, &n.Status,
		&n.InstanceID, &n.DeviceIndex, &n.NetworkCardIndex, &n.MACAddress, &n.QueueNumber,
		&n.DeleteOnRelease, &n.SourceDestCheck, &n.ServiceManaged,
		&n.Name, &n.Description, &n.ResourceGroupID, &n.Tags, &n.Attributes, &n.CreatedAt, &n.TrunkID, &n.TrafficMode,
		&n.Addresses, &n.Prefixes, &n.SecurityGroupIDs, &n.DefaultQueues, &n.EIPs)
	n.CreatedAt = n.CreatedAt.UTC()
	return n, err
}
