package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// CreateVSwitchScene is all that decides the creation of a VSwitch.
type CreateVSwitchScene struct {
	VPC       *VPC      // nil: there is none of this id
	ZoneKnown bool      // whether the zone is one of the VPC's region
	Siblings  []VSwitch // the VSwitches that the VPC has: ID and blocks only
}

// LockForCreateVSwitch locks a VPC, so that nobody else gives out its blocks, and reads which are given. A region of "" is any.
func (tx *Tx) LockForCreateVSwitch(ctx context.Context, accountID, regionID, vpcID, zoneID string) (*CreateVSwitchScene, error) {
	scene := &CreateVSwitchScene{}
	tx.lockVPC(accountID, regionID, vpcID, func(v VPC) { scene.VPC = &v })
	tx.queue(`
		SELECT EXISTS (
		    SELECT FROM zones z
		    JOIN vpcs v ON v.region_id = z.region_id
		    WHERE z.id = $3 AND v.account_id = $1 AND v.id = $2)`, accountID, vpcID, zoneID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.ZoneKnown) })
	tx.readSubnets(accountID, vpcID, func(v VSwitch) { scene.Siblings = append(scene.Siblings, v) })
	return scene, tx.send(ctx)
}

// readSubnets queues a read of the blocks that a VPC's VSwitches have.
func (tx *Tx) readSubnets(accountID, vpcID string, take func(VSwitch)) {
	tx.queue(`
		SELECT id, cidr_block, ipv6_cidr_block
		FROM vswitches
		WHERE account_id = $1 AND vpc_id = $2`, accountID, vpcID).
		Query(each(func(v *VSwitch) []any { return []any{&v.ID, &v.CIDRBlock, &v.IPv6CIDRBlock} }, take))
}

// InsertVSwitch queues the write that creates a VSwitch.
func (tx *Tx) InsertVSwitch(v VSwitch) {
	tx.write(1, `
		INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, ipv6_cidr_block, name, description,
		    resource_group_id, tags, created_at, available_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		v.AccountID, v.ID, v.VPCID, v.RegionID, v.ZoneID, v.CIDRBlock, v.IPv6CIDRBlock, v.Name, v.Description,
		v.ResourceGroupID, tags(v.Tags), v.CreatedAt, v.AvailableAt)
}
