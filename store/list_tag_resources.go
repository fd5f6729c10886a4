package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// TagOfResource is a tag of a resource.
type TagOfResource struct{ ResourceID, Key, Value string }

// TagListFilter selects resources of one kind, whose tags are listed. A resource must match every
// field that is set. All tags of a selected resource are listed.
type TagListFilter struct {
	AccountID, RegionID string
	Kind                TaggedKind
	IDs                 []string
	Tags                TagFilter
	AfterID, AfterKey   string // only tags after this one
}

// taggedResources selects the resources of some kinds in a region, with their tags. $1 is the time, $2 the
// account, $3 the region and $4 the kinds.
const taggedResources = `
		    SELECT 'vpc' AS kind, id, tags FROM vpcs WHERE 'vpc' = ANY ($4) AND account_id = $2 AND region_id = $3
		    UNION ALL
		    SELECT 'vswitch', id, tags FROM vswitches WHERE 'vswitch' = ANY ($4) AND account_id = $2 AND region_id = $3
		    UNION ALL
		    SELECT 'instance', id, tags FROM instances
		    WHERE 'instance' = ANY ($4) AND account_id = $2 AND region_id = $3
		    UNION ALL
		    SELECT 'network interface', id, tags FROM settled_network_interfaces($1)
		    WHERE 'network interface' = ANY ($4) AND account_id = $2 AND region_id = $3
		    UNION ALL
		    SELECT 'security group', id, tags FROM security_groups
		    WHERE 'security group' = ANY ($4) AND account_id = $2 AND region_id = $3
		    UNION ALL
		    SELECT 'route table', id, tags FROM route_tables
		    WHERE 'route table' = ANY ($4) AND account_id = $2 AND region_id = $3
		    UNION ALL
		    SELECT 'eip', id, tags FROM eips WHERE 'eip' = ANY ($4) AND account_id = $2 AND region_id = $3
		    UNION ALL
		    SELECT 'key pair', name, tags FROM key_pairs
		    WHERE 'key pair' = ANY ($4) AND account_id = $2 AND region_id = $3
		    UNION ALL
		    SELECT 'disk', d.id, coalesce(d.disk->'Tags', '{}') FROM (` + allDisks + `) d WHERE 'disk' = ANY ($4)`

// ListTags returns at most limit tags, ordered by resource id and key.
func (s *Store) ListTags(ctx context.Context, now time.Time, f TagListFilter, limit int) (List[TagOfResource], error) {
	return list(ctx, s, Page{Limit: limit}, pgx.RowToStructByPos[TagOfResource], "", `
		SELECT r.id, t.key, t.value
		FROM (`+taggedResources+`) r
		CROSS JOIN LATERAL jsonb_each_text(r.tags) t
		WHERE r.id >= $5 AND (r.id, t.key COLLATE "C") > ($5, $6)
		  AND (nullif($7::text[], '{}') IS NULL OR r.id = ANY ($7))
		  AND (nullif($8::jsonb[], '{}') IS NULL OR r.tags @> ALL ($8))
		  AND (nullif($9::text[], '{}') IS NULL OR r.tags ?& $9)
		ORDER BY r.id, t.key COLLATE "C"
		LIMIT $10 OFFSET $11`,
		now, f.AccountID, f.RegionID, []TaggedKind{f.Kind}, f.AfterID, f.AfterKey, f.IDs, f.Tags.Pairs, f.Tags.Keys)
}
