package store

import (
	"context"
)

// Regions returns all regions, ordered by id.
func (s *Store) Regions(ctx context.Context) ([]Region, error) {
	return Query(ctx, s, RegionsTable.Scan, `SELECT `+RegionsTable.SelectList("t")+` FROM regions t ORDER BY t.id`)
}
