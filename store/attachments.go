package store

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Attachment names an instance and an interface that somebody wants to bring together, or to part.
type Attachment struct {
	AccountID, RegionID, InstanceID, NetworkInterfaceID string
	Part                                                bool // what only an attach depends on is not read
}

func (a Attachment) instance() ResourceID { return ResourceID{a.AccountID, a.InstanceID} }
func (a Attachment) eni() ResourceID      { return ResourceID{a.AccountID, a.NetworkInterfaceID} }

// Attachments are the rows that a batch of attaches and detaches depends on, under their locks. Scene shows them to one request at a time; what a
// request changes, the next one sees. WriteAttachments writes what has changed in the end.
type Attachments struct {
	now       time.Time
	instances map[ResourceID]*heldInstance
	enis      map[ResourceID]*heldENI
	places    map[ResourceID]*groupPlaces // by group
	exact     bool                        // whether all places of the groups are locked, or one share of each
	short     bool
	changed   bool
}

// heldInstance is an instance that requests name, with the interfaces whose rows name it, or another one that is about to leave a group.
type heldInstance struct {
	Instance
	Type    InstanceType
	held    map[string]*heldENI // nil: no request names the instance, so it is not locked
	leavers map[string]*leaver  // by group; nil: was one, and is no longer
}

// heldENI is an interface that requests name, or that is on such an instance.
type heldENI struct {
	NetworkInterface
	groups     []string
	ipv4, ipv6 int
	written    bool // whether the row differs from what is stored
}

// leaver is an instance's place in a group that it leaves at a time.
type leaver struct {
	at      time.Time
	written bool // whether the row differs from what is stored
}

// groupPlaces are the free places of a group, as far as they are locked.
type groupPlaces struct {
	free   int
	shares []placeShare
}

type placeShare struct{ share, free int }

// LockForAttachments locks what a batch of attaches and detaches depends on, and reads it, in one round trip: the instances; the interfaces, and those on
// their way off the instances, so that their rows can be settled; and where an instance may join or leave a group, a share of the group's places
// that nobody else has locked. So the attaches of a popular group do not wait for each other. Where that share does not do (see Short), the batch is
// decided anew, exact: under the locks of all shares, which are waited for.
func (tx *Tx) LockForAttachments(ctx context.Context, wants []Attachment, exact bool) (*Attachments, error) {
	a := &Attachments{
		instances: make(map[ResourceID]*heldInstance, len(wants)), enis: make(map[ResourceID]*heldENI, len(wants)),
		places: map[ResourceID]*groupPlaces{}, exact: exact,
	}
	ids := namedBy(wants)
	tx.lockAttachedInstances(a, ids)
	tx.lockAttachedENIs(a, ids)
	if exact {
		tx.lockEveryPlace(a, ids)
	} else {
		tx.lockSomePlaces(a, ids, tx.share)
	}
	tx.readHeldENIs(a, ids)
	tx.readAttachedENIs(a, ids)
	return a, tx.send(ctx)
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

// namedIDs are what the requests of a batch name: instances; interfaces, and those of them that are to be attached; and request by request.
type namedIDs struct {
	instances, enis, attached idList
	pairs                     struct{ accounts, instances, enis []string }
}

func namedBy(wants []Attachment) namedIDs {
	instances, enis, attached := make([]ResourceID, len(wants)), make([]ResourceID, len(wants)), make([]ResourceID, 0, len(wants))
	var n namedIDs
	for i, w := range wants {
		instances[i], enis[i] = w.instance(), w.eni()
		if !w.Part {
			attached = append(attached, w.eni())
		}
		n.pairs.accounts = append(n.pairs.accounts, w.AccountID)
		n.pairs.instances, n.pairs.enis = append(n.pairs.instances, w.InstanceID), append(n.pairs.enis, w.NetworkInterfaceID)
	}
	n.instances, n.enis, n.attached = listOf(instances), listOf(enis), listOf(attached)
	return n
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
func (tx *Tx) lockSomePlaces(a *Attachments, ids namedIDs, preferred int) {
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
		FROM groups_at_stake($1, $2, $3) g
		CROSS JOIN LATERAL (
		    SELECT *
		    FROM security_group_places
		    WHERE account_id = g.account_id AND security_group_id = g.security_group_id
		    ORDER BY free > 0 DESC, (share + $4) % 8
		    LIMIT 1
		    FOR NO KEY UPDATE SKIP LOCKED) p`, ids.pairs.accounts, ids.pairs.instances, ids.pairs.enis, preferred).Query(each(placeFields, a.addPlace))
}

func (tx *Tx) lockEveryPlace(a *Attachments, ids namedIDs) {
	tx.lock(rankLeavers, `
		SELECT account_id, security_group_id, instance_id, leaves_at
		FROM security_group_leavers
		WHERE (account_id, security_group_id) IN (SELECT account_id, security_group_id FROM groups_at_stake($1, $2, $3))
		ORDER BY account_id, instance_id, security_group_id
		FOR UPDATE`, ids.pairs.accounts, ids.pairs.instances, ids.pairs.enis).Query(each(leaverFields, a.addLeaver))
	tx.lock(rankPlaces, `
		SELECT account_id, security_group_id, share, free
		FROM security_group_places
		WHERE (account_id, security_group_id) IN (SELECT account_id, security_group_id FROM groups_at_stake($1, $2, $3))
		ORDER BY account_id, security_group_id, share
		FOR NO KEY UPDATE`, ids.pairs.accounts, ids.pairs.instances, ids.pairs.enis).Query(each(placeFields, a.addPlace))
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

// At sets the moment at which the batch is decided. It is pure.
func (a *Attachments) At(now time.Time) {
	a.now = now
	if !a.exact {
		return
	}
	for _, i := range a.instances { // the places that have come free by now
		for group, l := range i.leavers {
			if places := a.places[ResourceID{i.AccountID, group}]; places != nil && !l.at.After(now) {
				i.leavers[group], places.free = nil, places.free+1
			}
		}
	}
}

// Short tells whether the batch must be decided anew, exact: a request looks for a place in a group, or gives one back, and the share that is locked
// has none, or none was to be had.
func (a *Attachments) Short() bool { return a.short }

// Changed tells whether there is anything to write.
func (a *Attachments) Changed() bool { return a.changed }

// AttachScene is all that decides an attach or a detach, as it stands at the moment of the batch. A row that is missing is nil.
type AttachScene struct {
	Instance *Instance
	Type     *InstanceType // of Instance
	ENI      *NetworkInterface
	IPv4     int                // private IPv4 addresses of ENI, the primary one included; a prefix counts as one
	IPv6     int                // IPv6 addresses of ENI; a prefix counts as one
	Held     []NetworkInterface // what Instance holds, the primary interface included: ID, status and device index only
	Groups   []GroupScene       // the security groups of ENI

	batch    *Attachments
	instance *heldInstance
	eni      *heldENI
}

// Scene shows the rows to the next request.
func (a *Attachments) Scene(want Attachment) *AttachScene {
	s := &AttachScene{batch: a, instance: a.instances[want.instance()], eni: a.enis[want.eni()]}
	if i := s.instance; i != nil && i.RegionID == want.RegionID {
		settled := i.Instance.Settled(a.now)
		settled.InstanceTypeOwnerID, settled.InstanceType = i.Type.OwnerID, i.Type.ID
		s.Instance, s.Type = &settled, &i.Type
		for _, n := range i.held {
			if settled := n.Settled(a.now); settled.Status != ENIAvailable {
				s.Held = append(s.Held, settled)
			}
		}
	}
	if n := s.eni; n != nil && n.RegionID == want.RegionID {
		s.ENI, s.IPv4, s.IPv6 = settledENI(&n.NetworkInterface, a.now), n.ipv4, n.ipv6
	}
	if s.Instance == nil || s.ENI == nil {
		return s
	}
	for _, id := range s.eni.groups {
		g := GroupScene{ID: id, HasInstance: s.instance.stays(id) || s.instance.leavers[id] != nil}
		if places := a.places[ResourceID{want.AccountID, id}]; places != nil {
			g.Free = places.free
		}
		if !g.HasInstance && g.Free == 0 && !a.exact {
			a.short = true
		}
		s.Groups = append(s.Groups, g)
	}
	return s
}

// stays tells whether the instance has an interface to stay in a group.
func (h *heldInstance) stays(group string) bool {
	for _, n := range h.held {
		if (n.NextStatus == nil || *n.NextStatus != ENIAvailable) && slices.Contains(n.groups, group) {
			return true
		}
	}
	return false
}

// leavesAt is when the last interface on its way off the instance leaves a group; the zero time if there is none.
func (h *heldInstance) leavesAt(group string, now time.Time) (last time.Time) {
	for _, n := range h.held {
		if n.NextStatus != nil && *n.NextStatus == ENIAvailable && n.SettlesAt.After(now) && n.SettlesAt.After(last) && slices.Contains(n.groups, group) {
			last = *n.SettlesAt
		}
	}
	return last
}

// set changes an interface for the requests that follow, and takes it to another instance if need be.
func (a *Attachments) set(n *heldENI, to NetworkInterface) {
	if n.InstanceID != nil {
		if from := a.instances[ResourceID{n.AccountID, *n.InstanceID}]; from != nil {
			delete(from.held, n.ID) // of nil too
		}
	}
	n.NetworkInterface, n.written, a.changed = to, true, true
	if n.InstanceID != nil {
		a.instances[ResourceID{n.AccountID, *n.InstanceID}].held[n.ID] = n
	}
}

func (a *Attachments) takePlace(accountID, group string) {
	a.places[ResourceID{accountID, group}].free-- // Scene has seen one
}

func (a *Attachments) giveBackPlace(accountID, group string) {
	places := a.places[ResourceID{accountID, group}]
	if places == nil {
		a.short = true // all shares were locked by others
		return
	}
	places.free++
}

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
			now := g.free/len(g.shares) + map[bool]int{true: 1}[k < g.free%len(g.shares)] // spread evenly over what is locked
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
