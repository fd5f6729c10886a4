package scenario

import (
	"time"

	"enisim.alt/store"
)

// interfaceFields are the fields that any network interface may have, including a primary one.
type interfaceFields struct {
	commonFields
	secondaryCount  int
	ipv6Addresses   []located[string]
	ipv6Count       int
	primaryIPv6     bool
	ipv4Prefixes    []located[string]
	ipv6Prefixes    []located[string]
	macAddress      located[string]
	networkCard     located[int]
	queueNumber     located[int]
	deleteOnRelease bool
	sourceDestCheck bool
	attributes      store.NetworkInterfaceAttributes
}

var interfaceKeys = append([]keyOf[interfaceFields]{
	integerKey("secondary_private_ip_address_count", func(f *interfaceFields) *int { return &f.secondaryCount },
		"So many further addresses, besides those listed.").from(0, maxCount).byDefault(0),
	textsKey("ipv6_addresses", func(f *interfaceFields) *[]located[string] { return &f.ipv6Addresses },
		"Addresses of the VSwitch's IPv6 block."),
	integerKey("ipv6_address_count", func(f *interfaceFields) *int { return &f.ipv6Count },
		"So many further IPv6 addresses, besides those listed.").from(0, maxCount).byDefault(0),
	booleanKey("primary_ipv6", false, func(f *interfaceFields) *bool { return &f.primaryIPv6 },
		"Whether the first of its IPv6 addresses is its primary one."),
	textsKey("ipv4_prefixes", func(f *interfaceFields) *[]located[string] { return &f.ipv4Prefixes },
		"Blocks of the VSwitch, each a /28, that are the interface's as a whole."),
	textsKey("ipv6_prefixes", func(f *interfaceFields) *[]located[string] { return &f.ipv6Prefixes },
		"Blocks of the VSwitch's IPv6 block, each a /80, that are the interface's as a whole."),
	textKey("mac_address", func(f *interfaceFields) *located[string] { return &f.macAddress },
		"Such as 00:16:3e:01:02:03; not with a count.").matching(macForm.String()).without("it follows from the id"),
	integerKey("network_card_index", func(f *interfaceFields) *located[int] { return &f.networkCard },
		"The network card that it was attached to by name.").without("none was named"),
	integerKey("queue_number", func(f *interfaceFields) *located[int] { return &f.queueNumber },
		"The number of its queues.").from(1, maxInteger).without("the cloud's"),
	booleanKey("delete_on_release", true, func(f *interfaceFields) *bool { return &f.deleteOnRelease },
		"Whether it goes with its instance."),
	booleanKey("source_dest_check", false, func(f *interfaceFields) *bool { return &f.sourceDestCheck },
		"Whether the cloud checks source and destination."),
	integerKey("tcp_established_timeout",
		func(f *interfaceFields) *int { return &f.attributes.TCPEstablishedTimeout },
		"Of tracked connections, in seconds. 0 is the cloud's.").byDefault(0),
	integerKey("tcp_closed_and_time_wait_timeout",
		func(f *interfaceFields) *int { return &f.attributes.TCPClosedAndTimeWaitTimeout },
		"Of tracked connections, in seconds. 0 is the cloud's.").byDefault(0),
	integerKey("udp_timeout", func(f *interfaceFields) *int { return &f.attributes.UDPTimeout },
		"Of tracked connections, in seconds. 0 is the cloud's.").byDefault(0),
	integerKey("rx_queue_size", func(f *interfaceFields) *int { return &f.attributes.RxQueueSize },
		"Of its receive queues. 0 is the cloud's.").byDefault(0),
	integerKey("tx_queue_size", func(f *interfaceFields) *int { return &f.attributes.TxQueueSize },
		"Of its send queues. 0 is the cloud's.").byDefault(0),
}, within(func(f *interfaceFields) *commonFields { return &f.commonFields }, commonKeys)...)

// primaryEntry has the fields of an instance's primary interface.
type primaryEntry struct {
	interfaceFields
	id                 located[string]
	secondaryAddresses []located[string]
}

var primaryMapping = newMapping(
	mapping{name: "primary_network_interface", what: "the mapping of a primary network interface"}, nil,
	[]keyOf[primaryEntry]{
		textKey("id", func(p *primaryEntry) *located[string] { return &p.id }, aboutID).matching(copiedForm).
			without("it is made of the instance's: i-web has eni-web-primary"),
		textsKey("secondary_private_ip_addresses",
			func(p *primaryEntry) *[]located[string] { return &p.secondaryAddresses },
			"Addresses besides the primary one.").written(placeFirst),
	},
	within(func(p *primaryEntry) *interfaceFields { return &p.interfaceFields }, interfaceKeys),
)

// interfaceEntry is a secondary interface, or several with a count.
type interfaceEntry struct {
	remarks
	interfaceFields
	copies
	at               position
	id               located[string]
	vswitch          located[string]
	groups           []located[string]
	kind             located[string]
	attachedTo       located[string]
	trunk            located[string]
	deviceIndex      located[int]
	status           located[string]
	settlesIn        located[time.Duration]
	settlesTo        located[string]
	privateAddresses []located[string]
	serviceManaged   bool
	trafficMode      string
}

var interfaceMapping = newMapping(
	mapping{
		name: "network_interface", what: "a network interface",
		about: "A secondary network interface or a trunk; or many, with a count.",
		needs: []need{
			{"settles_to", "settles_in"}, {"device_index", "attached_to"}, {"network_card_index", "attached_to"},
			{"trunk", "attached_to"},
		},
		rules: []any{
			dict{"if": whenIs("status", attachedStatuses...), "then": dict{"required": []string{"attached_to"}}},
			dict{
				"if":   whenIs("status", store.ENIAvailable, store.ENIDeleting),
				"then": dict{"properties": refused("attached_to")},
			},
			settlesWith(nextENIStatus),
		},
	},
	func(o *object, n *interfaceEntry) { n.at = o.at },
	[]keyOf[interfaceEntry]{
		textKey("id", func(n *interfaceEntry) *located[string] { return &n.id }, aboutCopiedID).
			isRequired().matching(copiedForm),
		textKey("vswitch", func(n *interfaceEntry) *located[string] { return &n.vswitch },
			"The VSwitch that gives its addresses.").isRequired(),
		textsKey("security_groups", func(n *interfaceEntry) *[]located[string] { return &n.groups }, aboutGroups).
			isRequired().notEmpty(),
	},
	within(func(n *interfaceEntry) *copies { return &n.copies }, countKeys),
	[]keyOf[interfaceEntry]{
		textKey("type", func(n *interfaceEntry) *located[string] { return &n.kind },
			"Trunk for one that has members.").
			oneOf(store.ENISecondary, store.ENITrunk).byDefault(store.ENISecondary),
		textKey("traffic_mode", func(n *interfaceEntry) *string { return &n.trafficMode },
			"HighPerformance for an RDMA interface.").
			oneOf(store.TrafficStandard, store.TrafficHighPerformance).byDefault(store.TrafficStandard),
		integerKey("queue_pair_number", func(n *interfaceEntry) *int { return &n.attributes.QueuePairNumber },
			"The number of queue pairs of an RDMA interface. 0 is the cloud's.").byDefault(0),
		textKey("attached_to", func(n *interfaceEntry) *located[string] { return &n.attachedTo },
			"An instance of the same zone and VPC with a place left.").without("the interface is free"),
		textKey("trunk", func(n *interfaceEntry) *located[string] { return &n.trunk },
			"A trunk on that instance, from an entry before this one. The interface is a member of it.").
			without("it is no member"),
		integerKey("device_index", func(n *interfaceEntry) *located[int] { return &n.deviceIndex },
			"Its place on the instance; of a member, its VLAN from 1001 on.").
			from(1, maxInteger).without("the lowest that is free"),
		textKey("status", func(n *interfaceEntry) *located[string] { return &n.status },
			"Attaching, InUse and Detaching need attached_to, the other two exclude it.").
			oneOf(store.ENIAvailable, store.ENIAttaching, store.ENIInUse, store.ENIDetaching, store.ENIDeleting).
			without("InUse with attached_to, else Available"),
		durationKey("settles_in", func(n *interfaceEntry) *located[time.Duration] { return &n.settlesIn },
			aboutSettlesIn).without("the status stays"),
		textKey("settles_to", func(n *interfaceEntry) *located[string] { return &n.settlesTo },
			"Where the status Attaching leads, with settles_in: Available for an attach that fails.").
			oneOf(store.ENIInUse, store.ENIAvailable).without("InUse"),
		textsKey("private_ip_addresses", func(n *interfaceEntry) *[]located[string] { return &n.privateAddresses },
			"The first is the primary address.").without("the next free one"),
		booleanKey("service_managed", false, func(n *interfaceEntry) *bool { return &n.serviceManaged },
			"true for one that a cloud service runs.").written(placeLast),
	},
	within(func(n *interfaceEntry) *interfaceFields { return &n.interfaceFields }, interfaceKeys),
)
