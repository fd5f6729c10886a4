package store

import (
	"context"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedRouteTable is a route table as a reader sees it.
type DescribedRouteTable struct {
	RouteTable
	Status          string
	ResourceGroupID string                // of its VPC
	VSwitchIDs      []string              // of the VSwitches that use it, ordered
	Entries         []DescribedRouteEntry // nil if they are not read

	availableAt *time.Time // of its VPC
}

// VRouterID returns the id of the vRouter that the table belongs to.
func (r DescribedRouteTable) VRouterID() string { return VRouterID(r.VPCID) }

// DescribedRouteEntry is an entry of a route table as a reader sees it.
type DescribedRouteEntry struct {
	Type                 string // RouteSystem or RouteCustom
	ID                   string // "" for an entry of the system
	RouteTableID         string
	DestinationCIDRBlock netip.Prefix
	NextHopType          string // Instance or NetworkInterface; local or service for an entry of the system
	NextHopID            string
	Name, Description    string
	CreatedAt            time.Time
}

// RouteTableFilter selects route tables of an account. A table must match every field that is set. The
// zero value selects all.
type RouteTableFilter struct {
	AccountID       string
	RegionID        string
	VPCID, ID       string
	Type            string
	Name            string
	ResourceGroupID string
	VRouterID       string
	Tags            TagFilter
}

const matchingRouteTables = `
	WITH matching AS (
	    SELECT r.*, v.resource_group_id, v.available_at
	    FROM route_tables r
	    JOIN vpcs v ON v.account_id = r.account_id AND v.id = r.vpc_id
	    WHERE r.account_id = $1
	      AND ($2 = '' OR r.region_id = $2)
	      AND ($3 = '' OR r.vpc_id = $3)
	      AND ($4 = '' OR r.id = $4)
	      AND ($5 = '' OR r.type = $5)
	      AND ($6 = '' OR r.name = $6)
	      AND ($7 = '' OR v.resource_group_id = $7)
	      AND ($8::text[] IS NULL OR r.vpc_id = ANY ($8))
	      AND (nullif($9::jsonb[], '{}') IS NULL OR r.tags @> ALL ($9))
	      AND (nullif($10::text[], '{}') IS NULL OR r.tags ?& $10)
	)`

const countRouteTables = matchingRouteTables + `
	SELECT count(*) FROM matching`

// entriesOfRouteTable selects the entries of table r: those of customers, one of the system for each
// VSwitch of the VPC, and one for the services of the cloud.
const entriesOfRouteTable = `
	    SELECT 'Custom' AS type, e.id, e.destination_cidr_block AS destination,
	           CASE WHEN e.instance_id IS NULL THEN 'NetworkInterface' ELSE 'Instance' END AS next_hop_type,
	           coalesce(e.instance_id, e.network_interface_id) AS next_hop_id, e.name, e.description, e.created_at
	    FROM route_entries e
	    WHERE e.account_id = r.account_id AND e.vpc_id = r.vpc_id AND e.route_table_id = r.id
	    UNION ALL
	    SELECT 'System', '', v.cidr_block, 'local', '', '', '', v.created_at
	    FROM vswitches v
	    WHERE v.account_id = r.account_id AND v.vpc_id = r.vpc_id
	    UNION ALL
	    SELECT 'System', '', '100.64.0.0/10', 'service', '', '', '', r.created_at`

// pageOfRouteTables reads the entries if $11 is true.
var pageOfRouteTables = matchingRouteTables + `
	SELECT ` + RouteTablesTable.SelectList("r") + `, r.resource_group_id, r.available_at,
	       (SELECT coalesce(array_agg(s.id ORDER BY s.id), '{}')
	        FROM vswitches s
	        LEFT JOIN route_table_associations a ON a.account_id = s.account_id AND a.vswitch_id = s.id
	        WHERE s.account_id = r.account_id AND s.vpc_id = r.vpc_id
	          AND CASE r.type WHEN 'System' THEN a.vswitch_id IS NULL ELSE a.route_table_id = r.id END),
	       CASE WHEN $11 THEN (
	           SELECT json_agg(json_build_object('Type', e.type, 'ID', e.id, 'RouteTableID', r.id,
	               'DestinationCIDRBlock', e.destination, 'NextHopType', e.next_hop_type, 'NextHopID', e.next_hop_id,
	               'Name', e.name, 'Description', e.description, 'CreatedAt', e.created_at)
	               ORDER BY e.type, text(e.destination) COLLATE "C")
	           FROM (` + entriesOfRouteTable + `) e) END
	FROM (SELECT * FROM matching ORDER BY id LIMIT $12 OFFSET $13) r
	ORDER BY r.id`

// DescribeRouteTables returns a page, by number, of the route tables that match a filter, with their
// statuses at now. With withEntries, each has its entries: those of customers first, by destination.
func (s *Store) DescribeRouteTables(
	ctx context.Context, now time.Time, f RouteTableFilter, withEntries bool, p Page,
) (List[DescribedRouteTable], error) {
	args := []any{
		f.AccountID, f.RegionID, f.VPCID, f.ID, f.Type, f.Name, f.ResourceGroupID,
		possibleVPCIDs(vRouterPrefix, f.VRouterID), f.Tags.Pairs, f.Tags.Keys,
	}
	return readList(ctx, s, p, func(row pgx.CollectableRow) (DescribedRouteTable, error) {
		var r DescribedRouteTable
		err := row.Scan(append(RouteTablesTable.Targets(&r.RouteTable),
			&r.ResourceGroupID, &r.availableAt, &r.VSwitchIDs, &r.Entries)...)
		r.CreatedAt, r.Status = r.CreatedAt.UTC(), networkStatus(r.availableAt, now)
		for k := range r.Entries {
			r.Entries[k].CreatedAt = r.Entries[k].CreatedAt.UTC()
		}
		return r, err
	}, listQuery{
		count: countRouteTables, countArgs: args, page: pageOfRouteTables, args: append(args, withEntries),
	})
}
