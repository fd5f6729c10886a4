package store

import (
	"maps"
	"slices"
	"time"
)

// WriteAttachments queues the writes of the rows that the requests of a batch have changed.
func (tx *Tx) WriteAttachments(a *Attachments) {
	tx.writeENIs(a)
	tx.writeDepartures(a)
	tx.writeCapacity(a)
}

// writeENIs queues the write of the changed interfaces, in one UPDATE.
func (tx *Tx) writeENIs(a *Attachments) {
	var (
		accounts, ids, statuses    []string
		next, instances            []*string
		settles                    []*time.Time
		quantities, indexes, cards []*int
	)
	for _, n := range a.enis {
		if !n.written {
			continue
		}
		accounts, ids = append(accounts, n.AccountID), append(ids, n.ID)
		statuses, next, settles = append(statuses, n.Status), append(next, n.NextStatus), append(settles, n.SettlesAt)
		instances, quantities = append(instances, n.InstanceID), append(quantities, n.InstanceENIQuantity)
		indexes, cards = append(indexes, n.DeviceIndex), append(cards, n.NetworkCardIndex)
	}
	if len(ids) == 0 {
		return
	}
	tx.write(int64(len(ids)), `
		UPDATE network_interfaces n
		SET status = c.status, next_status = c.next_status, settles_at = c.settles_at, instance_id = c.instance_id,
		    instance_eni_quantity = c.instance_eni_quantity, device_index = c.device_index,
		    network_card_index = c.network_card_index
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
		            $6::text[], $7::integer[], $8::integer[], $9::integer[])
		    AS c (account_id, id, status, next_status, settles_at,
		          instance_id, instance_eni_quantity, device_index, network_card_index)
		WHERE n.account_id = c.account_id AND n.id = c.id`,
		accounts, ids, statuses, next, settles, instances, quantities, indexes, cards)
}

// writeDepartures queues the writes of the departures that requests have cancelled or added.
func (tx *Tx) writeDepartures(a *Attachments) {
	var removed, added struct {
		accounts, groups, instances []string
		at                          []time.Time
	}
	for _, i := range a.instances {
		for group, d := range i.departures {
			if d == nil {
				removed.accounts, removed.groups = append(removed.accounts, i.AccountID), append(removed.groups, group)
				removed.instances = append(removed.instances, i.ID)
			} else if d.written {
				added.accounts, added.groups = append(added.accounts, i.AccountID), append(added.groups, group)
				added.instances, added.at = append(added.instances, i.ID), append(added.at, d.at)
			}
		}
	}
	// Remove the departures that are cancelled or due; nil marks them. A transaction that waits may
	// find a due one.
	if len(removed.accounts) > 0 {
		tx.queue(`
			DELETE FROM security_group_departures l
			USING unnest($1::text[], $2::text[], $3::text[]) AS gone (account_id, security_group_id, instance_id)
			WHERE l.account_id = gone.account_id AND l.security_group_id = gone.security_group_id
			  AND l.instance_id = gone.instance_id`,
			removed.accounts, removed.groups, removed.instances)
	}
	if len(added.accounts) > 0 {
		tx.write(int64(len(added.accounts)), `
			INSERT INTO security_group_departures (account_id, security_group_id, instance_id, due_at)
			SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
			ON CONFLICT (account_id, security_group_id, instance_id) DO UPDATE SET due_at = excluded.due_at`,
			added.accounts, added.groups, added.instances, added.at)
	}
}

// writeCapacity queues the write of the free capacity that the batch has left. It is spread evenly
// over the locked shares of each group.
func (tx *Tx) writeCapacity(a *Attachments) {
	var (
		accounts, groups []string
		shares, free     []int
	)
	for _, id := range slices.SortedFunc(maps.Keys(a.capacity), ResourceID.compare) {
		g := a.capacity[id]
		for k, s := range g.shares {
			newFree := g.free / len(g.shares)
			if k < g.free%len(g.shares) { // the first shares get the remainder
				newFree++
			}
			if newFree != s.free {
				accounts, groups = append(accounts, id.AccountID), append(groups, id.ID)
				shares, free = append(shares, s.share), append(free, newFree)
			}
		}
	}
	if len(groups) == 0 {
		return
	}
	tx.write(int64(len(groups)), `
		UPDATE security_group_capacity p
		SET free = c.free
		FROM unnest($1::text[], $2::text[], $3::smallint[], $4::integer[])
		    AS c (account_id, security_group_id, share, free)
		WHERE p.account_id = c.account_id AND p.security_group_id = c.security_group_id AND p.share = c.share`,
		accounts, groups, shares, free)
}
