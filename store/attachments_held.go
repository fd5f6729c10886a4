//go:build !sabotage_count

package store

// readHeldENIs queues the read of the interfaces that the instances hold. It is a statement after
// the locking ones, so its snapshot sees the transactions that the locks waited for.
func (tx *Tx) readHeldENIs(a *Attachments, ids namedIDs) {
	tx.queue(`
		SELECT n.account_id, n.instance_id, n.id, n.status, n.next_status, n.settles_at, n.device_index,
		       ARRAY(SELECT m.security_group_id FROM network_interface_security_groups m
		             WHERE m.account_id = n.account_id AND m.network_interface_id = n.id)
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT * FROM network_interfaces
		    WHERE account_id = named.account_id AND instance_id = named.id
		    OFFSET 0) n`,
		ids.instances.accounts, ids.instances.ids).
		Query(each(heldInterfaceFields, a.addHeldENI))
}
