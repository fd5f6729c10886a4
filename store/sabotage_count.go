//go:build sabotage_count

package store

import "time"

// countedInstance is an instance with the interfaces that it holds, from one statement.
type countedInstance struct {
	batchInstance
	counted []struct {
		ID, Status          string
		NextStatus          *string
		SettlesAt           *time.Time
		InstanceENIQuantity *int
		DeviceIndex         *int
		NetworkCardIndex    *int
		TrunkID             *string
		MemberQuantity      *int
		TrafficMode         string
		Queues              *int
		Groups              []string
	}
}

// lockAttachedInstances is wrong on purpose: it reads what an instance holds in the statement that
// locks it. If the statement waits for the lock, it still reads by its older snapshot, and misses
// what the other transaction did under the lock. TestSabotageIsCaught proves that such a server is
// caught. The rest repeats the right statement, so that the builds differ in nothing else.
func (tx *Tx) lockAttachedInstances(a *Attachments, ids namedIDs) {
	sql := `
		SELECT ` + attachedInstanceColumns + `,
		       (SELECT json_agg(json_build_object(
		                   'ID', s.network_interface_id, 'Status', s.status,
		                   'NextStatus', s.next_status, 'SettlesAt', s.settles_at,
		                   'InstanceENIQuantity', s.instance_eni_quantity,
		                   'DeviceIndex', s.device_index, 'NetworkCardIndex', s.network_card_index,
		                   'TrunkID', s.trunk_id, 'MemberQuantity', s.member_quantity,
		                   'TrafficMode', s.traffic_mode, 'Queues', s.queues,
		                   'Groups', ARRAY(
		                       SELECT m.security_group_id FROM network_interface_security_groups m
		                       WHERE m.account_id = s.account_id AND m.network_interface_id = s.network_interface_id)))
		        FROM slots s
		        WHERE s.account_id = i.account_id AND s.instance_id = i.id)
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
		Query(each(func(c *countedInstance) []any {
			return append(batchInstanceFields(&c.batchInstance), &c.counted)
		}, func(c countedInstance) {
			a.addInstance(c.batchInstance)
			for _, n := range c.counted {
				eni := batchENI{groups: n.Groups}
				eni.AccountID, eni.InstanceID, eni.ID, eni.Status = c.AccountID, &c.ID, n.ID, n.Status
				eni.NextStatus, eni.SettlesAt, eni.DeviceIndex = n.NextStatus, n.SettlesAt, n.DeviceIndex
				eni.InstanceENIQuantity, eni.NetworkCardIndex = n.InstanceENIQuantity, n.NetworkCardIndex
				eni.TrunkID, eni.MemberQuantity = n.TrunkID, n.MemberQuantity
				eni.TrafficMode, eni.Queues = n.TrafficMode, n.Queues
				a.addHeldENI(eni)
			}
		}))
}

// readHeldENIs does nothing, because lockAttachedInstances has read the interfaces already.
func (tx *Tx) readHeldENIs(*Attachments, namedIDs) {}
