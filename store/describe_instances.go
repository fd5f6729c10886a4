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

// matchingInstances selects the instances that match a filter. For the form of its conditions see
// matchingNetworkInterfaces. The stored row of a primary interface is always settled, because it
// never leaves its instance.
const matchingInstances = `
	WITH matching AS (
	    SELECT i.*, t.family, t.vcpus, t.memory_gib, t.io_optimized
	    FROM settled_instances($1) i
	    JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
	    WHERE i.account_id = $2 AND ($3 = '' OR i.region_id = $3) AND i.id > $4
	      AND (nullif($5::text[], '{}') IS NULL OR i.id = ANY ($5))
	      AND ($6 = '' OR coalesce(nullif(i.name, ''), i.id) LIKE $6) -- one without a name is shown by its id
	      AND ($7 = '' OR i.vpc_id = $7)
	      AND ($8 = '' OR i.vswitch_id = $8)
	      AND ($9 = '' OR i.zone_id = $9)
	      AND ($10 = '' OR i.id = ANY (ARRAY(
	          SELECT p.instance_id
	          FROM network_interface_security_groups m
	          JOIN network_interfaces p ON p.account_id = m.account_id AND p.id = m.network_interface_id
	          WHERE m.account_id = $2 AND m.security_group_id = $10 AND p.type = 'Primary')))
	      AND ($11 = '' OR i.instance_type = $11)
	      AND ($12 = '' OR t.family = $12)
	      AND ($13 = '' OR i.status = $13)
	      AND ($14 = '' OR i.network_type = $14)
	      AND ($15 = '' OR i.resource_group_id = $15)
	      AND (nullif($16::inet[], '{}') IS NULL OR i.id = ANY (ARRAY(
	          SELECT p.instance_id
	          FROM private_ip_addresses a
	          JOIN network_interfaces p ON p.account_id = a.account_id AND p.id = a.network_interface_id
	          WHERE a.account_id = $2 AND a.address = ANY ($16) AND family(a.address) = 4 AND a.is_primary AND p.type = 'Primary')))
	      AND (nullif($17::inet[], '{}') IS NULL OR i.id = ANY (ARRAY(
	          SELECT n.instance_id
	          FROM private_ip_addresses a
	          JOIN settled_network_interfaces($1) n ON n.account_id = a.account_id AND n.id = a.network_interface_id
	          WHERE a.account_id = $2 AND a.address = ANY ($17) AND family(a.address) = 6 AND n.instance_id IS NOT NULL)))
	      AND (nullif($18::jsonb[], '{}') IS NULL OR i.tags @> ALL ($18))
	      AND (nullif($19::text[], '{}') IS NULL OR i.tags ?& $19)
	      AND (nullif($20::text[], '{}') IS NULL OR coalesce(i.attributes->>'ImageID', '') = ANY ($20))
	      AND (nullif($21::text[], '{}') IS NULL OR coalesce(i.attributes->>'InstanceChargeType', '') = ANY ($21))
	      AND ($22 = '' OR i.attributes->>'KeyPairName' = $22)
	      AND ($23 = '' OR i.attributes->>'RAMRoleName' = $23)
	)`

const countInstances = matchingInstances + `
	SELECT count(*) FROM matching`

const pageOfInstances = matchingInstances + `
	SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id, i.instance_type, i.status,
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
	        WHERE n.account_id = i.account_id AND n.stored_instance_id = i.id AND n.instance_id = i.id)
	FROM (SELECT * FROM matching ORDER BY id LIMIT $24 OFFSET $25) i
	ORDER BY i.id`

// DescribeInstances returns a page of the instances that match a filter, settled to now.
func (s *Store) DescribeInstances(
	ctx context.Context, now time.Time, f InstanceFilter, p Page,
) (List[DescribedInstance], error) {
	return list(ctx, s, p, scanDescribedInstance, countInstances, pageOfInstances, f.arguments(now, p)...)
}

// arguments returns the arguments of matchingInstances.
func (f InstanceFilter) arguments(now time.Time, p Page) []any {
	return []any{
		now, f.AccountID, f.RegionID, p.After, f.IDs, f.NamePattern, f.VPCID, f.VSwitchID, f.ZoneID, f.SecurityGroupID,
		f.InstanceType, f.Family, f.Status, f.NetworkType, f.ResourceGroupID, f.PrimaryIPs, f.IPv6Addresses,
		f.Tags.Pairs, f.Tags.Keys, f.ImageIDs, f.ChargeTypes, f.KeyPairName, f.RAMRoleName,
	}
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
