package scenario

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/catalogue"
	"enisim.alt/store/world"
)

// Export returns a scenario of what an account has at now. Applying it gives the same world. It
// returns nil if there is no such account. With withKeys it includes the access keys and their
// secrets.
func Export(ctx context.Context, st *store.Store, accountID string, withKeys bool, now time.Time) ([]byte, error) {
	world, err := world.Read(ctx, st, []string{accountID}, now)
	if err != nil || len(world.Accounts) == 0 {
		return nil, err
	}
	if !withKeys {
		world.AccessKeys = nil
	}
	x := &exporter{World: world, belongings: belongingsOf(world), macs: macs{}, tableUsers: tableUsersOf(world)}
	x.eipPlaces = eipPlacesOf(world, x.belongings)
	return new(writer).writeDocument(x.document(now)), nil
}

// exporter makes the file of a world of one account. The rows have the order of world.Read.
type exporter struct {
	*world.World
	belongings map[store.ResourceID]*belongings
	eipPlaces  map[store.ResourceID]eipPlace
	tableUsers map[store.ResourceID][]string
	macs       macs // that the reader will derive, in its order
	explicit   map[string]string
}

func (x *exporter) document(now time.Time) *document {
	a := &x.Accounts[0]
	heading := fmt.Sprintf("Account %s on %s, by enisim scenario export.", a.ID, now.UTC().Format(time.RFC3339))
	if len(x.AccessKeys) > 0 {
		heading += " The secrets of its access keys are in here."
	}
	x.explicit = x.explicitMACs()
	account := newAccountEntry(a)
	account.keys = x.keys("")
	account.disturbances = newDisturbances(x.Disturbances)
	account.clock = newClockEntry(x.World, a.ID)
	for i := range x.RAMUsers {
		user := newUserEntry(&x.RAMUsers[i])
		user.keys = x.keys(x.RAMUsers[i].Name)
		account.users = append(account.users, user)
	}
	for _, region := range x.regions() {
		account.regions = append(account.regions, regionEntry{
			id:         stated(region),
			zones:      statedAll(x.declaredZones(region)),
			vpcs:       x.vpcs(region),
			instances:  entries[instanceEntry]{made: x.instances(region)},
			interfaces: entries[interfaceEntry]{made: x.interfaces(region)},
			eips:       x.eips(region),
			keyPairs:   x.keyPairs(region),
			disks:      x.freeDisks(region),
		})
	}
	doc := &document{version: stated(formatVersion), accounts: []accountEntry{account}}
	doc.comments = map[string][]string{"": {heading}}
	for i := range x.InstanceTypes {
		doc.types = append(doc.types, newTypeEntry(&x.InstanceTypes[i]))
	}
	return doc
}

// keys returns the entries of the keys of a RAM user, or of the account itself if user is "".
func (x *exporter) keys(user string) (keys []keyEntry) {
	for i := range x.AccessKeys {
		if k := &x.AccessKeys[i]; optional(k.RAMUserName).value == user {
			keys = append(keys, newKeyEntry(k))
		}
	}
	return keys
}

// regions returns the regions in which the account has resources.
func (x *exporter) regions() []string {
	has := map[string]bool{}
	for i := range x.VPCs {
		has[x.VPCs[i].RegionID] = true
	}
	for i := range x.Instances {
		has[x.Instances[i].RegionID] = true
	}
	for i := range x.EIPs {
		has[x.EIPs[i].RegionID] = true
	}
	for i := range x.KeyPairs {
		has[x.KeyPairs[i].RegionID] = true
	}
	for i := range x.Disks {
		has[x.Disks[i].RegionID] = true
	}
	return sortedKeys(has)
}

// declaredZones returns the zones of a region that the catalogue does not have.
func (x *exporter) declaredZones(region string) (zones []string) {
	known, _ := catalogue.FindRegion(region)
	for _, z := range x.Zones {
		if z.RegionID == region && !slices.Contains(known.Zones, z.ID) {
			zones = append(zones, z.ID)
		}
	}
	return zones
}

func (x *exporter) vpcs(region string) (vpcs []vpcEntry) {
	vswitches, groups, rules := map[string][]vswitchEntry{}, map[string][]groupEntry{}, map[string][]ruleEntry{}
	for i := range x.VSwitches {
		v := &x.VSwitches[i]
		vswitches[v.VPCID] = append(vswitches[v.VPCID], newVSwitchEntry(x.World, v))
	}
	for i := range x.SecurityGroupRules {
		r := &x.SecurityGroupRules[i]
		of := rules[r.SecurityGroupID]
		rules[r.SecurityGroupID] = append(of, newRuleEntry(r, defaultRuleID(r.SecurityGroupID, len(of)+1)))
	}
	for i := range x.SecurityGroups {
		g := newGroupEntry(&x.SecurityGroups[i])
		g.rules = rules[g.id.value]
		groups[x.SecurityGroups[i].VPCID] = append(groups[x.SecurityGroups[i].VPCID], g)
	}
	tables := x.routeTables()
	for i := range x.VPCs {
		if x.VPCs[i].RegionID == region {
			v := newVPCEntry(x.World, &x.VPCs[i])
			v.vswitches, v.groups = vswitches[v.id.value], groups[v.id.value]
			v.routeTables = tables[v.id.value]
			vpcs = append(vpcs, v)
		}
	}
	return vpcs
}

// routeTables returns the entries of the route tables of the account, by VPC.
func (x *exporter) routeTables() map[string][]routeTableEntry {
	entries := map[string][]routeEntryEntry{}
	for i := range x.RouteEntries {
		row := &x.RouteEntries[i]
		of := entries[row.RouteTableID]
		entries[row.RouteTableID] = append(of,
			newRouteEntryEntry(row, defaultRouteEntryID(row.RouteTableID, len(of)+1)))
	}
	tables := map[string][]routeTableEntry{}
	for i := range x.RouteTables {
		row := &x.RouteTables[i]
		e := newRouteTableEntry(row, x.tableUsers[store.ResourceID{AccountID: row.AccountID, ID: row.ID}])
		if e.entries = entries[row.ID]; len(e.entries) > 0 || !saysNothing(row) {
			tables[row.VPCID] = append(tables[row.VPCID], e)
		}
	}
	return tables
}

// instances returns the entries of the instances of a region. An entry is only valid until the next
// one.
func (x *exporter) instances(region string) iter.Seq[*instanceEntry] {
	return func(yield func(*instanceEntry) bool) {
		primaries := map[string]*store.NetworkInterface{}
		for i := range x.NetworkInterfaces {
			if n := &x.NetworkInterfaces[i]; n.Type == store.ENIPrimary && n.InstanceID != nil {
				primaries[*n.InstanceID] = n
			}
		}
		disks := x.disksOfInstances()
		var e instanceEntry
		for i := range x.Instances {
			row := &x.Instances[i]
			if row.RegionID != region {
				continue
			}
			e = newInstanceEntry(x.World, row)
			next := 1
			for _, d := range disks[row.ID] {
				e.addDataDisk(d, next)
				for slices.ContainsFunc(disks[row.ID][:len(e.dataDisks)],
					func(d *store.DataDisk) bool { return *d.Slot == next }) {
					next++
				}
			}
			if n := primaries[row.ID]; n != nil {
				e.setPrimary(n, x.belongingsFor(n), x.explicit[n.ID])
			}
			if !yield(&e) {
				return
			}
		}
	}
}

// interfaces returns the entries of the secondary interfaces and trunks of a region: those on instances by
// device index, and then those on none. An entry is only valid until the next one.
func (x *exporter) interfaces(region string) iter.Seq[*interfaceEntry] {
	return func(yield func(*interfaceEntry) bool) {
		var e interfaceEntry
		on, next, nextVLAN := "", 1, store.MinVLAN
		for i := range x.NetworkInterfaces {
			n := &x.NetworkInterfaces[i]
			if n.RegionID != region || n.Type == store.ENIPrimary {
				continue
			}
			if n.InstanceID != nil && *n.InstanceID != on {
				on, next, nextVLAN = *n.InstanceID, 1, store.MinVLAN
			}
			free := &next
			if n.IsMember() {
				free = &nextVLAN
			}
			e = newInterfaceEntry(x.World, n, x.belongingsFor(n), x.explicit[n.ID], *free)
			if n.DeviceIndex != nil && *n.DeviceIndex == *free {
				*free++
			}
			if !yield(&e) {
				return
			}
		}
	}
}

// eips returns the entries of the EIPs of a region.
func (x *exporter) eips(region string) (eips []eipEntry) {
	for i := range x.EIPs {
		if x.EIPs[i].RegionID == region {
			eips = append(eips, newEIPEntry(x.World, &x.EIPs[i], x.eipPlaces))
		}
	}
	return eips
}

// keyPairs returns the entries of the key pairs of a region.
func (x *exporter) keyPairs(region string) (pairs []keyPairEntry) {
	for i := range x.KeyPairs {
		if x.KeyPairs[i].RegionID == region {
			pairs = append(pairs, newKeyPairEntry(&x.KeyPairs[i]))
		}
	}
	return pairs
}

// disksOfInstances returns the disks that are entries of their instances, by instance and slot.
func (x *exporter) disksOfInstances() map[string][]*store.DataDisk {
	instances := map[string]*store.Instance{}
	for i := range x.Instances {
		instances[x.Instances[i].ID] = &x.Instances[i]
	}
	disks := map[string][]*store.DataDisk{}
	for i := range x.Disks {
		if d := &x.Disks[i]; d.InstanceID != nil && isOfInstance(d, instances[*d.InstanceID]) {
			disks[*d.InstanceID] = append(disks[*d.InstanceID], d)
		}
	}
	return disks
}

// freeDisks returns the entries of the disks of a region that are no entries of their instances.
func (x *exporter) freeDisks(region string) (disks []freeDiskEntry) {
	ofInstances := map[string]bool{}
	for _, of := range x.disksOfInstances() {
		for _, d := range of {
			ofInstances[d.ID] = true
		}
	}
	for i := range x.Disks {
		if d := &x.Disks[i]; d.RegionID == region && !ofInstances[d.ID] {
			disks = append(disks, newDiskEntry(x.World, d))
		}
	}
	return disks
}

func (x *exporter) belongingsFor(n *store.NetworkInterface) *belongings {
	if b := x.belongings[store.ResourceID{AccountID: n.AccountID, ID: n.ID}]; b != nil {
		return b
	}
	return &belongings{}
}

// explicitMACs returns the MAC addresses that are not derived from the ids of their interfaces. The
// reader derives the others in this order.
func (x *exporter) explicitMACs() map[string]string {
	explicit := map[string]string{}
	regions := x.regions()
	for _, primary := range []bool{true, false} {
		for _, region := range regions {
			for i := range x.NetworkInterfaces {
				n := &x.NetworkInterfaces[i]
				isNext := (n.Type == store.ENIPrimary) == primary && n.RegionID == region
				if isNext && !x.macs.isDerived(n.ID, n.MACAddress) {
					explicit[n.ID] = n.MACAddress
				}
			}
		}
	}
	return explicit
}
