package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// LockForAttachments locks and reads the rows that a batch of attaches and detaches depends on. It
// takes one round trip: the instances are locked first, then the interfaces. The interfaces that
// are due to leave these instances are locked too, so that their rows can be settled.
//
// A second round trip follows only if an instance may join or leave a security group, or if a named
// row was not returned. It locks the group's capacity, and finds out whether the row exists.
//
// If wait is false, it never waits for another transaction. It skips each row that another
// transaction has locked, and the scene of each request that needs the row says so
// (AttachScene.Contended). If wait is true, it waits for every row, and also locks the departures
// of other instances from the groups.
func (tx *Tx) LockForAttachments(ctx context.Context, requests []Attachment, wait bool) (*Attachments, error) {
	a := &Attachments{
		instances: make(map[ResourceID]*batchInstance, len(requests)),
		enis:      make(map[ResourceID]*batchENI, len(requests)),
		groups:    map[ResourceID]bool{},
		capacity:  map[ResourceID]*groupCapacity{},
		wait:      wait,
	}
	// First lock the instances and the interfaces, in the lock order, and read what depends on them
	// in the same round trip.
	ids := newNamedIDs(requests)
	tx.lockAttachedInstances(a, ids)
	tx.lockAttachedENIs(a, ids)
	tx.readHeldENIs(a, ids)
	tx.readNamedENIs(a, ids)
	if err := tx.send(ctx); err != nil {
		return nil, err
	}
	// Then lock the capacity of the groups that a request may change. Which groups these are is known
	// only now, under the locks.
	if groups := newIDList(a.affectedGroups(requests)); len(groups.ids) > 0 {
		tx.lockCapacity(a, ids, groups)
	}
	// Last, tell the contended rows from those that do not exist. With wait every row that exists
	// was returned.
	if !wait {
		tx.findContended(a, ids)
	}
	return a, tx.sendQueued(ctx)
}

// withoutSkipLocked returns a locking statement that waits for locked rows instead of skipping
// them.
func withoutSkipLocked(sql string) string { return strings.ReplaceAll(sql, " SKIP LOCKED", "") }

// findContended queues a search for the named rows that no locking statement returned. The rows
// that it finds are locked by other transactions; the rest do not exist. If every row was returned,
// nothing is queued. The two statements are alike, but a statement is constant text.
func (tx *Tx) findContended(a *Attachments, ids namedIDs) {
	hasInstance := func(id ResourceID) bool { return a.instances[id] != nil }
	if missing := ids.instances.without(hasInstance); len(missing.ids) > 0 {
		tx.queue(`
			SELECT i.account_id, i.id
			FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
			CROSS JOIN LATERAL (
			    SELECT account_id, id FROM instances WHERE account_id = named.account_id AND id = named.id OFFSET 0) i`,
			missing.accounts, missing.ids).
			Query(each(resourceIDFields, a.addContended(InstanceRow)))
	}
	hasENI := func(id ResourceID) bool { return a.enis[id] != nil }
	if missing := ids.enis.without(hasENI); len(missing.ids) > 0 {
		tx.queue(`
			SELECT n.account_id, n.id
			FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
			CROSS JOIN LATERAL (
			    SELECT account_id, id FROM network_interfaces
			    WHERE account_id = named.account_id AND id = named.id
			    OFFSET 0) n`,
			missing.accounts, missing.ids).
			Query(each(resourceIDFields, a.addContended(NetworkInterfaceRow)))
	}
}

// affectedGroups returns the security groups whose capacity a request may acquire or release. These
// are the groups of its interface, without the groups of its instance's primary interface, because
// that interface never leaves. The result cannot change while the instance is locked.
func (a *Attachments) affectedGroups(requests []Attachment) (groups []ResourceID) {
	for _, request := range requests {
		i, eni := a.instances[request.instance()], a.enis[request.eni()]
		if i == nil || eni == nil {
			continue
		}
		for _, id := range eni.groups {
			if !i.hasPrimaryIn(id) {
				groups = append(groups, ResourceID{request.AccountID, id})
			}
		}
	}
	return groups
}

// The statements take ids as arrays, and look each id up in a LATERAL subquery. So every plan finds
// the rows by their index, even if the planner takes the table for a small one. It also locks them
// in the order of the arrays.

// idList is a list of resources as two array arguments of a statement. It is sorted in lock order
// and has no duplicates.
type idList struct{ accounts, ids []string }

// newIDList returns the list of some resources. It sorts all in place.
func newIDList(all []ResourceID) idList {
	slices.SortFunc(all, ResourceID.compare)
	var l idList
	for _, id := range slices.Compact(all) {
		l.accounts, l.ids = append(l.accounts, id.AccountID), append(l.ids, id.ID)
	}
	return l
}

// without returns the resources of the list for which found reports false.
func (l idList) without(found func(ResourceID) bool) (rest idList) {
	for k, id := range l.ids {
		if !found(ResourceID{l.accounts[k], id}) {
			rest.accounts, rest.ids = append(rest.accounts, l.accounts[k]), append(rest.ids, id)
		}
	}
	return rest
}

// namedIDs are the ids in the requests of a batch. enis has the trunks too. attached has those of enis
// that a request wants to attach, and isAttach says for each of enis whether it is one of them.
type namedIDs struct {
	instances, enis idList
	attached        map[ResourceID]bool
	isAttach        []bool
}

func newNamedIDs(requests []Attachment) namedIDs {
	instances, enis := make([]ResourceID, len(requests)), make([]ResourceID, len(requests))
	named := namedIDs{attached: make(map[ResourceID]bool, len(requests))}
	for i, request := range requests {
		instances[i], enis[i] = request.instance(), request.eni()
		if request.TrunkID != "" {
			enis = append(enis, request.trunk())
		}
		if !request.Detach {
			named.attached[request.eni()] = true
		}
	}
	named.instances, named.enis = newIDList(instances), newIDList(enis)
	for k, id := range named.enis.ids {
		named.isAttach = append(named.isAttach, named.attached[ResourceID{named.enis.accounts[k], id}])
	}
	return named
}

// attachedInstanceColumns are the columns of an instance i with its type t that attaches read.
const attachedInstanceColumns = `
		       i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.eni_quantity,
		       i.status, i.next_status, i.settles_at, i.running_at, i.start_fails,
		       t.owner_id, t.id, t.eni_quantity, t.private_ipv4_per_eni, t.ipv6_per_eni, t.network_cards,
		       t.eni_trunk_supported, t.eni_total_quantity, t.hot_plug, t.io_optimized,
		       t.eri_quantity, t.primary_eni_queues, t.secondary_eni_queues, t.max_queues_per_eni, t.total_eni_queues,
		       t.enis_per_network_card`

// batchInstanceFields returns the scan targets of attachedInstanceColumns.
func batchInstanceFields(h *batchInstance) []any {
	i, t := &h.AttachableInstance, &h.Type
	return []any{&i.AccountID, &i.ID, &i.RegionID, &i.ZoneID, &i.NetworkType, &i.VPCID, &i.ENIQuantity,
		&i.Status, &i.NextStatus, &i.SettlesAt, &i.RunningAt, &i.StartFails,
		&t.OwnerID, &t.ID, &t.ENIQuantity, &t.PrivateIPv4PerENI, &t.IPv6PerENI,
		&t.NetworkCards, &t.ENITrunkSupported, &t.ENITotalQuantity, &t.HotPlug, &t.IOOptimized,
		&t.ERIQuantity, &t.PrimaryENIQueues, &t.SecondaryENIQueues, &t.MaxQueuesPerENI, &t.TotalENIQueues,
		&t.ENIsPerNetworkCard}
}

// addInstance adds a locked instance to the batch.
func (a *Attachments) addInstance(h batchInstance) {
	h.held, h.departures = map[string]*batchENI{}, map[string]*departure{}
	a.instances[ResourceID{h.AccountID, h.ID}] = &h
}

// heldENIFields returns the scan targets of readHeldENIs.
func heldENIFields(n *batchENI) []any { return append(slotFields(&n.AttachableENI), &n.groups) }

// slotFields returns the scan targets of the columns of slots.
func slotFields(n *AttachableENI) []any {
	return []any{&n.AccountID, &n.InstanceID, &n.ID, &n.InstanceENIQuantity, &n.DeviceIndex, &n.NetworkCardIndex,
		&n.Status, &n.NextStatus, &n.SettlesAt, &n.TrunkID, &n.MemberQuantity, &n.TrafficMode, &n.Queues}
}

// addHeldENI records that an instance of the batch holds an interface.
func (a *Attachments) addHeldENI(n batchENI) {
	i := a.instances[ResourceID{n.AccountID, *n.InstanceID}]
	if i == nil || i.held == nil {
		return // the batch has not locked its instance, which is contended or was inserted after the locking statement
	}
	eni := a.enis[ResourceID{n.AccountID, n.ID}]
	if eni == nil {
		eni = &n
	}
	eni.groups = n.groups
	eni.setSlot(n.AttachableENI)
	i.held[n.ID] = eni
	if *n.DeviceIndex == 0 {
		i.primary = eni
	}
}

// setSlot sets the slot of an interface as it is stored.
func (n *batchENI) setSlot(slot AttachableENI) {
	n.InstanceID, n.InstanceENIQuantity = slot.InstanceID, slot.InstanceENIQuantity
	n.DeviceIndex, n.NetworkCardIndex = slot.DeviceIndex, slot.NetworkCardIndex
	n.Status, n.NextStatus, n.SettlesAt = slot.Status, slot.NextStatus, slot.SettlesAt
	n.TrunkID, n.MemberQuantity, n.Queues = slot.TrunkID, slot.MemberQuantity, slot.Queues
	n.TrafficMode = slot.TrafficMode
	if *n.DeviceIndex == 0 {
		n.Type = ENIPrimary // unknown until now, unless a request names it
	}
	n.stored = n.attachment()
}

// lockAttachedENIs queues the locks of the interfaces that requests name, and of those that are due
// to leave the named instances.
func (tx *Tx) lockAttachedENIs(a *Attachments, ids namedIDs) {
	sql := `
		SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
		       n.status, n.next_status, n.settles_at, n.primary_of, n.service_managed, n.traffic_mode, n.queue_number
		FROM (
		    SELECT account_id, id FROM unnest($1::text[], $2::text[]) AS eni (account_id, id)
		    UNION
		    SELECT leaving.account_id, leaving.id
		    FROM unnest($3::text[], $4::text[]) AS instance (account_id, id)
		    CROSS JOIN LATERAL (
		        SELECT account_id, network_interface_id AS id
		        FROM attachments
		        WHERE account_id = instance.account_id AND instance_id = instance.id AND next_status = 'Available'
		        OFFSET 0) leaving
		    ORDER BY 1, 2) named
		CROSS JOIN LATERAL (
		    SELECT * FROM network_interfaces
		    WHERE account_id = named.account_id AND id = named.id
		    FOR NO KEY UPDATE SKIP LOCKED) n`
	if a.wait {
		sql = withoutSkipLocked(sql)
	}
	tx.lock(rankNetworkInterfaces, sql, ids.enis.accounts, ids.enis.ids, ids.instances.accounts, ids.instances.ids).
		Query(each(func(n *batchENI) []any {
			return []any{&n.AccountID, &n.ID, &n.RegionID, &n.ZoneID, &n.VPCID, &n.VSwitchID, &n.Type,
				&n.Status, &n.NextStatus, &n.SettlesAt, &n.InstanceID, &n.ServiceManaged,
				&n.TrafficMode, &n.QueueNumber}
		}, func(n batchENI) {
			n.locked = true
			a.enis[ResourceID{n.AccountID, n.ID}] = &n
		}))
}

// lockAffectedGroups queues the locks that keep groups from being deleted. Without them, the
// foreign key of a departure would lock the group during the write, and would wait.
func (tx *Tx) lockAffectedGroups(a *Attachments, groups idList) {
	sql := `
		SELECT g.account_id, g.id
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT account_id, id FROM security_groups
		    WHERE account_id = named.account_id AND id = named.id
		    FOR KEY SHARE SKIP LOCKED) g`
	if a.wait {
		sql = withoutSkipLocked(sql)
	}
	tx.lock(rankSecurityGroups, sql, groups.accounts, groups.ids).
		Query(each(resourceIDFields, func(id ResourceID) { a.groups[id] = true }))
}

// lockCapacity queues the locks of the groups' capacity and of departures from groups. If the batch
// waits, these are all departures from the groups, so that those which are due can be released.
// Otherwise they are the departures of the named instances.
func (tx *Tx) lockCapacity(a *Attachments, ids namedIDs, groups idList) {
	tx.lockAffectedGroups(a, groups)
	if a.wait {
		tx.lockDeparturesFromGroups(a, groups)
	} else {
		tx.lockDeparturesOfInstances(a, ids)
	}
	sql := `
		SELECT p.account_id, p.security_group_id, p.free
		FROM unnest($1::text[], $2::text[]) AS g (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT *
		    FROM security_group_capacity
		    WHERE account_id = g.account_id AND security_group_id = g.id
		    FOR NO KEY UPDATE SKIP LOCKED) p`
	if a.wait {
		sql = withoutSkipLocked(sql)
	}
	tx.lock(rankCapacity, sql, groups.accounts, groups.ids).Query(each(capacityFields, a.addCapacity))
}

// lockDeparturesOfInstances queues the locks of the departures of the named instances. It never
// waits. A departure that another transaction has locked is recorded as contended, because that
// transaction may be counting it.
func (tx *Tx) lockDeparturesOfInstances(a *Attachments, ids namedIDs) {
	tx.lock(rankDepartures, `
		SELECT l.account_id, l.security_group_id, l.instance_id, locked.due_at
		FROM unnest($1::text[], $2::text[]) AS named (account_id, id)
		CROSS JOIN LATERAL (
		    SELECT *
		    FROM security_group_departures
		    WHERE account_id = named.account_id AND instance_id = named.id
		    ORDER BY security_group_id) l
		LEFT JOIN LATERAL (
		    SELECT due_at
		    FROM security_group_departures
		    WHERE account_id = l.account_id AND security_group_id = l.security_group_id AND instance_id = l.instance_id
		    FOR UPDATE SKIP LOCKED) locked ON true`, ids.instances.accounts, ids.instances.ids).
		Query(each(departureFields, a.addDeparture))
}

// lockDeparturesFromGroups queues the locks of all departures from the groups. It waits for each
// row.
func (tx *Tx) lockDeparturesFromGroups(a *Attachments, groups idList) {
	tx.lock(rankDepartures, `
		SELECT account_id, security_group_id, instance_id, due_at
		FROM security_group_departures
		WHERE (account_id, security_group_id) IN (
		    SELECT account_id, id FROM unnest($1::text[], $2::text[]) AS g (account_id, id))
		ORDER BY account_id, instance_id, security_group_id
		FOR UPDATE`, groups.accounts, groups.ids).Query(each(departureFields, a.addDeparture))
}

// departureRow and capacityRow are rows as they are read, before they are added to the batch.
type (
	departureRow struct {
		accountID, groupID, instanceID string
		at                             *time.Time // nil: another transaction has locked the row
	}
	capacityRow struct {
		accountID, groupID string
		free               int
	}
)

func departureFields(d *departureRow) []any {
	return []any{&d.accountID, &d.groupID, &d.instanceID, &d.at}
}

func capacityFields(p *capacityRow) []any { return []any{&p.accountID, &p.groupID, &p.free} }

// addDeparture records that an instance is about to leave a group. It may be an instance that no
// request names: its capacity is released when the departure is due.
func (a *Attachments) addDeparture(d departureRow) {
	id := ResourceID{d.accountID, d.instanceID}
	if a.instances[id] == nil {
		a.instances[id] = &batchInstance{
			AttachableInstance: AttachableInstance{AccountID: d.accountID, ID: d.instanceID},
			departures:         map[string]*departure{},
		}
	}
	if d.at == nil {
		a.instances[id].departures[d.groupID] = &departure{contended: true}
		return
	}
	a.instances[id].departures[d.groupID] = &departure{at: *d.at}
}

// addCapacity records the locked capacity of a group.
func (a *Attachments) addCapacity(p capacityRow) {
	a.capacity[ResourceID{p.accountID, p.groupID}] = &groupCapacity{free: p.free, stored: p.free}
}

// readNamedENIs queues the read of the attachments of the named interfaces, and of the addresses and
// groups of those to attach. A prefix counts as one address. It is a statement after the locking
// ones, so its snapshot sees the transactions that the locks waited for.
func (tx *Tx) readNamedENIs(a *Attachments, ids namedIDs) {
	tx.queue(`
		SELECT named.account_id, slot.instance_id, named.id, slot.instance_eni_quantity,
		       slot.device_index, slot.network_card_index, coalesce(slot.status, ''), slot.next_status, slot.settles_at,
		       slot.trunk_id, slot.member_quantity, coalesce(slot.traffic_mode, ''), slot.queues,
		       address.v4 + prefix.v4, address.v6 + prefix.v6,
		       ARRAY(SELECT m.security_group_id FROM network_interface_security_groups m
		             WHERE named.is_attach AND m.account_id = named.account_id AND m.network_interface_id = named.id)
		FROM unnest($1::text[], $2::text[], $3::boolean[]) AS named (account_id, id, is_attach)
		LEFT JOIN LATERAL (
		    SELECT * FROM attachments
		    WHERE account_id = named.account_id AND network_interface_id = named.id
		    OFFSET 0) slot ON true
		CROSS JOIN LATERAL (
		    SELECT count(*) FILTER (WHERE family(address) = 4) AS v4, count(*) FILTER (WHERE family(address) = 6) AS v6
		    FROM private_ip_addresses
		    WHERE named.is_attach AND account_id = named.account_id AND network_interface_id = named.id) address
		CROSS JOIN LATERAL (
		    SELECT count(*) FILTER (WHERE family(p.prefix) = 4) AS v4,
		           count(*) FILTER (WHERE family(p.prefix) = 6) AS v6
		    FROM ip_prefixes p
		    WHERE named.is_attach AND p.account_id = named.account_id AND p.network_interface_id = named.id) prefix`,
		ids.enis.accounts, ids.enis.ids, ids.isAttach).
		Query(each(func(n *batchENI) []any {
			return append(slotFields(&n.AttachableENI), &n.ipv4, &n.ipv6, &n.groups)
		}, func(n batchENI) {
			eni := a.enis[ResourceID{n.AccountID, n.ID}]
			if eni == nil {
				return // not locked
			}
			if n.InstanceID != nil {
				eni.setSlot(n.AttachableENI)
			}
			if ids.attached[ResourceID{n.AccountID, n.ID}] {
				eni.ipv4, eni.ipv6, eni.groups = n.ipv4, n.ipv6, n.groups
			}
		}))
}
