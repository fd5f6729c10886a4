package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// RegionUsage is what an account may have and has in a region.
type RegionUsage struct {
	MaxNetworkInterfaces int
	VCPUs, SpotVCPUs     int // of pay-as-you-go and of spot instances
}

// DescribeRegionUsage returns what an account may have and has in a region.
func (s *Store) DescribeRegionUsage(ctx context.Context, accountID, regionID string) (RegionUsage, error) {
	read, err := Query(ctx, s, pgx.RowToStructByPos[RegionUsage], `
		SELECT a.network_interfaces_per_region, used.vcpus, used.spot_vcpus
		FROM accounts a
		CROSS JOIN LATERAL (
		    SELECT coalesce(sum(t.vcpus) FILTER (WHERE NOT i.is_spot), 0) AS vcpus,
		           coalesce(sum(t.vcpus) FILTER (WHERE i.is_spot), 0) AS spot_vcpus
		    FROM (
		        SELECT instance_type_owner_id, instance_type,
		               coalesce(attributes ->> 'SpotStrategy', 'NoSpot') <> 'NoSpot' AS is_spot
		        FROM instances
		        WHERE account_id = a.id AND region_id = $2
		          AND coalesce(attributes ->> 'InstanceChargeType', 'PostPaid') = 'PostPaid'
		    ) i
		    JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
		) used
		WHERE a.id = $1`, accountID, regionID)
	if err != nil || len(read) == 0 {
		return RegionUsage{}, err
	}
	return read[0], nil
}
