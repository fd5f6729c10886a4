package store

import (
	"context"
)

// Zones returns the zones of a region, ordered by id.
func (s *Store) Zones(ctx context.Context, regionID string) ([]Zone, error) {
	return Query(ctx, s, ZonesTable.Scan, `
		SELECT `+ZonesTable.SelectList("t")+`
		FROM zones t
		WHERE t.region_id = $1
		ORDER BY t.id`, regionID)
}
