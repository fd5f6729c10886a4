package topology

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/store/catalogue"
)

// tagsOf returns tags as the scenario has them.
func tagsOf(t tags) map[string]string {
	out := make(map[string]string, len(t.Tag))
	for _, tag := range t.Tag {
		out[cmp.Or(tag.TagKey, tag.Key)] = cmp.Or(tag.TagValue, tag.Value)
	}
	return out
}

// writer makes an account's scenario.
type writer struct {
	*account
	id        string
	options   Options
	attached  map[string][]*networkInterface // secondary interfaces by instance, in the order of their device indexes
	primaries map[string]*networkInterface   // by instance
}

func (w *writer) write() []byte {
	w.collectInterfaces()
	file := scenario.NewDraft()
	file.Comment("", "Made by enisim scenario import.")
	account := file.Add("accounts")
	account.Text("id", w.id)
	account.Bool("trunking", w.hasTrunks())
	if w.options.KeyID != "" {
		key := account.Add("access_keys")
		key.Text("id", w.options.KeyID)
		key.Text("secret", w.options.Secret)
	}
	regions := w.regions()
	for _, region := range slices.Sorted(maps.Keys(regions)) {
		w.region(account.Add("regions"), region, regions[region])
	}
	needs := w.typeNeeds(w.attached, w.primaries)
	for _, id := range slices.Sorted(maps.Keys(needs)) {
		declareType(file, id, needs[id])
	}
	return file.Write()
}

// collectInterfaces finds the interfaces of each instance.
func (w *writer) collectInterfaces() {
	w.attached, w.primaries = map[string][]*networkInterface{}, map[string]*networkInterface{}
	for _, id := range slices.Sorted(maps.Keys(w.interfaces)) {
		n := w.interfaces[id]
		switch on := n.instanceID(); {
		case n.Type == store.ENIPrimary:
			w.primaries[on] = n
		case n.isOnInstance():
			w.attached[on] = append(w.attached[on], n)
		case w.trunkOf(n) != nil: // its VLAN comes after all slots, so its entry comes after that of its trunk
			on = w.trunkOf(n).instanceID()
			w.attached[on] = append(w.attached[on], n)
		}
	}
	for _, held := range w.attached {
		slices.SortStableFunc(held, func(a, b *networkInterface) int {
			return cmp.Or(compareBool(a.Type == store.ENIMember, b.Type == store.ENIMember),
				cmp.Compare(a.Attachment.DeviceIndex, b.Attachment.DeviceIndex))
		})
	}
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
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

func (w *writer) region(d scenario.Draft, region string, zones []string) {
	d.Text("id", region)
	if _, known := catalogue.FindRegion(region); !known && len(zones) == 0 {
		zones = []string{region + "a"}
		d.Comment("zones", "No VSwitch or instance names a zone of this region, so this one is a guess.")
	}
	if len(zones) > 0 {
		d.Comment("zones", "The catalogue does not know these zones.")
		d.Texts("zones", zones)
	}
	sizes := w.groupSizes()
	for _, id := range slices.Sorted(maps.Keys(w.vpcs)) {
		if w.vpcs[id].RegionId == region {
			w.network(d.Add("vpcs"), w.vpcs[id], sizes)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.instances)) {
		if w.regionOfInstance(w.instances[id]) == region {
			w.host(d.Add("instances"), id)
		}
	}
	w.secondaryInterfaces(d, region)
}

// label sets what describes a resource.
func label(d scenario.Draft, id, name, description string, t tags) {
	d.Text("id", id)
	d.Text("name", name)
	d.Text("description", description)
	d.Tags("tags", tagsOf(t))
}

func (w *writer) network(d scenario.Draft, v *vpc, sizes map[string]int) {
	label(d, v.VpcId, v.VpcName, v.Description, v.Tags)
	d.Text("cidr_block", v.CidrBlock)
	d.Text("ipv6_cidr_block", v.Ipv6CidrBlock)
	for _, id := range slices.Sorted(maps.Keys(w.vswitches)) {
		if s := w.vswitches[id]; s.VpcId == v.VpcId {
			subnet := d.Add("vswitches")
			label(subnet, id, s.VSwitchName, s.Description, s.Tags)
			subnet.Text("zone", s.ZoneId)
			subnet.Text("cidr_block", s.CidrBlock)
			subnet.Text("ipv6_cidr_block", s.Ipv6CidrBlock)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.groups)) {
		if g := w.groups[id]; g.VpcId == v.VpcId {
			group := d.Add("security_groups")
			label(group, id, g.SecurityGroupName, g.Description, g.Tags)
			if g.SecurityGroupType == store.GroupEnterprise {
				group.Text("type", g.SecurityGroupType)
			}
			if sizes[id] > store.InstanceLimitOf(g.SecurityGroupType) {
				group.Comment("", "The default limit is less than its instances; this one is a guess.")
				group.Int("instance_limit", sizes[id])
			}
		}
	}
}

// groupSizes counts the instances that have an interface in each group.
func (w *writer) groupSizes() map[string]int {
	sizes := map[string]int{}
	for id, i := range w.instances {
		in := map[string]bool{}
		for _, group := range groupsOf(i, w.primaries[id]) {
			in[group] = true
		}
		for _, n := range w.attached[id] {
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

func (w *writer) host(d scenario.Draft, id string) {
	i, primary := w.instances[id], w.primaries[id]
	label(d, id, i.InstanceName, i.Description, i.Tags)
	d.Text("host_name", i.HostName)
	d.Text("type", i.InstanceType)
	if i.Status != store.InstanceRunning {
		d.Text("status", i.Status)
	}
	if i.isClassic() {
		d.Text("network_type", store.NetworkTypeClassic)
		d.Text("zone", i.ZoneId)
		return
	}
	d.Text("vswitch", i.VpcAttributes.VSwitchId)
	d.Texts("security_groups", groupsOf(i, primary))
	if primary == nil {
		return
	}
	addresses := primary.addresses()
	if len(addresses) > 0 {
		d.Text("private_ip_address", addresses[0])
		addresses = addresses[1:]
	}
	inner := d.Add("primary_network_interface")
	inner.Texts("secondary_private_ip_addresses", addresses)
	setInterfaceFields(inner, primary)
}

func (w *writer) regionOf(vswitch string) string { return w.vpcs[w.vswitches[vswitch].VpcId].RegionId }

func (w *writer) regionOfInstance(i *instance) string {
	if i.isClassic() {
		return i.RegionId
	}
	return w.regionOf(i.VpcAttributes.VSwitchId)
}

// secondaryInterfaces adds the secondary interfaces of a region: those on instances by device
// index, because their order in the file gives the index, and then those on none.
func (w *writer) secondaryInterfaces(d scenario.Draft, region string) {
	for _, on := range slices.Sorted(maps.Keys(w.attached)) {
		for _, n := range w.attached[on] {
			if w.regionOf(n.VSwitchId) == region {
				secondaryInterface(d.Add("network_interfaces"), n, on)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.interfaces)) {
		if n := w.interfaces[id]; n.Type != store.ENIPrimary && !n.isOnInstance() && w.trunkOf(n) == nil &&
			w.regionOf(n.VSwitchId) == region {
			secondaryInterface(d.Add("network_interfaces"), n, "")
		}
	}
}

func secondaryInterface(d scenario.Draft, n *networkInterface, on string) {
	if n.isAttached() && on == "" {
		d.Comment("", "It is "+n.Status+" where no instance is named, and free here.")
	}
	switch {
	case n.Type == store.ENIMember && on == "":
		d.Comment("", "It is a member of a trunk that the files do not attach, and free here.")
	case !slices.Contains([]string{"", store.ENISecondary, store.ENITrunk, store.ENIMember}, n.Type):
		d.Comment("", "It is of the type "+n.Type+", which is not simulated.")
	}
	if len(n.SecurityGroupIds.SecurityGroupId) == 0 {
		d.Comment("", "Left out, because it is in no security group: "+n.NetworkInterfaceId)
		return
	}
	setInterfaceFields(d, n)
	d.Text("vswitch", n.VSwitchId)
	d.Texts("security_groups", n.SecurityGroupIds.SecurityGroupId)
	d.Texts("private_ip_addresses", n.addresses())
	if n.Type == store.ENITrunk {
		d.Text("type", n.Type)
	}
	d.Text("attached_to", on)
	if n.Type == store.ENIMember && on != "" {
		d.Text("trunk", n.Attachment.TrunkNetworkInterfaceId)
	}
	d.Bool("service_managed", n.ServiceManaged)
	if n.Status != store.ENIInUse && n.Status != store.ENIAvailable && (on != "" || !n.isAttached()) {
		d.Text("status", n.Status)
	}
}

// setInterfaceFields sets the fields that any interface may have, except its IPv4 addresses.
func setInterfaceFields(d scenario.Draft, n *networkInterface) {
	label(d, n.NetworkInterfaceId, n.NetworkInterfaceName, n.Description, n.Tags)
	var ipv4, ipv6 []string
	for _, p := range n.Ipv4PrefixSets.Ipv4PrefixSet {
		ipv4 = append(ipv4, p.Ipv4Prefix)
	}
	for _, p := range n.Ipv6PrefixSets.Ipv6PrefixSet {
		ipv6 = append(ipv6, p.Ipv6Prefix)
	}
	d.Texts("ipv6_addresses", n.ipv6())
	d.Texts("ipv4_prefixes", ipv4)
	d.Texts("ipv6_prefixes", ipv6)
	d.Text("mac_address", strings.ToLower(n.MacAddress))
	if n.QueueNumber > 0 {
		d.Int("queue_number", n.QueueNumber)
	}
	d.Bool("source_dest_check", n.SourceDestCheck)
	d.Bool("delete_on_release", n.DeleteOnRelease == nil || *n.DeleteOnRelease)
}
