package store

import (
	"context"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// EIPFilter selects EIPs of an account. An EIP must match every field that is set. The zero value
// selects all.
type EIPFilter struct {
	AccountID, RegionID string
	IDs                 []string
	IPAddresses         []netip.Addr // matches any of them
	Name                string
	Status              string
	ISP                 string
	ChargeType          string // of the EIP: PrePaid or PostPaid
	InstanceType        string // of what it is associated with
	InstanceID          string // of what it is associated with
	ResourceGroupID     string
	Tags                TagFilter
}

// An EIP that has left its address by now ($2) is Available, although the row is still there.
const matchingEIPs = `
	WITH matching AS (
	    SELECT e.account_id, e.id
	    FROM eips e
	    LEFT JOIN eip_associations a ON a.account_id = e.account_id AND a.eip_id = e.id
	        AND (a.settles_at <= $2 AND a.next_status = 'Available') IS NOT TRUE
	    LEFT JOIN network_interfaces n ON n.account_id = a.account_id AND n.id = a.network_interface_id
	    WHERE e.account_id = $1
	      AND ($3 = '' OR e.region_id = $3)
	      AND (nullif($4::text[], '{}') IS NULL OR e.id = ANY ($4))
	      AND (nullif($5::inet[], '{}') IS NULL OR e.ip_address = ANY ($5))
	      AND ($6 = '' OR e.name = $6)
	      AND ($7 = '' OR coalesce(CASE WHEN a.settles_at <= $2 THEN a.next_status ELSE a.status END, 'Available') = $7)
	      AND ($8 = '' OR e.attributes->>'ISP' = $8)
	      AND ($9 = '' OR e.attributes->>'InstanceChargeType' = $9)
	      AND ($10 = '' OR n.id IS NOT NULL
	           AND $10 = CASE WHEN n.primary_of IS NULL THEN 'NetworkInterface' ELSE 'EcsInstance' END)
	      AND ($11 = '' OR coalesce(n.primary_of, n.id) = $11)
	      AND ($12 = '' OR e.resource_group_id = $12)
	      AND (nullif($13::jsonb[], '{}') IS NULL OR e.tags @> ALL ($13))
	      AND (nullif($14::text[], '{}') IS NULL OR e.tags ?& $14)
	)`

const countEIPs = matchingEIPs + `
	SELECT count(*) FROM matching`

var pageOfEIPs = matchingEIPs + eipsWithTheirPlaces + `
	JOIN (SELECT id FROM matching ORDER BY id LIMIT $15 OFFSET $16) page ON page.id = e.id
	WHERE e.account_id = $1
	ORDER BY e.id`

// DescribeEIPs returns a page, by number, of the EIPs that match a filter, settled to now.
func (s *Store) DescribeEIPs(ctx context.Context, now time.Time, f EIPFilter, p Page) (List[DescribedEIP], error) {
	return list(ctx, s, p, scanDescribedEIP(now), countEIPs, pageOfEIPs,
		f.AccountID, now, f.RegionID, f.IDs, f.IPAddresses, f.Name, f.Status, f.ISP, f.ChargeType, f.InstanceType,
		f.InstanceID, f.ResourceGroupID, f.Tags.Pairs, f.Tags.Keys)
}

func scanDescribedEIP(now time.Time) pgx.RowToFunc[DescribedEIP] {
	return func(row pgx.CollectableRow) (DescribedEIP, error) {
		var e DescribedEIP
		err := row.Scan(targetsOfDescribedEIP(&e)...)
		e.CreatedAt = e.CreatedAt.UTC()
		return e.Settled(now), err
	}
}
