package store

import (
	"context"
	"slices"
)

// RulesScene is a locked security group whose rules are to change.
type RulesScene struct {
	Exists bool
	Peers  map[string]bool // the existing ones of the groups that the change names
	Rules  []SecurityGroupRule
}

// LockForRules locks a security group, and the groups that a change of its rules names, so that
// none of them can be deleted.
func (tx *Tx) LockForRules(
	ctx context.Context, accountID, regionID, groupID string, peers []string,
) (*RulesScene, error) {
	scene := &RulesScene{Peers: map[string]bool{}}
	tx.lock(rankSecurityGroups, `
		SELECT id
		FROM security_groups
		WHERE account_id = $1 AND region_id = $2 AND id = ANY ($3)
		ORDER BY id
		FOR NO KEY UPDATE`, accountID, regionID, slices.Concat(peers, []string{groupID})).
		Query(each(func(id *string) []any { return []any{id} }, func(id string) {
			scene.Peers[id] = true
			scene.Exists = scene.Exists || id == groupID
		}))
	tx.queue(`
		SELECT `+ruleColumns+`
		FROM security_group_rules r
		WHERE r.account_id = $1 AND r.security_group_id = $2`, accountID, groupID).
		Query(each((*SecurityGroupRule).fields, func(r SecurityGroupRule) { scene.Rules = append(scene.Rules, r) }))
	return scene, tx.send(ctx)
}

// InsertRule queues the write that adds a rule.
func (tx *Tx) InsertRule(r SecurityGroupRule) {
	tx.write(1, `
		INSERT INTO security_group_rules (account_id, id, security_group_id, direction, ip_protocol, port_range, source_port_range,
		    policy, priority, nic_type, source_cidr_ip, ipv6_source_cidr_ip, source_group_id, source_prefix_list_id,
		    dest_cidr_ip, ipv6_dest_cidr_ip, dest_group_id, dest_prefix_list_id, description, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, nullif($13, ''), $14, $15, $16, nullif($17, ''), $18, $19, $20)`,
		r.AccountID, r.ID, r.SecurityGroupID, r.Direction, r.IPProtocol, r.PortRange, r.SourcePortRange,
		r.Policy, r.Priority, r.NICType, r.SourceCIDR, r.SourceIPv6CIDR, r.SourceGroupID, r.SourcePrefixListID,
		r.DestCIDR, r.DestIPv6CIDR, r.DestGroupID, r.DestPrefixListID, r.Description, r.CreatedAt)
}

// DeleteRules queues the deletion of rules.
func (tx *Tx) DeleteRules(accountID string, ids []string) {
	tx.write(int64(len(ids)), `
		DELETE FROM security_group_rules WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids)
}
