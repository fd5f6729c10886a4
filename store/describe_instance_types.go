package store

import (
	"context"
)

// InstanceTypeFilter selects instance types that an account sees. A type must match every field
// that is set. The zero value selects all. A type with an unknown figure matches no minimum of that
// figure.
type InstanceTypeFilter struct {
	AccountID                                    string
	IDs                                          []string
	Family                                       string
	Families                                     []string // matches any of them
	Architectures                                []string // matches any of them
	MinVCPUs, MaxVCPUs                           *int
	MinMemoryGiB, MaxMemoryGiB                   *float64
	MinENIs, MinPrivateIPv4PerENI, MinIPv6PerENI *int
	MinBandwidthKbps, MinPPS                     *int
}

// matchingInstanceTypes selects the types that match a filter. An account's own type hides the
// catalogue's type of the same id, even if the own type does not match.
const matchingInstanceTypes = `
	WITH visible AS (
	    SELECT DISTINCT ON (id) *
	    FROM instance_types
	    WHERE owner_id IN ('', $1) AND id > $2
	    ORDER BY id, owner_id DESC
	), matching AS (
	    SELECT *
	    FROM visible t
	    WHERE (nullif($3::text[], '{}') IS NULL OR t.id = ANY ($3))
	      AND ($4 = '' OR t.family = $4)
	      AND (nullif($5::text[], '{}') IS NULL OR t.family = ANY ($5))
	      AND (nullif($6::text[], '{}') IS NULL OR t.cpu_architecture = ANY ($6))
	      AND ($7::integer IS NULL OR t.vcpus >= $7)
	      AND ($8::integer IS NULL OR t.vcpus <= $8)
	      AND ($9::double precision IS NULL OR t.memory_gib >= $9)
	      AND ($10::double precision IS NULL OR t.memory_gib <= $10)
	      AND ($11::integer IS NULL OR t.eni_quantity >= $11)
	      AND ($12::integer IS NULL OR t.private_ipv4_per_eni >= $12)
	      AND ($13::integer IS NULL OR t.ipv6_per_eni >= $13)
	      AND ($14::bigint IS NULL OR t.bandwidth_gbps * 1024000 >= $14)
	      AND ($15::bigint IS NULL OR t.pps_10k * 10000 >= $15)
	)`

const countInstanceTypes = matchingInstanceTypes + `
	SELECT count(*) FROM matching`

var pageOfInstanceTypes = matchingInstanceTypes + `
	SELECT ` + InstanceTypesTable.SelectList("t") + `
	FROM matching t
	ORDER BY t.id
	LIMIT $16 OFFSET $17`

// DescribeInstanceTypes returns a page of the instance types that match a filter.
func (s *Store) DescribeInstanceTypes(ctx context.Context, f InstanceTypeFilter, p Page) (List[InstanceType], error) {
	return list(ctx, s, p, InstanceTypesTable.Scan, countInstanceTypes, pageOfInstanceTypes,
		f.AccountID, p.After, f.IDs, f.Family, f.Families, f.Architectures, f.MinVCPUs, f.MaxVCPUs, f.MinMemoryGiB,
		f.MaxMemoryGiB,
		f.MinENIs, f.MinPrivateIPv4PerENI, f.MinIPv6PerENI, f.MinBandwidthKbps, f.MinPPS)
}
