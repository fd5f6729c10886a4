package store

import (
	"context"
	"net/netip"

	"github.com/jackc/pgx/v5"
)

// CreateVSwitchScene contains the rows on which the creation of a VSwitch depends, read under the
// locks.
type CreateVSwitchScene struct {
	VPC       *VPC      // nil if there is no VPC with this id
	ZoneKnown bool      // whether the zone is in the VPC's region
	Siblings  []VSwitch // the VSwitches of the VPC: ID and blocks only

	Destinations []netip.Prefix // of the custom route entries of the VPC
}

// LockForCreateVSwitch locks a VPC, so that no other transaction assigns its blocks, and reads
// which are assigned. A regionID of "" matches any region.
func (tx *Tx) LockForCreateVSwitch(
	ctx context.Context, accountID, regionID, vpcID, zoneID string,
) (*CreateVSwitchScene, error) {
	scene := &CreateVSwitchScene{}
	tx.lockVPC(accountID, regionID, vpcID, func(v VPC) { scene.VPC = &v })
	tx.queue(`
		SELECT EXISTS (
		    SELECT FROM zones z
		    JOIN vpcs v ON v.region_id = z.region_id
		    WHERE z.id = $3 AND v.account_id = $1 AND v.id = $2)`, accountID, vpcID, zoneID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.ZoneKnown) })
	tx.readSubnets(accountID, vpcID, func(v VSwitch) { scene.Siblings = append(scene.Siblings, v) })
	tx.queue(`
		SELECT destination_cidr_block FROM route_entries WHERE account_id = $1 AND vpc_id = $2`, accountID, vpcID).
		Query(appendTo(&scene.Destinations))
	return scene, tx.send(ctx)
}

// readSubnets queues the read of the VSwitches of a VPC, with their blocks.
func (tx *Tx) readSubnets(accountID, vpcID string, found func(VSwitch)) {
	tx.queue(`
		SELECT `+VSwitchesTable.SelectList("t")+`
		FROM vswitches t
		WHERE account_id = $1 AND vpc_id = $2`, accountID, vpcID).
		Query(each(VSwitchesTable.Targets, found))
}

// InsertVSwitch queues the write that creates a VSwitch.
func (tx *Tx) InsertVSwitch(v VSwitch) {
	v.NextHost = max(v.NextHost, 1)
	insertRow(tx, VSwitchesTable, v)
}
