package scenario

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"enisim/store"
	"enisim/store/catalogue"
	"enisim/store/world"
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
	x := &exporter{World: world, accountID: accountID, belongings: belongingsOf(world), macs: macs{}}
	return x.export(now), nil
}

// exporter writes a world of one account. The rows have the order of world.Read.
type exporter struct {
	*world.World
	writer
	accountID  string
	belongings map[store.ResourceID]*belongings
	macs       macs // that the reader will derive, in its order
	explicit   map[string]string
}

func (x *exporter) export(now time.Time) []byte {
	a := &x.Accounts[0]
	fmt.Fprintf(&x.out, "# Account %s on %s, by enisim scenario export.", a.ID, now.UTC().Format(time.RFC3339))
	if len(x.AccessKeys) > 0 {
		x.out.WriteString(" The secrets of its access keys are in here.")
	}
	x.out.WriteByte('\n')
	fmt.Fprintf(&x.out, "enisim: %d\naccounts:\n", formatVersion)
	x.explicit = x.explicitMACs()
	x.writeHead(2, entry{&accountMapping.mapping, []field{{key: "id", value: a.ID}, {key: "name", value: a.Name}}})
	x.writeList(4, "access_keys", x.keys(""))
	x.writeList(4, "ram_users", x.users())
	if a.NetworkInterfacesPerRegion != defaultNetworkInterfacesPerRegion {
		fmt.Fprintf(&x.out, "    quotas: {network_interfaces_per_region: %d}\n", a.NetworkInterfacesPerRegion)
	}
	if a.Repeats != "" {
		fmt.Fprintf(&x.out, "    repeats: %s\n", a.Repeats)
	}
	regions := x.regions()
	if len(regions) > 0 {
		x.out.WriteString("    regions:\n")
	}
	for _, region := range regions {
		x.writeHead(
			6,
			entry{&regionMapping.mapping, []field{{key: "id", value: region}, {key: "zones", value: x.declaredZones(region)}}},
		)
		x.writeList(8, "vpcs", x.vpcs(region))
		x.writeList(8, "instances", x.instances(region))
		x.writeList(8, "network_interfaces", x.interfaces(region))
	}
	x.writeList(0, "instance_types", func(yield func(entry) bool) {
		for i := range x.InstanceTypes {
			if !yield(newTypeEntry(&x.InstanceTypes[i])) {
				return
			}
		}
	})
	return x.out.Bytes()
}

// keys returns the entries of the keys of a RAM user, or of the account itself if user is "".
func (x *exporter) keys(user string) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for i := range x.AccessKeys {
			if k := &x.AccessKeys[i]; firstText(valueOrNil(k.RAMUserName)) == user && !yield(newKeyEntry(k)) {
				return
			}
		}
	}
}

func (x *exporter) users() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for i := range x.RAMUsers {
			u := &x.RAMUsers[i]
			if !yield(entry{&userMapping.mapping, []field{
				{
					key:   "name",
					value: u.Name,
				}, {key: "allow", value: u.Allow}, {key: "access_keys", value: slices.Collect(x.keys(u.Name))},
			}}) {
				return
			}
		}
	}
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

func (x *exporter) vpcs(region string) iter.Seq[entry] {
	vswitches, groups, rules := map[string][]entry{}, map[string][]entry{}, map[string][]entry{}
	for i := range x.VSwitches {
		v := &x.VSwitches[i]
		vswitches[v.VPCID] = append(vswitches[v.VPCID], newVSwitchEntry(x.World, v))
	}
	for i := range x.SecurityGroupRules {
		r := &x.SecurityGroupRules[i]
		rules[r.SecurityGroupID] = append(
			rules[r.SecurityGroupID],
			newRuleEntry(r, defaultRuleID(r.SecurityGroupID, len(rules[r.SecurityGroupID])+1)),
		)
	}
	for i := range x.SecurityGroups {
		g := &x.SecurityGroups[i]
		e := newGroupEntry(g)
		e.fields = append(e.fields, field{key: "rules", value: rules[g.ID]})
		groups[g.VPCID] = append(groups[g.VPCID], e)
	}
	return func(yield func(entry) bool) {
		for i := range x.VPCs {
			v := &x.VPCs[i]
			if v.RegionID != region {
				continue
			}
			e := newVPCEntry(x.World, v)
			e.fields = append(
				e.fields,
				field{key: "vswitches", value: vswitches[v.ID]},
				field{key: "security_groups", value: groups[v.ID]},
			)
			if !yield(e) {
				return
			}
		}
	}
}

func (x *exporter) instances(region string) iter.Seq[entry] {
	primaries := map[string]*store.NetworkInterface{}
	for i := range x.NetworkInterfaces {
		if n := &x.NetworkInterfaces[i]; n.Type == store.ENIPrimary && n.InstanceID != nil {
			primaries[*n.InstanceID] = n
		}
	}
	return func(yield func(entry) bool) {
		for i := range x.Instances {
			row := &x.Instances[i]
			if row.RegionID != region {
				continue
			}
			var primary []field
			if n := primaries[row.ID]; n != nil {
				primary = x.primaryFields(row, n)
			}
			if !yield(newInstanceEntry(x.World, row, primary)) {
				return
			}
		}
	}
}

// primaryFields returns the fields of an instance's primary interface.
func (x *exporter) primaryFields(i *store.Instance, n *store.NetworkInterface) []field {
	b := x.belongingsFor(n)
	primary, secondary := any(nil), []string(nil)
	if addresses := formatAll(b.ipv4.addresses); len(addresses) > 0 {
		primary, secondary = addresses[0], addresses[1:]
	}
	return []field{
		{key: "security_groups", value: b.groups},
		{key: "private_ip_address", value: primary},
		{key: "primary_network_interface", value: entry{&primaryMapping.mapping, slices.Concat(
			[]field{
				{key: "id", value: n.ID, defaultValue: defaultPrimaryInterfaceID(i.ID)},
				{key: "secondary_private_ip_addresses", value: secondary},
			},
			interfaceFieldsOf(n, b, x.explicit[n.ID]),
		)}},
	}
}

// interfaces returns the entries of the secondary interfaces: those on instances by device index,
// and then those on none.
func (x *exporter) interfaces(region string) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		on, next := "", 1
		for i := range x.NetworkInterfaces {
			n := &x.NetworkInterfaces[i]
			if n.RegionID != region || n.Type != store.ENISecondary {
				continue
			}
			if n.InstanceID != nil && *n.InstanceID != on {
				on, next = *n.InstanceID, 1
			}
			e := newInterfaceEntry(x.World, n, x.belongingsFor(n), x.explicit[n.ID], next)
			if n.DeviceIndex != nil && *n.DeviceIndex == next {
				next++
			}
			if !yield(e) {
				return
			}
		}
	}
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
	for _, kind := range []string{store.ENIPrimary, store.ENISecondary} {
		for _, region := range regions {
			for i := range x.NetworkInterfaces {
				n := &x.NetworkInterfaces[i]
				if n.Type == kind && n.RegionID == region && !x.macs.isDerived(n.ID, n.MACAddress) {
					explicit[n.ID] = n.MACAddress
				}
			}
		}
	}
	return explicit
}
