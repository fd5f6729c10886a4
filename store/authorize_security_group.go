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
		SELECT `+SecurityGroupRulesTable.SelectList("r")+`
		FROM security_group_rules r
		WHERE r.account_id = $1 AND r.security_group_id = $2`, accountID, groupID).
		Query(each(SecurityGroupRulesTable.Targets, func(r SecurityGroupRule) { scene.Rules = append(scene.Rules, r) }))
	return scene, tx.send(ctx)
}

// InsertRule queues the write that adds a rule.
func (tx *Tx) InsertRule(r SecurityGroupRule) {
	insertRow(tx, SecurityGroupRulesTable, r)
}

// DeleteRules queues the deletion of rules.
func (tx *Tx) DeleteRules(accountID string, ids []string) {
	tx.write(int64(len(ids)), `
		DELETE FROM security_group_rules WHERE account_id = $1 AND id = ANY ($2)`, accountID, ids)
}
