package store_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// The world of the list tests is applied at describeTime and read at listTime. In between, some of
// its rows settle, and others do not.
var (
	describeTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	listTime     = describeTime.Add(time.Minute)
)

// listWorld returns a random world of two accounts and two regions, the same one each time. Both
// accounts use the same ids, so a condition that omits the account returns rows of the other
// account too.
func listWorld() *world.World {
	w := &world.World{
		InstancesSettleIn:         map[store.ResourceID]time.Duration{},
		NetworkInterfacesSettleIn: map[store.ResourceID]time.Duration{},
	}
	for k, accountID := range []string{"1000000000000001", "1000000000000002"} {
		w.Accounts = append(w.Accounts, store.Account{ID: accountID})
		b := &listWorldBuilder{World: w, Rand: rand.New(rand.NewPCG(1, uint64(k))), account: accountID}
		b.addRegion("cn-hangzhou", "cn-hangzhou-h", "cn-hangzhou-i", "h")
		b.addRegion("cn-beijing", "cn-beijing-a", "cn-beijing-b", "b")
	}
	return w
}

type listWorldBuilder struct {
	*world.World
	*rand.Rand
	account string
}

// pick returns a random one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// tags returns random tags.
func (b *listWorldBuilder) tags() map[string]string {
	tags := map[string]string{}
	for _, key := range []string{"team", "stage", "a'b%_*"} {
		if b.IntN(2) == 0 {
			tags[key] = pick(b.Rand, "net", "web", "")
		}
	}
	return tags
}

// addRegion adds two VPCs, each with a VSwitch in each of two zones, and instances and interfaces
// in them. The suffix makes the ids of a region differ from those of the other.
func (b *listWorldBuilder) addRegion(region, zone1, zone2, suffix string) {
	for v := range 2 {
		vpc := fmt.Sprintf("vpc-%d%s", v, suffix)
		b.VPCs = append(b.VPCs, store.VPC{
			AccountID: b.account, ID: vpc, RegionID: region, CIDRBlock: netip.MustParsePrefix("10.0.0.0/8"),
		})
		for g := range 2 {
			b.SecurityGroups = append(b.SecurityGroups, store.SecurityGroup{
				AccountID: b.account, ID: fmt.Sprintf("sg-%d%d%s", v, g, suffix), VPCID: vpc, RegionID: region,
				Type: "normal", InstanceLimit: 100,
			})
		}
		for z, zone := range []string{zone1, zone2} {
			b.addVSwitch(store.VSwitch{
				AccountID: b.account, ID: fmt.Sprintf("vsw-%d%d%s", v, z, suffix), VPCID: vpc,
				RegionID: region, ZoneID: zone,
				CIDRBlock: netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", 2*v+z)), // the same in every region
			}, fmt.Sprintf("%d%d%s", v, z, suffix))
		}
	}
	b.Instances = append(b.Instances, store.Instance{
		AttachableInstance: store.AttachableInstance{
			AccountID:   b.account,
			ID:          "i-classic-" + suffix,
			RegionID:    region,
			ZoneID:      zone1,
			NetworkType: store.NetworkTypeClassic,
			ENIQuantity: 1,
			Status:      store.InstanceRunning,
		},
		InstanceType: "ecs.n1.small",
		Name:         "classic",
	})
}

// addVSwitch adds a VSwitch with three instances, their interfaces and four free interfaces.
func (b *listWorldBuilder) addVSwitch(vsw store.VSwitch, suffix string) {
	b.VSwitches = append(b.VSwitches, vsw)
	for n := range 3 {
		vpc, id := vsw.VPCID, fmt.Sprintf("i-%d-%s", n, suffix)
		i := store.Instance{
			AttachableInstance: store.AttachableInstance{
				AccountID:   b.account,
				ID:          id,
				RegionID:    vsw.RegionID,
				ZoneID:      vsw.ZoneID,
				NetworkType: store.NetworkTypeVPC,
				VPCID:       &vpc,
				ENIQuantity: 3,
			},
			VSwitchID:       new(vsw.ID),
			InstanceType:    pick(b.Rand, "ecs.g6.xlarge", "ecs.c6.xlarge"),
			Name:            pick(b.Rand, "web-1", "web-2", "100%", "db_1", `a\b`, ""),
			ResourceGroupID: pick(b.Rand, "", "rg-1", "rg-2"),
			Tags:            b.tags(),
			Attributes: store.InstanceAttributes{
				ImageID: pick(b.Rand, "", "image-1"), InstanceChargeType: pick(b.Rand, "", "PrePaid"),
				KeyPairName: pick(b.Rand, "", "key"),
				RAMRoleName: pick(b.Rand, "", "role"),
			},
		}
		s := pick(b.Rand, statuses{"Running", ""}, statuses{"Stopped", ""}, statuses{"Pending", "Stopped"},
			statuses{"Starting", "Running"}, statuses{"Stopping", ""})
		i.Status, i.NextStatus = s.now, b.settles(b.InstancesSettleIn, i.ID, s.next)
		b.Instances = append(b.Instances, i)
		b.addInterface(vsw, fmt.Sprintf("eni-p%d-%s", n, suffix), statuses{"InUse", ""}, &i, 0)
		for index := 1; index < 3; index++ {
			s := pick(b.Rand, statuses{"InUse", ""}, statuses{"Attaching", "InUse"}, statuses{"Attaching", "Available"},
				statuses{"Detaching", "Available"}, statuses{"Detaching", ""}, statuses{"Attaching", ""})
			b.addInterface(vsw, fmt.Sprintf("eni-s%d%d-%s", n, index, suffix), s, &i, index)
		}
	}
	for n := range 4 {
		s := pick(b.Rand, statuses{"Available", ""}, statuses{"Deleting", ""}, statuses{"Deleting", "Deleted"})
		b.addInterface(vsw, fmt.Sprintf("eni-f%d-%s", n, suffix), s, nil, 0)
	}
}

// settles returns the next status of a row, and makes it due at listTime, just before or just
// after.
func (b *listWorldBuilder) settles(in map[store.ResourceID]time.Duration, id, next string) *string {
	if next == "" {
		return nil
	}
	in[store.ResourceID{AccountID: b.account, ID: id}] = listTime.Sub(describeTime) +
		pick(b.Rand, 0, time.Microsecond, -time.Second)
	return &next
}

// addInterface adds an interface with addresses. It is attached to the instance unless that is nil.
func (b *listWorldBuilder) addInterface(vsw store.VSwitch, id string, s statuses, on *store.Instance, index int) {
	n := store.NetworkInterface{
		AttachableENI: store.AttachableENI{
			AccountID:      b.account,
			ID:             id,
			RegionID:       vsw.RegionID,
			ZoneID:         vsw.ZoneID,
			VPCID:          vsw.VPCID,
			VSwitchID:      vsw.ID,
			Type:           pick(b.Rand, store.ENISecondary, store.ENITrunk),
			Status:         s.now,
			NextStatus:     b.settles(b.NetworkInterfacesSettleIn, id, s.next),
			ServiceManaged: b.IntN(5) == 0,
			TrafficMode:    pick(b.Rand, store.TrafficStandard, store.TrafficHighPerformance),
			QueueNumber:    pick(b.Rand, nil, new(2)),
		},
		MACAddress:      fmt.Sprintf("00:16:3e:00:%02x:%02x", b.IntN(256), b.IntN(256)),
		DeleteOnRelease: b.IntN(2) == 0,
		SourceDestCheck: b.IntN(2) == 0,
		Name:            pick(b.Rand, "data", "backup", ""),
		Description:     pick(b.Rand, "", "an interface"),
		ResourceGroupID: pick(b.Rand, "", "rg-1", "rg-2"),
		Tags:            b.tags(),
	}
	if on != nil {
		n.Type, n.TrafficMode = store.ENISecondary, store.TrafficStandard
		n.InstanceID, n.InstanceENIQuantity, n.DeviceIndex = new(on.ID), new(on.ENIQuantity), &index
		if index == 0 {
			n.Type = store.ENIPrimary
		}
	}
	b.NetworkInterfaces = append(b.NetworkInterfaces, n)
	// Addresses count up in a VSwitch, so both accounts and both regions have the same ones.
	next := vsw.CIDRBlock.Addr()
	for _, a := range b.PrivateIPAddresses {
		if a.AccountID == b.account && a.VSwitchID == vsw.ID && a.Address.Is4() {
			next = a.Address
		}
	}
	for k := range 1 + b.IntN(3) {
		next = next.Next()
		b.PrivateIPAddresses = append(b.PrivateIPAddresses, store.PrivateIPAddress{
			AccountID: b.account, VSwitchID: vsw.ID, Address: next, NetworkInterfaceID: id, IsPrimary: k == 0,
		})
		if b.IntN(3) == 0 {
			six := netip.MustParseAddr("2408:4000::" + fmt.Sprint(next.As4()[3]))
			b.PrivateIPAddresses = append(b.PrivateIPAddresses, store.PrivateIPAddress{
				AccountID: b.account, VSwitchID: vsw.ID, Address: six, NetworkInterfaceID: id,
			})
		}
	}
	for k, g := range b.Perm(2)[:b.IntN(3)] {
		b.GroupMemberships = append(b.GroupMemberships, store.GroupMembership{
			AccountID: b.account, NetworkInterfaceID: id,
			SecurityGroupID: fmt.Sprintf("sg-%s%d%s", vsw.VPCID[4:5], g, vsw.VPCID[5:]),
			VPCID:           vsw.VPCID, Position: k,
		})
	}
}

// readWorld computes in Go what a reader of the world gets.
type readWorld struct {
	*world.World
	types  map[string]store.InstanceType
	queues map[string]store.FormLimits // by type; the lists of instances do not read them
}

// interfaces returns the interfaces of an account in a region as they are at listTime, by id.
func (w readWorld) interfaces(accountID, regionID string) []store.DescribedNetworkInterface {
	var out []store.DescribedNetworkInterface
	for _, n := range w.NetworkInterfaces {
		if n.AccountID != accountID || n.RegionID != regionID {
			continue
		}
		n.CreatedAt, n.SettlesAt = describeTime, settlesAt(w.NetworkInterfacesSettleIn, n.AccountID, n.ID)
		n = n.Settled(listTime)
		if n.Status == store.ENIDeleted {
			continue
		}
		n.NextStatus, n.SettlesAt, n.InstanceENIQuantity = nil, nil, nil // a reader does not get these
		d := store.DescribedNetworkInterface{
			NetworkInterface: n, Prefixes: []netip.Prefix{}, SecurityGroupIDs: []string{},
		}
		for _, i := range w.Instances {
			if n.InstanceID != nil && i.AccountID == accountID && i.ID == *n.InstanceID {
				d.DefaultQueues = w.queues[i.InstanceType].SecondaryENIQueues
				if n.Type == store.ENIPrimary {
					d.DefaultQueues = w.queues[i.InstanceType].PrimaryENIQueues
				}
			}
		}
		for _, a := range w.PrivateIPAddresses {
			if a.AccountID == accountID && a.NetworkInterfaceID == n.ID {
				d.Addresses = append(d.Addresses, store.PrivateIPAddress{Address: a.Address, IsPrimary: a.IsPrimary})
			}
		}
		slices.SortFunc(d.Addresses, func(a, b store.PrivateIPAddress) int {
			switch {
			case a.IsPrimary:
				return -1
			case b.IsPrimary:
				return 1
			}
			return a.Address.Compare(b.Address)
		})
		for _, m := range w.GroupMemberships { // in the order of their positions
			if m.AccountID == accountID && m.NetworkInterfaceID == n.ID {
				d.SecurityGroupIDs = append(d.SecurityGroupIDs, m.SecurityGroupID)
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b store.DescribedNetworkInterface) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// instances returns the instances of an account in a region as they are at listTime, by id.
func (w readWorld) instances(accountID, regionID string) []store.DescribedInstance {
	interfaces := w.interfaces(accountID, regionID)
	var out []store.DescribedInstance
	for _, i := range w.Instances {
		if i.AccountID != accountID || i.RegionID != regionID {
			continue
		}
		i.CreatedAt, i.StartedAt = describeTime, new(describeTime)
		i.SettlesAt = settlesAt(w.InstancesSettleIn, i.AccountID, i.ID)
		i = i.Settled(listTime)
		i.NextStatus, i.SettlesAt, i.ENIQuantity = nil, nil, 0
		if i.Tags == nil {
			i.Tags = map[string]string{}
		}
		d := store.DescribedInstance{
			Instance: i, Type: w.types[i.InstanceType], NetworkInterfaces: []store.DescribedNetworkInterface{},
		}
		for index := range 3 {
			for _, n := range interfaces {
				if n.InstanceID != nil && *n.InstanceID == i.ID && *n.DeviceIndex == index {
					d.NetworkInterfaces = append(d.NetworkInterfaces, store.DescribedNetworkInterface{
						NetworkInterface: store.NetworkInterface{
							AttachableENI: store.AttachableENI{ID: n.ID, Type: n.Type}, MACAddress: n.MACAddress,
						},
						Addresses: n.Addresses, Prefixes: n.Prefixes, SecurityGroupIDs: n.SecurityGroupIDs,
					})
				}
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b store.DescribedInstance) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// settlesAt returns the due time of a row, or nil if it has none.
func settlesAt(in map[store.ResourceID]time.Duration, accountID, id string) *time.Time {
	d, settles := in[store.ResourceID{AccountID: accountID, ID: id}]
	if !settles {
		return nil
	}
	return new(describeTime.Add(d))
}

// openListWorld returns a store on a database with the world of the list tests, and the expected
// rows.
func openListWorld(t *testing.T) (*store.Store, readWorld) {
	t.Helper()
	pool := storetest.Pool(t)
	s := store.New(pool, slog.New(slog.DiscardHandler))
	w := listWorld()
	if _, err := world.Apply(t.Context(), s, w, describeTime); err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), `
		SELECT id, family, vcpus, memory_gib, io_optimized, primary_eni_queues, secondary_eni_queues
		FROM instance_types`)
	if err != nil {
		t.Fatal(err)
	}
	types, queues := map[string]store.InstanceType{}, map[string]store.FormLimits{}
	var it store.InstanceType
	var limits store.FormLimits
	figures := []any{&it.ID, &it.Family, &it.VCPUs, &it.MemoryGiB, &it.IOOptimized, &limits.PrimaryENIQueues,
		&limits.SecondaryENIQueues}
	if _, err := pgx.ForEachRow(rows, figures, func() error {
		types[it.ID], queues[it.ID] = it, limits
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s, readWorld{w, types, queues}
}

// listFilter is one setting of one filter F, with a predicate of the rows D that it selects.
type listFilter[F, D any] struct {
	filter, setting string
	set             func(*F)
	selects         func(D) bool
}

// byText returns settings of a filter on a text: one for each value in the rows, and one for a
// value that no row has.
func byText[F, D any](name string, rows []D, set func(*F, string), of func(D) string) []listFilter[F, D] {
	return byAnyText(name, rows, set, func(d D) []string { return []string{of(d)} })
}

// byAnyText is byText for a field with several values in a row.
func byAnyText[F, D any](name string, rows []D, set func(*F, string), of func(D) []string) []listFilter[F, D] {
	values := map[string]bool{"nowhere": true}
	for _, d := range rows {
		for _, v := range of(d) {
			values[v] = v != "" // an empty filter selects all
		}
	}
	var out []listFilter[F, D]
	for _, v := range slices.Sorted(maps.Keys(values)) {
		if values[v] {
			out = append(out, listFilter[F, D]{
				name, v, func(f *F) { set(f, v) }, func(d D) bool { return slices.Contains(of(d), v) },
			})
		}
	}
	return out
}

// byAddress returns settings of a filter on addresses: one for each of the addresses together with
// an address that no interface has, and some for several addresses.
func byAddress[F, D any](name string, among []netip.Addr, set func(*F, []netip.Addr),
	of func(D) []netip.Addr) []listFilter[F, D] {
	var out []listFilter[F, D]
	add := func(wanted ...netip.Addr) {
		out = append(out, listFilter[F, D]{
			name, fmt.Sprint(wanted), func(f *F) { set(f, wanted) },
			func(d D) bool {
				return slices.ContainsFunc(of(d), func(a netip.Addr) bool { return slices.Contains(wanted, a) })
			},
		})
	}
	unused := netip.MustParseAddr("192.0.2.1")
	add(unused)
	for k, a := range among {
		add(a, unused)
		if k%10 == 0 {
			add(among[k:min(k+5, len(among))]...)
		}
	}
	return out
}

// addresses returns every fifth address of the world, primary or not, IPv4 or IPv6, without
// duplicates.
func (w readWorld) addresses() []netip.Addr {
	var out []netip.Addr
	for k, a := range w.PrivateIPAddresses {
		if k%5 == 0 {
			out = append(out, a.Address)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// byTags returns settings of a filter on tags.
func byTags[F, D any](set func(*F, store.TagFilter), of func(D) map[string]string) []listFilter[F, D] {
	var out []listFilter[F, D]
	for _, tags := range []store.TagFilter{
		{Keys: []string{"team"}},
		{Keys: []string{"team", "stage"}},
		{Keys: []string{"nowhere"}},
		{Pairs: []map[string]string{{"team": "net"}}},
		{Pairs: []map[string]string{{"a'b%_*": "web"}}},
		{Pairs: []map[string]string{{"team": "net"}, {"stage": "web"}}},
		{Pairs: []map[string]string{{"team": "net"}, {"team": "web"}}}, // no resource can have both
		{Pairs: []map[string]string{{"team": "net"}}, Keys: []string{"stage"}},
	} {
		out = append(out, listFilter[F, D]{"tags", fmt.Sprint(tags), func(f *F) { set(f, tags) }, func(d D) bool {
			for _, key := range tags.Keys {
				if _, has := of(d)[key]; !has {
					return false
				}
			}
			for _, pair := range tags.Pairs {
				for key, value := range pair {
					if got, has := of(d)[key]; !has || got != value {
						return false
					}
				}
			}
			return true
		}})
	}
	return out
}

// walkFilters reads without a filter, with each filter, and with random pairs and triples of
// filters. It compares the rows with those that the predicates select.
func walkFilters[F, D any](t *testing.T, rows []D, filters []listFilter[F, D], id func(D) string,
	read func(F, store.Page) (store.List[D], error)) {
	t.Helper()
	try := func(together ...listFilter[F, D]) {
		var f F
		var names []string
		want := rows
		for k, one := range together {
			if slices.ContainsFunc(together[:k], func(other listFilter[F, D]) bool {
				return other.filter == one.filter
			}) {
				return // the same filter twice
			}
			one.set(&f)
			names = append(names, one.filter+"="+one.setting)
			want = slices.DeleteFunc(slices.Clone(want), func(d D) bool { return !one.selects(d) })
		}
		list, err := read(f, store.Page{Limit: len(rows), Count: true})
		if err != nil {
			t.Fatalf("%v: %v", names, err)
		}
		got := slices.SortedFunc(slices.Values(list.Rows), func(a, b D) int { return strings.Compare(id(a), id(b)) })
		if list.Total != len(want) || list.More {
			t.Errorf("%v: got a total of %d and more after them: %t, want %d and false",
				names, list.Total, list.More, len(want))
		}
		if len(got) != len(want) {
			t.Errorf("%v: got %v, want %v", names, idsOf(got, id), idsOf(want, id))
			return
		}
		for k := range want {
			if !reflect.DeepEqual(got[k], want[k]) {
				t.Errorf("%v: row %d\ngot  %s\nwant %s", names, k, toJSON(got[k]), toJSON(want[k]))
			}
		}
	}
	try()
	for _, f := range filters {
		try(f)
	}
	r := rand.New(rand.NewPCG(2, 3))
	for range 100 {
		try(pick(r, filters...), pick(r, filters...))
		try(pick(r, filters...), pick(r, filters...), pick(r, filters...))
	}
}

func idsOf[D any](rows []D, id func(D) string) []string {
	out := []string{}
	for _, d := range rows {
		out = append(out, id(d))
	}
	return out
}

// toJSON formats a value with what its pointers point to.
func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
