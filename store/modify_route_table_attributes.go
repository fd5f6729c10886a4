package store

import "context"

// LockRouteTable locks a route table, and returns nil if there is none with this id in the region.
func (tx *Tx) LockRouteTable(ctx context.Context, accountID, regionID, id string) (found *RouteTable, err error) {
	tx.lockRouteTable(forNoKeyUpdate, accountID, regionID, id, func(r RouteTable) { found = &r })
	return found, tx.send(ctx)
}

// lockRouteTable queues the lock and the read of a route table. A regionID of "" matches any region.
func (tx *Tx) lockRouteTable(strength, accountID, regionID, id string, found func(RouteTable)) {
	tx.lock(rankRouteTables, `
		SELECT `+RouteTablesTable.SelectList("t")+`
		FROM route_tables t
		WHERE account_id = $1 AND id = $2 AND ($3 = '' OR region_id = $3)
		`+strength, accountID, id, regionID).
		Query(each(RouteTablesTable.Targets, func(r RouteTable) {
			r.CreatedAt = r.CreatedAt.UTC()
			found(r)
		}))
}

// UpdateRouteTable queues the write of what changes of a locked route table.
func (tx *Tx) UpdateRouteTable(r RouteTable) {
	tx.write(1, `
		UPDATE route_tables SET name = $3, description = $4, route_propagation = $5
		WHERE account_id = $1 AND id = $2`, r.AccountID, r.ID, r.Name, r.Description, r.RoutePropagation)
}
