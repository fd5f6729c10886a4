package store

import (
	"context"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedInstance is an instance as a reader sees it: settled, with its type and its interfaces.
type DescribedInstance struct {
	Instance
	Type              InstanceType                // family, CPUs, memory and I/O optimization only
	NetworkInterfaces []DescribedNetworkInterface // by device index: id, type, MAC address, addresses and groups only
}

// InstanceFilter selects instances of an account. An instance must match every field that is set.
// The zero value selects all.
type InstanceFilter struct {
	AccountID, RegionID  string // a RegionID of "" matches any region
	IDs                  []string
	NamePattern          string // a pattern of LIKE
	VPCID, VSwitchID     string
	ZoneID               string
	SecurityGroupID      string // a group of the primary interface
	InstanceType, Family string
	Status               string
	NetworkType          string
	ResourceGroupID      string
	ImageIDs             []string // matches any of them; "" matches an instance without an image
	ChargeTypes          []string // charge types, in the same way
	KeyPairName          string
	RAMRoleName          string
	PrimaryIPs           []netip.Addr // matches any of them as primary IPv4 address of the primary interface
	IPv6Addresses        []netip.Addr // matches any of them as IPv6 address of any interface
	Tags                 TagFilter
}

// matchingInstances selects the rows of a page of instances, with what a list shows of their types.
const matchingInstances = `
	    FROM settled_instances($1) i
	    JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	    WHERE %[1]s`

// instanceStatements read the instances that match. The page reads the interfaces only of its own
// rows.
var instanceStatements = listStatements{
	count: `
	    SELECT count(*)` + matchingInstances,
	page: `
	SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id,
	       i.instance_type, i.status,
	       i.name, i.description, i.host_name, i.resource_group_id, i.tags, i.attributes, i.created_at, i.started_at,
	       i.family, i.vcpus, i.memory_gib, i.io_optimized,
	       (SELECT coalesce(json_agg(json_build_object(
	            'ID', n.id, 'Type', n.type, 'MACAddress', n.mac_address,
	            'Addresses', (
	                SELECT coalesce(json_agg(json_build_object('Address', host(a.address), 'IsPrimary', a.is_primary)
	                                         ORDER BY a.is_primary DESC, a.address), '[]')
	                FROM private_ip_addresses a
	                WHERE a.account_id = n.account_id AND a.network_interface_id = n.id),
	            'Prefixes', ARRAY(
	                SELECT p.prefix
	                FROM ip_prefixes p
	                WHERE p.account_id = n.account_id AND p.network_interface_id = n.id
	                ORDER BY p.prefix),
	            'SecurityGroupIDs', ARRAY(
	                SELECT m.security_group_id
	                FROM network_interface_security_groups m
	                WHERE m.account_id = n.account_id AND m.network_interface_id = n.id
	                ORDER BY m.position, m.security_group_id)) ORDER BY n.device_index), '[]')
	        FROM settled_network_interfaces($1) n
	        WHERE n.account_id = i.account_id AND n.instance_id = i.id AND n.id = ANY (ARRAY(
	            SELECT s.network_interface_id FROM slots s WHERE s.account_id = i.account_id AND s.instance_id = i.id)))
	FROM (
	    SELECT i.*, t.family, t.vcpus, t.memory_gib, t.io_optimized` + matchingInstances + `
	    ORDER BY i.id %[2]s
	) i
	ORDER BY i.id`,
}

// conditions returns the conditions of the filter. For their form see those of
// NetworkInterfaceFilter. A primary interface never leaves its
// instance.
func (f InstanceFilter) conditions(now time.Time, p Page) *conditions {
	c := &conditions{
		base: `i.account_id = $2 AND ($3 = '' OR i.region_id = $3) AND i.id > $4`,
		args: []any{now, f.AccountID, f.RegionID, p.After},
	}
	c.addKey(len(f.IDs), `i.id = ANY ({})`, f.IDs)
	// An instance without a name is shown by its id.
	c.add(f.NamePattern != "", `coalesce(nullif(i.name, ''), i.id) LIKE {}`, f.NamePattern)
	c.add(f.VPCID != "", `i.vpc_id = {}`, f.VPCID)
	c.add(f.VSwitchID != "", `i.vswitch_id = {}`, f.VSwitchID)
	c.add(f.ZoneID != "", `i.zone_id = {}`, f.ZoneID)
	c.add(f.SecurityGroupID != "", `i.id = ANY (ARRAY(
	          SELECT p.primary_of
	          FROM network_interface_security_groups m
	          JOIN network_interfaces p ON p.account_id = m.account_id AND p.id = m.network_interface_id
	          WHERE m.account_id = $2 AND m.security_group_id = {} AND p.primary_of IS NOT NULL))`, f.SecurityGroupID)
	c.add(f.InstanceType != "", `i.instance_type = {}`, f.InstanceType)
	c.add(f.Family != "", `t.family = {}`, f.Family)
	c.add(f.Status != "", `i.status = {}`, f.Status)
	c.add(f.NetworkType != "", `i.network_type = {}`, f.NetworkType)
	c.add(f.ResourceGroupID != "", `i.resource_group_id = {}`, f.ResourceGroupID)
	c.addKey(len(f.PrimaryIPs), `i.id = ANY (ARRAY(
	          SELECT p.primary_of
	          FROM private_ip_addresses a
	          JOIN network_interfaces p ON p.account_id = a.account_id AND p.id = a.network_interface_id
	          WHERE a.account_id = $2 AND a.address = ANY ({}) AND family(a.address) = 4 AND a.is_primary
	            AND p.primary_of IS NOT NULL))`,
		f.PrimaryIPs)
	c.addKey(len(f.IPv6Addresses), `i.id = ANY (ARRAY(
	          SELECT n.instance_id
	          FROM private_ip_addresses a
	          JOIN settled_network_interfaces($1) n ON n.account_id = a.account_id AND n.id = a.network_interface_id
	          WHERE a.account_id = $2 AND a.address = ANY ({}) AND family(a.address) = 6
	            AND n.instance_id IS NOT NULL))`,
		f.IPv6Addresses)
	c.addTags("i.tags", f.Tags)
	c.add(len(f.ImageIDs) > 0, `coalesce(i.attributes->>'ImageID', '') = ANY ({})`, f.ImageIDs)
	c.add(len(f.ChargeTypes) > 0, `coalesce(i.attributes->>'InstanceChargeType', '') = ANY ({})`, f.ChargeTypes)
	c.add(f.KeyPairName != "", `i.attributes->>'KeyPairName' = {}`, f.KeyPairName)
	c.add(f.RAMRoleName != "", `i.attributes->>'RAMRoleName' = {}`, f.RAMRoleName)
	return c
}

// DescribeInstances returns a page of the instances that match a filter, settled to now.
func (s *Store) DescribeInstances(
	ctx context.Context, now time.Time, f InstanceFilter, p Page,
) (List[DescribedInstance], error) {
	return readList(ctx, s, p, scanDescribedInstance, instanceStatements.query(f.conditions(now, p)))
}

func scanDescribedInstance(row pgx.CollectableRow) (DescribedInstance, error) {
	var i DescribedInstance
	err := row.Scan(&i.AccountID, &i.ID, &i.RegionID, &i.ZoneID, &i.NetworkType, &i.VPCID, &i.VSwitchID,
		&i.InstanceType, &i.Status,
		&i.Name, &i.Description, &i.HostName, &i.ResourceGroupID, &i.Tags, &i.Attributes, &i.CreatedAt, &i.StartedAt,
		&i.Type.Family, &i.Type.VCPUs, &i.Type.MemoryGiB, &i.Type.IOOptimized, &i.NetworkInterfaces)
	i.Type.ID, i.CreatedAt = i.InstanceType, i.CreatedAt.UTC()
	if i.StartedAt != nil {
		i.StartedAt = new(i.StartedAt.UTC())
	}
	return i, err
}
