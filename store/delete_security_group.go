package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DeleteGroupScene contains the rows on which the deletion of a security group depends, read under
// its lock.
type DeleteGroupScene struct {
	Group      *SecurityGroup // nil if there is none with this id
	HasMembers bool           // whether an interface is in it
	IsNamed    bool           // whether a rule of another group names it
}

// LockForDeleteGroup locks a security group, and purges the interfaces in it that were deleted
// before goneBefore, because their rows refer to the group.
func (tx *Tx) LockForDeleteGroup(
	ctx context.Context, accountID, regionID, groupID string, goneBefore time.Time,
) (*DeleteGroupScene, error) {
	// First lock the deleted interfaces, because the lock order has interfaces before groups. Then
	// lock the group.
	scene := &DeleteGroupScene{}
	tx.lock(rankNetworkInterfaces, `
		SELECT n.id
		FROM network_interface_security_groups m
		JOIN network_interfaces n ON n.account_id = m.account_id AND n.id = m.network_interface_id
		WHERE m.account_id = $1 AND m.security_group_id = $2 AND n.next_status = 'Deleted' AND n.settles_at <= $3
		ORDER BY n.id
		FOR UPDATE OF n`, accountID, groupID, goneBefore)
	tx.lock(rankSecurityGroups, `
		SELECT `+SecurityGroupsTable.SelectList("t")+`
		FROM security_groups t
		WHERE account_id = $1 AND region_id = $2 AND id = $3
		FOR UPDATE`, accountID, regionID, groupID).
		Query(each(SecurityGroupsTable.Targets, func(g SecurityGroup) { scene.Group = &g }))
	// Then purge the interfaces. The rows that this transaction has locked are not skipped. A row
	// that is skipped was locked by another transaction after that.
	tx.queue(`
		DELETE FROM network_interfaces
		WHERE (account_id, id) IN (
		    SELECT n.account_id, n.id
		    FROM network_interface_security_groups m
		    JOIN network_interfaces n ON n.account_id = m.account_id AND n.id = m.network_interface_id
		    WHERE m.account_id = $1 AND m.security_group_id = $2 AND n.next_status = 'Deleted' AND n.settles_at <= $3
		    FOR UPDATE OF n SKIP LOCKED)`, accountID, groupID, goneBefore)
	// Last, read what still refers to the group.
	tx.queue(`
		SELECT EXISTS (
		           SELECT FROM network_interface_security_groups WHERE account_id = $1 AND security_group_id = $2),
		       EXISTS (
		           SELECT FROM security_group_rules
		           WHERE account_id = $1 AND source_group_id = $2 AND security_group_id <> $2)
		    OR EXISTS (
		           SELECT FROM security_group_rules
		           WHERE account_id = $1 AND dest_group_id = $2 AND security_group_id <> $2)`,
		accountID, groupID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.HasMembers, &scene.IsNamed) })
	return scene, tx.send(ctx)
}

// DeleteSecurityGroup queues the deletion of a group and its rules. The rules are deleted first,
// because a rule may refer to its own group.
func (tx *Tx) DeleteSecurityGroup(accountID, groupID string) {
	tx.queue(`
		DELETE FROM security_group_rules WHERE account_id = $1 AND security_group_id = $2`, accountID, groupID)
	tx.write(1, `
		DELETE FROM security_groups WHERE account_id = $1 AND id = $2`, accountID, groupID)
}
