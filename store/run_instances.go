package store

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// LaunchWant says what new instances of one type need.
type LaunchWant struct {
	AccountID, RegionID string
	ZoneID              string // "" for the zone of the VSwitch
	InstanceType        string
	Addresses           []AddressWant
	NewSecondary        bool     // whether secondary interfaces are created, which count against the account's quota
	LimitedInstances    bool     // whether the account has a quota of instances
	NetworkInterfaceIDs []string // existing interfaces to attach
	SecurityGroupIDs    []string // groups that new interfaces join
	KeyPairName         string   // "": none
}

// LaunchScene contains the rows on which a launch depends, read under the locks. A missing row is
// nil, or not in its map.
type LaunchScene struct {
	Type       *InstanceType
	ZoneKnown  bool
	Offers     map[string]*AddressOffer // by VSwitch
	Quota      InterfaceQuota           // read only if secondary interfaces are created
	Instances  InstanceQuota            // read only if the account has a quota of instances
	Interfaces map[string]*LaunchedENI  // by ID
	Groups     map[string]GroupScene    // by ID: the named ones, and those of existing interfaces
	HasKeyPair bool                     // whether the named key pair exists
}

// InstanceQuota is an account's quota of instances in a region, and its use.
type InstanceQuota struct {
	Max   *int // the maximum; nil: none
	Count int  // the number of instances
}

// Left returns how many more instances may be created, and whether that is limited.
func (q InstanceQuota) Left() (left int, limited bool) {
	if q.Max == nil {
		return 0, false
	}
	return max(*q.Max-q.Count, 0), true
}

// LaunchedENI is an existing interface that is to be attached to a new instance.
type LaunchedENI struct {
	NetworkInterface
	IPv4, IPv6       int // number of its addresses, with the primary one; a prefix counts as one
	SecurityGroupIDs []string
}

// LockForLaunch locks and reads what new instances depend on. It takes one round trip, or two if
// existing interfaces are named, because their groups are known only under their locks. Interfaces
// deleted before goneBefore do not count against the quota, and are purged, which frees their
// addresses.
func (tx *Tx) LockForLaunch(ctx context.Context, want LaunchWant, goneBefore time.Time) (*LaunchScene, error) {
	scene := &LaunchScene{
		Offers: map[string]*AddressOffer{}, Interfaces: map[string]*LaunchedENI{}, Groups: map[string]GroupScene{},
	}
	// First lock the account and the VSwitches, in the lock order, and read what needs no lock.
	quotas, pools := map[string]*InterfaceQuota{}, addressPools{}
	var limits *accountLimits
	if want.NewSecondary || want.LimitedInstances {
		limits = tx.lockAccountQuotas(want.AccountID)
	}
	if want.NewSecondary {
		tx.countSecondaryInterfaces(want.AccountID, []string{want.RegionID}, goneBefore, limits, quotas)
	}
	if want.LimitedInstances {
		tx.queue(`SELECT count(*) FROM instances WHERE account_id = $1 AND region_id = $2`,
			want.AccountID, want.RegionID).
			QueryRow(func(row pgx.Row) error { return row.Scan(&scene.Instances.Count) })
	}
	var vswitches []string
	for _, w := range want.Addresses {
		vswitches = append(vswitches, w.VSwitchID)
	}
	tx.lockVSwitches(want.AccountID, distinct(vswitches), pools)
	tx.readInstanceType(want.AccountID, want.InstanceType, func(t InstanceType) { scene.Type = &t })
	tx.queue(`SELECT EXISTS (SELECT FROM zones WHERE id = $1 AND region_id = $2)`, want.ZoneID, want.RegionID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.ZoneKnown) })
	if want.KeyPairName != "" {
		tx.findKeyPair(want.AccountID, want.RegionID, want.KeyPairName, func() { scene.HasKeyPair = true })
	}

	// Then lock the existing interfaces, and send, because the last locks depend on their groups.
	groups := want.SecurityGroupIDs
	if len(want.NetworkInterfaceIDs) > 0 {
		tx.lockLaunchedENIs(want, scene)
		if err := tx.send(ctx); err != nil {
			return nil, err
		}
		for _, n := range scene.Interfaces {
			groups = append(groups, n.SecurityGroupIDs...)
		}
	}
	// Then lock all groups with their capacity, and last search for free addresses, because that purges
	// deleted interfaces.
	tx.lockGroups(want.AccountID, want.RegionID, groups, "", func(g GroupScene) { scene.Groups[g.ID] = g })
	tx.fillAddressPools(want.AccountID, pools, want.Addresses, goneBefore)
	if err := tx.send(ctx); err != nil {
		return nil, err
	}
	for _, w := range want.Addresses {
		scene.Offers[w.VSwitchID] = pools.offer(want.RegionID, w)
	}
	if quota := quotas[want.RegionID]; quota != nil {
		scene.Quota = *quota
	}
	if want.LimitedInstances {
		scene.Instances.Max = limits.instances
	}
	return scene, nil
}

// readInstanceType queues the read of a type. The account's own type takes precedence over the
// catalogue's.
func (tx *Tx) readInstanceType(accountID, id string, found func(InstanceType)) {
	tx.queue(`
		SELECT `+InstanceTypesTable.SelectList("t")+`
		FROM instance_types t
		WHERE owner_id IN ($1, '') AND id = $2
		ORDER BY owner_id DESC
		LIMIT 1`, accountID, id).
		Query(each(InstanceTypesTable.Targets, found))
}

// lockLaunchedENIs queues the locks of the existing interfaces, and the reads of their addresses
// and groups.
func (tx *Tx) lockLaunchedENIs(want LaunchWant, scene *LaunchScene) {
	tx.lockENIs(forNoKeyUpdate, `t.account_id = $1 AND t.region_id = $2 AND t.id = ANY ($3)`,
		[]any{want.AccountID, want.RegionID, want.NetworkInterfaceIDs},
		func(n NetworkInterface) { scene.Interfaces[n.ID] = &LaunchedENI{NetworkInterface: n} })
	tx.queue(`
		SELECT has.network_interface_id,
		       count(*) FILTER (WHERE family(has.address) = 4), count(*) FILTER (WHERE family(has.address) = 6)
		FROM (
		    SELECT network_interface_id, address FROM private_ip_addresses
		    WHERE account_id = $1 AND network_interface_id = ANY ($2)
		    UNION ALL
		    SELECT network_interface_id, prefix FROM ip_prefixes
		    WHERE account_id = $1 AND network_interface_id = ANY ($2)
		) has
		GROUP BY has.network_interface_id`, want.AccountID, want.NetworkInterfaceIDs).
		Query(each(func(n *LaunchedENI) []any { return []any{&n.ID, &n.IPv4, &n.IPv6} }, func(n LaunchedENI) {
			if locked := scene.Interfaces[n.ID]; locked != nil { // nil for an interface of another region
				locked.IPv4, locked.IPv6 = n.IPv4, n.IPv6
			}
		}))
	tx.queue(`
		SELECT network_interface_id, security_group_id
		FROM network_interface_security_groups
		WHERE account_id = $1 AND network_interface_id = ANY ($2)`, want.AccountID, want.NetworkInterfaceIDs).
		Query(each(func(m *GroupMembership) []any { return []any{&m.NetworkInterfaceID, &m.SecurityGroupID} },
			func(m GroupMembership) {
				if locked := scene.Interfaces[m.NetworkInterfaceID]; locked != nil {
					locked.SecurityGroupIDs = append(locked.SecurityGroupIDs, m.SecurityGroupID)
				}
			}))
}

// Settle settles the scene to now: it drops an interface whose deletion is due. It is pure.
func (s *LaunchScene) Settle(now time.Time) {
	for id, n := range s.Interfaces {
		if settled := settledENI(&n.NetworkInterface, now); settled != nil {
			n.NetworkInterface = *settled
		} else {
			delete(s.Interfaces, id)
		}
	}
	for id, g := range s.Groups {
		s.Groups[id] = g.Settled(now)
	}
}

// AcquireCapacityInGroups queues the writes that acquire the capacity of new instances in the scene's
// groups. It has to come after the writes of their interfaces.
func (tx *Tx) AcquireCapacityInGroups(scene *LaunchScene, accountID string, instanceIDs []string, now time.Time) {
	groups := slices.Collect(maps.Keys(scene.Groups))
	tx.ReleaseCapacity(accountID, groups, "", now) // no instance: only releases departures that are due
	tx.AcquireCapacity(accountID, groups, instanceIDs, now)
}

// LaunchRows are the rows of new instances of an account.
type LaunchRows struct {
	Instances []Instance
	Created   []NewNetworkInterface
	Disks     []DataDisk
	attached  []NetworkInterface    // existing interfaces
	before    []NetworkInterface    // those as they were before
	found     map[string]netip.Addr // by VSwitch, the last address that comes from its offer
}

// Create adds a new interface of one of the instances. found are those of its addresses that come
// from the offer of its VSwitch.
func (r *LaunchRows) Create(n NewNetworkInterface, found []netip.Addr) {
	r.Created = append(r.Created, n)
	if r.found == nil {
		r.found = map[string]netip.Addr{}
	}
	if len(found) > 0 {
		r.found[n.VSwitchID] = found[len(found)-1]
	}
}

// Attach attaches a locked interface to one of the instances. It is Attaching, and in the end InUse, or
// Available again if the attach fails.
func (r *LaunchRows) Attach(
	n NetworkInterface, instance Instance, deviceIndex int, networkCardIndex *int, end *Ending,
) {
	r.before = append(r.before, n)
	n.Status, n.NextStatus, n.SettlesAt = end.attaching()
	n.InstanceID, n.InstanceENIQuantity = &instance.ID, &instance.ENIQuantity
	n.DeviceIndex, n.NetworkCardIndex = &deviceIndex, networkCardIndex
	r.attached = append(r.attached, n)
}

// Changes returns what the rows change at a time of the account.
func (r *LaunchRows) Changes(now time.Time) (changes []Change) {
	for _, i := range r.Instances {
		changes = append(changes, ChangesOf(nil, &i, now)...)
		changes = append(changes, TagChanges(i.ID, nil, nil, i.Tags)...)
	}
	for _, d := range r.Disks {
		changes = append(changes, ChangesOf(nil, &d, now)...)
	}
	for _, n := range r.Created {
		changes = append(changes, CreationOfInterface(n)...)
	}
	for k := range r.attached {
		changes = append(changes, ChangesOf(&r.before[k], &r.attached[k], now)...)
	}
	return changes
}

// InsertLaunch queues the writes that create instances with their disks and interfaces.
func (tx *Tx) InsertLaunch(accountID string, r LaunchRows) {
	insertRows(tx, InstancesTable, r.Instances)
	insertRows(tx, DisksTable, r.Disks)
	tx.InsertNetworkInterfaces(accountID, r.Created, r.found)
	if len(r.attached) == 0 {
		return
	}
	tx.ReleaseNetworkInterfaces(accountID, idsOf(r.attached)) // from instances that they have left
	rows := make([]AttachmentRow, len(r.attached))
	for k, n := range r.attached {
		rows[k] = *n.attachment()
	}
	insertRows(tx, AttachmentsTable, rows)
}
