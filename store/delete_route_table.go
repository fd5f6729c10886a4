package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// DeleteRouteTableScene contains the rows on which the deletion of a route table depends, read under the
// locks.
type DeleteRouteTableScene struct {
	Table      *RouteTable // nil if there is no table with this id
	VPC        *VPC
	HasEntries bool // whether it has custom entries
	IsUsed     bool // whether VSwitches use it
}

// LockForDeleteRouteTable locks the VPC of a route table, under whose lock entries and associations
// change, and the table.
func (tx *Tx) LockForDeleteRouteTable(
	ctx context.Context, accountID, regionID, id string,
) (*DeleteRouteTableScene, error) {
	scene := &DeleteRouteTableScene{}
	tx.lockVPCOfRouteTable(accountID, regionID, id, func(v VPC) { scene.VPC = &v })
	tx.lockRouteTable(forUpdate, accountID, regionID, id, func(r RouteTable) {
		if scene.VPC != nil { // otherwise the table is new
			scene.Table = &r
		}
	})
	tx.queue(`
		SELECT EXISTS (SELECT FROM route_entries WHERE account_id = $1 AND route_table_id = $2),
		       EXISTS (SELECT FROM route_table_associations WHERE account_id = $1 AND route_table_id = $2)`,
		accountID, id).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.HasEntries, &scene.IsUsed) })
	return scene, tx.send(ctx)
}

// lockVPCOfRouteTable queues the lock of the VPC of a route table. A regionID of "" matches any region.
func (tx *Tx) lockVPCOfRouteTable(accountID, regionID, id string, found func(VPC)) {
	tx.lock(rankVPCs, `
		SELECT `+VPCsTable.SelectList("t")+`
		FROM vpcs t
		WHERE account_id = $1 AND ($3 = '' OR region_id = $3)
		  AND id = (SELECT vpc_id FROM route_tables WHERE account_id = $1 AND id = $2)
		FOR NO KEY UPDATE`, accountID, id, regionID).
		Query(each(VPCsTable.Targets, found))
}

// DeleteRouteTable queues the deletion of a locked route table.
func (tx *Tx) DeleteRouteTable(r RouteTable) {
	tx.write(1, `DELETE FROM route_tables WHERE account_id = $1 AND id = $2`, r.AccountID, r.ID)
}
