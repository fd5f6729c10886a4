package store

// InsertVPC queues the write that creates a VPC.
func (tx *Tx) InsertVPC(v VPC) {
	tx.write(1, `
		INSERT INTO vpcs (account_id, id, region_id, cidr_block, ipv6_cidr_block, name, description, resource_group_id,
		    tags, attributes, created_at, available_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		v.AccountID, v.ID, v.RegionID, v.CIDRBlock, v.IPv6CIDRBlock, v.Name, v.Description, v.ResourceGroupID,
		tags(v.Tags), v.Attributes, v.CreatedAt, v.AvailableAt)
}
