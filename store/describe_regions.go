package store

import (
	"context"
)

// Regions returns all regions, ordered by id.
func (s *Store) Regions(ctx context.Context) ([]Region, error) {
	return query(ctx, s, regionsTable.scan, `SELECT `+regionsTable.selectList("t")+` FROM regions t ORDER BY t.id`)
}
