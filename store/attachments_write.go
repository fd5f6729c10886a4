package store

import (
	"maps"
	"slices"
	"time"
)

// WriteAttachments queues the writes of the rows that the requests of a batch have changed.
func (tx *Tx) WriteAttachments(a *Attachments) {
	c := a.changes()
	// First delete the attachments that end or move, so that others can take their slots.
	if gone := newIDList(c.gone); len(gone.ids) > 0 {
		tx.write(int64(len(gone.ids)), `
			DELETE FROM attachments a
			USING unnest($1::text[], $2::text[]) AS gone (account_id, id)
			WHERE a.account_id = gone.account_id AND a.network_interface_id = gone.id`, gone.accounts, gone.ids)
	}
	tx.insertAttachments(c.added)
	tx.updateAttachments(c.updated)
	tx.deleteDepartures(c.removedDepartures)
	tx.upsertDepartures(c.addedDepartures)
	tx.updateCapacity(c.capacity)
}

// attachmentChanges are the rows that a batch has changed.
type attachmentChanges struct {
	gone              []ResourceID // interfaces whose stored attachment ends or moves to another slot
	added             []*AttachmentRow
	updated           []*AttachmentRow // with another status
	removedDepartures []departureRow   // cancelled or due
	addedDepartures   []departureRow
	capacity          []capacityRow // of the groups in which it has changed
}

// changes compares the rows of a batch with what is stored. It is pure.
func (a *Attachments) changes() (c attachmentChanges) {
	for _, n := range a.enis {
		if n.written {
			c.addAttachment(ResourceID{n.AccountID, n.ID}, n.stored, n.attachment())
		}
	}
	for _, i := range a.instances {
		for group, d := range i.departures {
			switch {
			case d == nil: // a transaction that waits may find a due one
				c.removedDepartures = append(c.removedDepartures, departureRow{i.AccountID, group, i.ID, nil})
			case d.written:
				c.addedDepartures = append(c.addedDepartures, departureRow{i.AccountID, group, i.ID, &d.at})
			}
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(a.capacity), ResourceID.compare) {
		if g := a.capacity[id]; g.free != g.stored {
			c.capacity = append(c.capacity, capacityRow{id.AccountID, id.ID, g.free})
		}
	}
	return c
}

// addAttachment adds the change of an attachment. One that moves to another slot is deleted and
// inserted.
func (c *attachmentChanges) addAttachment(eni ResourceID, before, after *AttachmentRow) {
	if before != nil && after != nil && before.isAtSlotOf(after) {
		c.updated = append(c.updated, after)
		return
	}
	if before != nil {
		c.gone = append(c.gone, eni)
	}
	if after != nil {
		c.added = append(c.added, after)
	}
}

// isAtSlotOf reports whether two rows differ in nothing but their status.
func (r *AttachmentRow) isAtSlotOf(other *AttachmentRow) bool {
	sameCard := (r.NetworkCardIndex == nil) == (other.NetworkCardIndex == nil) &&
		(r.NetworkCardIndex == nil || *r.NetworkCardIndex == *other.NetworkCardIndex)
	return r.InstanceID == other.InstanceID && r.DeviceIndex == other.DeviceIndex && sameCard &&
		valueOrEmpty(r.TrunkID) == valueOrEmpty(other.TrunkID)
}

// insertAttachments queues the write of new attachments, in one INSERT.
func (tx *Tx) insertAttachments(rows []*AttachmentRow) {
	if len(rows) == 0 {
		return
	}
	var (
		accounts, ids, instances, vpcs, zones, statuses []string
		quantities, indexes                             []int
		cards, members, queues                          []*int
		next, trunks, heldTrunks                        []*string
		modes                                           []string
		settles                                         []*time.Time
	)
	for _, r := range rows {
		accounts, ids = append(accounts, r.AccountID), append(ids, r.NetworkInterfaceID)
		instances, quantities = append(instances, r.InstanceID), append(quantities, r.InstanceENIQuantity)
		vpcs, zones = append(vpcs, r.VPCID), append(zones, r.ZoneID)
		indexes, cards = append(indexes, r.DeviceIndex), append(cards, r.NetworkCardIndex)
		statuses, next, settles = append(statuses, r.Status), append(next, r.NextStatus), append(settles, r.SettlesAt)
		trunks, heldTrunks = append(trunks, r.TrunkID), append(heldTrunks, r.HeldTrunkID)
		members, queues = append(members, r.MemberQuantity), append(queues, r.Queues)
		modes = append(modes, r.TrafficMode)
	}
	tx.write(int64(len(rows)), `
		INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id,
		    instance_eni_quantity, device_index, network_card_index, status, next_status, settles_at,
		    trunk_id, held_trunk_id, member_quantity, traffic_mode, queues)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
		    $6::integer[], $7::integer[], $8::integer[], $9::text[], $10::text[], $11::timestamptz[],
		    $12::text[], $13::text[], $14::integer[], $15::text[], $16::integer[])`,
		accounts, ids, instances, vpcs, zones, quantities, indexes, cards, statuses, next, settles,
		trunks, heldTrunks, members, modes, queues)
}

// updateAttachments queues the write of the status of attachments, in one UPDATE.
func (tx *Tx) updateAttachments(rows []*AttachmentRow) {
	if len(rows) == 0 {
		return
	}
	var (
		accounts, ids, statuses []string
		next, heldTrunks        []*string
		settles                 []*time.Time
	)
	for _, r := range rows {
		accounts, ids = append(accounts, r.AccountID), append(ids, r.NetworkInterfaceID)
		statuses, next, settles = append(statuses, r.Status), append(next, r.NextStatus), append(settles, r.SettlesAt)
		heldTrunks = append(heldTrunks, r.HeldTrunkID)
	}
	tx.write(int64(len(rows)), `
		UPDATE attachments a
		SET status = c.status, next_status = c.next_status, settles_at = c.settles_at, held_trunk_id = c.held_trunk_id
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
		    AS c (account_id, id, status, next_status, settles_at, held_trunk_id)
		WHERE a.account_id = c.account_id AND a.network_interface_id = c.id`,
		accounts, ids, statuses, next, settles, heldTrunks)
}

// deleteDepartures queues the deletion of departures.
func (tx *Tx) deleteDepartures(rows []departureRow) {
	if len(rows) == 0 {
		return
	}
	var accounts, groups, instances []string
	for _, d := range rows {
		accounts, groups = append(accounts, d.accountID), append(groups, d.groupID)
		instances = append(instances, d.instanceID)
	}
	tx.queue(`
		DELETE FROM security_group_departures l
		USING unnest($1::text[], $2::text[], $3::text[]) AS gone (account_id, security_group_id, instance_id)
		WHERE l.account_id = gone.account_id AND l.security_group_id = gone.security_group_id
		  AND l.instance_id = gone.instance_id`, accounts, groups, instances)
}

// upsertDepartures queues the write of departures, new ones or with another time.
func (tx *Tx) upsertDepartures(rows []departureRow) {
	if len(rows) == 0 {
		return
	}
	var (
		accounts, groups, instances []string
		at                          []time.Time
	)
	for _, d := range rows {
		accounts, groups = append(accounts, d.accountID), append(groups, d.groupID)
		instances, at = append(instances, d.instanceID), append(at, *d.at)
	}
	tx.write(int64(len(rows)), `
		INSERT INTO security_group_departures (account_id, security_group_id, instance_id, due_at)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
		ON CONFLICT (account_id, security_group_id, instance_id) DO UPDATE SET due_at = excluded.due_at`,
		accounts, groups, instances, at)
}

// updateCapacity queues the write of the free capacity of groups, in one UPDATE.
func (tx *Tx) updateCapacity(rows []capacityRow) {
	if len(rows) == 0 {
		return
	}
	var (
		accounts, groups []string
		free             []int
	)
	for _, p := range rows {
		accounts, groups = append(accounts, p.accountID), append(groups, p.groupID)
		free = append(free, p.free)
	}
	tx.write(int64(len(rows)), `
		UPDATE security_group_capacity p
		SET free = c.free
		FROM unnest($1::text[], $2::text[], $3::integer[]) AS c (account_id, security_group_id, free)
		WHERE p.account_id = c.account_id AND p.security_group_id = c.security_group_id`,
		accounts, groups, free)
}
