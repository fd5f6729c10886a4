package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// LockForAttachments locks the rows that a batch of attaches and detaches depends on, and reads them, in one round trip: first the
// instances, then the interfaces, together with the interfaces that are due to leave the instances, so that their rows can be settled.
// Only where an instance may join or leave a group, or a named row was not returned, a second round trip follows: it locks a share of
// the group's capacity, and finds out whether the row exists.
//
// Without wait it never waits for another transaction: a row that is locked elsewhere is passed over, and the scene of each request
// that needs it says so (AttachScene.Contended). With wait it waits for every row, and for the whole capacity of the groups.
func (tx *Tx) LockForAttachments(ctx context.Context, wants []Attachment, wait bool) (*Attachments, error) {
	a := &Attachments{
		instances: make(map[ResourceID]*heldInstance, len(wants)), enis: make(map[ResourceID]*heldENI, len(wants)),
		groups: map[ResourceID]bool{}, places: map[ResourceID]*groupPlaces{}, wait: wait,
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
	if len(groups.ids) > 0 && wait {
		tx.lockEveryPlace(a, groups)
	} else if len(groups.ids) > 0 {
		tx.lockSomePlaces(a, ids, groups)
	}
	if !wait {
		tx.findContended(a, ids)
	}
	return a, tx.sendQueued(ctx)
}

// waiting returns the text of a locking statement that waits for the rows that others hold, instead of passing over them.
func waiting(sql string) string { return strings.ReplaceAll(sql, " SKIP LOCKED", "") }

// findContended queues the question which of the named rows that no lock returned exist: those are locked by others, and the rest
// does not exist. Where every row was returned, nothing is asked.
func (tx *Tx) findContended(a *Attachments, ids namedIDs) {
	if missing := ids.instances.without(func(id ResourceID) bool { return a.instances[id] != nil }); len(missing.ids) > 0 {
		tx.queue(`
			SELECT i.account_id, i.id
			FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
			CROSS JOIN LATERAL (
			    SELECT account_id, id FROM instances WHERE account_id = named.account_id AND id = named.id OFFSET 0) i`,
			missing.accounts, missing.ids).
			Query(each((*ResourceID).fields, a.addContended(InstanceRow)))
	}
	if missing := ids.enis.without(func(id ResourceID) bool { return a.enis[id] != nil }); len(missing.ids) > 0 {
		tx.queue(`
			SELECT n.account_id, n.id
			FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
			CROSS JOIN LATERAL (
			    SELECT account_id, id FROM network_interfaces WHERE account_id = named.account_id AND id = named.id OFFSET 0) n`,
			missing.accounts, missing.ids).
			Query(each((*ResourceID).fields, a.addContended(NetworkInterfaceRow)))
	}
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
			if !i.hasPrimaryIn(id) {
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

// without returns the resources of the list for which found is false.
func (l idList) without(found func(ResourceID) bool) (rest idList) {
	for k, id := range l.ids {
		if !found(ResourceID{l.accounts[k], id}) {
			rest.accounts, rest.ids = append(rest.accounts, l.accounts[k]), append(rest.ids, id)
		}
	}
	return rest
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
	sql := `
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
		    SELECT * FROM network_interfaces WHERE account_id = named.account_id AND id = named.id FOR NO KEY UPDATE SKIP LOCKED) n`
	if a.wait {
		sql = waiting(sql)
	}
	tx.lock(rankNetworkInterfaces, sql, ids.enis.accounts, ids.enis.ids, ids.instances.accounts, ids.instances.ids).
		Query(each(func(n *heldENI) []any {
			return []any{&n.AccountID, &n.ID, &n.RegionID, &n.ZoneID, &n.VPCID, &n.VSwitchID, &n.Type, &n.Status, &n.NextStatus, &n.SettlesAt,
				&n.InstanceID, &n.InstanceENIQuantity, &n.DeviceIndex, &n.NetworkCardIndex, &n.ServiceManaged}
		}, func(n heldENI) {
			n.locked = true
			a.enis[ResourceID{n.AccountID, n.ID}] = &n
		}))
}

// lockGroupsAtStake queues the locks of groups against going away. A departure's foreign key would take them with the write, and wait.
func (tx *Tx) lockGroupsAtStake(a *Attachments, groups idList) {
	sql := `
		SELECT g.account_id, g.id
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT account_id, id FROM security_groups WHERE account_id = named.account_id AND id = named.id FOR KEY SHARE SKIP LOCKED) g`
	if a.wait {
		sql = waiting(sql)
	}
	tx.lock(rankSecurityGroups, sql, groups.accounts, groups.ids).
		Query(each((*ResourceID).fields, func(id ResourceID) { a.groups[id] = true }))
}

// lockSomePlaces never waits: it takes a share of each group that nobody has locked, and those departures of the instances that nobody
// has locked. A departure that is locked is kept as such, because the group's capacity is being counted by another transaction.
func (tx *Tx) lockSomePlaces(a *Attachments, ids namedIDs, groups idList) {
	tx.lockGroupsAtStake(a, groups)
	tx.lock(rankLeavers, `
		SELECT l.account_id, l.security_group_id, l.instance_id, locked.leaves_at
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT *
		    FROM security_group_leavers
		    WHERE account_id = named.account_id AND instance_id = named.id
		    ORDER BY security_group_id) l
		LEFT JOIN LATERAL (
		    SELECT leaves_at
		    FROM security_group_leavers
		    WHERE account_id = l.account_id AND security_group_id = l.security_group_id AND instance_id = l.instance_id
		    FOR UPDATE SKIP LOCKED) locked ON true`, ids.instances.accounts, ids.instances.ids).Query(each(leaverFields, a.addLeaver))
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
	tx.lockGroupsAtStake(a, groups)
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
		at                             *time.Time // nil: another transaction has locked the row
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
	if l.at == nil {
		a.instances[id].leavers[l.groupID] = &leaver{contended: true}
		return
	}
	a.instances[id].leavers[l.groupID] = &leaver{at: *l.at}
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
