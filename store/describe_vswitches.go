package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedVSwitch is a VSwitch as a reader sees it.
type DescribedVSwitch struct {
	VSwitch
	Status         string
	FreeIPv4       int    // number of free IPv4 addresses
	RouteTableID   string // that it uses
	RouteTableType string
}

// VSwitchFilter selects VSwitches of an account. A VSwitch must match every field that is set. The
// zero value selects all.
type VSwitchFilter struct {
	AccountID       string
	RegionID        string
	VPCID, ID       string
	ZoneID          string
	Name            string
	ResourceGroupID string
	RouteTableID    string // that it uses
	Tags            TagFilter
}

// matchingVSwitches selects the VSwitches that match a filter. Postgres counts the taken addresses
// only for the rows of the page.
const matchingVSwitches = `
	WITH matching AS (
	    SELECT v.*, r.id AS route_table_id, r.type AS route_table_type,
	           ipv4_addresses_in_use(v.account_id, v.id, $11) AS taken
	    FROM vswitches v
	    LEFT JOIN route_table_associations a ON a.account_id = v.account_id AND a.vswitch_id = v.id
	    JOIN route_tables r ON r.account_id = v.account_id AND r.vpc_id = v.vpc_id
	      AND CASE WHEN a.vswitch_id IS NULL THEN r.type = 'System' ELSE r.id = a.route_table_id END
	    WHERE v.account_id = $1
	      AND ($2 = '' OR v.region_id = $2)
	      AND ($3 = '' OR v.vpc_id = $3)
	      AND ($4 = '' OR v.id = $4)
	      AND ($5 = '' OR v.zone_id = $5)
	      AND ($6 = '' OR v.name = $6)
	      AND ($7 = '' OR v.resource_group_id = $7)
	      AND ($8 = '' OR r.id = $8)
	      AND (nullif($9::jsonb[], '{}') IS NULL OR v.tags @> ALL ($9))
	      AND (nullif($10::text[], '{}') IS NULL OR v.tags ?& $10)
	)`

const countVSwitches = matchingVSwitches + `
	SELECT count(*) FROM matching`

var pageOfVSwitches = matchingVSwitches + `
	SELECT ` + VSwitchesTable.SelectList("v") + `, v.taken, v.route_table_id, v.route_table_type
	FROM (SELECT * FROM matching ORDER BY id LIMIT $12 OFFSET $13) v
	ORDER BY v.id`

// DescribeVSwitches returns a page, by number, of the VSwitches that match a filter, with their
// statuses at now.
func (s *Store) DescribeVSwitches(
	ctx context.Context, now time.Time, f VSwitchFilter, p Page,
) (List[DescribedVSwitch], error) {
	return list(ctx, s, p, scanDescribedVSwitch(now), countVSwitches, pageOfVSwitches,
		f.AccountID, f.RegionID, f.VPCID, f.ID, f.ZoneID, f.Name, f.ResourceGroupID,
		f.RouteTableID, f.Tags.Pairs, f.Tags.Keys, now)
}

func scanDescribedVSwitch(now time.Time) pgx.RowToFunc[DescribedVSwitch] {
	return func(row pgx.CollectableRow) (DescribedVSwitch, error) {
		var v DescribedVSwitch
		var taken int
		err := row.Scan(append(VSwitchesTable.Targets(&v.VSwitch), &taken, &v.RouteTableID, &v.RouteTableType)...)
		v.CreatedAt = v.CreatedAt.UTC()
		v.Status = v.VSwitch.Status(now)
		v.FreeIPv4 = max(0, UsableIPv4(v.CIDRBlock)-taken)
		return v, err
	}
}
