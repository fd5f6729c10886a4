// Package worldtest builds worlds for tests. A test names only what it is about; the rest has
// defaults: the region is cn-hangzhou, and an instance or an interface is in the first VSwitch and
// the first security group of its account.
//
// A world becomes a scenario as text, which the one parser of scenarios reads. So a test's world is
// checked like any other, and the builder knows no rule of the format. Tests of the format itself
// write their scenarios as text.
package worldtest

import (
	"encoding/json"
	"testing"
	"time"

	"enisim.alt/service/scenario"
	"enisim.alt/store"
)

// DefaultType is the type of an instance that names none. It takes two network interfaces.
const DefaultType = "ecs.g6.large"

// entry is an entry of a scenario: its keys and their values.
type entry = map[string]any

// World is a world that a test builds. Each method adds to the latest account, region or VPC, and
// returns the world.
type World struct {
	accounts []entry
	types    []entry

	account, region, vpc entry  // the latest ones
	vswitch, group       string // the first ones of the account
}

// New returns a world with an account.
func New(accountID string, options ...Option) *World {
	return new(World).Account(accountID, options...)
}

// Account adds an account.
func (w *World) Account(id string, options ...Option) *World {
	w.account = newEntry(entry{"id": id}, options)
	w.accounts = append(w.accounts, w.account)
	w.region, w.vpc, w.vswitch, w.group = nil, nil, "", ""
	return w
}

// AccessKey adds an access key. Its secret is s.
func (w *World) AccessKey(id string, options ...Option) *World {
	add(w.account, "access_keys", entry{"id": id, "secret": "s"}, options)
	return w
}

// RAMUser adds a RAM user with an access key. It may call the actions that match one of the
// patterns.
func (w *World) RAMUser(name, accessKey string, allow ...string) *World {
	user := entry{"name": name, "access_keys": []entry{{"id": accessKey, "secret": "s"}}}
	if len(allow) > 0 {
		user["allow"] = allow
	}
	add(w.account, "ram_users", user, nil)
	return w
}

// Region adds a region.
func (w *World) Region(id string, options ...Option) *World {
	w.region = add(w.account, "regions", entry{"id": id}, options)
	return w
}

// VPC adds a VPC.
func (w *World) VPC(id, cidrBlock string, options ...Option) *World {
	w.vpc = add(w.latestRegion(), "vpcs", entry{"id": id, "cidr_block": cidrBlock}, options)
	return w
}

// VSwitch adds a VSwitch to the latest VPC.
func (w *World) VSwitch(id, zone, cidrBlock string, options ...Option) *World {
	add(w.vpc, "vswitches", entry{"id": id, "zone": zone, "cidr_block": cidrBlock}, options)
	if w.vswitch == "" {
		w.vswitch = id
	}
	return w
}

// SecurityGroup adds a security group to the latest VPC.
func (w *World) SecurityGroup(id string, options ...Option) *World {
	add(w.vpc, "security_groups", entry{"id": id}, options)
	if w.group == "" {
		w.group = id
	}
	return w
}

// Instance adds an instance, or with Count several.
func (w *World) Instance(id string, options ...Option) *World {
	instance := entry{"id": id, "type": DefaultType, "vswitch": w.vswitch, "security_groups": []string{w.group}}
	add(w.latestRegion(), "instances", instance, options)
	return w
}

// NetworkInterface adds a secondary network interface, or with Count several.
func (w *World) NetworkInterface(id string, options ...Option) *World {
	eni := entry{"id": id, "vswitch": w.vswitch, "security_groups": []string{w.group}}
	add(w.latestRegion(), "network_interfaces", eni, options)
	return w
}

// EIP adds an elastic IP address.
func (w *World) EIP(id string, options ...Option) *World {
	add(w.latestRegion(), "eips", entry{"id": id}, options)
	return w
}

// KeyPair adds a key pair.
func (w *World) KeyPair(name string, options ...Option) *World {
	add(w.latestRegion(), "key_pairs", entry{"name": name}, options)
	return w
}

// RouteTable adds a custom route table to the latest VPC.
func (w *World) RouteTable(id string, options ...Option) *World {
	add(w.vpc, "route_tables", entry{"id": id}, options)
	return w
}

// Disk adds a data disk on no instance, or on one that an option names; then it has no zone of its own.
func (w *World) Disk(id, zone string, options ...Option) *World {
	disk := entry{"id": id}
	if zone != "" {
		disk["zone"] = zone
	}
	add(w.latestRegion(), "disks", disk, options)
	return w
}

// InstanceType adds an instance type that belongs to the account.
func (w *World) InstanceType(id string, eniQuantity int, options ...Option) *World {
	defaults := entry{"id": id, "vcpus": 1, "memory_gib": 1, "eni_quantity": eniQuantity}
	w.types = append(w.types, newEntry(defaults, options))
	return w
}

// latestRegion returns the latest region of the account, which is cn-hangzhou if the test names
// none.
func (w *World) latestRegion() entry {
	if w.region == nil {
		w.Region("cn-hangzhou")
	}
	return w.region
}

// add appends an entry to a list of another one.
func add(to entry, list string, e entry, options []Option) entry {
	entries, _ := to[list].([]entry)
	e = newEntry(e, options)
	to[list] = append(entries, e)
	return e
}

// newEntry applies the options to the defaults of an entry.
func newEntry(e entry, options []Option) entry {
	for _, option := range options {
		option(e)
	}
	return e
}

// Option changes a key of an entry.
type Option func(entry)

// Set sets a key of the scenario format.
func Set(key string, value any) Option { return func(e entry) { e[key] = value } }

// Without removes keys, so that the format's own defaults hold.
func Without(keys ...string) Option {
	return func(e entry) {
		for _, key := range keys {
			delete(e, key)
		}
	}
}

// Count makes n copies of an entry. {n} in its texts is the number of the copy.
func Count(n int) Option { return Set("count", n) }

// Type is the type of an instance.
func Type(id string) Option { return Set("type", id) }

// In names the VSwitch of an instance or an interface.
func In(vswitch string) Option { return Set("vswitch", vswitch) }

// Groups are the security groups of an instance or an interface.
func Groups(ids ...string) Option { return Set("security_groups", ids) }

// AttachedTo names the instance that an interface is attached to.
func AttachedTo(instance string) Option { return Set("attached_to", instance) }

// AssociatedWith names the instance or the interface that an EIP is associated with.
func AssociatedWith(id string) Option { return Set("associated_with", id) }

// Status is the status of an instance, an interface or an EIP.
func Status(status string) Option { return Set("status", status) }

// String returns the world as a scenario file. It is JSON, which is valid YAML.
func (w *World) String() string {
	document := entry{"enisim": 1, "accounts": w.accounts}
	if len(w.types) > 0 {
		document["instance_types"] = w.types
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		panic(err) // a test has set a value that JSON does not have, such as a function
	}
	return string(text)
}

// Apply applies a scenario to a store: that of a world, or one that a test wrote as text.
func Apply(t testing.TB, st *store.Store, now time.Time, text string) {
	t.Helper()
	sc, err := scenario.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), st, sc, now); err != nil {
		t.Fatal(err)
	}
}
