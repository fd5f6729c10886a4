package scenario

import (
	"strings"
	"time"

	"enisim.alt/store"
)

// accountEntry is an account.
type accountEntry struct {
	at       position
	id       located[string]
	name     string
	keys     []keyEntry
	users    []userEntry
	regions  []regionEntry
	quotas   quotasEntry
	repeats  string
	trunking bool
	cards    bool
	disturbances
}

var accountMapping = newMapping(
	mapping{
		name: "account", what: "an account", about: "An account, made equal to what stands here.", block: true,
	},
	func(o *object, a *accountEntry) { a.at = o.at },
	[]keyOf[accountEntry]{
		textKey("id", func(a *accountEntry) *located[string] { return &a.id }, "16 digits, in quotes.").
			isRequired().matching(accountIDForm.String()),
		textKey("name", func(a *accountEntry) *string { return &a.name }, "Its name."),
		listKey("access_keys", accessKeyMapping, func(a *accountEntry) *[]keyEntry { return &a.keys },
			"Keys of the account itself."),
		listKey("ram_users", userMapping, func(a *accountEntry) *[]userEntry { return &a.users },
			"RAM users of the account."),
		listKey("regions", regionMapping, func(a *accountEntry) *[]regionEntry { return &a.regions },
			"Regions, with all that the account has in them.").written(placeLast),
		mappingKey("quotas", quotasMapping, func(a *accountEntry) *quotasEntry { return &a.quotas },
			"Quotas of the account.").comparedByKey(),
		textKey("repeats", func(a *accountEntry) *string { return &a.repeats },
			"Whether an attach to the instance that has the interface, and a detach of one that is on none, succeed.").
			oneOf(store.RepeatsAccept, store.RepeatsRefuse).without("as the server says"),
		booleanKey("trunking", false, func(a *accountEntry) *bool { return &a.trunking },
			"Whether calls may create trunk interfaces, and attach interfaces as their members."),
		booleanKey("network_cards", true, func(a *accountEntry) *bool { return &a.cards },
			"Whether calls may name network cards."),
	},
	within(func(a *accountEntry) *disturbances { return &a.disturbances }, disturbanceKeys),
)

// quotasEntry is the quotas of an account.
type quotasEntry struct {
	networkInterfacesPerRegion int
	instancesPerRegion         located[int]
	securityGroupsPerInterface located[int]
	ipv4PerInterface           located[int]
	ipv6PerInterface           located[int]
}

var quotasMapping = newMapping(
	mapping{name: "quotas", what: "the mapping of quotas"}, nil,
	[]keyOf[quotasEntry]{
		integerKey("network_interfaces_per_region",
			func(q *quotasEntry) *int { return &q.networkInterfacesPerRegion },
			"Most network interfaces of a region. CreateNetworkInterface checks it, a scenario does not.").
			byDefault(DefaultNetworkInterfacesPerRegion),
		integerKey("instances_per_region", func(q *quotasEntry) *located[int] { return &q.instancesPerRegion },
			"Most instances of a region. RunInstances and CreateInstance check it, a scenario does not.").
			from(0, maxInteger).without("no limit"),
		integerKey("security_groups_per_network_interface",
			func(q *quotasEntry) *located[int] { return &q.securityGroupsPerInterface },
			"Most security groups of an interface. Calls check it, a scenario does not.").
			from(1, maxInteger).without("10"),
		integerKey("private_ipv4_per_network_interface",
			func(q *quotasEntry) *located[int] { return &q.ipv4PerInterface },
			"Most private IPv4 addresses of an interface, the primary one included, beside the limit of the "+
				"instance's type. Calls check it, a scenario does not.").
			from(1, maxInteger).without("50 while the interface is on no instance"),
		integerKey("ipv6_per_network_interface", func(q *quotasEntry) *located[int] { return &q.ipv6PerInterface },
			"Most IPv6 addresses of an interface, beside the limit of the instance's type. Calls check it, a scenario "+
				"does not.").
			from(0, maxInteger).without("10 while the interface is on no instance"),
	},
)

// keyEntry is an access key.
type keyEntry struct {
	id            located[string]
	secret        string
	securityToken located[string]
	assumedRole   located[string]
	status        string
	expiresAt     *time.Time
}

var accessKeyMapping = newMapping(
	mapping{
		name: "access_key", what: "an access key",
		needs: []need{{"security_token", "expires_at"}, {"assumed_role", "security_token"}},
	},
	nil,
	[]keyOf[keyEntry]{
		textKey("id", func(k *keyEntry) *located[string] { return &k.id }, "Unique in the whole database.").
			isRequired().matching(idForm),
		textKey("secret", func(k *keyEntry) *string { return &k.secret }, "What requests are signed with.").
			isRequired().isSecret(),
		textKey("security_token", func(k *keyEntry) *located[string] { return &k.securityToken },
			"Makes it a temporary key, whose requests carry the token; needs expires_at.").
			without("it is no temporary key").isSecret().written(placeLast),
		textKey("assumed_role", func(k *keyEntry) *located[string] { return &k.assumedRole },
			"Of a temporary key: the role and the session that it stands for, as role/session.").
			without("it stands for no role").written(placeLast),
		textKey("status", func(k *keyEntry) *string { return &k.status }, "Whether it may be used.").
			oneOf("Active", "Inactive").byDefault("Active"),
		timeKey("expires_at", func(k *keyEntry) **time.Time { return &k.expiresAt },
			"A time such as 2030-01-31T12:00:00Z, which may be in the past.").without("the key lasts"),
	},
)

// userEntry is a RAM user.
type userEntry struct {
	name  located[string]
	allow []located[string]
	keys  []keyEntry
}

var userMapping = newMapping(
	mapping{name: "ram_user", what: "a RAM user"}, nil,
	[]keyOf[userEntry]{
		textKey("name", func(u *userEntry) *located[string] { return &u.name }, "Letters, digits, '.', '_' and '-'.").
			isRequired().matching(userNameForm.String()),
		textsKey("allow", func(u *userEntry) *[]located[string] { return &u.allow },
			"What the user may call: product:Action, with * for any run of characters. Each names an action at least.").
			matching(allowForm.String()).without("nothing"),
		listKey("access_keys", accessKeyMapping, func(u *userEntry) *[]keyEntry { return &u.keys },
			"Keys of the user."),
	},
)

// regionEntry is what an account has in a region.
type regionEntry struct {
	remarks
	id         located[string]
	zones      []located[string]
	vpcs       []vpcEntry
	instances  entries[instanceEntry]
	interfaces entries[interfaceEntry]
	eips       []eipEntry
	keyPairs   []keyPairEntry
	disks      []freeDiskEntry
}

var regionMapping = newMapping(
	mapping{name: "region", what: "a region", about: "What an account has in a region.", block: true}, nil,
	[]keyOf[regionEntry]{
		textKey("id", func(r *regionEntry) *located[string] { return &r.id },
			"A region of the catalogue, or one that lists its zones here.").isRequired().matching(idForm),
		textsKey("zones", func(r *regionEntry) *[]located[string] { return &r.zones },
			"Declares the region, or further zones of one that is known.").
			matching(idForm).without("those of the catalogue"),
		listKey("vpcs", vpcMapping, func(r *regionEntry) *[]vpcEntry { return &r.vpcs },
			"The networks, with their VSwitches and security groups."),
		entriesKey("instances", instanceMapping,
			func(r *regionEntry) *entries[instanceEntry] { return &r.instances },
			"The instances. Each gets its primary network interface."),
		entriesKey("network_interfaces", interfaceMapping,
			func(r *regionEntry) *entries[interfaceEntry] { return &r.interfaces },
			"The secondary network interfaces."),
		listKey("eips", eipMapping, func(r *regionEntry) *[]eipEntry { return &r.eips },
			"The elastic IP addresses."),
		listKey("key_pairs", keyPairMapping, func(r *regionEntry) *[]keyPairEntry { return &r.keyPairs },
			"The key pairs, with their public keys."),
		listKey("disks", diskMapping, func(r *regionEntry) *[]freeDiskEntry { return &r.disks },
			"The data disks that are not among those of an instance."),
	},
)

// typeEntry is an instance type.
type typeEntry struct {
	remarks
	id              located[string]
	family          located[string]
	vcpus           int
	memoryGiB       float64
	eniQuantity     int
	ipv4PerENI      located[int]
	ipv6PerENI      located[int]
	networkCards    located[int]
	trunkSupported  bool
	totalQuantity   located[int]
	cpuArchitecture located[string]
	hotPlug         bool
	ioOptimized     bool
	eriQuantity     located[int]
	primaryQueues   located[int]
	secondaryQueues located[int]
	maxQueues       located[int]
	totalQueues     located[int]
	queuePairs      located[int]
	enisPerCard     located[int]
}

var typeMapping = newMapping(
	mapping{
		name: "instance_type", what: "an instance type",
		about: "A type of instance. " +
			"One with the id of a catalogue type takes its place, for the accounts of this file.",
	},
	func(_ *object, t *typeEntry) { t.complete() },
	[]keyOf[typeEntry]{
		textKey("id", func(t *typeEntry) *located[string] { return &t.id }, "Letters, digits, '-' and '.'.").
			isRequired().matching(typeIDForm.String()),
		textKey("family", func(t *typeEntry) *located[string] { return &t.family }, "Its family.").
			without("the id up to its last '.'"),
		integerKey("vcpus", func(t *typeEntry) *int { return &t.vcpus }, "Virtual processors.").
			isRequired().from(1, maxInteger),
		numberKey("memory_gib", func(t *typeEntry) *float64 { return &t.memoryGiB }, "Memory in GiB.").isRequired(),
		integerKey("eni_quantity", func(t *typeEntry) *int { return &t.eniQuantity },
			"Most interfaces of an instance, the primary one included.").isRequired().from(1, maxInteger),
		integerKey("private_ipv4_per_eni", func(t *typeEntry) *located[int] { return &t.ipv4PerENI },
			"Most private addresses of an interface.").from(1, maxInteger).without("no limit"),
		integerKey("ipv6_per_eni", func(t *typeEntry) *located[int] { return &t.ipv6PerENI },
			"Most IPv6 addresses of an interface; 0 for no IPv6.").without("no limit"),
		integerKey("network_cards", func(t *typeEntry) *located[int] { return &t.networkCards },
			"How many network cards.").without("none are known"),
		booleanKey("eni_trunk_supported", false, func(t *typeEntry) *bool { return &t.trunkSupported },
			"Whether an instance may have a trunk. Its eni_quantity is then 1001 at most."),
		integerKey("eni_total_quantity", func(t *typeEntry) *located[int] { return &t.totalQuantity },
			"Most interfaces of an instance with the members of its trunk. These have the places beyond eni_quantity.").
			from(1, maxInteger).without("3094 members"),
		textKey("cpu_architecture", func(t *typeEntry) *located[string] { return &t.cpuArchitecture },
			"The processors' instructions.").oneOf("x86_64", "arm64").byDefault("x86_64"),
		booleanKey("hot_plug", true, func(t *typeEntry) *bool { return &t.hotPlug },
			"Whether interfaces come and go while the instance runs."),
		booleanKey("io_optimized", true, func(t *typeEntry) *bool { return &t.ioOptimized },
			"Only such types take secondary interfaces."),
		integerKey("eri_quantity", func(t *typeEntry) *located[int] { return &t.eriQuantity },
			"Most RDMA interfaces of an instance; 0 for no RDMA.").without("no limit"),
		integerKey("primary_eni_queue_number", func(t *typeEntry) *located[int] { return &t.primaryQueues },
			"Queues of a primary interface for which no number is set.").from(1, maxInteger).without("none are known"),
		integerKey("secondary_eni_queue_number", func(t *typeEntry) *located[int] { return &t.secondaryQueues },
			"Queues of any other interface for which no number is set.").from(1, maxInteger).without("none are known"),
		integerKey("maximum_queue_number_per_eni", func(t *typeEntry) *located[int] { return &t.maxQueues },
			"Most queues of an interface.").from(1, maxInteger).without("no limit"),
		integerKey("total_eni_queue_quantity", func(t *typeEntry) *located[int] { return &t.totalQueues },
			"Most queues of all interfaces of an instance.").from(1, maxInteger).without("no limit"),
		integerKey("queue_pair_number", func(t *typeEntry) *located[int] { return &t.queuePairs },
			"Most queue pairs of an RDMA interface.").from(1, maxInteger).without("no limit"),
		integerKey("eni_quantity_per_network_card", func(t *typeEntry) *located[int] { return &t.enisPerCard },
			"Most interfaces of an instance that name the same network card. The primary one is on card 0.").
			from(1, maxInteger).without("no limit"),
	},
)

// complete gives a type what depends on its other values. A type with a number of interfaces that
// is reported gets the largest, because its instances are not to blame.
func (t *typeEntry) complete() {
	if t.eniQuantity == 0 {
		t.eniQuantity = maxInteger
	}
	if t.family.value == "" {
		t.family.value = defaultFamily(t.id.value)
	}
}

// defaultFamily returns the family of a type that sets none: its id up to the last dot.
func defaultFamily(id string) string {
	if i := strings.LastIndex(id, "."); i >= 0 {
		return id[:i]
	}
	return id
}
