package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedDisk is a disk as a reader sees it, with the values that come from its instance.
type DescribedDisk struct {
	Disk                   // a system disk has its ID here too
	Position           int // on the instance: 0 is the system disk
	RegionID, ZoneID   string
	InstanceID         string
	ResourceGroupID    string
	ImageID            string // of the instance; "" if not set
	InstanceChargeType string // of the instance; "" if not set
	CreatedAt          time.Time
}

// DiskFilter selects disks of an account in a region. A disk must match every field that is set.
// The zero value selects all.
type DiskFilter struct {
	AccountID, RegionID string
	IDs                 []string
	InstanceID, ZoneID  string
	ResourceGroupID     string
	Name                string
	Categories          []string // matches any of them; "" matches a disk without a category
	ChargeTypes         []string // charge types of the instance, in the same way
	System              *bool
	Encrypted           *bool
	KeepWithoutInstance *bool
	Tags                TagFilter
}

// disksOfInstance selects the disks of an instance i. It derives the id of a system disk in the
// same way as SystemDiskID.
const disksOfInstance = `
	        SELECT 'd-' || regexp_replace(i.id, '^i-', '') AS id, 0 AS position,
	               coalesce(i.attributes->'SystemDisk', '{}') AS disk
	        UNION ALL
	        SELECT data.disk->>'ID', data.position::integer, data.disk
	        FROM jsonb_array_elements(i.attributes->'DataDisks') WITH ORDINALITY AS data (disk, position)
	    `

// matchingDisks selects the disks that match a filter. A disk has no row of its own: it is stored
// with its instance.
const matchingDisks = `
	WITH matching AS (
	    SELECT d.*, i.region_id, i.zone_id, i.id AS instance_id, i.resource_group_id, i.created_at,
	           coalesce(i.attributes->>'ImageID', '') AS image_id,
	           coalesce(i.attributes->>'InstanceChargeType', '') AS charge_type
	    FROM instances i
	    CROSS JOIN LATERAL (` + disksOfInstance + `) d
	    WHERE i.account_id = $1 AND i.region_id = $2 AND d.id > $3
	      AND (nullif($4::text[], '{}') IS NULL OR d.id = ANY ($4))
	      AND ($5 = '' OR i.id = $5)
	      AND ($6 = '' OR i.zone_id = $6)
	      AND ($7 = '' OR i.resource_group_id = $7)
	      AND ($8 = '' OR d.disk->>'Name' = $8)
	      AND (nullif($9::text[], '{}') IS NULL OR coalesce(d.disk->>'Category', '') = ANY ($9))
	      AND (nullif($10::text[], '{}') IS NULL OR coalesce(i.attributes->>'InstanceChargeType', '') = ANY ($10))
	      AND ($11::boolean IS NULL OR (d.position = 0) = $11)
	      AND ($12::boolean IS NULL OR coalesce((d.disk->>'Encrypted')::boolean, false) = $12)
	      AND ($13::boolean IS NULL OR coalesce((d.disk->>'KeepWithoutInstance')::boolean, false) = $13)
	      AND (nullif($14::jsonb[], '{}') IS NULL OR coalesce(d.disk->'Tags', '{}') @> ALL ($14))
	      AND (nullif($15::text[], '{}') IS NULL OR coalesce(d.disk->'Tags', '{}') ?& $15)
	)`

const countDisks = matchingDisks + `
	SELECT count(*) FROM matching`

const pageOfDisks = matchingDisks + `
	SELECT disk, id, position, region_id, zone_id, instance_id, resource_group_id, image_id, charge_type, created_at
	FROM matching
	ORDER BY id
	LIMIT $16 OFFSET $17`

// DescribeDisks returns a page of the disks that match a filter.
func (s *Store) DescribeDisks(ctx context.Context, f DiskFilter, p Page) (List[DescribedDisk], error) {
	return list(ctx, s, p, scanDescribedDisk, countDisks, pageOfDisks,
		f.AccountID, f.RegionID, p.After, f.IDs, f.InstanceID, f.ZoneID, f.ResourceGroupID, f.Name, f.Categories,
		f.ChargeTypes,
		f.System, f.Encrypted, f.KeepWithoutInstance, f.Tags.Pairs, f.Tags.Keys)
}

func scanDescribedDisk(row pgx.CollectableRow) (DescribedDisk, error) {
	var d DescribedDisk
	var id string
	err := row.Scan(&d.Disk, &id, &d.Position, &d.RegionID, &d.ZoneID, &d.InstanceID, &d.ResourceGroupID,
		&d.ImageID, &d.InstanceChargeType, &d.CreatedAt)
	d.ID, d.CreatedAt = id, d.CreatedAt.UTC()
	return d, err
}
