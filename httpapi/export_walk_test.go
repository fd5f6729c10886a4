package httpapi_test

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim/service/operator"
	"enisim/service/scenario"
	"enisim/service/worldtest"
	"enisim/store"
	"enisim/store/storetest"
)

// walkWorld is where the walks begin: two VPCs with IPv6 of which something is taken already.
const walkWorld = `
enisim: 1
accounts:
  - id: "` + account + `"
    access_keys: [{id: ` + accessKey + `, secret: test-secret}]
    ram_users: [{name: ci, allow: ["ecs:Describe*"]}]
    quotas: {network_interfaces_per_region: 500}
    repeats: accept
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            ipv6_cidr_block: 2001:db8:0:100::/56
            vswitches:
              - {id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/24, ipv6_cidr_block: 2001:db8:0:101::/64}
              - {id: vsw-2, zone: cn-hangzhou-i, cidr_block: 10.1.0.0/24, ipv6_cidr_block: 2001:db8:0:102::/64}
            security_groups: [{id: sg-1}, {id: sg-2}, {id: sg-few, instance_limit: 2}]
          - id: vpc-2
            cidr_block: 172.16.0.0/12
            vswitches: [{id: vsw-3, zone: cn-hangzhou-h, cidr_block: 172.16.0.0/24}]
            security_groups: [{id: sg-3}]
        instances:
          - {id: i-1, type: own.type, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: i-2, type: ecs.g6.2xlarge, vswitch: vsw-1, security_groups: [sg-1, sg-2]}
          - {id: i-3, type: ecs.g6.xlarge, vswitch: vsw-2, security_groups: [sg-2], status: Stopped}
          - {id: i-old, type: ecs.n1.small, zone: cn-hangzhou-h, network_type: classic}
        network_interfaces:
          - {id: "eni-{n}", count: 4, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: eni-on, vswitch: vsw-1, security_groups: [sg-few], attached_to: i-2}
          - {id: eni-5, vswitch: vsw-2, security_groups: [sg-2]}
          - {id: eni-both, vswitch: vsw-1, security_groups: [sg-2, sg-1], rx_queue_size: 8192, tx_queue_size: 8192, secondary_private_ip_address_count: 2}
instance_types: [{id: own.type, vcpus: 1, memory_gib: 1, eni_quantity: 4, private_ipv4_per_eni: 40, ipv6_per_eni: 40, network_cards: 2}]
`

// walker calls actions at random on what an account has at the time.
type walker struct {
	*rapid.T
	*server
	done map[string]int // how often an action had an effect
	made int
}

func (w *walker) pick(what string, from ...string) string {
	return rapid.SampledFrom(from).Draw(w.T, what)
}

// some is one of the ids in a table at the time.
func (w *walker) some(t *testing.T, what, table string) string {
	var ids []string
	if err := w.pool.QueryRow(t.Context(), `SELECT array_agg(id ORDER BY created_at, id) FROM `+table).Scan(&ids); err != nil {
		w.Fatal(err)
	}
	if len(ids) == 0 {
		ids = []string{"none"}
	}
	return w.pick(what, ids...)
}

// maybe gives some of a request's optional parameters.
func (w *walker) maybe(pairs ...string) (given []string) {
	for i := 0; i < len(pairs); i += 2 {
		if rapid.IntRange(0, 3).Draw(w.T, pairs[i]+" given") == 3 {
			given = append(given, pairs[i], pairs[i+1])
		}
	}
	return given
}

// name is a new name.
func (w *walker) name() string {
	w.made++
	return fmt.Sprintf("%s:%d", w.pick("word", "no", "true", "雲-_."), w.made)
}

// text is a new text of any signs.
func (w *walker) text() string {
	w.made++
	return fmt.Sprintf("text: %d %s", w.made, w.pick("sign", "#", "'", `"`, "{n}", "\\n", "雲"))
}

// parallelWalks are how many series of walks run side by side: in one row they would take longer than all other tests.
const parallelWalks = 4

// A hundred draws, rapid's default, would take longer than all other tests. -rapid.checks asks for more.
func init() { _ = flag.Set("rapid.checks", "40") }

// steps are the actions that change what an account has, each with how it is called.
var steps = map[string]func(*walker, *testing.T) []string{
	"CreateNetworkInterface": func(w *walker, t *testing.T) []string {
		return append([]string{"VSwitchId", w.some(t, "VSwitch", "vswitches"), "SecurityGroupIds.1", w.some(t, "group", "security_groups")},
			w.maybe("SecondaryPrivateIpAddressCount", "3", "Ipv6AddressCount", "2", "NetworkInterfaceName", w.name(), "Description", w.text(),
				"Tag.1.Key", w.text(), "Tag.1.Value", "v", "QueueNumber", "4", "DeleteOnRelease", "false", "SourceDestCheck", "true", "ResourceGroupId", "rg-1",
				"ConnectionTrackingConfiguration.UdpTimeout", "30", "SecurityGroupIds.2", w.some(t, "second group", "security_groups"))...)
	},
	"AttachNetworkInterface": func(w *walker, t *testing.T) []string {
		return append([]string{"InstanceId", w.some(t, "instance", "instances"), "NetworkInterfaceId", w.some(t, "interface", "network_interfaces WHERE instance_id IS NULL")},
			w.maybe("NetworkCardIndex", "1")...)
	},
	"DetachNetworkInterface": func(w *walker, t *testing.T) []string {
		eni := w.some(t, "interface", "network_interfaces WHERE device_index > 0 AND status <> 'Detaching'")
		var on string
		_ = w.pool.QueryRow(t.Context(), `SELECT instance_id FROM network_interfaces WHERE id = $1`, eni).Scan(&on) // none is an answer too
		return []string{"InstanceId", on, "NetworkInterfaceId", eni}
	},
	"DeleteNetworkInterface": func(w *walker, t *testing.T) []string {
		return []string{"NetworkInterfaceId", w.some(t, "interface", "network_interfaces WHERE instance_id IS NULL")}
	},
	"ModifyNetworkInterfaceAttribute": func(w *walker, t *testing.T) []string {
		return append([]string{"NetworkInterfaceId", w.some(t, "interface", "network_interfaces"), "NetworkInterfaceName", w.name()},
			w.maybe("Description", w.text(), "QueueNumber", "2", "DeleteOnRelease", "false", "SourceDestCheck", "true", "SecurityGroupId.1", w.some(t, "group", "security_groups"),
				"NetworkInterfaceTrafficConfig.QueueNumber", "2", "ConnectionTrackingConfiguration.TcpEstablishedTimeout", "60")...)
	},
	"AssignPrivateIpAddresses": func(w *walker, t *testing.T) []string {
		return append([]string{"NetworkInterfaceId", w.some(t, "interface", "network_interfaces")},
			w.pick("kind", "SecondaryPrivateIpAddressCount", "Ipv4PrefixCount"), w.pick("count", "1", "2"))
	},
	"UnassignPrivateIpAddresses": func(w *walker, t *testing.T) []string {
		eni := w.some(t, "interface", "network_interfaces n WHERE EXISTS (SELECT FROM private_ip_addresses a WHERE a.network_interface_id = n.id AND NOT a.is_primary AND family(a.address) = 4)")
		var address string
		_ = w.pool.QueryRow(t.Context(), `SELECT host(address) FROM private_ip_addresses WHERE network_interface_id = $1 AND NOT is_primary AND family(address) = 4 ORDER BY address LIMIT 1`, eni).Scan(&address)
		return []string{"NetworkInterfaceId", eni, "PrivateIpAddress.1", address}
	},
	"AssignIpv6Addresses": func(w *walker, t *testing.T) []string {
		return []string{"NetworkInterfaceId", w.some(t, "interface", "network_interfaces"), w.pick("kind", "Ipv6AddressCount", "Ipv6PrefixCount"), w.pick("count", "1", "2")}
	},
	"TagResources": func(w *walker, t *testing.T) []string {
		kind := w.pick("kind", "instance", "eni", "securitygroup", "disk")
		table := map[string]string{"instance": "instances", "eni": "network_interfaces", "securitygroup": "security_groups", "disk": "instances"}[kind]
		id := w.some(t, "resource", table)
		if kind == "disk" {
			id = store.SystemDiskID(id)
		}
		return []string{"ResourceType", kind, "ResourceId.1", id, "Tag.1.Key", w.text(), "Tag.1.Value", w.text()}
	},
	"JoinSecurityGroup": func(w *walker, t *testing.T) []string {
		return []string{"NetworkInterfaceId", w.some(t, "interface", "network_interfaces"), "SecurityGroupId", w.some(t, "group", "security_groups")}
	},
	"LeaveSecurityGroup": func(w *walker, t *testing.T) []string {
		eni := w.some(t, "interface", "network_interfaces n WHERE (SELECT count(*) FROM network_interface_security_groups m WHERE m.network_interface_id = n.id) > 1")
		var first string
		_ = w.pool.QueryRow(t.Context(), `SELECT security_group_id FROM network_interface_security_groups WHERE network_interface_id = $1 ORDER BY position LIMIT 1`, eni).Scan(&first)
		return []string{"NetworkInterfaceId", eni, "SecurityGroupId", first}
	},
	"AuthorizeSecurityGroup": func(w *walker, t *testing.T) []string {
		return append([]string{"SecurityGroupId", w.some(t, "group", "security_groups"), "Permissions.1.IpProtocol", w.pick("protocol", "TCP", "udp"), "Permissions.1.PortRange", w.pick("ports", "22/22", "80/90")},
			w.pick("peer", "Permissions.1.SourceCidrIp", "Permissions.1.SourceGroupId"), w.pick("who", "10.0.0.0/8", "sg-1"), "Permissions.1.Description", w.text())
	},
	"AuthorizeSecurityGroupEgress": func(w *walker, t *testing.T) []string {
		return []string{"SecurityGroupId", w.some(t, "group", "security_groups"), "Permissions.1.IpProtocol", w.pick("protocol", "ICMP", "47", "ALL"), "Permissions.1.PortRange", "-1/-1",
			"Permissions.1.Ipv6DestCidrIp", "2001:db8::1", "Permissions.1.Policy", "drop", "Permissions.1.Priority", w.pick("priority", "1", "100")}
	},
	"CreateSecurityGroup": func(w *walker, t *testing.T) []string {
		return append([]string{"VpcId", w.some(t, "VPC", "vpcs")}, w.maybe("SecurityGroupName", w.name(), "SecurityGroupType", "enterprise", "ResourceGroupId", "rg-2")...)
	},
	"ModifySecurityGroupPolicy": func(w *walker, t *testing.T) []string {
		return []string{"SecurityGroupId", w.some(t, "group", "security_groups"), "InnerAccessPolicy", w.pick("policy", "Accept", "Drop")}
	},
	"CreateVpc": func(w *walker, _ *testing.T) []string {
		return append([]string{"CidrBlock", "192.168.0.0/16"}, w.maybe("VpcName", w.name(), "EnableIpv6", "true", "UserCidr", "192.168.7.0/24", "ResourceGroupId", "rg-3")...)
	},
	"CreateVSwitch": func(w *walker, t *testing.T) []string {
		w.made++
		return append([]string{"VpcId", w.some(t, "VPC", "vpcs"), "ZoneId", "cn-hangzhou-h", "CidrBlock", w.pick("block", "192.168.", "172.17.", "10.7.") + strconv.Itoa(w.made) + ".0/24"},
			w.maybe("VSwitchName", w.name())...)
	},
	"RunInstances": func(w *walker, t *testing.T) []string {
		return append([]string{"ImageId", "m-test", "InstanceType", w.pick("type", "ecs.g6.large", "own.type"), "VSwitchId", w.some(t, "VSwitch", "vswitches"), "SecurityGroupId", w.some(t, "group", "security_groups"), "Amount", "2"},
			w.maybe("InstanceName", w.name(), "UserData", "ZWNobw==", "HostName", "host", "KeyPairName", "key", "RamRoleName", "role", "InternetMaxBandwidthOut", "5", "SystemDisk.Size", "100",
				"DataDisk.1.Size", "50", "DataDisk.1.DiskName", "data", "DeletionProtection", "true", "Tag.1.Key", w.text(), "Tag.1.Value", "v", "SpotStrategy", "SpotAsPriceGo", "ResourceGroupId", "rg-4")...)
	},
	"StartInstance": func(w *walker, t *testing.T) []string {
		return []string{"InstanceId", w.some(t, "instance", "instances WHERE status LIKE 'Stop%'")}
	},
	"StopInstance": func(w *walker, t *testing.T) []string {
		return append([]string{"InstanceId", w.some(t, "instance", "instances")}, w.maybe("StoppedMode", "StopCharging")...)
	},
	"DeleteInstance": func(w *walker, t *testing.T) []string {
		return []string{"InstanceId", w.some(t, "instance", "instances"), "Force", "true"}
	},
	"ModifyInstanceAttribute": func(w *walker, t *testing.T) []string {
		return append([]string{"InstanceId", w.some(t, "instance", "instances"), "InstanceName", w.name()},
			w.maybe("Description", w.text(), "UserData", "ZQ==", "DeletionProtection", "false", "CreditSpecification", "Unlimited", "HostName", "renamed")...)
	},
	"ModifyInstanceSpec": func(w *walker, t *testing.T) []string {
		return []string{"InstanceId", w.some(t, "instance", "instances"), "InstanceType", w.pick("type", "ecs.g6.large", "ecs.g6.2xlarge", "own.type")}
	},
}

// TestExportAfterAnyCalls exports an account after calls at random, with time passing in between. For the account itself there is nothing to change in the
// file, and elsewhere it gives the same rows, but for the times of creation and of the last start.
func TestExportAfterAnyCalls(t *testing.T) {
	t.Parallel()
	actions := slices.Sorted(maps.Keys(steps))
	done := map[string]int{}
	t.Run("walks", func(t *testing.T) { // which end before it is asked what they did
		var mu sync.Mutex
		for n := range parallelWalks {
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				effects := walk(t, actions)
				mu.Lock()
				defer mu.Unlock()
				for action, times := range effects {
					done[action] += times
				}
			})
		}
	})
	for _, action := range actions {
		if done[action] == 0 {
			t.Errorf("%s never had an effect, so nothing is known of it", action)
		}
	}
}

// walk does its share of rapid's number of walks on a server of their own, and returns how often each action had an effect.
func walk(t *testing.T, actions []string) map[string]int {
	t.Helper()
	s, clock := serveLife(t, world())
	elsewhere := storetest.Pool(t)
	fresh := store.New(elsewhere, slog.New(slog.DiscardHandler))
	done := map[string]int{}
	checks, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	walks, broken := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if walks++; walks > max(1, checks/parallelWalks) && !broken { // once broken, rapid looks for a shorter walk that breaks
			return
		}
		completed := false
		defer func() { broken = broken || !completed || rt.Failed() }()
		worldtest.Apply(t, s.store, clock.now(), walkWorld)
		w := &walker{T: rt, server: s, done: done}
		for range rapid.IntRange(5, 50).Draw(rt, "calls") {
			action := w.pick("action", actions...)
			r := s.mustCall(t, action, steps[action](w, t)...)
			if r.status >= 500 {
				rt.Fatalf("%s: %v", action, r)
			}
			if r.code() == ok {
				done[action]++
			}
			if rapid.Bool().Draw(rt, "time passes") {
				clock.advance(rapid.SampledFrom([]time.Duration{time.Second, 4 * time.Second, time.Minute}).Draw(rt, "by"))
			}
		}
		now := clock.now()
		file, err := scenario.Export(t.Context(), s.store, account, true, now)
		if err != nil {
			rt.Fatal(err)
		}
		sc, err := scenario.Parse("exported.yaml", file)
		if err != nil {
			rt.Fatalf("%v, in\n%s", err, file)
		}
		if diff, err := scenario.Diff(t.Context(), s.store, sc, now); err != nil || len(diff) > 0 {
			rt.Fatalf("diff: got %v, %v, want nothing, for\n%s", diff, err, file)
		}
		if applied, err := scenario.Apply(t.Context(), s.store, sc, now); err != nil || len(applied.Tables) > 0 {
			rt.Fatalf("apply: got %v, %v, want nothing to change, for\n%s", applied, err, file)
		}
		worldtest.Apply(t, fresh, now, "enisim: 1\naccounts: [{id: \""+account+"\"}]\n") // what is on its way there would keep its time
		if _, err := scenario.Apply(t.Context(), fresh, sc, now); err != nil {
			rt.Fatal(err)
		}
		if got, want := timeless(resources(t, elsewhere)), timeless(resources(t, s.pool)); got != want {
			rt.Fatalf("elsewhere: got\n%s\nwant\n%s\nfor\n%s", got, want, file)
		}
		checkInvariants(t, elsewhere)
		wayBack(rt, t, s.store, now)
		completed = true
	})
	return done
}

// wayBack applies the world of the beginning again, of which the diff must have told.
func wayBack(rt *rapid.T, t *testing.T, st *store.Store, now time.Time) {
	sc, err := scenario.Parse("walk.yaml", []byte(walkWorld))
	if err != nil {
		rt.Fatal(err)
	}
	diff, err := scenario.Diff(t.Context(), st, sc, now)
	if err != nil {
		rt.Fatal(err)
	}
	applied, err := scenario.Apply(t.Context(), st, sc, now)
	if err != nil {
		rt.Fatal(err)
	}
	told := map[string]operator.TableChange{}
	for _, d := range diff {
		table := d.What + "s"
		if d.What == "vswitch" {
			table = "vswitches"
		}
		change := told[table]
		switch d.Mark {
		case "+":
			change.Inserted++
		case "~":
			change.Updated++
		case "-":
			change.Deleted++
		}
		told[table] = change
	}
	counted := map[string]operator.TableChange{}
	for _, c := range applied.Tables {
		counted[c.Table] = operator.TableChange{Inserted: c.Inserted, Updated: c.Updated, Deleted: c.Deleted}
	}
	for _, table := range []string{"vpcs", "vswitches", "security_groups", "security_group_rules", "instances"} {
		if told[table] != counted[table] {
			rt.Errorf("%s: the diff tells %+v, apply counts %+v: %v", table, told[table], counted[table], diff)
		}
	}
	// Apply writes interfaces anew that stay as they are, on instances that change their type, and counts addresses and groups on their own.
	got, want := told["network_interfaces"], counted["network_interfaces"]
	if got.Inserted != want.Inserted || got.Deleted != want.Deleted || (len(diff) == 0) != (len(applied.Tables) == 0) {
		rt.Errorf("the diff tells %v, apply counts %v", diff, applied)
	}
}

// timeless are rows without the times of which a scenario says nothing.
func timeless(rows []string) string {
	for i, row := range rows {
		for _, column := range []string{"created_at", "started_at"} {
			if before, after, found := strings.Cut(row, `"`+column+`": `); found {
				_, after, _ = strings.Cut(after, ",")
				row = before + after
			}
		}
		rows[i] = row
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}
