package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// CreateRouteTableScene contains the rows on which the creation of a route table depends, read under the
// lock.
type CreateRouteTableScene struct {
	VPC    *VPC // nil if there is no VPC with this id
	Tables int  // number of its custom tables
}

// LockForCreateRouteTable locks a VPC, so that no other transaction creates a table in it.
func (tx *Tx) LockForCreateRouteTable( //nolint:dupl // another row decides
	ctx context.Context, accountID, regionID, vpcID string,
) (*CreateRouteTableScene, error) {
	scene := &CreateRouteTableScene{}
	tx.lockVPC(accountID, regionID, vpcID, func(v VPC) { scene.VPC = &v })
	tx.queue(`
		SELECT count(*) FROM route_tables WHERE account_id = $1 AND vpc_id = $2 AND type = 'Custom'`, accountID, vpcID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.Tables) })
	return scene, tx.send(ctx)
}

// InsertRouteTable queues the write that creates a custom table.
func (tx *Tx) InsertRouteTable(r RouteTable) { insertRow(tx, RouteTablesTable, r) }
