//go:build !sabotage_count

package store

// readHeldENIs queues the read of the interfaces that the instances hold. It is a statement after
// the locking ones, so its snapshot sees the transactions that the locks waited for.
func (tx *Tx) readHeldENIs(a *Attachments, ids namedIDs) {
	tx.queue(`
		SELECT s.account_id, s.instance_id, s.network_interface_id, s.instance_eni_quantity,
		       s.device_index, s.network_card_index, s.status, s.next_status, s.settles_at,
		       s.trunk_id, s.member_quantity, s.traffic_mode, s.queues,
		       ARRAY(SELECT m.security_group_id FROM network_interface_security_groups m
		             WHERE m.account_id = s.account_id AND m.network_interface_id = s.network_interface_id)
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT * FROM slots
		    WHERE account_id = named.account_id AND instance_id = named.id
		    OFFSET 0) s`,
		ids.instances.accounts, ids.instances.ids).
		Query(each(heldENIFields, a.addHeldENI))
}
