package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedVPC is a VPC as a reader sees it, with its contents.
type DescribedVPC struct {
	VPC
	Status         string
	VSwitches      []VSwitch // ordered by id; ID and CIDRBlock only
	SecurityGroups int       // number of groups
	RouteTableIDs  []string  // ordered, the system table first
}

// VRouterID returns the id of the VPC's vRouter.
func (v DescribedVPC) VRouterID() string { return VRouterID(v.ID) }

// VPCFilter selects VPCs of an account. A VPC must match every field that is set. The zero value
// selects all.
type VPCFilter struct {
	AccountID       string
	RegionID        string
	IDs             []string
	Name            string
	EnabledIPv6     *bool
	ResourceGroupID string
	Tags            TagFilter
}

const matchingVPCs = `
	WITH matching AS (
	    SELECT *
	    FROM vpcs
	    WHERE account_id = $1
	      AND ($2 = '' OR region_id = $2)
	      AND (nullif($3::text[], '{}') IS NULL OR id = ANY ($3))
	      AND ($4 = '' OR name = $4)
	      AND ($5::boolean IS NULL OR (ipv6_cidr_block IS NOT NULL) = $5)
	      AND ($6 = '' OR resource_group_id = $6)
	      AND (nullif($7::jsonb[], '{}') IS NULL OR tags @> ALL ($7))
	      AND (nullif($8::text[], '{}') IS NULL OR tags ?& $8)
	)`

const countVPCs = matchingVPCs + `
	SELECT count(*) FROM matching`

var pageOfVPCs = matchingVPCs + `
	SELECT ` + VPCsTable.SelectList("v") + `,
	       (SELECT coalesce(json_agg(json_build_object('ID', s.id, 'CIDRBlock', s.cidr_block) ORDER BY s.id), '[]')
	        FROM vswitches s
	        WHERE s.account_id = v.account_id AND s.vpc_id = v.id),
	       (SELECT count(*)
	        FROM security_groups g
	        WHERE g.account_id = v.account_id AND g.vpc_id = v.id),
	       (SELECT array_agg(r.id ORDER BY r.type DESC, r.id)
	        FROM route_tables r
	        WHERE r.account_id = v.account_id AND r.vpc_id = v.id)
	FROM (SELECT * FROM matching ORDER BY id LIMIT $9 OFFSET $10) v
	ORDER BY v.id`

// DescribeVPCs returns a page, by number, of the VPCs that match a filter, with their statuses at
// now.
func (s *Store) DescribeVPCs(ctx context.Context, now time.Time, f VPCFilter, p Page) (List[DescribedVPC], error) {
	return list(ctx, s, p, scanDescribedVPC(now), countVPCs, pageOfVPCs,
		f.AccountID, f.RegionID, f.IDs, f.Name, f.EnabledIPv6, f.ResourceGroupID,
		f.Tags.Pairs, f.Tags.Keys)
}

func scanDescribedVPC(now time.Time) pgx.RowToFunc[DescribedVPC] {
	return func(row pgx.CollectableRow) (DescribedVPC, error) {
		var v DescribedVPC
		err := row.Scan(append(VPCsTable.Targets(&v.VPC), &v.VSwitches, &v.SecurityGroups, &v.RouteTableIDs)...)
		v.CreatedAt = v.CreatedAt.UTC()
		v.Status = v.VPC.Status(now)
		return v, err
	}
}
