package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DescribedDisk is a disk as a reader sees it: settled, with the values that come from its instance.
type DescribedDisk struct {
	Disk                   // a system disk has its ID here too
	Position           int // on the instance: 0 is the system disk; -1: on none
	RegionID, ZoneID   string
	InstanceID         string // "": on none
	Status             string
	ResourceGroupID    string
	ImageID            string // of the instance; "" if not set
	InstanceChargeType string // of the instance; "" if not set, or on none
	CreatedAt          time.Time
	AttachedAt         *time.Time // of the last attach
	DetachedAt         *time.Time // of the last detach
}

// Device returns the name of the device by which the guest of its instance sees the disk.
func (d DescribedDisk) Device() string { return Device(d.Position) }

// DiskFilter selects disks of an account in a region. A disk must match every field that is set.
// The zero value selects all.
type DiskFilter struct {
	AccountID, RegionID string
	IDs                 []string
	InstanceID, ZoneID  string
	ResourceGroupID     string
	Name                string
	Status              string
	Categories          []string // matches any of them; "" matches a disk without a category
	ChargeTypes         []string // charge types of the instance, in the same way
	System              *bool
	Encrypted           *bool
	KeepWithoutInstance *bool
	Tags                TagFilter
}

// allDisks selects the disks of an account ($2) in a region ($3), settled to a time ($1). It derives the id of
// a system disk in the same way as SystemDiskID.
const allDisks = `
	        SELECT 'd-' || regexp_replace(i.id, '^i-', '') AS id, 0 AS position,
	               coalesce(i.attributes->'SystemDisk', '{}') AS disk, i.region_id, i.zone_id, i.id AS instance_id,
	               'In_use' AS status, i.resource_group_id, coalesce(i.attributes->>'ImageID', '') AS image_id,
	               coalesce(i.attributes->>'InstanceChargeType', '') AS charge_type, i.created_at,
	               i.created_at AS attached_at, NULL::timestamptz AS detached_at
	        FROM instances i
	        WHERE i.account_id = $2 AND i.region_id = $3
	        UNION ALL
	        SELECT d.id, CASE WHEN s.status IN ('Creating', 'Available') THEN -1 ELSE d.slot END, d.attributes,
	               d.region_id, d.zone_id, coalesce(i.id, ''), s.status, d.resource_group_id, '',
	               coalesce(i.attributes->>'InstanceChargeType', ''), d.created_at, d.attached_at, d.detached_at
	        FROM disks d
	        CROSS JOIN LATERAL (SELECT CASE WHEN d.settles_at <= $1 THEN d.next_status ELSE d.status END AS status) s
	        LEFT JOIN instances i ON i.account_id = d.account_id AND i.id = d.instance_id AND s.status <> 'Available'
	        WHERE d.account_id = $2 AND d.region_id = $3
	    `

// matchingDisks selects the disks that match a filter.
const matchingDisks = `
	WITH matching AS (
	    SELECT d.*
	    FROM (` + allDisks + `) d
	    WHERE d.id > $4
	      AND (nullif($5::text[], '{}') IS NULL OR d.id = ANY ($5))
	      AND ($6 = '' OR d.instance_id = $6)
	      AND ($7 = '' OR d.zone_id = $7)
	      AND ($8 = '' OR d.resource_group_id = $8)
	      AND ($9 = '' OR d.disk->>'Name' = $9)
	      AND ($10 = '' OR d.status = $10)
	      AND (nullif($11::text[], '{}') IS NULL OR coalesce(d.disk->>'Category', '') = ANY ($11))
	      AND (nullif($12::text[], '{}') IS NULL OR d.charge_type = ANY ($12))
	      AND ($13::boolean IS NULL OR (d.position = 0) = $13)
	      AND ($14::boolean IS NULL OR coalesce((d.disk->>'Encrypted')::boolean, false) = $14)
	      AND ($15::boolean IS NULL OR coalesce((d.disk->>'KeepWithoutInstance')::boolean, false) = $15)
	      AND (nullif($16::jsonb[], '{}') IS NULL OR coalesce(d.disk->'Tags', '{}') @> ALL ($16))
	      AND (nullif($17::text[], '{}') IS NULL OR coalesce(d.disk->'Tags', '{}') ?& $17)
	)`

const countDisks = matchingDisks + `
	SELECT count(*) FROM matching`

const pageOfDisks = matchingDisks + `
	SELECT disk, id, position, region_id, zone_id, instance_id, status, resource_group_id, image_id, charge_type,
	       created_at, attached_at, detached_at
	FROM matching
	ORDER BY id
	LIMIT $18 OFFSET $19`

// DescribeDisks returns a page of the disks that match a filter, settled to now.
func (s *Store) DescribeDisks(ctx context.Context, now time.Time, f DiskFilter, p Page) (List[DescribedDisk], error) {
	return list(ctx, s, p, scanDescribedDisk, countDisks, pageOfDisks,
		now, f.AccountID, f.RegionID, p.After, f.IDs, f.InstanceID, f.ZoneID, f.ResourceGroupID, f.Name, f.Status,
		f.Categories, f.ChargeTypes, f.System, f.Encrypted, f.KeepWithoutInstance, f.Tags.Pairs, f.Tags.Keys)
}

func scanDescribedDisk(row pgx.CollectableRow) (DescribedDisk, error) {
	var d DescribedDisk
	var id string
	err := row.Scan(&d.Disk, &id, &d.Position, &d.RegionID, &d.ZoneID, &d.InstanceID, &d.Status, &d.ResourceGroupID,
		&d.ImageID, &d.InstanceChargeType, &d.CreatedAt, &d.AttachedAt, &d.DetachedAt)
	d.ID, d.CreatedAt = id, d.CreatedAt.UTC()
	return d, err
}
