package store

// UnassociateRouteTable queues the write that makes a locked VSwitch use the system table of its VPC.
func (tx *Tx) UnassociateRouteTable(accountID, vswitchID string) {
	tx.write(1, `
		DELETE FROM route_table_associations WHERE account_id = $1 AND vswitch_id = $2`, accountID, vswitchID)
}
