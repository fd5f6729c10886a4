package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// GroupReference is a security group with a rule that names another group.
type GroupReference struct{ GroupID, ReferencingGroupID string }

// SecurityGroupReferences returns which of some groups of a region exist, and at most limit other groups that
// have rules about them, by the ids of both.
func (s *Store) SecurityGroupReferences(
	ctx context.Context, accountID, regionID string, ids []string, limit int,
) (existing []string, references []GroupReference, err error) {
	existing, err = Query(ctx, s, pgx.RowTo[string], `
		SELECT id FROM security_groups WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)`,
		accountID, regionID, ids)
	if err != nil {
		return nil, nil, err
	}
	references, err = Query(ctx, s, pgx.RowToStructByPos[GroupReference], `
		SELECT DISTINCT n.id, r.security_group_id
		FROM unnest($2::text[]) AS n (id)
		JOIN security_group_rules r
		  ON r.account_id = $1 AND (r.source_group_id = n.id OR r.dest_group_id = n.id) AND r.security_group_id <> n.id
		ORDER BY n.id, r.security_group_id
		LIMIT $3`, accountID, existing, limit)
	return existing, references, err
}
