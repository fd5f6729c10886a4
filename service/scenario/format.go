package scenario

import (
	"strconv"
	"strings"

	"enisim/store"
)

// The tables below are the format: each mapping of a file with its keys. The reader uses them to
// check keys and values, and Schema renders them for editors, so the two cannot differ.

// mapping is one kind of mapping.
type mapping struct {
	name  string // in the schema
	what  string // in messages, with its article
	about string
	keys  []key
	rules []any // of keys among each other, for the schema; the reader has its own words for them
}

// key is a key of a mapping.
type key struct {
	name     string
	kind     kind
	required bool
	hint     string // for a file that lacks it
	about    string
	pattern  string   // of a text, for the schema: the reader has its own words where it does not fit
	words    []string // of a choice
	fallback any      // what a choice, a boolean or a number is without the key
	least    int      // of an integer, or the mask of a block
	most     int
	atLeast1 bool     // for lists
	of       *mapping // what a list or a nested mapping holds
}

// kind is the kind of a key's value.
type kind int

const (
	text kind = iota
	choice
	integer
	number
	boolean
	timeSpan
	moment
	ipv4Block
	ipv6Block
	texts
	list
	nested
	labels
)

// find returns the key with a name. A key that the table lacks is a mistake of this package, which
// any file with the mapping would show.
func (m *mapping) find(name string, k kind) *key {
	for i := range m.keys {
		if m.keys[i].name == name && m.keys[i].kind == k {
			return &m.keys[i]
		}
	}
	panic("scenario: the format knows no such key " + name + " of " + m.what)
}

func (m *mapping) keyNames() []string {
	names := make([]string, len(m.keys))
	for i := range m.keys {
		names[i] = m.keys[i].name
	}
	return names
}

// Patterns of texts, for editors. If copies are possible, a placeholder may stand anywhere.
const (
	placeholder = `\{n(/[0-9]+)?(:0[0-9]+)?\}`
	idForm      = `^[0-9A-Za-z-]{1,128}$`
	copiedForm  = `^([0-9A-Za-z-]|` + placeholder + `)+$`
	spanForm    = `^\+?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h))+$`
	momentForm  = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`
)

// labelKeys returns the keys with those that any resource may have.
func labelKeys(keys ...key) []key {
	return append(keys,
		key{name: "name", kind: text, about: "Its name, as the API shows it."},
		key{name: "description", kind: text, about: "Its description, as the API shows it."},
		key{name: "resource_group", kind: text, about: "The id of its resource group, as the API shows it."},
		key{name: "tags", kind: labels, about: "A mapping of texts, 20 at most."},
	)
}

// carriedKeys returns the keys with those that any network interface may have, including a primary
// one.
func carriedKeys(keys ...key) []key {
	return labelKeys(append(
		keys,
		key{
			name:     "secondary_private_ip_address_count",
			kind:     integer,
			most:     maxCount,
			fallback: 0,
			about:    "So many further addresses, besides those listed.",
		},
		key{name: "ipv6_addresses", kind: texts, about: "Addresses of the VSwitch's IPv6 block."},
		key{
			name:     "ipv6_address_count",
			kind:     integer,
			most:     maxCount,
			fallback: 0,
			about:    "So many further IPv6 addresses, besides those listed.",
		},
		key{
			name:     "primary_ipv6",
			kind:     boolean,
			fallback: false,
			about:    "Whether the first of its IPv6 addresses is its primary one.",
		},
		key{
			name:  "ipv4_prefixes",
			kind:  texts,
			about: "Blocks of the VSwitch, each a /28, that are the interface's as a whole.",
		},
		key{
			name:  "ipv6_prefixes",
			kind:  texts,
			about: "Blocks of the VSwitch's IPv6 block, each a /80, that are the interface's as a whole.",
		},
		key{
			name:    "mac_address",
			kind:    text,
			pattern: macForm.String(),
			about:   "Such as 00:16:3e:01:02:03. Without it, it follows from the id.",
		},
		key{
			name:  "network_card_index",
			kind:  integer,
			most:  maxInteger - 1,
			about: "The network card that it was attached to by name. Without it, none was named.",
		},
		key{name: "queue_number", kind: integer, least: 1, most: maxInteger - 1, about: "Without it, the cloud's."},
		key{name: "delete_on_release", kind: boolean, fallback: true, about: "Whether it goes with its instance."},
		key{
			name:     "source_dest_check",
			kind:     boolean,
			fallback: false,
			about:    "Whether the cloud checks source and destination.",
		},
		key{
			name:     "tcp_established_timeout",
			kind:     integer,
			most:     maxInteger - 1,
			fallback: 0,
			about:    "Of tracked connections, in seconds. 0 is the cloud's.",
		},
		key{
			name:     "tcp_closed_and_time_wait_timeout",
			kind:     integer,
			most:     maxInteger - 1,
			fallback: 0,
			about:    "Of tracked connections, in seconds. 0 is the cloud's.",
		},
		key{
			name:     "udp_timeout",
			kind:     integer,
			most:     maxInteger - 1,
			fallback: 0,
			about:    "Of tracked connections, in seconds. 0 is the cloud's.",
		},
		key{
			name:     "rx_queue_size",
			kind:     integer,
			most:     maxInteger - 1,
			fallback: 0,
			about:    "Of its receive queues. 0 is the cloud's.",
		},
		key{
			name:     "tx_queue_size",
			kind:     integer,
			most:     maxInteger - 1,
			fallback: 0,
			about:    "Of its send queues. 0 is the cloud's.",
		},
	)...)
}

var (
	countKey = key{name: "count", kind: integer, least: 1, most: maxCount,
		about: "How many copies the entry stands for. In its texts {n} is the number of the copy, {n:05} the same with five digits, {n/3} the number of its group of three."}
	settlesInKey = key{name: "settles_in", kind: timeSpan,
		about: "For a transient status: how long after being applied it moves on, such as 5s or 1m30s. Without it, the status stays."}
	networkSettlesInKey = key{name: "settles_in", kind: timeSpan,
		about: "How long it is Pending after being applied, such as 5s. Without it, it is Available."}
)

var documentMapping = &mapping{
	name: "file", what: "the file", about: "A world for enisim: accounts with their keys, networks, instances and network interfaces.",
	keys: []key{
		{name: "enisim", kind: integer, required: true, most: maxInteger - 1, about: "The version of the format: 1.",
			hint: "it is the version of the format: start the file with enisim: 1"},
		{
			name:  "accounts",
			kind:  list,
			of:    accountMapping,
			about: "The accounts, each of which is made equal to what stands here. Others are not touched.",
		},
		{
			name:  "instance_types",
			kind:  list,
			of:    typeMapping,
			about: "Instance types for the accounts of this file, beside or instead of the catalogue's.",
		},
	},
	rules: []any{dict{"properties": dict{"enisim": dict{"const": formatVersion}}}},
}

var accountMapping = &mapping{
	name: "account", what: "an account", about: "An account, made equal to what stands here.",
	keys: []key{
		{name: "id", kind: text, required: true, pattern: accountIDForm.String(), about: "16 digits, in quotes."},
		{name: "name", kind: text, about: "Text."},
		{name: "access_keys", kind: list, of: accessKeyMapping, about: "Keys of the account itself."},
		{name: "ram_users", kind: list, of: ramUserMapping, about: "RAM users of the account."},
		{name: "regions", kind: list, of: regionMapping, about: "Regions, with all that the account has in them."},
		{name: "quotas", kind: nested, of: quotasMapping, about: "Quotas of the account."},
		{name: "repeats", kind: choice, words: []string{store.RepeatsAccept, store.RepeatsRefuse},
			about: "Whether an attach to the instance that has the interface, and a detach of one that is on none, succeed. Without it, as the server says."},
	},
}

var quotasMapping = &mapping{
	name: "quotas", what: "the mapping of quotas",
	keys: []key{
		{
			name:     "network_interfaces_per_region",
			kind:     integer,
			most:     maxInteger - 1,
			fallback: defaultNetworkInterfacesPerRegion,
			about:    "Most network interfaces of a region. CreateNetworkInterface checks it, a scenario does not.",
		},
	},
}

var accessKeyMapping = &mapping{
	name: "access_key", what: "an access key",
	keys: []key{
		{name: "id", kind: text, required: true, pattern: idForm, about: "Unique in the whole database."},
		{name: "secret", kind: text, required: true, about: "What requests are signed with."},
		{
			name:  "security_token",
			kind:  text,
			about: "Makes it a temporary key, whose requests carry the token; needs expires_at.",
		},
		{
			name:  "assumed_role",
			kind:  text,
			about: "Of a temporary key: the role and the session that it stands for, as role/session.",
		},
		{
			name:     "status",
			kind:     choice,
			words:    []string{"Active", "Inactive"},
			fallback: "Active",
			about:    "Whether it may be used.",
		},
		{
			name:  "expires_at",
			kind:  moment,
			about: "A time such as 2030-01-31T12:00:00Z, which may be in the past. Without it the key lasts.",
		},
	},
	rules: []any{
		dict{
			"dependentRequired": dict{
				"security_token": []string{"expires_at"},
				"assumed_role":   []string{"security_token"},
			},
		},
	},
}

var ramUserMapping = &mapping{
	name: "ram_user", what: "a RAM user",
	keys: []key{
		{
			name:     "name",
			kind:     text,
			required: true,
			pattern:  userNameForm.String(),
			about:    "Letters, digits, '.', '_' and '-'.",
		},
		{
			name:    "allow",
			kind:    texts,
			pattern: allowForm.String(),
			about:   "What the user may call: product:Action, with * for any run of characters. Nothing, unless told.",
		},
		{name: "access_keys", kind: list, of: accessKeyMapping, about: "Keys of the user."},
	},
}

var regionMapping = &mapping{
	name: "region", what: "a region", about: "What an account has in a region.",
	keys: []key{
		{
			name:     "id",
			kind:     text,
			required: true,
			pattern:  idForm,
			about:    "A region of the catalogue, or one that lists its zones here.",
		},
		{
			name:    "zones",
			kind:    texts,
			pattern: idForm,
			about:   "Declares the region, or further zones of one that is known.",
		},
		{name: "vpcs", kind: list, of: vpcMapping, about: "The networks, with their VSwitches and security groups."},
		{
			name:  "instances",
			kind:  list,
			of:    instanceMapping,
			about: "The instances. Each gets its primary network interface.",
		},
		{name: "network_interfaces", kind: list, of: interfaceMapping, about: "The secondary network interfaces."},
	},
}

var vpcMapping = &mapping{
	name: "vpc", what: "a VPC",
	keys: labelKeys(
		key{name: "id", kind: text, required: true, pattern: idForm, about: "Free to choose: letters, digits and '-'."},
		key{
			name:     "cidr_block",
			kind:     ipv4Block,
			required: true,
			least:    minVPCMask,
			most:     maxVPCMask,
			about:    "An IPv4 block such as 10.0.0.0/8; a mask from /8 to /28.",
		},
		key{
			name:  "ipv6_cidr_block",
			kind:  ipv6Block,
			least: 32,
			most:  64,
			about: "A mask from /32 to /64. Without it, no IPv6.",
		},
		key{name: "user_cidrs", kind: texts, about: "Further blocks that its users route, as the API shows them."},
		networkSettlesInKey,
		key{name: "vswitches", kind: list, of: vswitchMapping, about: "The subnets."},
		key{name: "security_groups", kind: list, of: groupMapping, about: "The security groups."},
	),
}

var vswitchMapping = &mapping{
	name: "vswitch", what: "a VSwitch",
	keys: labelKeys(
		key{name: "id", kind: text, required: true, pattern: idForm, about: "Free to choose: letters, digits and '-'."},
		key{name: "zone", kind: text, required: true, pattern: idForm, about: "A zone of the region."},
		key{name: "cidr_block", kind: ipv4Block, required: true, least: minVSwitchMask, most: maxVSwitchMask,
			about: "A mask from /16 to /29, within the VPC's block, clear of the VPC's other VSwitches."},
		key{
			name:  "ipv6_cidr_block",
			kind:  ipv6Block,
			least: 64,
			most:  64,
			about: "A /64 within the VPC's. Without it, no IPv6.",
		},
		key{
			name:  "next_private_ip_address",
			kind:  text,
			about: "Where the search for a free IPv4 address begins, once the file is applied. Without it, at the lowest.",
		},
		networkSettlesInKey,
	),
}

var groupMapping = &mapping{
	name: "security_group", what: "a security group",
	keys: labelKeys(
		key{name: "id", kind: text, required: true, pattern: idForm, about: "Free to choose: letters, digits and '-'."},
		key{
			name:     "type",
			kind:     choice,
			words:    []string{"normal", "enterprise"},
			fallback: "normal",
			about:    "What kind of group it is.",
		},
		key{name: "instance_limit", kind: integer, most: maxInteger - 1,
			about: "Most instances that may have an attached interface in the group, primary ones included. Without it 2000; 65536 for enterprise."},
		key{
			name:     "inner_access_policy",
			kind:     choice,
			words:    policies,
			fallback: store.PolicyAccept,
			about:    "What becomes of traffic among its members.",
		},
		key{
			name:  "rules",
			kind:  list,
			of:    ruleMapping,
			about: "Its rules, which are kept and shown; nothing is filtered.",
		},
	),
}

// policies are the policies of a rule or a group.
var policies = []string{store.PolicyAccept, store.PolicyDrop}

var ruleMapping = &mapping{
	name: "security_group_rule", what: "a rule of a security group",
	keys: []key{
		{
			name:    "id",
			kind:    text,
			pattern: idForm,
			about:   "Without it, it is made of the group's: the first rule of sg-web is sgr-web-1.",
		},
		{
			name:     "direction",
			kind:     choice,
			words:    []string{store.RuleIngress, store.RuleEgress},
			fallback: store.RuleIngress,
			about:    "Whether it is for what comes in or for what goes out.",
		},
		{
			name:     "ip_protocol",
			kind:     text,
			required: true,
			pattern:  protocolForm.String(),
			about:    "TCP, UDP, ICMP, ICMPV6, GRE, ALL or an IANA number.",
		},
		{
			name:    "port_range",
			kind:    text,
			pattern: portRangeForm.String(),
			about:   "First and last port, such as 80/80; required for TCP and UDP. Without it -1/-1, for protocols without ports.",
		},
		{name: "source_port_range", kind: text, pattern: portRangeForm.String(), about: "The same, of the source."},
		{
			name:     "policy",
			kind:     choice,
			words:    policies,
			fallback: store.PolicyAccept,
			about:    "What becomes of the traffic.",
		},
		{name: "priority", kind: integer, least: 1, most: 100, fallback: 1, about: "1 is the highest."},
		{
			name:     "nic_type",
			kind:     choice,
			words:    []string{nicIntranet, nicInternet},
			fallback: nicIntranet,
			about:    "The side of an interface that it is for.",
		},
		{name: "source_cidr_ip", kind: text, about: "The source: an IPv4 block or address."},
		{name: "ipv6_source_cidr_ip", kind: text, about: "The source: an IPv6 block or address."},
		{name: "source_group", kind: text, about: "The source: a security group of the account."},
		{name: "source_prefix_list", kind: text, about: "The source: the id of a prefix list."},
		{name: "dest_cidr_ip", kind: text, about: "The destination: an IPv4 block or address."},
		{name: "ipv6_dest_cidr_ip", kind: text, about: "The destination: an IPv6 block or address."},
		{name: "dest_group", kind: text, about: "The destination: a security group of the account."},
		{name: "dest_prefix_list", kind: text, about: "The destination: the id of a prefix list."},
		{name: "description", kind: text, about: "Its description, as the API shows it."},
	},
}

var instanceMapping = &mapping{
	name: "instance", what: "an instance", about: "An instance, which gets its primary network interface; or many, with a count.",
	keys: labelKeys(
		key{
			name:     "id",
			kind:     text,
			required: true,
			pattern:  copiedForm,
			about:    "Free to choose: letters, digits and '-'. With a count it needs a placeholder.",
		},
		key{name: "type", kind: text, required: true, about: "A type of the catalogue or of instance_types."},
		countKey,
		key{
			name:     "network_type",
			kind:     choice,
			words:    []string{store.NetworkTypeVPC, store.NetworkTypeClassic},
			fallback: store.NetworkTypeVPC,
			about:    "A classic instance has a zone, and no vswitch, groups or interfaces.",
		},
		key{name: "zone", kind: text, about: "Of a classic instance."},
		key{
			name:  "vswitch",
			kind:  text,
			about: "The VSwitch of the primary interface; required unless the instance is a classic one.",
		},
		key{
			name:     "security_groups",
			kind:     texts,
			atLeast1: true,
			about:    "One or more groups of the VSwitch's VPC, all normal or all enterprise.",
		},
		key{name: "private_ip_address", kind: text, about: "Of the primary interface. Without it, the next free one."},
		key{
			name:  "primary_network_interface",
			kind:  nested,
			of:    primaryMapping,
			about: "What its primary network interface has of its own.",
		},
		key{name: "host_name", kind: text, about: "Text."},
		key{
			name:     "status",
			kind:     choice,
			fallback: store.InstanceRunning,
			about:    "A transient status stays, unless settles_in says otherwise.",
			words: []string{
				store.InstanceRunning,
				store.InstanceStopped,
				store.InstancePending,
				store.InstanceStarting,
				store.InstanceStopping,
			},
		},
		settlesInKey,
		key{
			name:  "settles_to",
			kind:  choice,
			words: []string{store.InstanceRunning, store.InstanceStopped, store.InstanceStarting},
			about: "Where the status leads, with settles_in. Without it, Running, or Stopped from Stopping.",
		},
		key{
			name:  "runs_in",
			kind:  timeSpan,
			about: "With settles_to: Starting, how long after being applied it is Running.",
		},
		key{name: "image", kind: text, about: "The id of its image."},
		key{name: "key_pair", kind: text, about: "The name of its key pair."},
		key{name: "ram_role", kind: text, about: "The name of its RAM role."},
		key{name: "user_data", kind: text, about: "Its user data, in Base64."},
		key{name: "instance_charge_type", kind: text, about: "Such as PostPaid or PrePaid."},
		key{name: "internet_charge_type", kind: text, about: "Such as PayByTraffic or PayByBandwidth."},
		key{name: "internet_max_bandwidth_in", kind: integer, most: maxInteger - 1, fallback: 0, about: "In Mbit/s."},
		key{name: "internet_max_bandwidth_out", kind: integer, most: maxInteger - 1, fallback: 0, about: "In Mbit/s."},
		key{name: "spot_strategy", kind: text, about: "Such as NoSpot or SpotAsPriceGo."},
		key{name: "credit_specification", kind: text, about: "Such as Standard or Unlimited, of burstable types."},
		key{name: "stopped_mode", kind: text, about: "Of its last stop: KeepCharging or StopCharging."},
		key{name: "deletion_protection", kind: boolean, fallback: false, about: "Whether it refuses to be deleted."},
		key{
			name:  "system_disk",
			kind:  nested,
			of:    systemDiskMapping,
			about: "Its system disk, whose id follows from the instance's.",
		},
		key{name: "data_disks", kind: list, of: dataDiskMapping, about: "Its data disks."},
	),
	rules: []any{
		dict{
			"if": whenIs("network_type", store.NetworkTypeClassic),
			"then": dict{
				"required": []string{"zone"},
				"properties": dict{
					"vswitch":                   false,
					"security_groups":           false,
					"private_ip_address":        false,
					"primary_network_interface": false,
				},
			},
			"else": dict{"required": []string{"vswitch", "security_groups"}, "properties": dict{"zone": false}},
		},
		settlesWith(nextInstanceStatus),
		dict{"dependentRequired": dict{"settles_to": []string{"settles_in"}}},
		dict{
			"if":   whenIs("settles_to", store.InstanceStarting),
			"then": dict{"required": []string{"runs_in"}},
			"else": dict{"properties": dict{"runs_in": false}},
		},
	},
}

// diskKeys returns the keys with those that any disk may have.
func diskKeys(keys ...key) []key {
	return append(
		keys,
		key{name: "name", kind: text, about: "Its name, as the API shows it."},
		key{name: "description", kind: text, about: "Its description, as the API shows it."},
		key{name: "category", kind: text, about: "Such as cloud_essd, which is the default."},
		key{name: "performance_level", kind: text, about: "Such as PL1, of the category cloud_essd."},
		key{
			name:     "size_gib",
			kind:     integer,
			most:     maxInteger - 1,
			fallback: 0,
			about:    "In GiB. 0 is the default: 40 of a system disk, 20 of a data disk.",
		},
		key{name: "encrypted", kind: boolean, fallback: false, about: "Whether it is encrypted."},
		key{name: "delete_with_instance", kind: boolean, fallback: true, about: "Whether it goes with its instance."},
		key{name: "tags", kind: labels, about: "A mapping of texts, 20 at most."},
	)
}

var systemDiskMapping = &mapping{name: "system_disk", what: "the mapping of a system disk", keys: diskKeys()}

var dataDiskMapping = &mapping{name: "data_disk", what: "a data disk", keys: diskKeys(
	key{
		name:    "id",
		kind:    text,
		pattern: copiedForm,
		about:   "Without it, it is made of the instance's: the first data disk of i-web is d-web-data-1.",
	},
)}

var primaryMapping = &mapping{
	name: "primary_network_interface", what: "the mapping of a primary network interface",
	keys: carriedKeys(
		key{
			name:    "id",
			kind:    text,
			pattern: copiedForm,
			about:   "Without it, it is made of the instance's: i-web has eni-web-primary.",
		},
		key{name: "secondary_private_ip_addresses", kind: texts, about: "Addresses besides the primary one."},
	),
}

var interfaceMapping = &mapping{
	name: "network_interface", what: "a network interface", about: "A secondary network interface; or many, with a count.",
	keys: carriedKeys(
		key{
			name:     "id",
			kind:     text,
			required: true,
			pattern:  copiedForm,
			about:    "Free to choose: letters, digits and '-'. With a count it needs a placeholder.",
		},
		key{name: "vswitch", kind: text, required: true, about: "The VSwitch that gives its addresses."},
		key{
			name:     "security_groups",
			kind:     texts,
			required: true,
			atLeast1: true,
			about:    "One or more groups of the VSwitch's VPC, all normal or all enterprise.",
		},
		countKey,
		key{
			name:  "attached_to",
			kind:  text,
			about: "An instance of the same zone and VPC with a place left. Without it, the interface is free.",
		},
		key{
			name:  "device_index",
			kind:  integer,
			least: 1,
			most:  maxInteger - 1,
			about: "Its place on the instance. Without it, the lowest that is free.",
		},
		key{
			name:  "status",
			kind:  choice,
			about: "InUse with attached_to, else Available. Attaching, InUse and Detaching need attached_to, the other two exclude it.",
			words: []string{
				store.ENIAvailable,
				store.ENIAttaching,
				store.ENIInUse,
				store.ENIDetaching,
				store.ENIDeleting,
			},
		},
		settlesInKey,
		key{name: "settles_to", kind: choice, words: []string{store.ENIInUse, store.ENIAvailable},
			about: "Where the status Attaching leads, with settles_in: Available for an attach that fails. Without it, InUse."},
		key{
			name:  "private_ip_addresses",
			kind:  texts,
			about: "The first is the primary address. Without it, the next free one.",
		},
		key{name: "service_managed", kind: boolean, fallback: false, about: "true for one that a cloud service runs."},
	),
	rules: []any{
		dict{"if": whenIs("status", attachedStatuses...), "then": dict{"required": []string{"attached_to"}}},
		dict{
			"if":   whenIs("status", store.ENIAvailable, store.ENIDeleting),
			"then": dict{"properties": dict{"attached_to": false}},
		},
		dict{
			"dependentRequired": dict{
				"settles_to":         []string{"settles_in"},
				"device_index":       []string{"attached_to"},
				"network_card_index": []string{"attached_to"},
			},
		},
		settlesWith(nextENIStatus),
	},
}

var typeMapping = &mapping{
	name: "instance_type", what: "an instance type", about: "A type of instance. One with the id of a catalogue type takes its place, for the accounts of this file.",
	keys: []key{
		{name: "id", kind: text, required: true, pattern: typeIDForm.String(), about: "Letters, digits, '-' and '.'."},
		{name: "family", kind: text, about: "Without it, the id up to its last '.'."},
		{name: "vcpus", kind: integer, required: true, least: 1, most: maxInteger - 1, about: "Virtual processors."},
		{name: "memory_gib", kind: number, required: true, about: "Memory in GiB."},
		{
			name:     "eni_quantity",
			kind:     integer,
			required: true,
			least:    1,
			most:     maxInteger - 1,
			about:    "Most interfaces of an instance, the primary one included.",
		},
		{
			name:  "private_ipv4_per_eni",
			kind:  integer,
			least: 1,
			most:  maxInteger - 1,
			about: "Most private addresses of an interface. Without it, no limit.",
		},
		{
			name:  "ipv6_per_eni",
			kind:  integer,
			most:  maxInteger - 1,
			about: "Most IPv6 addresses of an interface; 0 for no IPv6. Without it, no limit.",
		},
		{
			name:  "network_cards",
			kind:  integer,
			most:  maxInteger - 1,
			about: "How many network cards. Without it, none are known.",
		},
		{
			name:     "cpu_architecture",
			kind:     choice,
			words:    []string{"x86_64", "arm64"},
			fallback: "x86_64",
			about:    "The processors' instructions.",
		},
		{
			name:     "hot_plug",
			kind:     boolean,
			fallback: true,
			about:    "Whether interfaces come and go while the instance runs.",
		},
		{name: "io_optimized", kind: boolean, fallback: true, about: "Only such types take secondary interfaces."},
	},
}

// dict is an object of the JSON Schema.
type dict map[string]any

// whenIs returns the schema's condition that a key has one of the values.
func whenIs(name string, values ...string) dict {
	return dict{"required": []string{name}, "properties": dict{name: dict{"enum": values}}}
}

// settlesWith returns the schema's rule that settles_in goes with a transient status.
func settlesWith(next map[string]string) dict {
	return dict{"if": dict{"required": []string{"settles_in"}}, "then": whenIs("status", sortedKeys(next)...)}
}

// blockForm returns the pattern of an address block with bounds of its mask.
func blockForm(address string, minBits, maxBits int) string {
	masks := make([]string, 0, maxBits-minBits+1)
	for mask := minBits; mask <= maxBits; mask++ {
		masks = append(masks, strconv.Itoa(mask))
	}
	return "^" + address + "/(" + strings.Join(masks, "|") + ")$"
}
