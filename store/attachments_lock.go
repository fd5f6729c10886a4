package store

import (
	"context"
	"slices"
	"time"
)

// LockForAttachments locks what a batch of attaches and detaches depends on, and reads it, in one round trip: the instances; and the interfaces, with those on
// their way off the instances, so that their rows can be settled. Where an instance may join or leave a group, a second one locks a share of the group's
// places that nobody else has locked. So the attaches of a popular group do not wait for each other. Where that share does not do (see Short), the batch is
// decided anew, exact: under the locks of all shares, which are waited for.
func (tx *Tx) LockForAttachments(ctx context.Context, wants []Attachment, exact bool) (*Attachments, error) {
	a := &Attachments{
		instances: make(map[ResourceID]*heldInstance, len(wants)), enis: make(map[ResourceID]*heldENI, len(wants)),
		places: map[ResourceID]*groupPlaces{}, exact: exact,
	}
	ids := namedBy(wants)
	tx.lockAttachedInstances(a, ids)
	tx.lockAttachedENIs(a, ids)
	tx.readHeldENIs(a, ids)
	tx.readAttachedENIs(a, ids)
	if err := tx.send(ctx); err != nil {
		return nil, err
	}
	groups := listOf(a.groupsAtStake(wants))
	switch {
	case len(groups.ids) == 0:
		return a, nil
	case exact:
		tx.lockEveryPlace(a, groups)
	default:
		tx.lockSomePlaces(a, ids, groups)
	}
	return a, tx.send(ctx)
}

// groupsAtStake are the groups in which a request may take or give a place: those of its interface, less the ones in which its instance has its primary
// interface, which never leaves. While the instance is locked they cannot change.
func (a *Attachments) groupsAtStake(wants []Attachment) (groups []ResourceID) {
	for _, w := range wants {
		i, eni := a.instances[w.instance()], a.enis[w.eni()]
		if i == nil || eni == nil {
			continue
		}
		for _, id := range eni.groups {
			if i.primary == nil || !slices.Contains(i.primary.groups, id) {
				groups = append(groups, ResourceID{w.AccountID, id})
			}
		}
	}
	return groups
}

// The statements take ids as arrays, and look each up in a LATERAL subquery. That fixes two things for every plan: rows are found by their index, also where the
// planner thinks that a table is small, and they are locked in the order of the arrays.

// idList is a list of resources, as two arrays of a statement: sorted and each once, in the order of locks.
type idList struct{ accounts, ids []string }

func listOf(all []ResourceID) idList {
	slices.SortFunc(all, ResourceID.compare)
	var l idList
	for _, id := range slices.Compact(all) {
		l.accounts, l.ids = append(l.accounts, id.AccountID), append(l.ids, id.ID)
	}
	return l
}

// namedIDs are what the requests of a batch name: instances; interfaces, and those of them that are to be attached.
type namedIDs struct{ instances, enis, attached idList }

func namedBy(wants []Attachment) namedIDs {
	instances, enis, attached := make([]ResourceID, len(wants)), make([]ResourceID, len(wants)), make([]ResourceID, 0, len(wants))
	for i, w := range wants {
		instances[i], enis[i] = w.instance(), w.eni()
		if !w.Part {
			attached = append(attached, w.eni())
		}
	}
	return namedIDs{listOf(instances), listOf(enis), listOf(attached)}
}

// heldInstanceFields are what lockAttachedInstances reads.
func heldInstanceFields(h *heldInstance) []any {
	i, t := &h.Instance, &h.Type
	return []any{&i.AccountID, &i.ID, &i.RegionID, &i.ZoneID, &i.NetworkType, &i.VPCID, &i.VSwitchID, &i.ENIQuantity,
		&i.Status, &i.NextStatus, &i.SettlesAt, &i.RunningAt,
		&t.OwnerID, &t.ID, &t.ENIQuantity, &t.PrivateIPv4PerENI, &t.IPv6PerENI, &t.NetworkCards, &t.HotPlug, &t.IOOptimized}
}

func (a *Attachments) addInstance(h heldInstance) {
	h.held, h.leavers = map[string]*heldENI{}, map[string]*leaver{}
	h.InstanceTypeOwnerID, h.InstanceType = h.Type.OwnerID, h.Type.ID
	a.instances[ResourceID{h.AccountID, h.ID}] = &h
}

// heldENIFields are what readHeldENIs reads.
func heldENIFields(n *heldENI) []any {
	return []any{&n.AccountID, &n.InstanceID, &n.ID, &n.Status, &n.NextStatus, &n.SettlesAt, &n.DeviceIndex, &n.groups}
}

func (a *Attachments) addHeld(n heldENI) {
	i := a.instances[ResourceID{n.AccountID, *n.InstanceID}]
	if i == nil || i.held == nil {
		return // it came after the locks, so for this batch it is not there
	}
	eni := a.enis[ResourceID{n.AccountID, n.ID}]
	if eni == nil {
		eni = &n
	}
	eni.groups = n.groups
	i.held[n.ID] = eni
	if *n.DeviceIndex == 0 {
		i.primary = eni
	}
}

func (tx *Tx) lockAttachedENIs(a *Attachments, ids namedIDs) {
	tx.lock(rankNetworkInterfaces, `
		SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type, n.status, n.next_status, n.settles_at,
		       n.instance_id, n.instance_eni_quantity, n.device_index, n.network_card_index, n.service_managed
		FROM (
		    SELECT account_id, id FROM unnest($1::text[], $2::text[]) AS eni (account_id, id)
		    UNION
		    SELECT leaving.account_id, leaving.id
		    FROM unnest($3::text[], $4::text[]) AS instance (account_id, id)
		    CROSS JOIN LATERAL (
		        SELECT account_id, id
		        FROM network_interfaces
		        WHERE account_id = instance.account_id AND instance_id = instance.id AND next_status = 'Available'
		        OFFSET 0) leaving
		    ORDER BY 1, 2) named
		CROSS JOIN LATERAL (
		    SELECT * FROM network_interfaces WHERE account_id = named.account_id AND id = named.id FOR NO KEY UPDATE) n`,
		ids.enis.accounts, ids.enis.ids, ids.instances.accounts, ids.instances.ids).
		Query(each(func(n *heldENI) []any {
			return []any{&n.AccountID, &n.ID, &n.RegionID, &n.ZoneID, &n.VPCID, &n.VSwitchID, &n.Type, &n.Status, &n.NextStatus, &n.SettlesAt,
				&n.InstanceID, &n.InstanceENIQuantity, &n.DeviceIndex, &n.NetworkCardIndex, &n.ServiceManaged}
		}, func(n heldENI) { a.enis[ResourceID{n.AccountID, n.ID}] = &n }))
}

// lockSomePlaces never waits for a place: a share that somebody holds is passed over. The places that the instances themselves are leaving are theirs alone.
func (tx *Tx) lockSomePlaces(a *Attachments, ids namedIDs, groups idList) {
	tx.lock(rankLeavers, `
		SELECT l.account_id, l.security_group_id, l.instance_id, l.leaves_at
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT *
		    FROM security_group_leavers
		    WHERE account_id = named.account_id AND instance_id = named.id
		    ORDER BY security_group_id
		    FOR UPDATE) l`, ids.instances.accounts, ids.instances.ids).Query(each(leaverFields, a.addLeaver))
	tx.lock(rankPlaces, `
		SELECT p.account_id, p.security_group_id, p.share, p.free
		FROM unnest($1::text[], $2::text[]) AS g (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT *
		    FROM security_group_places
		    WHERE account_id = g.account_id AND security_group_id = g.id
		    ORDER BY free > 0 DESC, (share + $3) % 8
		    LIMIT 1
		    FOR NO KEY UPDATE SKIP LOCKED) p`, groups.accounts, groups.ids, tx.share).Query(each(placeFields, a.addPlace))
}

func (tx *Tx) lockEveryPlace(a *Attachments, groups idList) {
	tx.lock(rankLeavers, `
		SELECT account_id, security_group_id, instance_id, leaves_at
		FROM security_group_leavers
		WHERE (account_id, security_group_id) IN (SELECT account_id, id FROM unnest($1::text[], $2::text[]) AS g (account_id, id))
		ORDER BY account_id, instance_id, security_group_id
		FOR UPDATE`, groups.accounts, groups.ids).Query(each(leaverFields, a.addLeaver))
	tx.lock(rankPlaces, `
		SELECT p.account_id, p.security_group_id, p.share, p.free
		FROM unnest($1::text[], $2::text[]) AS g (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT *
		    FROM security_group_places
		    WHERE account_id = g.account_id AND security_group_id = g.id
		    ORDER BY share
		    FOR NO KEY UPDATE) p`, groups.accounts, groups.ids).Query(each(placeFields, a.addPlace))
}

// leaverRow and placeRow are rows on their way to a map.
type (
	leaverRow struct {
		accountID, groupID, instanceID string
		at                             time.Time
	}
	placeRow struct {
		accountID, groupID string
		placeShare
	}
)

func leaverFields(l *leaverRow) []any { return []any{&l.accountID, &l.groupID, &l.instanceID, &l.at} }

func placeFields(p *placeRow) []any { return []any{&p.accountID, &p.groupID, &p.share, &p.free} }

// addLeaver keeps who leaves a group: also an instance that no request names, whose place is free when it is due.
func (a *Attachments) addLeaver(l leaverRow) {
	id := ResourceID{l.accountID, l.instanceID}
	if a.instances[id] == nil {
		a.instances[id] = &heldInstance{Instance: Instance{AccountID: l.accountID, ID: l.instanceID}, leavers: map[string]*leaver{}}
	}
	a.instances[id].leavers[l.groupID] = &leaver{at: l.at}
}

func (a *Attachments) addPlace(p placeRow) {
	id := ResourceID{p.accountID, p.groupID}
	g := a.places[id]
	if g == nil {
		g = &groupPlaces{}
		a.places[id] = g
	}
	g.free += p.free
	g.shares = append(g.shares, p.placeShare)
}

// readAttachedENIs queues the search for the addresses and groups of the interfaces that are to be attached. A prefix counts as one address.
func (tx *Tx) readAttachedENIs(a *Attachments, ids namedIDs) {
	tx.queue(`
		SELECT named.account_id, named.id, address.v4 + prefix.v4, address.v6 + prefix.v6,
		       ARRAY(SELECT m.security_group_id FROM network_interface_security_groups m
		             WHERE m.account_id = named.account_id AND m.network_interface_id = named.id)
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT count(*) FILTER (WHERE family(address) = 4) AS v4, count(*) FILTER (WHERE family(address) = 6) AS v6
		    FROM private_ip_addresses
		    WHERE account_id = named.account_id AND network_interface_id = named.id) address
		CROSS JOIN LATERAL (
		    SELECT count(*) FILTER (WHERE family(p.prefix) = 4) AS v4, count(*) FILTER (WHERE family(p.prefix) = 6) AS v6
		    FROM ip_prefixes p
		    WHERE p.account_id = named.account_id AND p.network_interface_id = named.id) prefix`, ids.attached.accounts, ids.attached.ids).
		Query(each(func(n *heldENI) []any { return []any{&n.AccountID, &n.ID, &n.ipv4, &n.ipv6, &n.groups} }, func(n heldENI) {
			if eni := a.enis[ResourceID{n.AccountID, n.ID}]; eni != nil {
				eni.ipv4, eni.ipv6, eni.groups = n.ipv4, n.ipv6, n.groups
			}
		}))
}
