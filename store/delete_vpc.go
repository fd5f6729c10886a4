package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// DeleteVPCScene contains the rows on which the deletion of a VPC depends, read under its lock.
type DeleteVPCScene struct {
	VPC               *VPC // nil if there is no VPC with this id
	HasVSwitches      bool
	HasSecurityGroups bool
	HasRouteEntries   bool // of customers
	HasRouteTables    bool // of customers
}

// LockForDeleteVPC locks a VPC, so that no new row can refer to it, and reads whether any row still
// does. A regionID of "" matches any region.
func (tx *Tx) LockForDeleteVPC(ctx context.Context, accountID, regionID, vpcID string) (*DeleteVPCScene, error) {
	scene := &DeleteVPCScene{}
	tx.lock(rankVPCs, `
		SELECT `+VPCsTable.SelectList("t")+`
		FROM vpcs t
		WHERE account_id = $1 AND id = $2 AND ($3 = '' OR region_id = $3)
		FOR UPDATE`, accountID, vpcID, regionID).
		Query(each(VPCsTable.Targets, func(v VPC) { scene.VPC = &v }))
	tx.queue(`
		SELECT EXISTS (SELECT FROM vswitches WHERE account_id = $1 AND vpc_id = $2),
		       EXISTS (SELECT FROM security_groups WHERE account_id = $1 AND vpc_id = $2),
		       EXISTS (SELECT FROM route_entries WHERE account_id = $1 AND vpc_id = $2),
		       EXISTS (SELECT FROM route_tables WHERE account_id = $1 AND vpc_id = $2 AND type = 'Custom')`,
		accountID, vpcID).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&scene.HasVSwitches, &scene.HasSecurityGroups, &scene.HasRouteEntries,
				&scene.HasRouteTables)
		})
	return scene, tx.send(ctx)
}

// DeleteVPC queues the deletion of a locked VPC. Its system route table goes with it.
func (tx *Tx) DeleteVPC(v *VPC) {
	tx.write(1, `
		DELETE FROM vpcs WHERE account_id = $1 AND id = $2`, v.AccountID, v.ID)
}
