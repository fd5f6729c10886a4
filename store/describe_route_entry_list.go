package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// RouteEntryFilter selects entries of a route table. An entry must match every field that is set. The
// zero value of the fields after RouteTableID selects all.
type RouteEntryFilter struct {
	AccountID, RouteTableID string
	Type                    string
	ID, Name                string
	Destinations            []string // any of these blocks
	NextHopType, NextHopID  string
}

// Key returns the key by which the entries of a table are ordered.
func (e DescribedRouteEntry) Key() string { return e.Type + " " + e.DestinationCIDRBlock.String() }

const pageOfRouteEntries = `
	SELECT e.type, e.id, r.id, e.destination, e.next_hop_type, e.next_hop_id, e.name, e.description, e.created_at
	FROM route_tables r
	CROSS JOIN LATERAL (` + entriesOfRouteTable + `) e
	WHERE r.account_id = $1 AND r.id = $2
	  AND ($3 = '' OR e.type = $3)
	  AND ($4 = '' OR e.id = $4)
	  AND ($5 = '' OR e.name = $5)
	  AND (nullif($6::text[], '{}') IS NULL OR text(e.destination) = ANY ($6))
	  AND ($7 = '' OR e.next_hop_type = $7)
	  AND ($8 = '' OR e.next_hop_id = $8)
	  AND (e.type || ' ' || text(e.destination)) COLLATE "C" > $9
	ORDER BY (e.type || ' ' || text(e.destination)) COLLATE "C"
	LIMIT $10 OFFSET $11`

// DescribeRouteEntries returns a page of the entries of a route table that match a filter, by their keys.
func (s *Store) DescribeRouteEntries(
	ctx context.Context, f RouteEntryFilter, p Page,
) (List[DescribedRouteEntry], error) {
	return list(ctx, s, p, func(row pgx.CollectableRow) (e DescribedRouteEntry, err error) {
		err = row.Scan(&e.Type, &e.ID, &e.RouteTableID, &e.DestinationCIDRBlock, &e.NextHopType, &e.NextHopID,
			&e.Name, &e.Description, &e.CreatedAt)
		e.CreatedAt = e.CreatedAt.UTC()
		return e, err
	}, "", pageOfRouteEntries,
		f.AccountID, f.RouteTableID, f.Type, f.ID, f.Name, f.Destinations, f.NextHopType, f.NextHopID, p.After)
}
