package store

import "context"

// LockSecurityGroup locks and reads a security group. It returns nil if there is none.
func (tx *Tx) LockSecurityGroup(ctx context.Context, accountID, regionID, groupID string) (*SecurityGroup, error) {
	var group *SecurityGroup
	tx.lock(rankSecurityGroups, `
		SELECT `+SecurityGroupsTable.SelectList("t")+`
		FROM security_groups t
		WHERE account_id = $1 AND region_id = $2 AND id = $3
		FOR NO KEY UPDATE`, accountID, regionID, groupID).
		Query(each(SecurityGroupsTable.Targets, func(g SecurityGroup) { group = &g }))
	return group, tx.send(ctx)
}

// UpdateSecurityGroup queues the write of a locked group's name, description and inner access
// policy.
func (tx *Tx) UpdateSecurityGroup(g SecurityGroup) {
	tx.write(1, `
		UPDATE security_groups
		SET name = $3, description = $4, inner_access_policy = $5
		WHERE account_id = $1 AND id = $2`, g.AccountID, g.ID, g.Name, g.Description, g.InnerAccessPolicy)
}
