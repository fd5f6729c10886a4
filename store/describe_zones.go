package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Zones returns the zones of a region, ordered by id.
func (s *Store) Zones(ctx context.Context, regionID string) ([]Zone, error) {
	return query(ctx, s, pgx.RowToStructByPos[Zone], `SELECT id, region_id FROM zones WHERE region_id = $1 ORDER BY id`, regionID)
}
