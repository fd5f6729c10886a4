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
	Type InstanceType // family, CPUs, memory and I/O optimization only

	// By device index: id, type, MAC address, addresses, groups and EIPs only.
	NetworkInterfaces []DescribedNetworkInterface
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
	RenewalStatuses      []string     // of subscriptions, like ImageIDs
	PrimaryIPs           []netip.Addr // matches any of them as primary IPv4 address of the primary interface
	IPv6Addresses        []netip.Addr // matches any of them as IPv6 address of any interface
	Tags                 TagFilter
}

// instanceStatements read the instances that match, without their interfaces.
var instanceStatements = listStatements{
	ids: `
	    SELECT i.id
	    FROM settled_instances($1) i
	    WHERE %[1]s`,
	// Each instance of a VPC has one primary interface, so these are counted, and classic instances
	// apart. The time ($1) does not matter: an instance exists until its row is deleted.
	kept: `
	SELECT (SELECT coalesce(sum(c.interfaces - c.secondary_interfaces), 0)::bigint
	        FROM vswitches v
	        JOIN vswitch_counts c ON c.account_id = v.account_id AND c.vswitch_id = v.id
	        WHERE v.account_id = $2 AND ($3 = '' OR v.region_id = $3) AND %[1]s)
	     + (SELECT count(*)
	        FROM instances i
	        LEFT JOIN vswitches v ON v.account_id = i.account_id AND v.id = i.vswitch_id
	        WHERE i.account_id = $2 AND ($3 = '' OR i.region_id = $3) AND i.vswitch_id IS NULL AND %[1]s
	          AND $1::timestamptz IS NOT NULL)`,
	keptArgs: 3,
	page: `
	WITH page AS MATERIALIZED (%[1]s
	), noted AS MATERIALIZED (
	    SELECT set_config('enisim.instances', ARRAY(SELECT id FROM page)::text, true)
	)
	SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id,
	       i.instance_type, i.status,
	       i.name, i.description, i.host_name, i.resource_group_id, i.tags, i.attributes, i.created_at, i.started_at,
	       t.family, t.vcpus, t.memory_gib, t.io_optimized
	FROM noted
	CROSS JOIN page
	CROSS JOIN LATERAL (
	    SELECT * FROM settled_instances($1) i WHERE i.account_id = $2 AND i.id = page.id OFFSET 0
	) i
	CROSS JOIN LATERAL (
	    SELECT * FROM instance_types t WHERE t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type OFFSET 0
	) t
	ORDER BY i.id`,
}

// The paths of lists of instances. See those of interfaces.
const (
	pathOfInstances = `
	    SELECT i.id
	    FROM settled_instances($1) i
	    WHERE i.account_id = $2 AND ($3 = '' OR i.region_id = $3) AND i.id > $4`

	pathOfInstanceTags = `
	    CROSS JOIN LATERAL (
	        SELECT FROM settled_instances($1) i
	        WHERE i.account_id = $2 AND i.id = n.id AND ($3 = '' OR i.region_id = $3)`
	pathOfInstanceTagPairs = idsByTagPairs + pathOfInstanceTags + ` AND i.tags @> ALL ({}::jsonb[])
	        OFFSET 0
	    ) i`
	pathOfInstanceTagKeys = idsByTagKeys + pathOfInstanceTags + ` AND i.tags ?& {}::text[]
	        OFFSET 0
	    ) i`
)

// conditions returns the conditions of the filter. For their form see those of
// NetworkInterfaceFilter. A primary interface never leaves its instance, so some conditions look for
// that interface as it is stored.
func (f InstanceFilter) conditions(now time.Time, p Page) *conditions {
	c := &conditions{
		base: `i.account_id = $2 AND ($3 = '' OR i.region_id = $3) AND i.id > $4`,
		args: []any{now, f.AccountID, f.RegionID, p.After},
		path: path{ids: pathOfInstances, plans: planPath},
	}
	c.addKey(len(f.IDs), `i.id = ANY ({})`, f.IDs)
	// An instance without a name is shown by its id.
	c.add(f.NamePattern != "", `coalesce(nullif(i.name, ''), i.id) LIKE {}`, f.NamePattern)
	c.addCounted(f.VPCID != "", `i.vpc_id = {}`, `v.vpc_id = {}`, path{}, f.VPCID)
	c.addNarrow(f.VSwitchID != "", `i.vswitch_id = {}`, path{}, f.VSwitchID)
	c.add(f.ZoneID != "", `i.zone_id = {}`, f.ZoneID)
	c.addNarrow(f.SecurityGroupID != "", `i.id = ANY (ARRAY(
	          SELECT p.primary_of
	          FROM network_interface_security_groups m
	          JOIN network_interfaces p ON p.account_id = m.account_id AND p.id = m.network_interface_id
	          WHERE m.account_id = $2 AND m.security_group_id = {} AND p.primary_of IS NOT NULL))`,
		path{}, f.SecurityGroupID)
	c.add(f.InstanceType != "", `i.instance_type = {}`, f.InstanceType)
	c.add(f.Family != "", `(i.instance_type_owner_id, i.instance_type) IN (
	          SELECT t.owner_id, t.id FROM instance_types t WHERE t.family = {})`, f.Family)
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
	c.addTags("i.tags", f.Tags, taggedPath(TaggedInstance, pathOfInstanceTagPairs),
		taggedPath(TaggedInstance, pathOfInstanceTagKeys))
	c.add(len(f.ImageIDs) > 0, `coalesce(i.attributes->>'ImageID', '') = ANY ({})`, f.ImageIDs)
	c.add(len(f.ChargeTypes) > 0, `coalesce(i.attributes->>'InstanceChargeType', '') = ANY ({})`, f.ChargeTypes)
	c.add(f.KeyPairName != "", `i.attributes->>'KeyPairName' = {}`, f.KeyPairName)
	c.add(len(f.RenewalStatuses) > 0, `coalesce(i.attributes->'Renewal'->>'Status', '') = ANY ({})`, f.RenewalStatuses)
	c.add(f.RAMRoleName != "", `i.attributes->>'RAMRoleName' = {}`, f.RAMRoleName)
	return c
}

// DescribeInstances returns a page of the instances that match a filter, settled to now.
func (s *Store) DescribeInstances(
	ctx context.Context, now time.Time, f InstanceFilter, p Page,
) (List[DescribedInstance], error) {
	q := instanceStatements.query(f.conditions(now, p), p)
	var found interfacesOfInstances
	q.readParts = func(batch *pgx.Batch) { found.read(batch, now, f.AccountID) }
	list, err := readList(ctx, s, p, scanDescribedInstance, q)
	for k := range list.Rows {
		list.Rows[k].NetworkInterfaces = found.of(list.Rows[k].ID)
	}
	return list, err
}

func scanDescribedInstance(row pgx.CollectableRow) (DescribedInstance, error) {
	var i DescribedInstance
	err := row.Scan(&i.AccountID, &i.ID, &i.RegionID, &i.ZoneID, &i.NetworkType, &i.VPCID, &i.VSwitchID,
		&i.InstanceType, &i.Status,
		&i.Name, &i.Description, &i.HostName, &i.ResourceGroupID, &i.Tags, &i.Attributes, &i.CreatedAt, &i.StartedAt,
		&i.Type.Family, &i.Type.VCPUs, &i.Type.MemoryGiB, &i.Type.IOOptimized)
	i.Type.ID, i.CreatedAt = i.InstanceType, i.CreatedAt.UTC()
	if i.StartedAt != nil {
		i.StartedAt = new(i.StartedAt.UTC())
	}
	return i, err
}

// interfacesOfInstances are the interfaces of the instances of a page. Each kind of row is read for
// the whole page at once: a subquery for each instance took Postgres twice as long. A statement
// leaves the ids that it found in a setting of the transaction for the next ones, so all of them are
// sent together.
type interfacesOfInstances struct {
	all        []DescribedNetworkInterface // those of an instance follow each other, by device index
	byID       map[string]int              // positions in all
	ofInstance map[string]span             // by instance, positions in all
}

// span is a part of a slice.
type span struct{ start, end int }

// of returns the interfaces of an instance.
func (f *interfacesOfInstances) of(instanceID string) []DescribedNetworkInterface {
	s := f.ofInstance[instanceID]
	return f.all[s.start:s.end:s.end]
}

// The statements that read the interfaces of the instances in the setting. The interfaces of an
// instance are its primary one and those of its attachments that have not left it.
const (
	interfacesOfPage = `
	WITH found AS MATERIALIZED (
	    SELECT n.id, n.primary_of AS instance_id, n.type, n.mac_address, 0 AS device_index
	    FROM network_interfaces n
	    WHERE n.account_id = $1 AND n.primary_of = ANY (nullif(current_setting('enisim.instances', true), '')::text[])
	    UNION ALL
	    SELECT n.id, a.instance_id, n.type, n.mac_address, a.device_index
	    FROM attachments a
	    CROSS JOIN LATERAL (
	        SELECT * FROM network_interfaces n WHERE n.account_id = $1 AND n.id = a.network_interface_id OFFSET 0
	    ) n
	    WHERE a.account_id = $1 AND a.instance_id = ANY (nullif(current_setting('enisim.instances', true), '')::text[])
	      AND (a.settles_at <= $2 AND a.next_status = 'Available') IS NOT TRUE
	), noted AS MATERIALIZED (
	    SELECT set_config('enisim.interfaces', ARRAY(SELECT id FROM found)::text, true)
	)
	SELECT f.id, f.instance_id, f.type, f.mac_address
	FROM noted
	CROSS JOIN found f
	ORDER BY f.instance_id, f.device_index`

	addressesOfPage = `
	SELECT a.network_interface_id, a.address, a.is_primary
	FROM private_ip_addresses a
	WHERE a.account_id = $1
	  AND a.network_interface_id = ANY (nullif(current_setting('enisim.interfaces', true), '')::text[])
	ORDER BY a.is_primary DESC, a.address`

	prefixesOfPage = `
	SELECT p.network_interface_id, p.prefix
	FROM ip_prefixes p
	WHERE p.account_id = $1
	  AND p.network_interface_id = ANY (nullif(current_setting('enisim.interfaces', true), '')::text[])
	ORDER BY p.prefix`

	groupsOfPage = `
	SELECT m.network_interface_id, m.security_group_id
	FROM network_interface_security_groups m
	WHERE m.account_id = $1
	  AND m.network_interface_id = ANY (nullif(current_setting('enisim.interfaces', true), '')::text[])
	ORDER BY m.position, m.security_group_id`

	eipsOfPage = `
	SELECT a.network_interface_id, a.private_ip_address, e.id, e.ip_address, e.bandwidth,
	       coalesce(e.attributes->>'InternetChargeType', '')
	FROM eip_associations a
	CROSS JOIN LATERAL (
	    SELECT * FROM eips e WHERE e.account_id = $1 AND e.id = a.eip_id OFFSET 0
	) e
	WHERE a.account_id = $1
	  AND a.network_interface_id = ANY (nullif(current_setting('enisim.interfaces', true), '')::text[])
	  AND (a.settles_at <= $2 AND a.next_status = 'Available') IS NOT TRUE
	ORDER BY e.id`
)

// read queues the reads, behind that of the instances. Each kind of row has a small type of its own,
// because every row of a page takes one.
func (f *interfacesOfInstances) read(batch *pgx.Batch, now time.Time, accountID string) {
	f.all, f.byID, f.ofInstance = []DescribedNetworkInterface{}, map[string]int{}, map[string]span{}
	type interfaceRow struct{ id, instanceID, kind, macAddress string }
	batch.Queue(interfacesOfPage, accountID, now).Query(each(
		func(r *interfaceRow) []any { return []any{&r.id, &r.instanceID, &r.kind, &r.macAddress} },
		func(r interfaceRow) {
			k := len(f.all)
			f.byID[r.id] = k
			of, found := f.ofInstance[r.instanceID]
			if !found {
				of.start = k
			}
			f.ofInstance[r.instanceID] = span{of.start, k + 1}
			f.all = append(f.all, DescribedNetworkInterface{
				NetworkInterface: NetworkInterface{
					AttachableENI: AttachableENI{ID: r.id, Type: r.kind}, MACAddress: r.macAddress,
				},
				Addresses: []PrivateIPAddress{}, Prefixes: []netip.Prefix{}, SecurityGroupIDs: []string{},
			})
		}))
	// The other rows are those of the interfaces that were found.
	type addressRow struct {
		eniID     string
		address   netip.Addr
		isPrimary bool
	}
	batch.Queue(addressesOfPage, accountID).Query(each(
		func(r *addressRow) []any { return []any{&r.eniID, &r.address, &r.isPrimary} },
		func(r addressRow) {
			n := &f.all[f.byID[r.eniID]]
			n.Addresses = append(n.Addresses, PrivateIPAddress{Address: r.address, IsPrimary: r.isPrimary})
		}))
	type prefixRow struct {
		eniID  string
		prefix netip.Prefix
	}
	batch.Queue(prefixesOfPage, accountID).Query(each(
		func(r *prefixRow) []any { return []any{&r.eniID, &r.prefix} },
		func(r prefixRow) {
			n := &f.all[f.byID[r.eniID]]
			n.Prefixes = append(n.Prefixes, r.prefix)
		}))
	type groupRow struct{ eniID, groupID string }
	batch.Queue(groupsOfPage, accountID).Query(each(
		func(r *groupRow) []any { return []any{&r.eniID, &r.groupID} },
		func(r groupRow) {
			n := &f.all[f.byID[r.eniID]]
			n.SecurityGroupIDs = append(n.SecurityGroupIDs, r.groupID)
		}))
	type eipRow struct {
		eniID string
		EIPOfAddress
	}
	batch.Queue(eipsOfPage, accountID, now).Query(each(
		func(r *eipRow) []any {
			return []any{
				&r.eniID, &r.PrivateIPAddress, &r.ID, &r.IPAddress, &r.Bandwidth, &r.InternetChargeType,
			}
		},
		func(r eipRow) {
			n := &f.all[f.byID[r.eniID]]
			n.EIPs = append(n.EIPs, r.EIPOfAddress)
		}))
}
