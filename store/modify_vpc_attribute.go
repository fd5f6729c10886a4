package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// ModifyVPCScene contains the rows on which a change of a VPC depends, read under its lock.
type ModifyVPCScene struct {
	VPC              *VPC // nil if there is no VPC with this id
	IPv6HasVSwitches bool // whether a VSwitch uses a part of its IPv6 block
}

// LockForModifyVPC locks a VPC, and reads whether its IPv6 block is in use. A regionID of ""
// matches any region.
func (tx *Tx) LockForModifyVPC( //nolint:dupl // another row decides
	ctx context.Context, accountID, regionID, vpcID string,
) (*ModifyVPCScene, error) {
	scene := &ModifyVPCScene{}
	tx.lockVPC(accountID, regionID, vpcID, func(v VPC) { scene.VPC = &v })
	tx.queue(`
		SELECT EXISTS (SELECT FROM vswitches WHERE account_id = $1 AND vpc_id = $2 AND ipv6_cidr_block IS NOT NULL)`,
		accountID, vpcID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.IPv6HasVSwitches) })
	return scene, tx.send(ctx)
}

// lockVPC queues the lock of a VPC. Its blocks are assigned only under this lock. found is not
// called if there is no such VPC.
func (tx *Tx) lockVPC(accountID, regionID, vpcID string, found func(VPC)) {
	tx.lock(rankVPCs, `
		SELECT `+VPCsTable.SelectList("t")+`
		FROM vpcs t
		WHERE account_id = $1 AND id = $2 AND ($3 = '' OR region_id = $3)
		FOR NO KEY UPDATE`, accountID, vpcID, regionID).
		Query(each(VPCsTable.Targets, found))
}

// UpdateVPC queues the write of a locked VPC's name, description and IPv6 block.
func (tx *Tx) UpdateVPC(v *VPC) {
	tx.write(1, `
		UPDATE vpcs
		SET name = $3, description = $4, ipv6_cidr_block = $5
		WHERE account_id = $1 AND id = $2`, v.AccountID, v.ID, v.Name, v.Description, v.IPv6CIDRBlock)
}
