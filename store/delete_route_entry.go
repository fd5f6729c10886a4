package store

// DeleteRouteEntries queues the deletion of entries of tables whose VPCs are locked.
func (tx *Tx) DeleteRouteEntries(entries []RouteEntry) { deleteRows(tx, RouteEntriesTable, entries) }
