//go:build sabotage_instance_lock

package store

// lockAttachedInstances is wrong on purpose: it reads the instances without locking them. Two
// servers that see the same free slot may both use it. TestSabotageIsCaught proves that such a
// server is caught. The rest repeats the right statement.
func (tx *Tx) lockAttachedInstances(a *Attachments, ids namedIDs) {
	tx.lock(rankInstances, `
		SELECT `+attachedInstanceColumns+`
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT * FROM instances
		    WHERE account_id = named.account_id AND id = named.id
		    OFFSET 0) i
		CROSS JOIN LATERAL (
		    SELECT * FROM instance_types
		    WHERE owner_id = i.instance_type_owner_id AND id = i.instance_type
		    OFFSET 0) t`,
		ids.instances.accounts, ids.instances.ids).
		Query(each(batchInstanceFields, a.addInstance))
}
