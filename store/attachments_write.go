package store

import (
	"maps"
	"slices"
	"time"
)

// WriteAttachments queues the writes of what the requests of a batch have changed.
func (tx *Tx) WriteAttachments(a *Attachments) {
	tx.writeENIs(a)
	tx.writeLeavers(a)
	tx.writePlaces(a)
}

func (tx *Tx) writeENIs(a *Attachments) {
	var (
		accounts, ids, statuses   []string
		next, instances           []*string
		settles                   []*time.Time
		quantities, indexes, card []*int
	)
	for _, n := range a.enis {
		if !n.written {
			continue
		}
		accounts, ids, statuses, next, settles = append(accounts, n.AccountID), append(ids, n.ID), append(statuses, n.Status), append(next, n.NextStatus), append(settles, n.SettlesAt)
		instances, quantities, indexes, card = append(instances, n.InstanceID), append(quantities, n.InstanceENIQuantity), append(indexes, n.DeviceIndex), append(card, n.NetworkCardIndex)
	}
	if len(ids) == 0 {
		return
	}
	tx.write(int64(len(ids)), `
		UPDATE network_interfaces n
		SET status = c.status, next_status = c.next_status, settles_at = c.settles_at, instance_id = c.instance_id,
		    instance_eni_quantity = c.instance_eni_quantity, device_index = c.device_index, network_card_index = c.network_card_index
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::integer[], $8::integer[], $9::integer[])
		    AS c (account_id, id, status, next_status, settles_at, instance_id, instance_eni_quantity, device_index, network_card_index)
		WHERE n.account_id = c.account_id AND n.id = c.id`,
		accounts, ids, statuses, next, settles, instances, quantities, indexes, card)
}

func (tx *Tx) writeLeavers(a *Attachments) {
	var gone, come struct {
		accounts, groups, instances []string
		at                          []time.Time
	}
	for _, i := range a.instances {
		for group, l := range i.leavers {
			if l == nil {
				gone.accounts, gone.groups, gone.instances = append(gone.accounts, i.AccountID), append(gone.groups, group), append(gone.instances, i.ID)
			} else if l.written {
				come.accounts, come.groups, come.instances = append(come.accounts, i.AccountID), append(come.groups, group), append(come.instances, i.ID)
				come.at = append(come.at, l.at)
			}
		}
	}
	if len(gone.accounts) > 0 {
		tx.queue(`
			DELETE FROM security_group_leavers l
			USING unnest($1::text[], $2::text[], $3::text[]) AS gone (account_id, security_group_id, instance_id)
			WHERE l.account_id = gone.account_id AND l.security_group_id = gone.security_group_id AND l.instance_id = gone.instance_id`,
			gone.accounts, gone.groups, gone.instances)
	}
	if len(come.accounts) > 0 {
		tx.write(int64(len(come.accounts)), `
			INSERT INTO security_group_leavers (account_id, security_group_id, instance_id, leaves_at)
			SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
			ON CONFLICT (account_id, security_group_id, instance_id) DO UPDATE SET leaves_at = excluded.leaves_at`,
			come.accounts, come.groups, come.instances, come.at)
	}
}

func (tx *Tx) writePlaces(a *Attachments) {
	var (
		accounts, groups []string
		shares, free     []int
	)
	for _, id := range slices.SortedFunc(maps.Keys(a.places), ResourceID.compare) {
		g := a.places[id]
		for k, s := range g.shares {
			now := g.free / len(g.shares) // spread evenly over what is locked
			if k < g.free%len(g.shares) {
				now++
			}
			if now != s.free {
				accounts, groups, shares, free = append(accounts, id.AccountID), append(groups, id.ID), append(shares, s.share), append(free, now)
			}
		}
	}
	if len(groups) == 0 {
		return
	}
	tx.write(int64(len(groups)), `
		UPDATE security_group_places p
		SET free = c.free
		FROM unnest($1::text[], $2::text[], $3::smallint[], $4::integer[]) AS c (account_id, security_group_id, share, free)
		WHERE p.account_id = c.account_id AND p.security_group_id = c.security_group_id AND p.share = c.share`, accounts, groups, shares, free)
}
