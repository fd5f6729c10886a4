package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DeleteVSwitchScene contains the rows on which the deletion of a VSwitch depends, read under its
// lock.
type DeleteVSwitchScene struct {
	VSwitch *VSwitch // nil if there is no VSwitch with this id
	InUse   bool     // whether an interface or an instance is in it

	UsesCustomRouteTable bool
}

// LockForDeleteVSwitch locks a VSwitch, so that no new row can refer to it, and reads whether any
// row still does. Interfaces deleted before goneBefore are purged first. A regionID of "" matches
// any region.
func (tx *Tx) LockForDeleteVSwitch(
	ctx context.Context, accountID, regionID, vswitchID string, goneBefore time.Time,
) (*DeleteVSwitchScene, error) {
	scene := &DeleteVSwitchScene{}
	tx.lock(rankVSwitches, `
		SELECT `+VSwitchesTable.SelectList("t")+`
		FROM vswitches t
		WHERE account_id = $1 AND id = $2 AND ($3 = '' OR region_id = $3)
		FOR UPDATE`, accountID, vswitchID, regionID).
		Query(each(VSwitchesTable.Targets, func(v VSwitch) { scene.VSwitch = &v }))
	// Wait for the interfaces to purge: a creation in another VSwitch may be purging them.
	tx.lock(rankNetworkInterfaces, `
		SELECT id
		FROM network_interfaces
		WHERE account_id = $1 AND vswitch_id = $2 AND next_status = 'Deleted' AND settles_at <= $3
		ORDER BY id
		FOR UPDATE`, accountID, vswitchID, goneBefore)
	tx.purgeNetworkInterfaces(accountID, []string{vswitchID}, goneBefore)
	tx.queue(`
		SELECT EXISTS (SELECT FROM network_interfaces WHERE account_id = $1 AND vswitch_id = $2)
		    OR EXISTS (SELECT FROM instances WHERE account_id = $1 AND vswitch_id = $2),
		       EXISTS (SELECT FROM route_table_associations WHERE account_id = $1 AND vswitch_id = $2)`,
		accountID, vswitchID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.InUse, &scene.UsesCustomRouteTable) })
	return scene, tx.send(ctx)
}

// DeleteVSwitch queues the deletion of a locked VSwitch, with the counts of what it had.
func (tx *Tx) DeleteVSwitch(v *VSwitch) {
	tx.queue(`DELETE FROM vswitch_counts WHERE account_id = $1 AND vswitch_id = $2`, v.AccountID, v.ID)
	tx.write(1, `
		DELETE FROM vswitches WHERE account_id = $1 AND id = $2`, v.AccountID, v.ID)
}
