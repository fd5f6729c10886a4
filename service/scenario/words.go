package scenario

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"enisim/store"
	"enisim/store/world"
)

// entry is a mapping of a file, with a field for each key that has a value in the row.
type entry struct {
	mapping *mapping
	fields  []field
}

// field is a key with its value: a text, an integer, a number, a boolean, a time, a duration,
// texts, tags, an entry, or a list of entries. defaultValue is what a file without the key means;
// nil stands for the key's own fallback.
type field struct {
	key          string
	value        any
	defaultValue any
}

// differsFromDefault reports whether a file needs the field.
func (e entry) differsFromDefault(w field) bool {
	switch v := w.value.(type) {
	case nil:
		return false
	case string:
		return v != firstText(w.defaultValue, e.fallback(w.key))
	case int:
		return any(v) != cmp.Or(w.defaultValue, e.fallback(w.key))
	case bool:
		return any(v) != e.fallback(w.key)
	case []string:
		return len(v) > 0
	case map[string]string:
		return len(v) > 0
	case entry:
		return slices.ContainsFunc(v.fields, v.differsFromDefault)
	case []entry:
		return len(v) > 0
	}
	return true
}

func (e entry) fallback(key string) any {
	for i := range e.mapping.keys {
		if e.mapping.keys[i].name == key {
			return e.mapping.keys[i].defaultValue
		}
	}
	panic("scenario: the format knows no such key " + key + " of " + e.mapping.what)
}

// firstText returns the first value that is a non-empty text, or "".
func firstText(values ...any) string {
	for _, v := range values {
		if s, ok := v.(string); ok {
			return s
		}
	}
	return ""
}

// valueOrNil returns the value of a pointer, or nil.
func valueOrNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// durationOrNil returns the duration of a resource, or nil.
func durationOrNil(spans map[store.ResourceID]time.Duration, account, id string) any {
	if d, there := spans[store.ResourceID{AccountID: account, ID: id}]; there {
		return d
	}
	return nil
}

func commonFieldsOf(name, description, resourceGroup string, tags map[string]string) []field {
	return []field{{key: "name", value: name}, {key: "description", value: description},
		{key: "resource_group", value: resourceGroup}, {key: "tags", value: tags}}
}

func newKeyEntry(k *store.AccessKey) entry {
	return entry{&accessKeyMapping.mapping, []field{
		{key: "id", value: k.ID}, {key: "secret", value: k.Secret}, {key: "status", value: k.Status},
		{key: "expires_at", value: valueOrNil(k.ExpiresAt)},
		{key: "security_token", value: valueOrNil(k.SecurityToken)},
		{key: "assumed_role", value: valueOrNil(k.AssumedRole)},
	}}
}

func newTypeEntry(t *store.InstanceType) entry {
	return entry{&typeMapping.mapping, []field{
		{key: "id", value: t.ID}, {key: "family", value: t.Family, defaultValue: defaultFamily(t.ID)},
		{key: "vcpus", value: t.VCPUs}, {key: "memory_gib", value: t.MemoryGiB},
		{key: "eni_quantity", value: t.ENIQuantity},
		{key: "private_ipv4_per_eni", value: valueOrNil(t.PrivateIPv4PerENI)},
		{key: "ipv6_per_eni", value: valueOrNil(t.IPv6PerENI)},
		{key: "network_cards", value: valueOrNil(t.NetworkCards)},
		{key: "cpu_architecture", value: t.CPUArchitecture},
		{key: "hot_plug", value: t.HotPlug}, {key: "io_optimized", value: t.IOOptimized},
	}}
}

func newVPCEntry(w *world.World, v *store.VPC) entry {
	return entry{&vpcMapping.mapping, slices.Concat([]field{{key: "id", value: v.ID}},
		commonFieldsOf(v.Name, v.Description, v.ResourceGroupID, v.Tags), []field{
			{key: "cidr_block", value: v.CIDRBlock.String()}, {key: "ipv6_cidr_block", value: block(v.IPv6CIDRBlock)},
			{key: "user_cidrs", value: v.Attributes.UserCIDRs},
			{key: "settles_in", value: durationOrNil(w.VPCsSettleIn, v.AccountID, v.ID)},
		})}
}

func newVSwitchEntry(w *world.World, v *store.VSwitch) entry {
	next := newPool(v.CIDRBlock)
	return entry{&vswitchMapping.mapping, slices.Concat([]field{{key: "id", value: v.ID}},
		commonFieldsOf(v.Name, v.Description, v.ResourceGroupID, v.Tags), []field{
			{key: "zone", value: v.ZoneID}, {key: "cidr_block", value: v.CIDRBlock.String()},
			{key: "ipv6_cidr_block", value: block(v.IPv6CIDRBlock)},
			// Both offsets are positive.
			{key: "next_private_ip_address", value: next.at(uint64(max(v.NextHost, 1))).String(),
				defaultValue: next.at(1).String()},
			{key: "settles_in", value: durationOrNil(w.VSwitchesSettleIn, v.AccountID, v.ID)},
		})}
}

func block(p *netip.Prefix) any {
	if p == nil {
		return nil
	}
	return p.String()
}

func newGroupEntry(g *store.SecurityGroup) entry {
	return entry{&groupMapping.mapping, slices.Concat([]field{{key: "id", value: g.ID}},
		commonFieldsOf(g.Name, g.Description, g.ResourceGroupID, g.Tags), []field{
			{key: "type", value: g.Type},
			{key: "instance_limit", value: g.InstanceLimit, defaultValue: store.InstanceLimitOf(g.Type)},
			{key: "inner_access_policy", value: g.InnerAccessPolicy},
		})}
}

// newRuleEntry returns the entry of a rule. defaultID is the id that the rule has if the file sets
// none.
func newRuleEntry(r *store.SecurityGroupRule, defaultID string) entry {
	return entry{&ruleMapping.mapping, []field{
		{key: "id", value: r.ID, defaultValue: defaultID}, {key: "direction", value: r.Direction},
		{key: "ip_protocol", value: r.IPProtocol},
		{key: "port_range", value: r.PortRange, defaultValue: noPorts},
		{key: "source_port_range", value: r.SourcePortRange},
		{key: "source_cidr_ip", value: r.SourceCIDR}, {key: "ipv6_source_cidr_ip", value: r.SourceIPv6CIDR},
		{key: "source_group", value: r.SourceGroupID}, {key: "source_prefix_list", value: r.SourcePrefixListID},
		{key: "dest_cidr_ip", value: r.DestCIDR}, {key: "ipv6_dest_cidr_ip", value: r.DestIPv6CIDR},
		{key: "dest_group", value: r.DestGroupID}, {key: "dest_prefix_list", value: r.DestPrefixListID},
		{key: "policy", value: r.Policy}, {key: "priority", value: r.Priority},
		{key: "nic_type", value: r.NICType}, {key: "description", value: r.Description},
	}}
}

// newInstanceEntry returns the entry of an instance. primary has the fields of its primary
// interface.
func newInstanceEntry(w *world.World, i *store.Instance, primary []field) entry {
	a := &i.Attributes
	words := slices.Concat([]field{{key: "id", value: i.ID}},
		commonFieldsOf(i.Name, i.Description, i.ResourceGroupID, i.Tags), []field{
			{key: "host_name", value: i.HostName}, {key: "type", value: i.InstanceType},
			{key: "network_type", value: i.NetworkType},
		})
	if i.VSwitchID == nil {
		words = append(words, field{key: "zone", value: i.ZoneID})
	}
	disks := make([]entry, len(a.DataDisks))
	for k := range a.DataDisks {
		d := &a.DataDisks[k]
		id := field{key: "id", value: d.ID, defaultValue: defaultDataDiskID(i.ID, k+1)}
		disks[k] = entry{&dataDiskMapping.mapping, append([]field{id}, diskFields(d)...)}
	}
	words = append(append(words, field{key: "vswitch", value: valueOrNil(i.VSwitchID)}), primary...)
	return entry{&instanceMapping.mapping, append(words,
		field{key: "status", value: i.Status},
		field{key: "settles_in", value: durationOrNil(w.InstancesSettleIn, i.AccountID, i.ID)},
		field{key: "settles_to", value: valueOrNil(i.NextStatus), defaultValue: nextInstanceStatus[i.Status]},
		field{key: "runs_in", value: durationOrNil(w.InstancesRunIn, i.AccountID, i.ID)},
		field{key: "image", value: a.ImageID}, field{key: "key_pair", value: a.KeyPairName},
		field{key: "ram_role", value: a.RAMRoleName},
		field{key: "user_data", value: a.UserData}, field{key: "instance_charge_type", value: a.InstanceChargeType},
		field{key: "internet_charge_type", value: a.InternetChargeType},
		field{key: "internet_max_bandwidth_in", value: a.InternetMaxBandwidthIn},
		field{key: "internet_max_bandwidth_out", value: a.InternetMaxBandwidthOut},
		field{key: "spot_strategy", value: a.SpotStrategy},
		field{key: "credit_specification", value: a.CreditSpecification},
		field{key: "stopped_mode", value: a.StoppedMode},
		field{key: "deletion_protection", value: a.DeletionProtection},
		field{key: "system_disk", value: entry{&systemDiskMapping.mapping, diskFields(&a.SystemDisk)}},
		field{key: "data_disks", value: disks},
	)}
}

func diskFields(d *store.Disk) []field {
	return []field{
		{key: "name", value: d.Name}, {key: "description", value: d.Description},
		{key: "category", value: d.Category},
		{key: "performance_level", value: d.PerformanceLevel}, {key: "size_gib", value: d.SizeGiB},
		{key: "encrypted", value: d.Encrypted},
		{key: "delete_with_instance", value: !d.KeepWithoutInstance}, {key: "tags", value: d.Tags},
	}
}

// belongings are the rows of other tables that belong to an interface.
type belongings struct {
	groups     []string
	ipv4, ipv6 addressList
	prefixes   []netip.Prefix // of both families, in order
}

// addressList has the primary address first, and the others in order.
type addressList struct {
	addresses  []netip.Addr
	hasPrimary bool
}

func (l *addressList) add(a netip.Addr, primary bool) {
	at := 0
	if !primary {
		first := 0
		if l.hasPrimary {
			first = 1
		}
		at, _ = slices.BinarySearchFunc(l.addresses[first:], a, netip.Addr.Compare)
		at += first
	}
	l.addresses, l.hasPrimary = slices.Insert(l.addresses, at, a), l.hasPrimary || primary
}

// belongingsOf collects the belongings of all interfaces.
func belongingsOf(w *world.World) map[store.ResourceID]*belongings {
	out := make(map[store.ResourceID]*belongings, len(w.NetworkInterfaces))
	of := func(account, eni string) *belongings {
		id := store.ResourceID{AccountID: account, ID: eni}
		if out[id] == nil {
			out[id] = &belongings{}
		}
		return out[id]
	}
	for i := range w.GroupMemberships { // in the order of their positions
		m := &w.GroupMemberships[i]
		b := of(m.AccountID, m.NetworkInterfaceID)
		b.groups = append(b.groups, m.SecurityGroupID)
	}
	for i := range w.PrivateIPAddresses {
		a := &w.PrivateIPAddresses[i]
		b := of(a.AccountID, a.NetworkInterfaceID)
		list := &b.ipv6
		if a.Address.Is4() {
			list = &b.ipv4
		}
		list.add(a.Address, a.IsPrimary)
	}
	for i := range w.IPPrefixes {
		p := &w.IPPrefixes[i]
		b := of(p.AccountID, p.NetworkInterfaceID)
		at, _ := slices.BinarySearchFunc(b.prefixes, p.Prefix, netip.Prefix.Compare)
		b.prefixes = slices.Insert(b.prefixes, at, p.Prefix)
	}
	return out
}

// interfaceFieldsOf returns the fields that any interface has. mac is "" for an address that is
// derived from the id.
func interfaceFieldsOf(n *store.NetworkInterface, b *belongings, mac string) []field {
	a := &n.Attributes
	ipv4, _ := slices.BinarySearchFunc(b.prefixes, true, func(p netip.Prefix, _ bool) int {
		if p.Addr().Is4() {
			return -1
		}
		return 1
	})
	return slices.Concat(commonFieldsOf(n.Name, n.Description, n.ResourceGroupID, n.Tags), []field{
		{key: "ipv6_addresses", value: formatAll(b.ipv6.addresses)},
		{key: "primary_ipv6", value: b.ipv6.hasPrimary},
		{key: "ipv4_prefixes", value: formatAll(b.prefixes[:ipv4])},
		{key: "ipv6_prefixes", value: formatAll(b.prefixes[ipv4:])},
		{key: "mac_address", value: mac}, {key: "network_card_index", value: valueOrNil(n.NetworkCardIndex)},
		{key: "queue_number", value: valueOrNil(n.QueueNumber)},
		{key: "delete_on_release", value: n.DeleteOnRelease}, {key: "source_dest_check", value: n.SourceDestCheck},
		{key: "tcp_established_timeout", value: a.TCPEstablishedTimeout},
		{key: "tcp_closed_and_time_wait_timeout", value: a.TCPClosedAndTimeWaitTimeout},
		{key: "udp_timeout", value: a.UDPTimeout}, {key: "rx_queue_size", value: a.RxQueueSize},
		{key: "tx_queue_size", value: a.TxQueueSize},
	})
}

// formatAll returns addresses or prefixes as texts.
func formatAll[T fmt.Stringer](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.String()
	}
	return texts
}

// newInterfaceEntry returns the entry of a secondary interface. index is the device index that it
// has if the file sets none.
func newInterfaceEntry(w *world.World, n *store.NetworkInterface, b *belongings, mac string, index int) entry {
	implied := store.ENIAvailable
	if n.InstanceID != nil {
		implied = store.ENIInUse
	}
	carried := interfaceFieldsOf(n, b, mac)
	return entry{&interfaceMapping.mapping, slices.Concat([]field{{key: "id", value: n.ID}}, carried[:4], []field{
		{key: "vswitch", value: n.VSwitchID}, {key: "security_groups", value: b.groups},
		{key: "attached_to", value: valueOrNil(n.InstanceID)},
		{key: "device_index", value: valueOrNil(n.DeviceIndex), defaultValue: index},
		{key: "status", value: n.Status, defaultValue: implied},
		{key: "settles_in", value: durationOrNil(w.NetworkInterfacesSettleIn, n.AccountID, n.ID)},
		{key: "settles_to", value: valueOrNil(n.NextStatus), defaultValue: nextENIStatus[n.Status]},
		{key: "private_ip_addresses", value: formatAll(b.ipv4.addresses)},
	}, carried[4:], []field{{key: "service_managed", value: n.ServiceManaged}})}
}
