package scenario

import (
	"net/netip"
	"time"

	"github.com/goccy/go-yaml/ast"

	"enisim/store"
)

// formatVersion is the version of the file format that this package reads.
const formatVersion = 1

// Limits of the content of a file. They are the real cloud's, except maxCount, which catches typing
// errors.
const (
	maxCount       = 1_000_000
	minVPCMask     = 8
	maxVPCMask     = 28
	minVSwitchMask = 16
	maxVSwitchMask = 29
	maxTags        = 20
	maxInteger     = 1 << 31 // of the database's columns, exclusive
)

// The types below represent the file as it is written, each value with its position. expand
// interprets the values together.

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
	repeats                    string
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

// commonFields are the fields that any resource may have.
type commonFields struct {
	name, description located[string]
	resourceGroup     string
	tags              map[string]string
}

type vpcEntry struct {
	commonFields
	id        located[string]
	block     located[netip.Prefix]
	ipv6Block located[netip.Prefix]
	userCIDRs []located[string]
	settlesIn located[time.Duration]
	vswitches []vswitchEntry
	groups    []groupEntry
}

type vswitchEntry struct {
	commonFields
	id        located[string]
	zone      located[string]
	block     located[netip.Prefix]
	ipv6Block located[netip.Prefix]
	next      located[string]
	settlesIn located[time.Duration]
}

type groupEntry struct {
	commonFields
	id            located[string]
	kind          string
	instanceLimit located[int]
	innerPolicy   string
	rules         []ruleEntry
}

// ruleEntry is a rule of a security group. Values that need no interpretation are in the row
// already.
type ruleEntry struct {
	at                                        position
	id, protocol, ports, sourcePorts          located[string]
	source, ipv6Source, destination, ipv6Dest located[string]
	sourceGroup, destGroup                    located[string]
	row                                       store.SecurityGroupRule
}

// copies is the number of resources that an entry stands for. Only an entry with a count has
// placeholders.
type copies struct {
	count   int
	counted bool
}

type instanceEntry struct {
	commonFields
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

// interfaceFields are the fields that any network interface may have, including a primary one.
type interfaceFields struct {
	commonFields
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

// primaryEntry has the fields of an instance's primary interface.
type primaryEntry struct {
	interfaceFields
	id                 located[string]
	secondaryAddresses []located[string]
}

type interfaceEntry struct {
	interfaceFields
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

// document reads the whole file. It returns nil for a file of another version, because nothing else
// in it could be checked then.
func (r *reader) document(root ast.Node) *document {
	o := r.object(root, documentMapping)
	if o == nil {
		return nil
	}
	version := o.integer("enisim")
	if version.value != formatVersion {
		if version.given {
			r.add(
				version.at,
				"",
				"this enisim reads version %d of the format, the file says %d",
				formatVersion,
				version.value,
			)
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

// readList reads the entries of a list. Entries that are not mappings are reported and skipped. If
// a file has too many problems, all entries are skipped, and further problems are only counted.
func readList[T any](o *object, key string, read func(ast.Node) (T, bool)) []T {
	nodes := o.list(key, list)
	var out []T
	for _, node := range nodes {
		if entry, ok := read(node); ok && !o.isFull() {
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
		repeats: o.choice("repeats").value,
	}
	if quotas, at := o.node("quotas"); quotas != nil {
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
		expiresAt:     o.timestamp("expires_at"),
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

func (o *object) commonFields() commonFields {
	return commonFields{
		name:          o.text("name"),
		description:   o.text("description"),
		resourceGroup: o.text("resource_group").value,
		tags:          o.tags("tags"),
	}
}

func (r *reader) vpc(node ast.Node) (vpcEntry, bool) {
	o := r.object(node, vpcMapping)
	if o == nil {
		return vpcEntry{}, false
	}
	e := vpcEntry{
		id:           o.text("id"),
		block:        o.block("cidr_block", ipv4Block),
		ipv6Block:    o.block("ipv6_cidr_block", ipv6Block),
		userCIDRs:    o.texts("user_cidrs"),
		settlesIn:    o.duration("settles_in"),
		vswitches:    readList(o, "vswitches", r.vswitch),
		groups:       readList(o, "security_groups", r.securityGroup),
		commonFields: o.commonFields(),
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
		id:           o.text("id"),
		zone:         o.text("zone"),
		block:        o.block("cidr_block", ipv4Block),
		ipv6Block:    o.block("ipv6_cidr_block", ipv6Block),
		next:         o.text("next_private_ip_address"),
		settlesIn:    o.duration("settles_in"),
		commonFields: o.commonFields(),
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
		commonFields:  o.commonFields(),
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
			Priority:           o.integerOrFallback("priority"),
			NICType:            o.choice("nic_type").value,
			SourcePrefixListID: o.text("source_prefix_list").value,
			DestPrefixListID:   o.text("dest_prefix_list").value,
			Description:        o.text("description").value,
		},
	}
	o.finish()
	return e, true
}
