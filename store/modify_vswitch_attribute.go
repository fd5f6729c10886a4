package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// ModifyVSwitchScene contains the rows on which a change of a VSwitch depends, read under the
// locks. The fields after VSwitch are read only if the IPv6 block is to change.
type ModifyVSwitchScene struct {
	VSwitch        *VSwitch // nil if there is no VSwitch with this id
	VPC            *VPC
	Siblings       []VSwitch // the VSwitches of the VPC, with this one: ID and blocks only
	HasIPv6Members bool      // whether an interface has an IPv6 address or prefix of the VSwitch
}

// LockForModifyVSwitch locks a VSwitch. If its IPv6 block is to change, it first locks the VPC,
// because blocks are assigned under that lock. A regionID of "" matches any region.
func (tx *Tx) LockForModifyVSwitch(
	ctx context.Context, accountID, regionID, vswitchID string, changesIPv6 bool,
) (*ModifyVSwitchScene, error) {
	scene := &ModifyVSwitchScene{}
	if changesIPv6 {
		tx.lock(rankVPCs, `
			SELECT `+VPCsTable.SelectList("t")+`
			FROM vpcs t
			WHERE account_id = $1 AND id = (SELECT vpc_id FROM vswitches WHERE account_id = $1 AND id = $2)
			FOR NO KEY UPDATE`, accountID, vswitchID).
			Query(each(VPCsTable.Targets,
				func(v VPC) { scene.VPC = &v }))
	}
	tx.lock(rankVSwitches, `
		SELECT `+VSwitchesTable.SelectList("t")+`
		FROM vswitches t
		WHERE account_id = $1 AND id = $2 AND ($3 = '' OR region_id = $3)
		FOR NO KEY UPDATE`, accountID, vswitchID, regionID).
		Query(each(VSwitchesTable.Targets, func(v VSwitch) { scene.VSwitch = &v }))
	if changesIPv6 {
		tx.queue(`
			SELECT `+VSwitchesTable.SelectList("s")+`
			FROM vswitches v
			JOIN vswitches s ON s.account_id = v.account_id AND s.vpc_id = v.vpc_id
			WHERE v.account_id = $1 AND v.id = $2`, accountID, vswitchID).
			Query(each(VSwitchesTable.Targets,
				func(v VSwitch) { scene.Siblings = append(scene.Siblings, v) }))
		tx.queue(`
			SELECT EXISTS (
			           SELECT FROM private_ip_addresses
			           WHERE account_id = $1 AND vswitch_id = $2 AND family(address) = 6)
			    OR EXISTS (
			           SELECT FROM ip_prefixes
			           WHERE account_id = $1 AND vswitch_id = $2 AND family(prefix) = 6)`, accountID, vswitchID).
			QueryRow(func(row pgx.Row) error { return row.Scan(&scene.HasIPv6Members) })
	}
	return scene, tx.send(ctx)
}

// UpdateVSwitch queues the write of a locked VSwitch's name, description and IPv6 block.
func (tx *Tx) UpdateVSwitch(v *VSwitch) {
	tx.write(1, `
		UPDATE vswitches
		SET name = $3, description = $4, ipv6_cidr_block = $5
		WHERE account_id = $1 AND id = $2`, v.AccountID, v.ID, v.Name, v.Description, v.IPv6CIDRBlock)
}
