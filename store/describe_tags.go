package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// UsedTag is a tag with the number of resources of each kind that have it.
type UsedTag struct {
	Key, Value string
	Uses       map[TaggedKind]int
}

// UsedTagFilter selects tags of resources. A tag must match every field that is set.
type UsedTagFilter struct {
	AccountID, RegionID string
	Kinds               []TaggedKind
	ID                  string      // of a resource that has it
	Tags                [][2]string // key and value: matches any of them; a value of "" matches each value
}

// DescribeTags returns the tags of resources, by key and value.
func (s *Store) DescribeTags(ctx context.Context, now time.Time, f UsedTagFilter, p Page) (List[UsedTag], error) {
	keys, values := make([]string, len(f.Tags)), make([]string, len(f.Tags))
	for k, tag := range f.Tags {
		keys[k], values[k] = tag[0], tag[1]
	}
	const used = `
		    SELECT t.key, t.value, r.kind, count(*) AS uses
		    FROM (` + taggedResources + `) r
		    CROSS JOIN LATERAL jsonb_each_text(r.tags) t
		    WHERE ($5 = '' OR r.id = $5)
		      AND (nullif($6::text[], '{}') IS NULL OR EXISTS (
		          SELECT FROM unnest($6::text[], $7::text[]) AS wanted (key, value)
		          WHERE wanted.key = t.key AND wanted.value IN ('', t.value)))
		    GROUP BY t.key, t.value, r.kind`
	return list(ctx, s, p, pgx.RowToStructByPos[UsedTag], `
		SELECT count(*) FROM (SELECT DISTINCT key, value FROM (`+used+`) u) tags`, `
		SELECT key, value, jsonb_object_agg(kind, uses)
		FROM (`+used+`) u
		GROUP BY key, value
		ORDER BY key COLLATE "C", value COLLATE "C"
		LIMIT $8 OFFSET $9`, now, f.AccountID, f.RegionID, f.Kinds, f.ID, keys, values)
}
