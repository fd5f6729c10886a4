package scenario_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"enisim.alt/service/scenario"
	"enisim.alt/store/storetest"
)

// editor validates a file like an editor that uses the schema.
type editor struct{ schema *jsonschema.Schema }

func newEditor(t *testing.T) editor {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(scenario.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("scenario.schema.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("scenario.schema.json")
	if err != nil {
		t.Fatalf("compile the schema: %v", err)
	}
	return editor{compiled}
}

// check returns an error if the file is not valid for the schema.
func (e editor) check(t *testing.T, file string) error {
	t.Helper()
	var document any
	if err := yaml.Unmarshal([]byte(file), &document); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return e.schema.Validate(instance)
}

// The schema file in docs is that of the format.
func TestTheSchemaInTheGuideIsCurrent(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../../docs/scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, scenario.Schema()) {
		t.Error("docs/scenario.schema.json: got an older schema; enisim scenario schema > docs/scenario.schema.json")
	}
}

// Each file that the parser accepts is valid for the schema.
func TestTheSchemaAcceptsValidFiles(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	files := map[string]string{"before": before, "network": network + web, "large": largeFile(9), "every key": everyKey}
	paths, err := filepath.Glob("../../testdata/scenarios/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got files %v, error %v, want the shipped scenarios", paths, err)
	}
	for _, path := range paths {
		files[path] = read(t, path)
	}
	for i, part := range strings.Split(read(t, "../../docs/scenarios.md"), "```yaml\n")[1:] {
		files[fmt.Sprint("example of the guide ", i)], _, _ = strings.Cut(part, "```")
	}
	for name, file := range files {
		if err := e.check(t, file); err != nil {
			t.Errorf("%s: got %v, want no problem", name, err)
		}
	}
}

// The first line of each shipped scenario names the schema for editors.
func TestShippedScenariosNameTheSchema(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../testdata/scenarios/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		first, _, _ := strings.Cut(read(t, path), "\n")
		target, found := strings.CutPrefix(first, "# yaml-language-server: $schema=")
		if !found {
			t.Errorf("%s: got the first line %q, want one that names the schema", path, first)
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), target)); err != nil {
			t.Errorf("%s: schema: got %v, want that it exists", path, err)
		}
	}
}

// read returns the content of a file.
func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// schemaProblems matches the problems that can be found by looking at one mapping, so the schema
// must find them too.
var schemaProblems = regexp.MustCompile(`unknown key|lacks the required key|must be (text|a|an|from|true)\b|` +
	`unknown \w+ "\w+": it is one of|the mask of|has no value|an account id has|a RAM user's name|` +
	`form product:Action|an instance type's id|needs an attached_to|contradicts attached_to|settles_in goes with|` +
	`at least one group|does not go with|this enisim reads`)

// The schema refuses the files whose problems it can find.
func TestTheSchemaRefusesInvalidMappings(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	checked := 0
	for _, c := range wrong {
		if !slices.ContainsFunc(c.want, schemaProblems.MatchString) || strings.Contains(c.want[0], "not UTF-8") ||
			c.name == "aliases" {
			continue
		}
		checked++
		if err := e.check(t, c.file); err == nil {
			t.Errorf("%s: got no problem, want one for\n%s", c.name, strings.Join(c.want, "\n"))
		}
	}
	if checked < 10 {
		t.Errorf("checked files: got %d, want at least 10", checked)
	}
}

// everyKey is a file with each key of the format at least once.
const everyKey = `{
"enisim": 1,
"accounts": [{
	"id": "1000000000000001", "name": "all", "repeats": "accept", "trunking": true, "network_cards": false, "quotas": {"network_interfaces_per_region": 7, "instances_per_region": 0,
		"security_groups_per_network_interface": 5, "private_ipv4_per_network_interface": 20, "ipv6_per_network_interface": 0},
	"throttle": {"preset": "realistic", "limits": [{"action": "Describe*", "region": "*", "per": "action", "per_second": 0.5, "burst": 3, "answer": "Throttling.Api"}]},
	"stock": [{"account": "1000000000000001", "region": "mars-*", "zone": "mars-1a", "instance_type": "own.*", "answer": "Zone.NotOnSale", "left": 3}, {"left": 0}],
	"clock": {"advance": "90s", "freeze": true, "rate": 0.5},
	"access_keys": [{"id": "LTAI1", "secret": "s", "security_token": "t", "assumed_role": "r/s", "status": "Inactive", "expires_at": "2030-01-31T12:00:00.5+08:00"}],
	"ram_users": [{"name": "ci.user", "allow": ["*", "ecs:Describe*"], "access_keys": [{"id": "LTAI2", "secret": 123}]}],
	"faults": [
		{"account": "1000000000000001", "action": "Describe*", "resource": "eni-*", "user": "ci", "key": "LTAI*", "silent": true,
			"when": {"always": true, "since": "2030-01-31T12:00:00Z", "until": "2030-02-28T12:00:00.5+08:00"}, "do": {"answer": "Throttling", "delay": "2s"}},
		{"when": {"first": 2}, "do": {"lose": "reset"}}, {"when": {"every": 3}, "do": {"truncate": 0}}, {"when": {"from": 2, "to": 4}, "do": {"cut": 9}},
		{"when": {"probability": 0.25, "seed": 7}, "do": {"slow": "1m30s"}}],
	"lifecycles": [
		{"account": "1000000000000001", "transition": "Attaching", "action": "AttachNetworkInterface", "resource": "eni-*", "lasts": {"fixed": "0s"},
			"fails": {"probability": 0.5, "seed": 7}},
		{"transition": "Pending", "lasts": {"uniform": ["1s", "2s"], "seed": 7}}, {"transition": "Starting", "lasts": {"triangular": ["1s", "2s", "3s"]}},
		{"transition": "Deleting", "lasts": {"lognormal": {"median": "1s", "p99": "2s"}}}, {"transition": "Detaching", "lasts": {"never": true}}],
	"regions": [{
		"id": "mars-1", "zones": ["mars-1a"],
		"vpcs": [{
			"id": "vpc-1", "name": 12, "description": "d", "tags": {"a": "b", "c": 1.5}, "cidr_block": "10.0.0.0/8", "ipv6_cidr_block": "2001:db8:0:100::/56",
			"resource_group": "rg-1", "user_cidrs": ["192.168.0.0/16"], "settles_in": "5s",
			"vswitches": [{"id": "vsw-1", "name": "n", "description": "d", "tags": null, "zone": "mars-1a", "cidr_block": "10.0.0.0/16", "ipv6_cidr_block": "2001:db8:0:101::/64",
				"resource_group": "rg-1", "next_private_ip_address": "10.0.7.1", "settles_in": "never"}],
			"security_groups": [{"id": "sg-1", "name": "n", "description": "d", "tags": {}, "type": "enterprise", "instance_limit": 9,
				"resource_group": "rg-1", "inner_access_policy": "Drop", "rules": [
					{"id": "sgr-a", "direction": "ingress", "ip_protocol": "TCP", "port_range": "80/80", "source_port_range": "1/65535", "policy": "Drop", "priority": 7,
						"nic_type": "internet", "source_cidr_ip": "10.0.0.0/8", "ipv6_source_cidr_ip": "2001:db8::/32", "source_group": "sg-1", "source_prefix_list": "pl-1",
						"dest_cidr_ip": "10.0.0.1", "ipv6_dest_cidr_ip": "::/0", "description": "d"},
					{"direction": "egress", "ip_protocol": 47, "dest_group": "sg-1", "dest_prefix_list": "pl-2"}]}],
			"secondary_cidr_blocks": ["192.168.0.0/16"],
			"route_tables": [{"id": "vtb-a", "name": "n", "description": "d", "tags": {}, "vswitches": ["vsw-1"], "route_propagation": false},
				{"id": "vtb-b", "type": "Custom", "entries": [{"id": "rte-1", "name": "n", "description": "d", "destination_cidr_block": "172.16.0.0/12",
					"next_hop": "i-1"}]}, {"type": "System", "entries": [{"destination_cidr_block": "0.0.0.0/0", "next_hop": "eni-1"}]}]
		}],
		"instances": [
			{"id": "i-{n}", "count": 2, "type": "own.type", "name": "n{n}", "description": "d", "tags": {}, "network_type": "vpc", "vswitch": "vsw-1",
				"security_groups": ["sg-1"], "private_ip_address": "10.0.1.{n}", "host_name": "h{n}", "primary_network_interface": {"id": "eni-p{n}", "name": "n{n}",
				"description": "d", "tags": {"a": "b"}, "secondary_private_ip_addresses": ["10.0.3.{n}"], "secondary_private_ip_address_count": 0,
				"ipv6_addresses": ["2001:db8:0:101::1{n}"], "ipv6_address_count": 0, "primary_ipv6": true, "ipv4_prefixes": ["10.0.{n}.16/28"],
				"ipv6_prefixes": ["2001:db8:0:101:{n}::/80"], "network_card_index": 0, "queue_number": 4, "delete_on_release": false, "source_dest_check": true,
				"resource_group": "rg-1", "tcp_established_timeout": 60, "tcp_closed_and_time_wait_timeout": 5, "udp_timeout": 30, "rx_queue_size": 8192,
				"tx_queue_size": 8192}, "status": "Pending", "settles_in": "1m30s", "settles_to": "Starting", "runs_in": "2m", "start_fails": true, "resource_group": "rg-1",
				"image": "img", "key_pair": "k", "ram_role": "r", "user_data": "ZQ==", "instance_charge_type": "PostPaid", "internet_charge_type": "PayByTraffic",
				"internet_max_bandwidth_in": 1, "internet_max_bandwidth_out": 2, "spot_strategy": "NoSpot", "credit_specification": "Standard",
				"stopped_mode": "StopCharging", "deletion_protection": true, "metadata_endpoint": "enabled", "metadata_tokens": "required",
				"metadata_hop_limit": 2, "auto_release_time": "2030-01-31T12:00:00Z", "renewal_status": "AutoRenewal", "renewal_duration": 1, "renewal_period_unit": "Year",
				"system_disk": {"name": "n", "description": "d", "category": "cloud_essd", "performance_level": "PL1", "size_gib": 40, "encrypted": true, "delete_with_instance": false,
				"tags": {"team": "storage"}},
				"data_disks": [{"id": "d-{n}", "name": "n", "description": "d", "category": "cloud", "performance_level": "PL2", "size_gib": 20, "encrypted": true,
					"delete_with_instance": false, "tags": {}, "device": "/dev/xvdc"}, {}]},
			{"id": "i-classic", "type": "own.type", "network_type": "classic", "zone": "mars-1a", "status": "Pending", "settles_in": "5s", "settles_to": "Starting",
				"runs_in": "never", "public_ip_address": "198.51.100.1"}
		],
		"network_interfaces": [
			{"id": "eni-1", "name": "n", "description": "d", "tags": {}, "vswitch": "vsw-1", "security_groups": ["sg-1"], "attached_to": "i-1", "status": "Attaching",
				"settles_in": "500ms", "private_ip_addresses": ["10.0.2.1"], "secondary_private_ip_address_count": 1, "ipv6_addresses": ["2001:db8:0:101::7"],
				"ipv6_address_count": 1, "queue_number": 4, "service_managed": true, "delete_on_release": false, "device_index": 2, "traffic_mode": "HighPerformance", "queue_pair_number": 2, "settles_to": "Available",
				"primary_ipv6": true, "ipv4_prefixes": ["10.0.4.0/28"], "ipv6_prefixes": ["2001:db8:0:101:9::/80"], "mac_address": "00:16:3e:01:02:03",
				"network_card_index": 0, "source_dest_check": true, "resource_group": "rg-1", "tcp_established_timeout": 60,
				"tcp_closed_and_time_wait_timeout": 5, "udp_timeout": 30, "rx_queue_size": 8192, "tx_queue_size": 8192},
			{"id": "eni-t", "type": "Trunk", "vswitch": "vsw-1", "security_groups": ["sg-1"], "attached_to": "i-1"},
			{"id": "eni-m", "vswitch": "vsw-1", "security_groups": ["sg-1"], "attached_to": "i-1", "trunk": "eni-t", "device_index": 1001},
			{"id": "eni-{n:05}", "count": 3, "vswitch": "vsw-1", "security_groups": ["sg-1"]}
		],
		"eips": [
			{"id": "eip-1", "name": "n", "description": "d", "tags": {}, "resource_group": "rg-1", "ip_address": "203.0.113.1", "bandwidth": 7, "associated_with": "eni-1",
				"private_ip_address": "10.0.2.1", "mode": "BINDED", "status": "Associating", "settles_in": "5s", "internet_charge_type": "PayByTraffic",
				"charge_type": "PrePaid", "isp": "BGP_PRO"},
			{"id": "eip-2", "associated_with": "i-1"}
		],
		"key_pairs": [{"name": "ops", "tags": {"a": "b"}, "resource_group": "rg-1",
			"public_key": "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNjpG/dJ+T3l5JkqNdWHRaFEyIkwf48EzdYnB3LyZuBJQJB0P9xX5CN13QE6ALBUPq0+UmfTHpgkG/mPOjCdUWI= me"},
			{"name": "dev"}],
		"disks": [
			{"id": "d-a", "name": "n", "description": "d", "category": "cloud", "performance_level": "PL2", "size_gib": 20, "encrypted": true,
				"delete_with_instance": false, "tags": {}, "resource_group": "rg-1", "attached_to": "i-1", "device": "/dev/xvdf", "status": "Attaching",
				"settles_in": "5s", "settles_to": "Available"},
			{"id": "d-b", "zone": "mars-1a", "status": "Creating"}
		]
	}]
}, {"id": "1000000000000002", "clock": {"behind": "1h"}}, {"id": "1000000000000003", "clock": {"freeze": true, "at": "2030-01-31T12:00:00.5+08:00"}}],
"instance_types": [{"id": "own.type", "family": "own", "vcpus": 1, "memory_gib": 0.5, "eni_quantity": 3, "private_ipv4_per_eni": 2, "ipv6_per_eni": 2, "network_cards": 1,
	"eni_trunk_supported": true, "eni_total_quantity": 4, "cpu_architecture": "arm64", "hot_plug": false, "io_optimized": true,
	"eri_quantity": 1, "primary_eni_queue_number": 4, "secondary_eni_queue_number": 2, "maximum_queue_number_per_eni": 8, "total_eni_queue_quantity": 12,
	"queue_pair_number": 8, "eni_quantity_per_network_card": 2}]
}`

// places has the path of the first mapping of each kind in everyKey.
var places = map[string][]any{
	"file":            {},
	"account":         {"accounts", 0},
	"quotas":          {"accounts", 0, "quotas"},
	"access_key":      {"accounts", 0, "access_keys", 0},
	"ram_user":        {"accounts", 0, "ram_users", 0},
	"fault":           {"accounts", 0, "faults", 0},
	"stock":           {"accounts", 0, "stock", 0},
	"throttle":        {"accounts", 0, "throttle"},
	"throttle_limit":  {"accounts", 0, "throttle", "limits", 0},
	"clock":           {"accounts", 0, "clock"},
	"fault_when":      {"accounts", 0, "faults", 0, "when"},
	"fault_do":        {"accounts", 0, "faults", 0, "do"},
	"lifecycle":       {"accounts", 0, "lifecycles", 0},
	"lifecycle_lasts": {"accounts", 0, "lifecycles", 0, "lasts"},
	"lifecycle_fails": {"accounts", 0, "lifecycles", 0, "fails"},
	"region":          {"accounts", 0, "regions", 0},

	"lifecycle_lasts_lognormal": {"accounts", 0, "lifecycles", 3, "lasts", "lognormal"},

	"vpc":               {"accounts", 0, "regions", 0, "vpcs", 0},
	"vswitch":           {"accounts", 0, "regions", 0, "vpcs", 0, "vswitches", 0},
	"security_group":    {"accounts", 0, "regions", 0, "vpcs", 0, "security_groups", 0},
	"route_table":       {"accounts", 0, "regions", 0, "vpcs", 0, "route_tables", 0},
	"route_entry":       {"accounts", 0, "regions", 0, "vpcs", 0, "route_tables", 1, "entries", 0},
	"instance":          {"accounts", 0, "regions", 0, "instances", 0},
	"network_interface": {"accounts", 0, "regions", 0, "network_interfaces", 0},
	"eip":               {"accounts", 0, "regions", 0, "eips", 0},
	"key_pair":          {"accounts", 0, "regions", 0, "key_pairs", 0},
	"disk":              {"accounts", 0, "regions", 0, "disks", 0},

	"primary_network_interface": {"accounts", 0, "regions", 0, "instances", 0, "primary_network_interface"},

	"security_group_rule": {"accounts", 0, "regions", 0, "vpcs", 0, "security_groups", 0, "rules", 0},
	"system_disk":         {"accounts", 0, "regions", 0, "instances", 0, "system_disk"},
	"data_disk":           {"accounts", 0, "regions", 0, "instances", 0, "data_disks", 0},

	"instance_type": {"instance_types", 0},
}

// modified returns everyKey after a change of one mapping.
func modified(t *testing.T, kind string, change func(map[string]any)) string {
	t.Helper()
	var document any
	if err := json.Unmarshal([]byte(everyKey), &document); err != nil {
		t.Fatal(err)
	}
	at := document
	for _, step := range places[kind] {
		switch s := step.(type) {
		case string:
			at = at.(map[string]any)[s]
		case int:
			at = at.([]any)[s]
		}
	}
	change(at.(map[string]any))
	out, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// kinds returns the mappings of the schema, and the root as "file".
func kinds(t *testing.T) map[string]struct {
	Required   []string
	Properties map[string]struct {
		Type any
		Enum []string
	}
} {
	t.Helper()
	type kind = struct {
		Required   []string
		Properties map[string]struct {
			Type any
			Enum []string
		}
	}
	var schema struct {
		kind
		Defs map[string]kind `json:"$defs"`
	}
	if err := json.Unmarshal(scenario.Schema(), &schema.kind); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(scenario.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	schema.Defs["file"] = schema.kind
	return schema.Defs
}

// Schema and parser have the same keys for each mapping. The parser lists its keys in the problem
// of an unknown key.
func TestSchemaAndParserHaveTheSameKeys(t *testing.T) {
	t.Parallel()
	const unknown = "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"
	e := newEditor(t)
	if _, err := scenario.Parse("s.yaml", []byte(everyKey)); err != nil {
		t.Fatal(err)
	}
	all := kinds(t)
	if got, want := slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(places)); !slices.Equal(got, want) {
		t.Fatalf("mappings of the schema: got %v, want %v", got, want)
	}
	for name, kind := range all {
		file := modified(t, name, func(m map[string]any) { m[unknown] = 1 })
		_, err := scenario.Parse("s.yaml", []byte(file))
		if err == nil || e.check(t, file) == nil {
			t.Errorf("%s: an unknown key: got no problem, want one", name)
			continue
		}
		_, list, found := strings.Cut(err.Error(), "all of them are ")
		if !found {
			_, list, _ = strings.Cut(err.Error(), "the only key there is ")
			list = strings.Trim(list, `"`)
		}
		if got, want := slices.Sorted(maps.Keys(kind.Properties)),
			slices.Sorted(slices.Values(strings.Split(list, ", "))); !slices.Equal(got, want) {
			t.Errorf("%s: got the keys %v in the schema, want %v as in the parser", name, got, want)
		}
	}
}

// Schema and parser refuse the same changes of each key of each mapping.
func TestSchemaAndParserRefuseTheSameChanges(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	e := newEditor(t)
	refused := func(what, file string) {
		if _, err := scenario.Parse("s.yaml", []byte(file)); err == nil {
			t.Errorf("%s: parser: got no problem, want one", what)
		}
		if e.check(t, file) == nil {
			t.Errorf("%s: schema: got no problem, want one", what)
		}
	}
	covered := map[string]bool{}
	for name, kind := range kinds(t) {
		for _, key := range kind.Required {
			refused(name+" without "+key, modified(t, name, func(m map[string]any) { delete(m, key) }))
		}
		for key, property := range kind.Properties {
			invalid := any([]any{[]any{}}) // a list of lists, which is valid for no key
			if property.Enum != nil {
				invalid = "Nonsense"
			}
			refused(name+" with a wrong "+key, modified(t, name, func(m map[string]any) { m[key] = invalid }))
			covered[key] = strings.Contains(everyKey, `"`+key+`":`)
			if !covered[key] {
				t.Errorf("everyKey: got no %s of %s, want it", key, name)
			}
		}
	}
	for what, change := range map[string]func(map[string]any){
		"an instance without a VSwitch": func(m map[string]any) { delete(m, "vswitch") },
		"an instance with a zone":       func(m map[string]any) { m["zone"] = "mars-1a" },
		"a classic one with a VSwitch":  func(m map[string]any) { m["network_type"], m["zone"] = "classic", "mars-1a" },
		"a steady status that settles":  func(m map[string]any) { m["status"] = "Running" },
		"no group":                      func(m map[string]any) { m["security_groups"] = []any{} },
	} {
		refused(what, modified(t, "instance", change))
	}
	for what, change := range map[string]func(map[string]any){
		"InUse nowhere": func(m map[string]any) {
			m["status"] = "InUse"
			delete(m, "attached_to")
			delete(m, "settles_in")
		},
		"attached, Deleting": func(m map[string]any) { m["status"] = "Deleting" },
	} {
		refused(what, modified(t, "network_interface", change))
	}
	refused("a role without a token", modified(t, "access_key", func(m map[string]any) { delete(m, "security_token") }))
	for what, key := range map[string]string{
		"an end without a time": "settles_in", "a second step without a time": "runs_in",
	} {
		refused(what, modified(t, "instance", func(m map[string]any) { delete(m, key) }))
	}
	refused("a token without an end", modified(t, "access_key", func(m map[string]any) { delete(m, "expires_at") }))
}

// docs/scenarios.md mentions each key of the format.
func TestTheGuideHasEachKey(t *testing.T) {
	t.Parallel()
	guide := read(t, "../../docs/scenarios.md")
	for name, kind := range kinds(t) {
		for key := range kind.Properties {
			if !strings.Contains(guide, "`"+key+"`") && !strings.Contains(guide, "`{"+key+":") && key != "enisim" {
				t.Errorf("docs/scenarios.md: got no %s of %s, want it", key, name)
			}
		}
	}
}
