//go:build !sabotage_instance_lock && !sabotage_count

package store

// lockAttachedInstances queues the locks of the instances that requests name. The join with the
// type comes after the lock. A join below it would lose an instance whose type changed during the
// wait for its lock.
//
// Builds with the tags above replace it by a wrong version, to prove that the tests notice a
// missing lock (TestSabotageIsCaught).
func (tx *Tx) lockAttachedInstances(a *Attachments, ids namedIDs) {
	sql := `
		SELECT ` + attachedInstanceColumns + `
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT * FROM instances
		    WHERE account_id = named.account_id AND id = named.id
		    FOR NO KEY UPDATE SKIP LOCKED) i
		CROSS JOIN LATERAL (
		    SELECT * FROM instance_types
		    WHERE owner_id = i.instance_type_owner_id AND id = i.instance_type
		    OFFSET 0) t`
	if a.wait {
		sql = withoutSkipLocked(sql)
	}
	tx.lock(rankInstances, sql, ids.instances.accounts, ids.instances.ids).
		Query(each(batchInstanceFields, a.addInstance))
}
