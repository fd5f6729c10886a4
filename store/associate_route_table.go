package store

import "context"

// AssociateRouteTableScene contains the rows on which it depends which route table a VSwitch uses, read
// under the locks. A missing row is nil.
type AssociateRouteTableScene struct {
	Table       *RouteTable
	VPC         *VPC // of the table
	VSwitch     *VSwitch
	UsedTableID string // the custom table that the VSwitch uses; "" for the system table
}

// LockForAssociateRouteTable locks the VPC of a route table, and a VSwitch, so that it cannot be deleted.
func (tx *Tx) LockForAssociateRouteTable(
	ctx context.Context, accountID, regionID, tableID, vswitchID string,
) (*AssociateRouteTableScene, error) {
	scene := &AssociateRouteTableScene{}
	tx.lockVPCOfRouteTable(accountID, regionID, tableID, func(v VPC) { scene.VPC = &v })
	tx.lock(rankVSwitches, `
		SELECT `+VSwitchesTable.SelectList("t")+`
		FROM vswitches t
		WHERE account_id = $1 AND id = $2 AND ($3 = '' OR region_id = $3)
		FOR KEY SHARE`, accountID, vswitchID, regionID).
		Query(each(VSwitchesTable.Targets, func(v VSwitch) { scene.VSwitch = &v }))
	tx.queue(`
		SELECT `+RouteTablesTable.SelectList("t")+`
		FROM route_tables t
		WHERE account_id = $1 AND id = $2`, accountID, tableID).
		Query(each(RouteTablesTable.Targets, func(r RouteTable) {
			if scene.VPC != nil && scene.VPC.ID == r.VPCID { // otherwise the table is new
				scene.Table = &r
			}
		}))
	tx.queue(`
		SELECT route_table_id FROM route_table_associations WHERE account_id = $1 AND vswitch_id = $2`,
		accountID, vswitchID).
		Query(eachValue(func(id string) { scene.UsedTableID = id }))
	return scene, tx.send(ctx)
}

// AssociateRouteTable queues the write that makes a locked VSwitch use a custom table of its VPC.
func (tx *Tx) AssociateRouteTable(r RouteTable, vswitchID string) {
	insertRow(tx, RouteTableAssociationsTable, RouteTableAssociation{r.AccountID, vswitchID, r.VPCID, r.ID})
}
