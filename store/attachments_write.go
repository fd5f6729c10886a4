package store

import (
	"maps"
	"slices"
	"time"
)

// WriteAttachments queues the writes of the rows that the requests of a batch have changed.
func (tx *Tx) WriteAttachments(a *Attachments) {
	tx.writeSlots(a)
	tx.writeDepartures(a)
	tx.writeCapacity(a)
}

// writeSlots queues the writes of the changed attachments: first those that are gone or move to
// another slot are deleted, so that others can take their slots, then the new ones are inserted.
// What only gets another status is updated.
func (tx *Tx) writeSlots(a *Attachments) {
	var gone idList
	var added, updated []*AttachmentRow
	for _, n := range a.enis {
		if !n.written {
			continue
		}
		before, after := n.stored, n.attachment()
		moved := before != nil && after != nil && !before.isAtSlotOf(after)
		if before != nil && (after == nil || moved) {
			gone.accounts, gone.ids = append(gone.accounts, n.AccountID), append(gone.ids, n.ID)
		}
		switch {
		case after == nil:
		case before == nil || moved:
			added = append(added, after)
		default:
			updated = append(updated, after)
		}
	}
	if len(gone.ids) > 0 {
		tx.write(int64(len(gone.ids)), `
			DELETE FROM attachments a
			USING unnest($1::text[], $2::text[]) AS gone (account_id, id)
			WHERE a.account_id = gone.account_id AND a.network_interface_id = gone.id`, gone.accounts, gone.ids)
	}
	tx.insertAttachments(added)
	tx.updateAttachments(updated)
}

// isAtSlotOf reports whether two rows are at the same slot of the same instance.
func (r *AttachmentRow) isAtSlotOf(other *AttachmentRow) bool {
	return r.InstanceID == other.InstanceID && r.DeviceIndex == other.DeviceIndex
}

// insertAttachments queues the write of new attachments, in one INSERT.
func (tx *Tx) insertAttachments(rows []*AttachmentRow) {
	if len(rows) == 0 {
		return
	}
	var (
		accounts, ids, instances, vpcs, zones, statuses []string
		quantities, indexes                             []int
		cards                                           []*int
		next                                            []*string
		settles                                         []*time.Time
	)
	for _, r := range rows {
		accounts, ids = append(accounts, r.AccountID), append(ids, r.NetworkInterfaceID)
		instances, quantities = append(instances, r.InstanceID), append(quantities, r.InstanceENIQuantity)
		vpcs, zones = append(vpcs, r.VPCID), append(zones, r.ZoneID)
		indexes, cards = append(indexes, r.DeviceIndex), append(cards, r.NetworkCardIndex)
		statuses, next, settles = append(statuses, r.Status), append(next, r.NextStatus), append(settles, r.SettlesAt)
	}
	tx.write(int64(len(rows)), `
		INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id,
		    instance_eni_quantity, device_index, network_card_index, status, next_status, settles_at)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
		    $6::integer[], $7::integer[], $8::integer[], $9::text[], $10::text[], $11::timestamptz[])`,
		accounts, ids, instances, vpcs, zones, quantities, indexes, cards, statuses, next, settles)
}

// updateAttachments queues the write of the status of attachments, in one UPDATE.
func (tx *Tx) updateAttachments(rows []*AttachmentRow) {
	if len(rows) == 0 {
		return
	}
	var (
		accounts, ids, statuses []string
		next                    []*string
		settles                 []*time.Time
	)
	for _, r := range rows {
		accounts, ids = append(accounts, r.AccountID), append(ids, r.NetworkInterfaceID)
		statuses, next, settles = append(statuses, r.Status), append(next, r.NextStatus), append(settles, r.SettlesAt)
	}
	tx.write(int64(len(rows)), `
		UPDATE attachments a
		SET status = c.status, next_status = c.next_status, settles_at = c.settles_at
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
		    AS c (account_id, id, status, next_status, settles_at)
		WHERE a.account_id = c.account_id AND a.network_interface_id = c.id`,
		accounts, ids, statuses, next, settles)
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
