package scenario

import (
	"net/netip"
	"time"

	"enisim.alt/store"
)

const aboutNetworkSettlesIn = "How long it is Pending after being applied, such as 5s; never: it stays Pending."

// vpcEntry is a VPC.
type vpcEntry struct {
	commonFields
	id        located[string]
	block     located[netip.Prefix]
	ipv6Block located[netip.Prefix]
	userCIDRs []located[string]
	settlesIn located[time.Duration]
	vswitches []vswitchEntry
	groups    []groupEntry

	secondaryBlocks []located[string]
	routeTables     []routeTableEntry
}

var vpcMapping = newMapping(
	mapping{name: "vpc", what: "a VPC"}, nil,
	[]keyOf[vpcEntry]{
		textKey("id", func(v *vpcEntry) *located[string] { return &v.id }, aboutID).isRequired().matching(idForm),
		ipv4BlockKey("cidr_block", minVPCMask, maxVPCMask,
			func(v *vpcEntry) *located[netip.Prefix] { return &v.block },
			"An IPv4 block such as 10.0.0.0/8; a mask from /8 to /28.").isRequired(),
		textsKey("secondary_cidr_blocks", func(v *vpcEntry) *[]located[string] { return &v.secondaryBlocks },
			"Up to 5 further IPv4 blocks, in which VSwitches may lie too."),
		ipv6BlockKey("ipv6_cidr_block", 32, 64, func(v *vpcEntry) *located[netip.Prefix] { return &v.ipv6Block },
			"A mask from /32 to /64.").without("no IPv6"),
		textsKey("user_cidrs", func(v *vpcEntry) *[]located[string] { return &v.userCIDRs },
			"Further blocks that its users route, as the API shows them."),
		durationKey("settles_in", func(v *vpcEntry) *located[time.Duration] { return &v.settlesIn },
			aboutNetworkSettlesIn).orNever().without("it is Available"),
		listKey("vswitches", vswitchMapping, func(v *vpcEntry) *[]vswitchEntry { return &v.vswitches }, "The subnets."),
		listKey("security_groups", groupMapping, func(v *vpcEntry) *[]groupEntry { return &v.groups },
			"The security groups."),
		listKey("route_tables", routeTableMapping, func(v *vpcEntry) *[]routeTableEntry { return &v.routeTables },
			"The custom route tables, 9 at most, and the entries of the system table."),
	},
	within(func(v *vpcEntry) *commonFields { return &v.commonFields }, commonKeys),
)

// vswitchEntry is a VSwitch.
type vswitchEntry struct {
	commonFields
	id        located[string]
	zone      located[string]
	block     located[netip.Prefix]
	ipv6Block located[netip.Prefix]
	next      located[string]
	settlesIn located[time.Duration]
}

var vswitchMapping = newMapping(
	mapping{name: "vswitch", what: "a VSwitch"}, nil,
	[]keyOf[vswitchEntry]{
		textKey("id", func(v *vswitchEntry) *located[string] { return &v.id }, aboutID).isRequired().matching(idForm),
		textKey("zone", func(v *vswitchEntry) *located[string] { return &v.zone }, "A zone of the region.").
			isRequired().matching(idForm),
		ipv4BlockKey("cidr_block", minVSwitchMask, maxVSwitchMask,
			func(v *vswitchEntry) *located[netip.Prefix] { return &v.block },
			"A mask from /16 to /29, within a block of the VPC, clear of the VPC's other VSwitches.").isRequired(),
		ipv6BlockKey("ipv6_cidr_block", 64, 64, func(v *vswitchEntry) *located[netip.Prefix] { return &v.ipv6Block },
			"A /64 within the VPC's.").without("no IPv6"),
		textKey("next_private_ip_address", func(v *vswitchEntry) *located[string] { return &v.next },
			"Where the search for a free IPv4 address begins, once the file is applied.").without("at the lowest"),
		durationKey("settles_in", func(v *vswitchEntry) *located[time.Duration] { return &v.settlesIn },
			aboutNetworkSettlesIn).orNever().without("it is Available"),
	},
	within(func(v *vswitchEntry) *commonFields { return &v.commonFields }, commonKeys),
)

// policies are the policies of a rule or a group.
var policies = []string{store.PolicyAccept, store.PolicyDrop}

// groupEntry is a security group.
type groupEntry struct {
	remarks
	commonFields
	id            located[string]
	kind          string
	instanceLimit located[int]
	innerPolicy   string
	rules         []ruleEntry
}

var groupMapping = newMapping(
	mapping{name: "security_group", what: "a security group"}, nil,
	[]keyOf[groupEntry]{
		textKey("id", func(g *groupEntry) *located[string] { return &g.id }, aboutID).isRequired().matching(idForm),
		textKey("type", func(g *groupEntry) *string { return &g.kind }, "What kind of group it is.").
			oneOf(store.GroupNormal, store.GroupEnterprise).byDefault(store.GroupNormal),
		integerKey("instance_limit", func(g *groupEntry) *located[int] { return &g.instanceLimit },
			"Most instances that may have an attached interface in the group, primary ones included.").
			without("2000; 65536 for enterprise"),
		textKey("inner_access_policy", func(g *groupEntry) *string { return &g.innerPolicy },
			"What becomes of traffic among its members.").oneOf(policies...).byDefault(store.PolicyAccept),
		listKey("rules", ruleMapping, func(g *groupEntry) *[]ruleEntry { return &g.rules },
			"Its rules, which are kept and shown; nothing is filtered."),
	},
	within(func(g *groupEntry) *commonFields { return &g.commonFields }, commonKeys),
)

// ruleEntry is a rule of a security group. Values that need no interpretation are in the row
// already.
type ruleEntry struct {
	at                                        position
	id, protocol, ports, sourcePorts          located[string]
	source, ipv6Source, destination, ipv6Dest located[string]
	sourceGroup, destGroup                    located[string]
	row                                       store.SecurityGroupRule
}

var ruleMapping = newMapping(
	mapping{name: "security_group_rule", what: "a rule of a security group"},
	func(o *object, r *ruleEntry) { r.at = o.at },
	[]keyOf[ruleEntry]{
		textKey("id", func(r *ruleEntry) *located[string] { return &r.id }, aboutID).matching(idForm).
			without("it is made of the group's: the first rule of sg-web is sgr-web-1"),
		textKey("direction", func(r *ruleEntry) *string { return &r.row.Direction },
			"Whether it is for what comes in or for what goes out.").
			oneOf(store.RuleIngress, store.RuleEgress).byDefault(store.RuleIngress),
		textKey("ip_protocol", func(r *ruleEntry) *located[string] { return &r.protocol },
			"TCP, UDP, ICMP, ICMPV6, GRE, ALL or an IANA number.").isRequired().matching(protocolForm.String()),
		textKey("port_range", func(r *ruleEntry) *located[string] { return &r.ports },
			"First and last port, such as 80/80; required for TCP and UDP.").
			matching(portRangeForm.String()).without("-1/-1, for protocols without ports"),
		textKey("source_port_range", func(r *ruleEntry) *located[string] { return &r.sourcePorts },
			"The same, of the source.").matching(portRangeForm.String()),
		textKey("policy", func(r *ruleEntry) *string { return &r.row.Policy }, "What becomes of the traffic.").
			oneOf(policies...).byDefault(store.PolicyAccept).written(placeLast),
		integerKey("priority", func(r *ruleEntry) *int { return &r.row.Priority }, "1 is the highest.").
			from(1, 100).byDefault(1).written(placeLast),
		textKey("nic_type", func(r *ruleEntry) *string { return &r.row.NICType },
			"The side of an interface that it is for.").oneOf(nicIntranet, nicInternet).byDefault(nicIntranet).
			written(placeLast),
		textKey("source_cidr_ip", func(r *ruleEntry) *located[string] { return &r.source },
			"The source: an IPv4 block or address."),
		textKey("ipv6_source_cidr_ip", func(r *ruleEntry) *located[string] { return &r.ipv6Source },
			"The source: an IPv6 block or address."),
		textKey("source_group", func(r *ruleEntry) *located[string] { return &r.sourceGroup },
			"The source: a security group of the account."),
		textKey("source_prefix_list", func(r *ruleEntry) *string { return &r.row.SourcePrefixListID },
			"The source: the id of a prefix list."),
		textKey("dest_cidr_ip", func(r *ruleEntry) *located[string] { return &r.destination },
			"The destination: an IPv4 block or address."),
		textKey("ipv6_dest_cidr_ip", func(r *ruleEntry) *located[string] { return &r.ipv6Dest },
			"The destination: an IPv6 block or address."),
		textKey("dest_group", func(r *ruleEntry) *located[string] { return &r.destGroup },
			"The destination: a security group of the account."),
		textKey("dest_prefix_list", func(r *ruleEntry) *string { return &r.row.DestPrefixListID },
			"The destination: the id of a prefix list."),
		textKey("description", func(r *ruleEntry) *string { return &r.row.Description },
			"Its description, as the API shows it.").written(placeLast),
	},
)
