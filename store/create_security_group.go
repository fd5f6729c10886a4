package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// NewGroupScene contains the rows on which the creation of a security group depends, read under the
// locks.
type NewGroupScene struct {
	VPC    *VPC // id and AvailableAt only; nil if the region has no VPC with this id
	Groups int  // number of groups that the account has in the region
}

// LockForNewGroup locks the account, so that no other transaction creates a group in it, and the
// VPC, so that it cannot be deleted.
func (tx *Tx) LockForNewGroup(ctx context.Context, accountID, regionID, vpcID string) (*NewGroupScene, error) {
	scene := &NewGroupScene{}
	tx.lock(rankAccounts, `
		SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, accountID)
	tx.lock(rankVPCs, `
		SELECT `+VPCsTable.SelectList("t")+`
		FROM vpcs t
		WHERE account_id = $1 AND region_id = $2 AND id = $3
		FOR KEY SHARE`, accountID, regionID, vpcID).
		Query(each(VPCsTable.Targets, func(v VPC) { scene.VPC = &v }))
	tx.queue(`
		SELECT count(*) FROM security_groups WHERE account_id = $1 AND region_id = $2`, accountID, regionID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.Groups) })
	return scene, tx.send(ctx)
}

// InsertSecurityGroup queues the write that creates a group.
func (tx *Tx) InsertSecurityGroup(g SecurityGroup) {
	insertRow(tx, SecurityGroupsTable, g)
}
