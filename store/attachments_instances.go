//go:build !sabotage_instance_lock && !sabotage_count

package store

// lockAttachedInstances locks the instances that requests name. The lock comes before the join with the type: an instance whose type changed while its lock was waited
// for would be lost by a join below it. Builds with the tags above have a wrong one in its place, to show that the loss of this lock is noticed
// (TestSabotageIsCaught).
func (tx *Tx) lockAttachedInstances(a *Attachments, ids namedIDs) {
	sql := `
		SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id, i.eni_quantity,
		       i.status, i.next_status, i.settles_at, i.running_at,
		       t.owner_id, t.id, t.eni_quantity, t.private_ipv4_per_eni, t.ipv6_per_eni, t.network_cards, t.hot_plug, t.io_optimized
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT * FROM instances WHERE account_id = named.account_id AND id = named.id FOR NO KEY UPDATE SKIP LOCKED) i
		CROSS JOIN LATERAL (
		    SELECT * FROM instance_types WHERE owner_id = i.instance_type_owner_id AND id = i.instance_type OFFSET 0) t`
	if a.wait {
		sql = waiting(sql)
	}
	tx.lock(rankInstances, sql, ids.instances.accounts, ids.instances.ids).
		Query(each(heldInstanceFields, a.addInstance))
}
