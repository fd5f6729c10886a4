package scenario

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"enisim/store"
)

// formatVersion is the version of the file format that this package reads.
const formatVersion = 1

// Limits of what a file may ask for. The cloud's own, except maxCount, which stops a slip of the finger.
const (
	maxCount       = 1_000_000
	minVPCMask     = 8
	maxVPCMask     = 28
	minVSwitchMask = 16
	maxVSwitchMask = 29
	maxTags        = 20
	maxInteger     = 1 << 31 // of the database's columns, exclusive
)

// The types below are the file as it is written, each value with its place. What the values mean together is expand's matter.

type document struct {
	accounts []accountEntry
	types    []typeEntry
}

type accountEntry struct {
	at                         position
	id                         located[string]
	name                       string
	keys                       []keyEntry
	users                      []userEntry
	networkInterfacesPerRegion located[int]
	regions                    []regionEntry
}

type keyEntry struct {
	id            located[string]
	secret        string
	securityToken located[string]
	assumedRole   located[string]
	status        string
	expiresAt     *time.Time
}

type userEntry struct {
	name  located[string]
	allow []located[string]
	keys  []keyEntry
}

type regionEntry struct {
	id         located[string]
	zones      []located[string]
	vpcs       []vpcEntry
	instances  []instanceEntry
	interfaces []interfaceEntry
}

// label is what any resource may carry.
type label struct {
	name, description located[string]
	resourceGroup     string
	tags              map[string]string
}

type vpcEntry struct {
	label
	id        located[string]
	block     located[netip.Prefix]
	ipv6Block located[netip.Prefix]
	userCIDRs []located[string]
	settlesIn located[time.Duration]
	vswitches []vswitchEntry
	groups    []groupEntry
}

type vswitchEntry struct {
	label
	id        located[string]
	zone      located[string]
	block     located[netip.Prefix]
	ipv6Block located[netip.Prefix]
	next      located[string]
	settlesIn located[time.Duration]
}

type groupEntry struct {
	label
	id            located[string]
	kind          string
	instanceLimit located[int]
	innerPolicy   string
	rules         []ruleEntry
}

// ruleEntry is a rule of a security group. What its keys say in one word or number is in the row already.
type ruleEntry struct {
	at                                        position
	id, protocol, ports, sourcePorts          located[string]
	source, ipv6Source, destination, ipv6Dest located[string]
	sourceGroup, destGroup                    located[string]
	row                                       store.SecurityGroupRule
}

// copies is how often an entry stands for a resource. Only an entry with a count has placeholders.
type copies struct {
	count   int
	counted bool
}

type instanceEntry struct {
	label
	copies
	at             position
	id             located[string]
	typ            located[string]
	classic        bool
	zone           located[string]
	vswitch        located[string]
	groups         []located[string]
	privateAddress located[string]
	primary        primaryEntry
	hostName       located[string]
	status         located[string]
	settlesIn      located[time.Duration]
	settlesTo      located[string]
	runsIn         located[time.Duration]
	attributes     store.InstanceAttributes // without the data disks
	dataDisks      []diskEntry
}

// diskEntry is a data disk.
type diskEntry struct {
	id   located[string]
	disk store.Disk
}

// carried is what any network interface may carry, a primary one too.
type carried struct {
	label
	secondaryCount  int
	ipv6Addresses   []located[string]
	ipv6Count       int
	primaryIPv6     bool
	prefixes        []located[string] // of both families
	macAddress      located[string]
	networkCard     located[int]
	queueNumber     located[int]
	deleteOnRelease bool
	sourceDestCheck bool
	attributes      store.NetworkInterfaceAttributes
}

// primaryEntry is what an instance's primary interface has of its own.
type primaryEntry struct {
	carried
	id                 located[string]
	secondaryAddresses []located[string]
}

type interfaceEntry struct {
	carried
	copies
	at               position
	id               located[string]
	vswitch          located[string]
	groups           []located[string]
	attachedTo       located[string]
	deviceIndex      located[int]
	status           located[string]
	settlesIn        located[time.Duration]
	settlesTo        located[string]
	privateAddresses []located[string]
	serviceManaged   bool
}

type typeEntry struct {
	id              located[string]
	family          string
	vcpus           int
	memoryGiB       float64
	eniQuantity     int
	ipv4PerENI      located[int]
	ipv6PerENI      located[int]
	networkCards    located[int]
	cpuArchitecture string
	hotPlug         bool
	ioOptimized     bool
}

// document reads the whole file. It returns nil if the file is not one of this version, since nothing else in it could be judged then.
func (r *reader) document(root ast.Node) *document {
	o := r.object(root, documentMapping)
	if o == nil {
		return nil
	}
	version := o.integer("enisim")
	if version.value != formatVersion {
		if version.given {
			r.add(version.at, "", "this enisim reads version %d of the format, the file says %d", formatVersion, version.value)
		}
		return nil
	}
	doc := &document{
		accounts: readList(o, "accounts", r.account),
		types:    readList(o, "instance_types", r.instanceType),
	}
	o.finish()
	return doc
}

// readList reads each entry of a list. Entries that are no mapping are reported and left out.
func readList[T any](o *object, key string, read func(ast.Node) (T, bool)) []T {
	nodes := o.list(key, list)
	out := make([]T, 0, len(nodes))
	for _, node := range nodes {
		if entry, ok := read(node); ok {
			out = append(out, entry)
		}
	}
	return out
}

func (r *reader) account(node ast.Node) (accountEntry, bool) {
	o := r.object(node, accountMapping)
	if o == nil {
		return accountEntry{}, false
	}
	a := accountEntry{
		at:      o.at,
		id:      o.text("id"),
		name:    o.text("name").value,
		keys:    readList(o, "access_keys", r.accessKey),
		users:   readList(o, "ram_users", r.ramUser),
		regions: readList(o, "regions", r.region),
	}
	if quotas, at := o.ask("quotas"); quotas != nil {
		a.networkInterfacesPerRegion = r.quotas(quotas, at)
	}
	o.finish()
	return a, true
}

func (r *reader) quotas(node ast.Node, at position) located[int] {
	o := r.object(node, quotasMapping)
	if o == nil {
		return located[int]{at: at}
	}
	quota := o.integer("network_interfaces_per_region")
	o.finish()
	return quota
}

func (r *reader) accessKey(node ast.Node) (keyEntry, bool) {
	o := r.object(node, accessKeyMapping)
	if o == nil {
		return keyEntry{}, false
	}
	k := keyEntry{
		id:            o.text("id"),
		secret:        o.text("secret").value,
		securityToken: o.text("security_token"),
		assumedRole:   o.text("assumed_role"),
		status:        o.choice("status").value,
		expiresAt:     o.moment("expires_at"),
	}
	if k.securityToken.given {
		o.require("expires_at") // a key with a token is a temporary one
	}
	if k.assumedRole.given {
		o.require("security_token")
	}
	o.finish()
	return k, true
}

func (r *reader) ramUser(node ast.Node) (userEntry, bool) {
	o := r.object(node, ramUserMapping)
	if o == nil {
		return userEntry{}, false
	}
	u := userEntry{
		name:  o.text("name"),
		allow: o.texts("allow"),
		keys:  readList(o, "access_keys", r.accessKey),
	}
	o.finish()
	return u, true
}

func (r *reader) region(node ast.Node) (regionEntry, bool) {
	o := r.object(node, regionMapping)
	if o == nil {
		return regionEntry{}, false
	}
	e := regionEntry{
		id:         o.text("id"),
		zones:      o.texts("zones"),
		vpcs:       readList(o, "vpcs", r.vpc),
		instances:  readList(o, "instances", r.instance),
		interfaces: readList(o, "network_interfaces", r.networkInterface),
	}
	o.finish()
	return e, true
}

func (o *object) label() label {
	return label{name: o.text("name"), description: o.text("description"), resourceGroup: o.text("resource_group").value, tags: o.tags("tags")}
}

func (r *reader) vpc(node ast.Node) (vpcEntry, bool) {
	o := r.object(node, vpcMapping)
	if o == nil {
		return vpcEntry{}, false
	}
	e := vpcEntry{
		id:        o.text("id"),
		block:     o.block("cidr_block", ipv4Block),
		ipv6Block: o.block("ipv6_cidr_block", ipv6Block),
		userCIDRs: o.texts("user_cidrs"),
		settlesIn: o.duration("settles_in"),
		vswitches: readList(o, "vswitches", r.vswitch),
		groups:    readList(o, "security_groups", r.securityGroup),
		label:     o.label(),
	}
	o.finish()
	return e, true
}

func (r *reader) vswitch(node ast.Node) (vswitchEntry, bool) {
	o := r.object(node, vswitchMapping)
	if o == nil {
		return vswitchEntry{}, false
	}
	e := vswitchEntry{
		id:        o.text("id"),
		zone:      o.text("zone"),
		block:     o.block("cidr_block", ipv4Block),
		ipv6Block: o.block("ipv6_cidr_block", ipv6Block),
		next:      o.text("next_private_ip_address"),
		settlesIn: o.duration("settles_in"),
		label:     o.label(),
	}
	o.finish()
	return e, true
}

func (r *reader) securityGroup(node ast.Node) (groupEntry, bool) {
	o := r.object(node, groupMapping)
	if o == nil {
		return groupEntry{}, false
	}
	e := groupEntry{
		id:            o.text("id"),
		kind:          o.choice("type").value,
		instanceLimit: o.integer("instance_limit"),
		innerPolicy:   o.choice("inner_access_policy").value,
		rules:         readList(o, "rules", r.rule),
		label:         o.label(),
	}
	o.finish()
	return e, true
}

func (r *reader) rule(node ast.Node) (ruleEntry, bool) {
	o := r.object(node, ruleMapping)
	if o == nil {
		return ruleEntry{}, false
	}
	e := ruleEntry{
		at:          o.at,
		id:          o.text("id"),
		protocol:    o.text("ip_protocol"),
		ports:       o.text("port_range"),
		sourcePorts: o.text("source_port_range"),
		source:      o.text("source_cidr_ip"),
		ipv6Source:  o.text("ipv6_source_cidr_ip"),
		destination: o.text("dest_cidr_ip"),
		ipv6Dest:    o.text("ipv6_dest_cidr_ip"),
		sourceGroup: o.text("source_group"),
		destGroup:   o.text("dest_group"),
		row: store.SecurityGroupRule{
			Direction:          o.choice("direction").value,
			Policy:             o.choice("policy").value,
			Priority:           o.integerOr("priority"),
			NICType:            o.choice("nic_type").value,
			SourcePrefixListID: o.text("source_prefix_list").value,
			DestPrefixListID:   o.text("dest_prefix_list").value,
			Description:        o.text("description").value,
		},
	}
	o.finish()
	return e, true
}

func (o *object) copies() copies {
	count := o.integer("count")
	_, present := o.fields["count"] // a bad count is one all the same: its placeholders are no second mistake
	return copies{count: max(count.value, 1), counted: present}
}

func (r *reader) instance(node ast.Node) (instanceEntry, bool) {
	o := r.object(node, instanceMapping)
	if o == nil {
		return instanceEntry{}, false
	}
	e := instanceEntry{
		at:             o.at,
		copies:         o.copies(),
		id:             o.text("id"),
		typ:            o.text("type"),
		classic:        o.choice("network_type").value == store.NetworkTypeClassic,
		zone:           o.text("zone"),
		vswitch:        o.text("vswitch"),
		groups:         o.texts("security_groups"),
		privateAddress: o.text("private_ip_address"),
		hostName:       o.text("host_name"),
		status:         o.choice("status"),
		settlesIn:      o.duration("settles_in"),
		settlesTo:      o.choice("settles_to"),
		runsIn:         o.duration("runs_in"),
		attributes:     o.instanceAttributes(),
		dataDisks:      readList(o, "data_disks", r.dataDisk),
		label:          o.label(),
	}
	e.primary.deleteOnRelease = true
	if primary, _ := o.ask("primary_network_interface"); primary != nil {
		e.primary = r.primaryInterface(primary)
	}
	if disk, _ := o.ask("system_disk"); disk != nil {
		e.attributes.SystemDisk = r.systemDisk(disk)
	}
	e.settling(o)
	switch {
	case !e.classic:
		o.require("vswitch", "security_groups")
		o.refuse("zone", `it lies in the zone of its vswitch; only an instance with network_type: classic names a zone`)
	default:
		o.require("zone")
		for _, key := range []string{"vswitch", "security_groups", "private_ip_address", "primary_network_interface"} {
			o.refuse(key, "a classic instance lies in no VPC")
		}
	}
	o.finish()
	return e, true
}

func (r *reader) primaryInterface(node ast.Node) primaryEntry {
	o := r.object(node, primaryMapping)
	if o == nil {
		return primaryEntry{}
	}
	e := primaryEntry{
		id:                 o.text("id"),
		secondaryAddresses: o.texts("secondary_private_ip_addresses"),
		carried:            o.carried(),
	}
	o.finish()
	return e
}

func (o *object) carried() carried {
	return carried{
		secondaryCount:  o.integer("secondary_private_ip_address_count").value,
		ipv6Addresses:   o.texts("ipv6_addresses"),
		ipv6Count:       o.integer("ipv6_address_count").value,
		primaryIPv6:     o.boolean("primary_ipv6"),
		prefixes:        slices.Concat(o.texts("ipv4_prefixes"), o.texts("ipv6_prefixes")),
		macAddress:      o.text("mac_address"),
		networkCard:     o.integer("network_card_index"),
		queueNumber:     o.integer("queue_number"),
		deleteOnRelease: o.boolean("delete_on_release"),
		sourceDestCheck: o.boolean("source_dest_check"),
		attributes: store.NetworkInterfaceAttributes{
			TCPEstablishedTimeout:       o.integer("tcp_established_timeout").value,
			TCPClosedAndTimeWaitTimeout: o.integer("tcp_closed_and_time_wait_timeout").value,
			UDPTimeout:                  o.integer("udp_timeout").value,
			RxQueueSize:                 o.integer("rx_queue_size").value,
			TxQueueSize:                 o.integer("tx_queue_size").value,
		},
		label: o.label(),
	}
}

func (o *object) instanceAttributes() store.InstanceAttributes {
	return store.InstanceAttributes{
		ImageID:                 o.text("image").value,
		KeyPairName:             o.text("key_pair").value,
		RAMRoleName:             o.text("ram_role").value,
		UserData:                o.text("user_data").value,
		InstanceChargeType:      o.text("instance_charge_type").value,
		InternetChargeType:      o.text("internet_charge_type").value,
		InternetMaxBandwidthIn:  o.integer("internet_max_bandwidth_in").value,
		InternetMaxBandwidthOut: o.integer("internet_max_bandwidth_out").value,
		SpotStrategy:            o.text("spot_strategy").value,
		CreditSpecification:     o.text("credit_specification").value,
		StoppedMode:             o.text("stopped_mode").value,
		DeletionProtection:      o.boolean("deletion_protection"),
	}
}

func (o *object) disk() store.Disk {
	return store.Disk{
		Name:                o.text("name").value,
		Description:         o.text("description").value,
		Category:            o.text("category").value,
		PerformanceLevel:    o.text("performance_level").value,
		SizeGiB:             o.integer("size_gib").value,
		Encrypted:           o.boolean("encrypted"),
		KeepWithoutInstance: !o.boolean("delete_with_instance"),
	}
}

func (r *reader) systemDisk(node ast.Node) store.Disk {
	o := r.object(node, systemDiskMapping)
	if o == nil {
		return store.Disk{}
	}
	disk := o.disk()
	o.finish()
	return disk
}

func (r *reader) dataDisk(node ast.Node) (diskEntry, bool) {
	o := r.object(node, dataDiskMapping)
	if o == nil {
		return diskEntry{}, false
	}
	e := diskEntry{id: o.text("id"), disk: o.disk()}
	o.finish()
	return e, true
}

// settling reports an end of a transient status that lacks its time.
func (e *instanceEntry) settling(o *object) {
	if e.settlesTo.given {
		o.require("settles_in")
	}
	switch toStarting := e.settlesTo.value == store.InstanceStarting; {
	case toStarting:
		o.require("runs_in")
	case e.runsIn.given:
		o.add(e.runsIn.at, "it is for an instance that starts once it is there: settles_to: Starting", "runs_in needs settles_to: Starting")
	}
	if e.runsIn.given && e.runsIn.value < e.settlesIn.value {
		o.add(e.runsIn.at, "", "runs_in %s is before settles_in %s; both count from the moment when the file is applied", e.runsIn.value, e.settlesIn.value)
	}
}

// refuse reports a key that is known but has no meaning here.
func (o *object) refuse(key, why string) {
	if field, present := o.fields[key]; present {
		o.add(field.key, why, "%s does not go with the network_type of this instance", key)
	}
}

func (r *reader) networkInterface(node ast.Node) (interfaceEntry, bool) {
	o := r.object(node, interfaceMapping)
	if o == nil {
		return interfaceEntry{}, false
	}
	e := interfaceEntry{
		at:               o.at,
		copies:           o.copies(),
		id:               o.text("id"),
		vswitch:          o.text("vswitch"),
		groups:           o.texts("security_groups"),
		attachedTo:       o.text("attached_to"),
		deviceIndex:      o.integer("device_index"),
		status:           o.choice("status"),
		settlesIn:        o.duration("settles_in"),
		settlesTo:        o.choice("settles_to"),
		privateAddresses: o.texts("private_ip_addresses"),
		serviceManaged:   o.boolean("service_managed"),
		carried:          o.carried(),
	}
	if e.settlesTo.given {
		o.require("settles_in")
	}
	if e.deviceIndex.given || e.networkCard.given {
		o.require("attached_to")
	}
	o.finish()
	return e, true
}

func (r *reader) instanceType(node ast.Node) (typeEntry, bool) {
	o := r.object(node, typeMapping)
	if o == nil {
		return typeEntry{}, false
	}
	e := typeEntry{
		id:              o.text("id"),
		family:          o.text("family").value,
		vcpus:           o.integer("vcpus").value,
		memoryGiB:       o.number("memory_gib").value,
		eniQuantity:     o.integer("eni_quantity").value,
		ipv4PerENI:      o.integer("private_ipv4_per_eni"),
		ipv6PerENI:      o.integer("ipv6_per_eni"),
		networkCards:    o.integer("network_cards"),
		cpuArchitecture: o.choice("cpu_architecture").value,
		hotPlug:         o.boolean("hot_plug"),
		ioOptimized:     o.boolean("io_optimized"),
	}
	if e.eniQuantity == 0 {
		e.eniQuantity = maxInteger - 1 // reported above; its interfaces are not to blame
	}
	if e.family == "" {
		e.family, _ = cutLast(e.id.value, ".")
	}
	o.finish()
	return e, true
}

// cutLast splits at the last separator. Without one, all of the text comes first.
func cutLast(s, separator string) (before, after string) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):]
	}
	return s, ""
}
