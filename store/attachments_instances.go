//go:build !sabotage_instance_lock && !sabotage_count

package store

// lockAttachedInstances locks the instances that requests name. Builds with the tags above have a wrong one in its place, to show that the loss of this lock is
// noticed (TestSabotageIsCaught).
func (tx *Tx) lockAttachedInstances(a *Attachments, accounts, instances []string) {
	tx.lock(rankInstances, `
		WITH i AS MATERIALIZED ( -- a join below the lock would lose an instance whose type changed while the lock was waited for
		    SELECT *
		    FROM instances
		    WHERE (account_id, id) IN (SELECT account_id, id FROM unnest($1::text[], $2::text[]) AS named (account_id, id))
		    ORDER BY account_id, id
		    FOR NO KEY UPDATE
		)
		SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id, i.eni_quantity,
		       i.status, i.next_status, i.settles_at, i.running_at,
		       t.owner_id, t.id, t.eni_quantity, t.private_ipv4_per_eni, t.ipv6_per_eni, t.network_cards, t.hot_plug, t.io_optimized
		FROM i
		JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type`, accounts, instances).
		Query(each(heldInstanceFields, a.addInstance))
}
