package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedSecurityGroup is a security group as a reader sees it.
type DescribedSecurityGroup struct {
	SecurityGroup
	Instances  int // number of instances with an attached interface in the group
	Rules      int // number of rules of both directions
	GroupRules int // number of rules that refer to a group
}

// SecurityGroupFilter selects groups of an account in a region. A group must match every field that
// is set. The zero value selects all.
type SecurityGroupFilter struct {
	AccountID, RegionID string
	ID                  string
	IDs                 []string
	VPCID, Name, Type   string
	ResourceGroupID     string
	Tags                TagFilter
}

// matchingSecurityGroups selects the groups that match a filter. It mentions the time ($1) for the
// sake of countSecurityGroups, which has the argument but does not need it.
const matchingSecurityGroups = `
	WITH moment AS (SELECT $1::timestamptz AS now),
	matching AS (
	    SELECT g.*
	    FROM security_groups g
	    WHERE g.account_id = $2 AND g.region_id = $3 AND g.id > $4
	      AND ($5 = '' OR g.id = $5)
	      AND (nullif($6::text[], '{}') IS NULL OR g.id = ANY ($6))
	      AND ($7 = '' OR g.vpc_id = $7)
	      AND ($8 = '' OR g.name = $8)
	      AND ($9 = '' OR g.type = $9)
	      AND ($10 = '' OR g.resource_group_id = $10)
	      AND (nullif($11::jsonb[], '{}') IS NULL OR g.tags @> ALL ($11))
	      AND (nullif($12::text[], '{}') IS NULL OR g.tags ?& $12)
	)`

const countSecurityGroups = matchingSecurityGroups + `
	SELECT count(*) FROM matching`

// pageOfSecurityGroups reads a page. The instances of a group are what is missing of its limit,
// without those whose departure is due: counting the interfaces of a large group takes seconds.
var pageOfSecurityGroups = matchingSecurityGroups + `
	SELECT ` + SecurityGroupsTable.SelectList("g") + `,
	       g.instance_limit - (SELECT c.free
	                           FROM security_group_capacity c
	                           WHERE c.account_id = g.account_id AND c.security_group_id = g.id)
	                        - (SELECT count(*)
	                           FROM security_group_departures d
	                           WHERE d.account_id = g.account_id AND d.security_group_id = g.id AND d.due_at <= $1),
	       (SELECT count(*) FROM security_group_rules r
	        WHERE r.account_id = g.account_id AND r.security_group_id = g.id),
	       (SELECT count(*) FROM security_group_rules r
	        WHERE r.account_id = g.account_id AND r.security_group_id = g.id
	          AND (r.source_group_id IS NOT NULL OR r.dest_group_id IS NOT NULL))
	FROM (SELECT * FROM matching ORDER BY id LIMIT $13 OFFSET $14) g
	ORDER BY g.id`

// DescribeSecurityGroups returns a page of the groups that match a filter. Their instances are
// counted as of now.
func (s *Store) DescribeSecurityGroups(
	ctx context.Context, now time.Time, f SecurityGroupFilter, p Page,
) (List[DescribedSecurityGroup], error) {
	scan := func(row pgx.CollectableRow) (DescribedSecurityGroup, error) {
		var g DescribedSecurityGroup
		err := row.Scan(append(SecurityGroupsTable.Targets(&g.SecurityGroup), &g.Instances, &g.Rules, &g.GroupRules)...)
		g.CreatedAt = g.CreatedAt.UTC()
		return g, err
	}
	return list(ctx, s, p, scan, countSecurityGroups, pageOfSecurityGroups,
		now, f.AccountID, f.RegionID, p.After, f.ID, f.IDs, f.VPCID, f.Name, f.Type, f.ResourceGroupID, f.Tags.Pairs,
		f.Tags.Keys)
}
