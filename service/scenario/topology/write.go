package topology

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"enisim/service/scenario"
	"enisim/store"
	"enisim/store/catalogue"
)

// flow is a mapping on one line.
type flow []string

func (f *flow) raw(key, value string) { *f = append(*f, key+": "+value) }

// text adds a text unless it is empty.
func (f *flow) text(key, value string) {
	if value != "" {
		f.raw(key, scenario.Text(value))
	}
}

func (f *flow) number(key string, value int) { f.raw(key, strconv.Itoa(value)) }

func (f *flow) list(key string, values []string) {
	if len(values) == 0 {
		return
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = scenario.Text(v)
	}
	f.raw(key, "["+strings.Join(quoted, ", ")+"]")
}

func (f *flow) tags(t tags) {
	var inner flow
	for _, tag := range t.Tag {
		inner.raw(scenario.Text(cmp.Or(tag.TagKey, tag.Key)), scenario.Text(cmp.Or(tag.TagValue, tag.Value)))
	}
	if len(inner) > 0 {
		slices.Sort(inner)
		f.raw("tags", inner.String())
	}
}

func (f flow) String() string { return "{" + strings.Join(f, ", ") + "}" }

// writer writes an account's scenario.
type writer struct {
	*account
	id      string
	options Options
	out     bytes.Buffer
}

func (w *writer) line(indent int, format string, args ...any) {
	fmt.Fprintf(&w.out, "%s%s\n", strings.Repeat(" ", indent), fmt.Sprintf(format, args...))
}

func (w *writer) write() []byte {
	attached, primaries := map[string][]*networkInterface{}, map[string]*networkInterface{}
	for _, id := range slices.Sorted(maps.Keys(w.interfaces)) {
		n := w.interfaces[id]
		switch on := n.instanceID(); {
		case n.Type == store.ENIPrimary:
			primaries[on] = n
		case n.isOnInstance():
			attached[on] = append(attached[on], n)
		}
	}
	for _, held := range attached {
		slices.SortStableFunc(held, func(a, b *networkInterface) int {
			return cmp.Compare(a.Attachment.DeviceIndex, b.Attachment.DeviceIndex)
		})
	}
	w.line(0, "# Made by enisim scenario import.")
	w.line(0, "enisim: 1")
	w.line(0, "accounts:")
	w.line(2, "- id: %q", w.id)
	if w.options.KeyID != "" {
		var key flow
		key.text("id", w.options.KeyID)
		key.text("secret", w.options.Secret)
		w.line(4, "access_keys:")
		w.line(6, "- %s", key)
	}
	regions := w.regions()
	if len(regions) > 0 {
		w.line(4, "regions:")
	}
	for _, region := range slices.Sorted(maps.Keys(regions)) {
		w.region(region, regions[region], attached, primaries)
	}
	w.types(attached, primaries)
	return w.out.Bytes()
}

// regions returns the regions in which the account has resources, with the zones that the catalogue
// lacks.
func (w *writer) regions() map[string][]string {
	zones := map[string]map[string]bool{}
	in := func(region string) map[string]bool {
		if zones[region] == nil {
			zones[region] = map[string]bool{}
		}
		return zones[region]
	}
	for _, v := range w.vpcs {
		in(v.RegionId)
	}
	for _, v := range w.vswitches {
		in(w.vpcs[v.VpcId].RegionId)[v.ZoneId] = true
	}
	for _, i := range w.instances {
		if i.isClassic() {
			in(i.RegionId)[i.ZoneId] = true
		}
	}
	unknown := map[string][]string{}
	for region, all := range zones {
		known, _ := catalogue.FindRegion(region)
		unknown[region] = nil
		for _, zone := range slices.Sorted(maps.Keys(all)) {
			if !slices.Contains(known.Zones, zone) {
				unknown[region] = append(unknown[region], zone)
			}
		}
	}
	return unknown
}

func (w *writer) region(
	region string, zones []string, attached map[string][]*networkInterface, primaries map[string]*networkInterface,
) {
	w.line(6, "- id: %s", scenario.Text(region))
	if _, known := catalogue.FindRegion(region); !known && len(zones) == 0 {
		zones = []string{region + "a"}
		w.line(8, "# No VSwitch or instance names a zone of this region, so this one is a guess.")
	}
	if len(zones) > 0 {
		var f flow
		f.list("zones", zones)
		w.line(8, "# The catalogue does not know these zones.")
		w.line(8, "%s", f[0])
	}
	w.heading(8, "vpcs", w.networks(region, attached, primaries))
	w.heading(8, "instances", w.hosts(region, primaries))
	w.heading(8, "network_interfaces", w.secondaryInterfaces(region, attached))
}

// heading writes a list unless it is empty.
func (w *writer) heading(indent int, key string, lines []string) {
	if len(lines) == 0 {
		return
	}
	w.line(indent, "%s:", key)
	for _, line := range lines {
		w.line(indent+2, "%s", line)
	}
}

func (w *writer) networks(
	region string, attached map[string][]*networkInterface, primaries map[string]*networkInterface,
) []string {
	sizes := w.groupSizes(attached, primaries)
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(w.vpcs)) {
		v := w.vpcs[id]
		if v.RegionId != region {
			continue
		}
		var f flow
		f.text("id", id)
		f.text("name", v.VpcName)
		f.text("description", v.Description)
		f.tags(v.Tags)
		f.text("cidr_block", v.CidrBlock)
		f.text("ipv6_cidr_block", v.Ipv6CidrBlock)
		lines = append(lines, "- "+strings.Join(f, "\n            "))
		var subnets, groups []string
		for _, id := range slices.Sorted(maps.Keys(w.vswitches)) {
			if s := w.vswitches[id]; s.VpcId == v.VpcId {
				var f flow
				f.text("id", id)
				f.text("name", s.VSwitchName)
				f.text("description", s.Description)
				f.tags(s.Tags)
				f.text("zone", s.ZoneId)
				f.text("cidr_block", s.CidrBlock)
				f.text("ipv6_cidr_block", s.Ipv6CidrBlock)
				subnets = append(subnets, "    - "+f.String())
			}
		}
		for _, id := range slices.Sorted(maps.Keys(w.groups)) {
			if g := w.groups[id]; g.VpcId == v.VpcId {
				var f flow
				f.text("id", id)
				f.text("name", g.SecurityGroupName)
				f.text("description", g.Description)
				f.tags(g.Tags)
				limit := largestNormal
				if g.SecurityGroupType == store.GroupEnterprise {
					f.text("type", g.SecurityGroupType)
					limit = largestEnterprise
				}
				if sizes[id] > limit {
					groups = append(groups, "    # The default limit is less than its instances; this one is a guess.")
					f.number("instance_limit", sizes[id])
				}
				groups = append(groups, "    - "+f.String())
			}
		}
		if len(subnets) > 0 {
			lines = append(append(lines, "  vswitches:"), subnets...)
		}
		if len(groups) > 0 {
			lines = append(append(lines, "  security_groups:"), groups...)
		}
	}
	return lines
}

// The default limits of instances in a group.
const (
	largestNormal     = 2000
	largestEnterprise = 65_536
)

// groupSizes counts the instances that have an interface in each group.
func (w *writer) groupSizes(
	attached map[string][]*networkInterface, primaries map[string]*networkInterface,
) map[string]int {
	sizes := map[string]int{}
	for id, i := range w.instances {
		in := map[string]bool{}
		for _, group := range groupsOf(i, primaries[id]) {
			in[group] = true
		}
		for _, n := range attached[id] {
			for _, group := range n.SecurityGroupIds.SecurityGroupId {
				in[group] = true
			}
		}
		for group := range in {
			sizes[group]++
		}
	}
	return sizes
}

// groupsOf returns the groups of an instance: those of its primary interface.
func groupsOf(i *instance, primary *networkInterface) []string {
	if primary != nil && len(primary.SecurityGroupIds.SecurityGroupId) > 0 {
		return primary.SecurityGroupIds.SecurityGroupId
	}
	return i.SecurityGroupIds.SecurityGroupId
}

func (w *writer) hosts(region string, primaries map[string]*networkInterface) []string {
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(w.instances)) {
		i := w.instances[id]
		var f flow
		f.text("id", id)
		f.text("name", i.InstanceName)
		f.text("description", i.Description)
		f.tags(i.Tags)
		f.text("host_name", i.HostName)
		f.text("type", i.InstanceType)
		if i.Status != store.InstanceRunning {
			f.text("status", i.Status)
		}
		switch {
		case i.isClassic() && i.RegionId == region:
			f.text("network_type", store.NetworkTypeClassic)
			f.text("zone", i.ZoneId)
		case !i.isClassic() && w.regionOf(i.VpcAttributes.VSwitchId) == region:
			f.text("vswitch", i.VpcAttributes.VSwitchId)
			primary := primaries[id]
			f.list("security_groups", groupsOf(i, primary))
			if primary != nil {
				w.primary(&f, primary)
			}
		default:
			continue
		}
		lines = append(lines, "- "+f.String())
	}
	return lines
}

func (w *writer) primary(f *flow, n *networkInterface) {
	addresses := n.addresses()
	if len(addresses) > 0 {
		f.text("private_ip_address", addresses[0])
		addresses = addresses[1:]
	}
	var own flow
	own.text("id", n.NetworkInterfaceId)
	own.text("name", n.NetworkInterfaceName)
	own.text("description", n.Description)
	own.tags(n.Tags)
	own.list("secondary_private_ip_addresses", addresses)
	own.list("ipv6_addresses", n.ipv6())
	own.interfaceFields(n)
	f.raw("primary_network_interface", own.String())
}

func (w *writer) regionOf(vswitch string) string { return w.vpcs[w.vswitches[vswitch].VpcId].RegionId }

// secondaryInterfaces returns the secondary interfaces: those on instances by device index, because
// their order in the file gives the index, and then those on none.
func (w *writer) secondaryInterfaces(region string, attached map[string][]*networkInterface) []string {
	var lines []string
	for _, on := range slices.Sorted(maps.Keys(attached)) {
		for _, n := range attached[on] {
			if w.regionOf(n.VSwitchId) == region {
				lines = append(lines, w.secondaryInterface(n, on)...)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.interfaces)) {
		if n := w.interfaces[id]; n.Type != store.ENIPrimary && !n.isOnInstance() && w.regionOf(n.VSwitchId) == region {
			lines = append(lines, w.secondaryInterface(n, "")...)
		}
	}
	return lines
}

func (w *writer) secondaryInterface(n *networkInterface, on string) []string {
	var lines []string
	var f flow
	f.text("id", n.NetworkInterfaceId)
	f.text("name", n.NetworkInterfaceName)
	f.text("description", n.Description)
	f.tags(n.Tags)
	f.text("vswitch", n.VSwitchId)
	f.list("security_groups", n.SecurityGroupIds.SecurityGroupId)
	f.list("private_ip_addresses", n.addresses())
	f.list("ipv6_addresses", n.ipv6())
	f.text("attached_to", on)
	switch {
	case n.isAttached() && on == "":
		lines = append(lines, "# It is "+n.Status+" where no instance is named, and free here.")
	case n.Status != store.ENIInUse && n.Status != store.ENIAvailable:
		f.text("status", n.Status)
	}
	if n.Type != store.ENISecondary && n.Type != "" {
		lines = append(lines, "# It is of the type "+n.Type+", which is not simulated.")
	}
	if n.ServiceManaged {
		f.raw("service_managed", "true")
	}
	f.interfaceFields(n)
	if len(n.SecurityGroupIds.SecurityGroupId) == 0 {
		return append(lines, "# Left out, because it is in no security group: "+n.NetworkInterfaceId)
	}
	return append(lines, "- "+f.String())
}

// interfaceFields adds the fields that any interface may have, except its addresses.
func (f *flow) interfaceFields(n *networkInterface) {
	var ipv4, ipv6 []string
	for _, p := range n.Ipv4PrefixSets.Ipv4PrefixSet {
		ipv4 = append(ipv4, p.Ipv4Prefix)
	}
	for _, p := range n.Ipv6PrefixSets.Ipv6PrefixSet {
		ipv6 = append(ipv6, p.Ipv6Prefix)
	}
	f.list("ipv4_prefixes", ipv4)
	f.list("ipv6_prefixes", ipv6)
	f.text("mac_address", strings.ToLower(n.MacAddress))
	if n.QueueNumber > 0 {
		f.number("queue_number", n.QueueNumber)
	}
	if n.SourceDestCheck {
		f.raw("source_dest_check", "true")
	}
	if n.DeleteOnRelease != nil && !*n.DeleteOnRelease {
		f.raw("delete_on_release", "false")
	}
}

func (w *writer) types(attached map[string][]*networkInterface, primaries map[string]*networkInterface) {
	needs := w.typeNeeds(attached, primaries)
	started := false
	for _, id := range slices.Sorted(maps.Keys(needs)) {
		f, why := typeDeclaration(id, needs[id])
		if f == nil {
			continue
		}
		if !started {
			w.line(0, "instance_types:")
			started = true
		}
		w.line(2, "# %s", why)
		w.line(2, "- %s", f)
	}
}
