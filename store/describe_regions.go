package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Regions returns all regions, ordered by id.
func (s *Store) Regions(ctx context.Context) ([]Region, error) {
	return query(ctx, s, pgx.RowToStructByPos[Region], `SELECT id, local_name_en, local_name_zh FROM regions ORDER BY id`)
}
