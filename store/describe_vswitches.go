package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedVSwitch is a VSwitch as a reader sees it.
type DescribedVSwitch struct {
	VSwitch
	Status   string
	FreeIPv4 int // number of free IPv4 addresses
}

// SystemRouteTableID returns the id of the route table that the VSwitch uses.
func (v DescribedVSwitch) SystemRouteTableID() string { return SystemRouteTableID(v.VPCID) }

// VSwitchFilter selects VSwitches of an account. A VSwitch must match every field that is set. The
// zero value selects all.
type VSwitchFilter struct {
	AccountID       string
	RegionID        string
	VPCID, ID       string
	ZoneID          string
	Name            string
	ResourceGroupID string
	RouteTableID    string // id of the system route table of its VPC
	Tags            TagFilter
}

// matchingVSwitches selects the VSwitches that match a filter. Postgres counts the taken addresses
// only for the rows of the page.
const matchingVSwitches = `
	WITH matching AS (
	    SELECT *, ipv4_addresses_in_use(account_id, id, $11) AS taken
	    FROM vswitches
	    WHERE account_id = $1
	      AND ($2 = '' OR region_id = $2)
	      AND ($3 = '' OR vpc_id = $3)
	      AND ($4 = '' OR id = $4)
	      AND ($5 = '' OR zone_id = $5)
	      AND ($6 = '' OR name = $6)
	      AND ($7 = '' OR resource_group_id = $7)
	      AND ($8::text[] IS NULL OR vpc_id = ANY ($8))
	      AND (nullif($9::jsonb[], '{}') IS NULL OR tags @> ALL ($9))
	      AND (nullif($10::text[], '{}') IS NULL OR tags ?& $10)
	)`

const countVSwitches = matchingVSwitches + `
	SELECT count(*) FROM matching`

var pageOfVSwitches = matchingVSwitches + `
	SELECT ` + VSwitchesTable.SelectList("v") + `, v.taken
	FROM (SELECT * FROM matching ORDER BY id LIMIT $12 OFFSET $13) v
	ORDER BY v.id`

// DescribeVSwitches returns a page, by number, of the VSwitches that match a filter, with their
// statuses at now.
func (s *Store) DescribeVSwitches(
	ctx context.Context, now time.Time, f VSwitchFilter, p Page,
) (List[DescribedVSwitch], error) {
	return list(ctx, s, p, scanDescribedVSwitch(now), countVSwitches, pageOfVSwitches,
		f.AccountID, f.RegionID, f.VPCID, f.ID, f.ZoneID, f.Name, f.ResourceGroupID,
		possibleVPCIDs(routeTablePrefix, f.RouteTableID), f.Tags.Pairs, f.Tags.Keys, now)
}

func scanDescribedVSwitch(now time.Time) pgx.RowToFunc[DescribedVSwitch] {
	return func(row pgx.CollectableRow) (DescribedVSwitch, error) {
		var v DescribedVSwitch
		var taken int
		err := row.Scan(append(VSwitchesTable.Targets(&v.VSwitch), &taken)...)
		v.CreatedAt = v.CreatedAt.UTC()
		v.Status = v.VSwitch.Status(now)
		v.FreeIPv4 = max(0, UsableIPv4(v.CIDRBlock)-taken)
		return v, err
	}
}
