package store

import (
	"context"
	"net/netip"
)

// VPCBlocksScene contains the rows on which a change of a VPC's secondary blocks depends, read under its lock.
type VPCBlocksScene struct {
	VPC    *VPC           // nil if there is no VPC with this id
	Blocks []netip.Prefix // of its VSwitches
}

// LockForVPCBlocks locks a VPC, under whose lock its VSwitches are created too.
func (tx *Tx) LockForVPCBlocks(ctx context.Context, accountID, regionID, vpcID string) (*VPCBlocksScene, error) {
	scene := &VPCBlocksScene{}
	tx.lockVPC(accountID, regionID, vpcID, func(v VPC) { scene.VPC = &v })
	tx.readSubnets(accountID, vpcID, func(v VSwitch) { scene.Blocks = append(scene.Blocks, v.CIDRBlock) })
	return scene, tx.send(ctx)
}

// UpdateVPCBlocks queues the write of a locked VPC's secondary blocks.
func (tx *Tx) UpdateVPCBlocks(v VPC) {
	tx.write(1, `
		UPDATE vpcs SET secondary_cidr_blocks = $3 WHERE account_id = $1 AND id = $2`,
		v.AccountID, v.ID, v.SecondaryBlocks)
}
