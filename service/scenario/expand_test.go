package scenario_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/store/world"
)

// parse returns the world of a file, and fails the test if the file has problems.
func parse(t testing.TB, file string) *world.World {
	t.Helper()
	sc, err := scenario.Parse("s.yaml", []byte(file))
	if err != nil {
		t.Fatalf("parse: got\n%v\nwant no problems in\n%s", err, file)
	}
	return sc.World()
}

// lines formats interfaces for comparisons, one a line.
func lines(w *world.World) string {
	var out []string
	for _, n := range w.NetworkInterfaces {
		line := fmt.Sprintf("%s %s %s", n.ID, n.Type, n.Status)
		if n.InstanceID != nil {
			line += fmt.Sprintf(" on %s/%d of %d", *n.InstanceID, *n.DeviceIndex, *n.InstanceENIQuantity)
		}
		for _, m := range w.GroupMemberships {
			if m.NetworkInterfaceID == n.ID {
				line += " " + m.SecurityGroupID
			}
		}
		for _, a := range w.PrivateIPAddresses {
			if a.NetworkInterfaceID == n.ID && a.IsPrimary {
				line += " " + a.Address.String()
			}
		}
		for _, a := range w.PrivateIPAddresses {
			if a.NetworkInterfaceID == n.ID && !a.IsPrimary {
				line += " +" + a.Address.String()
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// A file expands to the expected interfaces, with instances, groups and addresses.
func TestExpansion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, want string }{
		{"an instance is created with its primary interface", network + `        instances:
          - {id: i-web, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main, sg-one]}
          - {id: plain, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], private_ip_address: 10.0.0.1}
          - {id: i-classic, type: ecs.n1.small, network_type: classic, zone: cn-hangzhou-h}
`, `
eni-web-primary Primary InUse on i-web/0 of 2 sg-main sg-one 10.0.0.2
eni-plain-primary Primary InUse on plain/0 of 2 sg-main 10.0.0.1`},
		{"properties of a primary interface", network + `        instances:
          - {id: i-web, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], primary_network_interface: {id: eni-1, secondary_private_ip_addresses: [10.0.0.2]}}
          - {id: "i-{n}", count: 2, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], private_ip_address: "10.0.1.{n}",
              primary_network_interface: {id: "eni-of-{n}", secondary_private_ip_address_count: 1}}
`, `
eni-1 Primary InUse on i-web/0 of 2 sg-main 10.0.0.1 +10.0.0.2
eni-of-1 Primary InUse on i-1/0 of 2 sg-main 10.0.1.1 +10.0.0.3
eni-of-2 Primary InUse on i-2/0 of 2 sg-main 10.0.1.2 +10.0.0.4`},
		{"interfaces take the lowest free index in file order", network + `        network_interfaces:
          - {id: eni-a, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-app}
          - {id: eni-b, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: eni-c, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-app, status: Detaching}
          - {id: eni-d, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-app, status: Attaching}
          - {id: eni-e, vswitch: vsw-h, security_groups: [sg-main], status: Deleting}
        instances:
          - {id: i-app, type: ecs.g6.2xlarge, vswitch: vsw-h, security_groups: [sg-main]}
`, `
eni-app-primary Primary InUse on i-app/0 of 4 sg-main 10.0.0.1
eni-a Secondary InUse on i-app/1 of 4 sg-main 10.0.0.2
eni-b Secondary Available sg-main 10.0.0.3
eni-c Secondary Detaching on i-app/2 of 4 sg-main 10.0.0.4
eni-d Secondary Attaching on i-app/3 of 4 sg-main 10.0.0.5
eni-e Secondary Deleting sg-main 10.0.0.6`},
		{"copies and groups of copies count from 1", network + `        instances:
          - {id: "i-node-{n:03}", count: 2, type: ecs.g6.2xlarge, vswitch: vsw-h, security_groups: [sg-main]}
        network_interfaces:
          - {id: "eni-{n}", count: 5, vswitch: vsw-h, security_groups: [sg-main], attached_to: "i-node-{n/3:03}"}
`, `
eni-node-001-primary Primary InUse on i-node-001/0 of 4 sg-main 10.0.0.1
eni-node-002-primary Primary InUse on i-node-002/0 of 4 sg-main 10.0.0.2
eni-1 Secondary InUse on i-node-001/1 of 4 sg-main 10.0.0.3
eni-2 Secondary InUse on i-node-001/2 of 4 sg-main 10.0.0.4
eni-3 Secondary InUse on i-node-001/3 of 4 sg-main 10.0.0.5
eni-4 Secondary InUse on i-node-002/1 of 4 sg-main 10.0.0.6
eni-5 Secondary InUse on i-node-002/2 of 4 sg-main 10.0.0.7`},
		{"addresses in the file are not assigned to other interfaces", network + `        network_interfaces:
          - {id: eni-a, vswitch: vsw-tiny, security_groups: [sg-main]}
          - {id: eni-b, vswitch: vsw-tiny, security_groups: [sg-main], private_ip_addresses: [10.2.0.1, 10.2.0.3]}
          - {id: eni-c, vswitch: vsw-tiny, security_groups: [sg-main]}
          - {id: "eni-d{n}", count: 2, vswitch: vsw-i, security_groups: [sg-main], private_ip_addresses: ["10.1.7.{n}"], secondary_private_ip_address_count: 1}
`, `
eni-a Secondary Available sg-main 10.2.0.2
eni-b Secondary Available sg-main 10.2.0.1 +10.2.0.3
eni-c Secondary Available sg-main 10.2.0.4
eni-d1 Secondary Available sg-main 10.1.7.1 +10.1.0.1
eni-d2 Secondary Available sg-main 10.1.7.2 +10.1.0.2`},
		{"IPv6 addresses are never primary", `enisim: 1
accounts:
  - id: "1000000000000001"
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            ipv6_cidr_block: 2001:db8:0:100::/56
            vswitches:
              - {id: vsw-h, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16, ipv6_cidr_block: "2001:db8:0:101::/64"}
            security_groups: [{id: sg-main}]
        network_interfaces:
          - {id: eni-a, vswitch: vsw-h, security_groups: [sg-main], ipv6_address_count: 2}
          - {id: eni-b, vswitch: vsw-h, security_groups: [sg-main], ipv6_addresses: ["2001:db8:0:101::1"]}
`, `
eni-a Secondary Available sg-main 10.0.0.1 +2001:db8:0:101::2 +2001:db8:0:101::3
eni-b Secondary Available sg-main 10.0.0.2 +2001:db8:0:101::1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, want := lines(parse(t, c.file)), strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// An expanded world has the values of the file, and the defaults of the keys that it does not have.
func TestExpansionFillsInDefaults(t *testing.T) {
	t.Parallel()
	w := parse(t, `enisim: 1
instance_types:
  - {id: ecs.g6.large, vcpus: 2, memory_gib: 8, eni_quantity: 5, private_ipv4_per_eni: 3, hot_plug: false}
accounts:
  - id: "1000000000000001"
    name: first
    quotas: {network_interfaces_per_region: 7}
    access_keys:
      - {id: LTAI1, secret: s1, security_token: t, expires_at: 2020-01-01T01:00:00+01:00}
    ram_users:
      - {name: ci, allow: ["ecs:*"], access_keys: [{id: LTAI2, secret: 0042, status: Inactive}]}
    regions:
      - id: mars-1
        zones: [mars-1a]
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            tags: {team: network}
            vswitches: [{id: vsw-1, zone: mars-1a, cidr_block: 10.0.0.0/24}]
            security_groups: [{id: sg-1}, {id: sg-2, type: enterprise}, {id: sg-3, instance_limit: 3}]
        instances:
          - {id: "i-{n}", count: 2, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], name: "web {n}", host_name: h, status: Starting, settles_in: 5s}
          - {id: i-big, type: ecs.g6.2xlarge, vswitch: vsw-1, security_groups: [sg-1], description: "{n} stays"}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-1, security_groups: [sg-1], attached_to: i-big, status: Detaching, settles_in: 1m, queue_number: 4}
          - {id: eni-2, vswitch: vsw-1, security_groups: [sg-1], status: Deleting, settles_in: 1s, service_managed: true, delete_on_release: false}
  - id: "1000000000000002"
`)
	expires := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	first, second := "1000000000000001", "1000000000000002"
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"accounts", w.Accounts, []store.Account{
			{ID: first, Name: "first", NetworkInterfacesPerRegion: 7},
			{ID: second, NetworkInterfacesPerRegion: 100},
		}},
		{"RAM users", w.RAMUsers, []store.RAMUser{{AccountID: first, Name: "ci", Allow: []string{"ecs:*"}}}},
		{"access keys", w.AccessKeys, []store.AccessKey{
			{
				ID: "LTAI1", AccountID: first, Secret: "s1", SecurityToken: new("t"), Status: "Active",
				ExpiresAt: &expires,
			},
			{ID: "LTAI2", AccountID: first, RAMUserName: new("ci"), Secret: "0042", Status: "Inactive"},
		}},
		{"regions", w.Regions, []store.Region{{ID: "mars-1"}}},
		{"zones", w.Zones, []store.Zone{{ID: "mars-1a", RegionID: "mars-1"}}},
		{"instance types", w.InstanceTypes, []store.InstanceType{
			{
				AttachableType: store.AttachableType{
					OwnerID:           first,
					ID:                "ecs.g6.large",
					ENIQuantity:       5,
					PrivateIPv4PerENI: new(3),
					IOOptimized:       true,
				},
				Family:          "ecs.g6",
				VCPUs:           2,
				MemoryGiB:       8,
				CPUArchitecture: "x86_64",
			},
			{
				AttachableType: store.AttachableType{
					OwnerID:           second,
					ID:                "ecs.g6.large",
					ENIQuantity:       5,
					PrivateIPv4PerENI: new(3),
					IOOptimized:       true,
				},
				Family:          "ecs.g6",
				VCPUs:           2,
				MemoryGiB:       8,
				CPUArchitecture: "x86_64",
			},
		}},
		{"VPC tags", w.VPCs[0].Tags, map[string]string{"team": "network"}},
		{"group limits", []int{w.SecurityGroups[0].InstanceLimit, w.SecurityGroups[1].InstanceLimit,
			w.SecurityGroups[2].InstanceLimit}, []int{2000, 65536, 3}},
		{"instances", w.Instances, []store.Instance{
			{
				AttachableInstance: store.AttachableInstance{
					AccountID:   first,
					ID:          "i-1",
					RegionID:    "mars-1",
					ZoneID:      "mars-1a",
					NetworkType: "vpc",
					VPCID:       new("vpc-1"),
					ENIQuantity: 5,
					Status:      "Starting",
					NextStatus:  new("Running"),
				},
				VSwitchID:           new("vsw-1"),
				InstanceTypeOwnerID: first,
				InstanceType:        "ecs.g6.large",
				Name:                "web 1",
				HostName:            "h",
			},
			{
				AttachableInstance: store.AttachableInstance{
					AccountID:   first,
					ID:          "i-2",
					RegionID:    "mars-1",
					ZoneID:      "mars-1a",
					NetworkType: "vpc",
					VPCID:       new("vpc-1"),
					ENIQuantity: 5,
					Status:      "Starting",
					NextStatus:  new("Running"),
				},
				VSwitchID:           new("vsw-1"),
				InstanceTypeOwnerID: first,
				InstanceType:        "ecs.g6.large",
				Name:                "web 2",
				HostName:            "h",
			},
			{
				AttachableInstance: store.AttachableInstance{
					AccountID:   first,
					ID:          "i-big",
					RegionID:    "mars-1",
					ZoneID:      "mars-1a",
					NetworkType: "vpc",
					VPCID:       new("vpc-1"),
					ENIQuantity: 4,
					Status:      "Running",
				},
				VSwitchID:           new("vsw-1"),
				InstanceTypeOwnerID: store.CatalogueOwner,
				InstanceType:        "ecs.g6.2xlarge",
				Description:         "{n} stays",
			},
		}},
		{"instances settle in", w.InstancesSettleIn, map[store.ResourceID]time.Duration{
			{AccountID: first, ID: "i-1"}: 5 * time.Second, {AccountID: first, ID: "i-2"}: 5 * time.Second,
		}},
		{"interfaces settle in", w.NetworkInterfacesSettleIn, map[store.ResourceID]time.Duration{
			{AccountID: first, ID: "eni-1"}: time.Minute, {AccountID: first, ID: "eni-2"}: time.Second,
		}},
		{"next status of eni-1", *w.NetworkInterfaces[3].NextStatus, "Available"},
		{"queue number of eni-1", *w.NetworkInterfaces[3].QueueNumber, 4},
		{"next status of eni-2", *w.NetworkInterfaces[4].NextStatus, "Deleted"},
		{
			"eni-2 managed, deleted on release",
			[2]bool{w.NetworkInterfaces[4].ServiceManaged, w.NetworkInterfaces[4].DeleteOnRelease},
			[2]bool{true, false},
		},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.what, c.got, c.want)
		}
	}
}

// Each interface has another MAC address, and the same file gives the same ones.
func TestMACAddressesAreUniqueAndStable(t *testing.T) {
	t.Parallel()
	file := network + `        network_interfaces:
          - {id: "eni-{n}", count: 20000, vswitch: vsw-h, security_groups: [sg-main]}
`
	w := parse(t, file)
	seen := map[string]string{}
	for _, n := range w.NetworkInterfaces {
		if !strings.HasPrefix(n.MACAddress, "00:16:3e:") || len(n.MACAddress) != 17 {
			t.Fatalf("%s: got MAC %q, want one that starts with 00:16:3e:", n.ID, n.MACAddress)
		}
		if other, taken := seen[n.MACAddress]; taken {
			t.Fatalf("got MAC %s for %s and %s, want different ones", n.MACAddress, other, n.ID)
		}
		seen[n.MACAddress] = n.ID
	}
	if again := parse(t, file); !reflect.DeepEqual(w, again) {
		t.Error("the same file again: got another world, want the same")
	}
}

// Anchors, aliases and merge keys of YAML work.
func TestAnchorsAndMergeKeys(t *testing.T) {
	t.Parallel()
	w := parse(t, network+`        network_interfaces:
          - &free {id: eni-a, vswitch: vsw-h, security_groups: &groups [sg-main], tags: {a: b}}
          - {<<: *free, id: eni-b}
          - {id: eni-c, <<: [{vswitch: vsw-i}, *free]}
          - {id: eni-d, vswitch: vsw-h, security_groups: *groups}
`)
	want := `eni-a Secondary Available sg-main 10.0.0.1
eni-b Secondary Available sg-main 10.0.0.2
eni-c Secondary Available sg-main 10.1.0.1
eni-d Secondary Available sg-main 10.0.0.3`
	if got := lines(w); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Each interface gets its own primary address, and as many addresses as the file asks for: inside
// the VSwitch, not reserved, and each of them once. The VSwitch and the interfaces are random.
func TestAddressesAreAssignedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(24, 29).Draw(t, "mask")
		block := netip.PrefixFrom(netip.MustParseAddr("10.0.3.0"), bits)
		size := 1 << (32 - bits)
		var file strings.Builder
		fmt.Fprintf(&file, `enisim: 1
accounts:
  - id: "1000000000000001"
    regions:
      - id: cn-hangzhou
        vpcs:
          - {id: vpc-1, cidr_block: 10.0.0.0/16, vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: %s}], security_groups: [{id: sg-1}]}
        network_interfaces:
`, block)
		named := rapid.SliceOfNDistinct(rapid.IntRange(1, size-4), 0, 8, rapid.ID).Draw(t, "named")
		wanted := 0
		for i := range rapid.IntRange(1, 8).Draw(t, "interfaces") {
			mine := named[:min(len(named), rapid.IntRange(0, 2).Draw(t, "of its own"))]
			named = named[len(mine):]
			more := rapid.IntRange(0, 2).Draw(t, "more")
			addresses := make([]string, len(mine))
			for j, offset := range mine {
				addresses[j] = fmt.Sprintf("10.0.3.%d", offset)
			}
			fmt.Fprintf(&file, "          - {id: eni-%d, vswitch: vsw-1, security_groups: [sg-1], "+
				"private_ip_addresses: [%s], secondary_private_ip_address_count: %d}\n", i,
				strings.Join(addresses, ", "), more)
			wanted += max(len(mine), 1) + more
		}
		sc, err := scenario.Parse("s.yaml", []byte(file.String()))
		if full := wanted > size-4; (err != nil) != full {
			t.Fatalf("got error %v, want one only if %d addresses are more than %d, in\n%s",
				err, wanted, size-4, file.String())
		}
		if err != nil {
			return
		}
		checkAddresses(t, sc.World(), block, wanted)
	})
}

// checkAddresses checks the number of addresses, and the conditions on each of them.
func checkAddresses(t *rapid.T, w *world.World, block netip.Prefix, wanted int) {
	if got := len(w.PrivateIPAddresses); got != wanted {
		t.Errorf("got %d addresses, want %d", got, wanted)
	}
	reserved := []byte{0, 253, 254, 255} // of a /24; a smaller block reserves the same positions
	last := byte(1<<(32-block.Bits()) - 1)
	for i := 1; i < len(reserved); i++ {
		reserved[i] &= last
	}
	seen, primaries := map[netip.Addr]bool{}, map[string]int{}
	for _, a := range w.PrivateIPAddresses {
		switch {
		case seen[a.Address]:
			t.Errorf("%s: got it twice, want it once", a.Address)
		case !block.Contains(a.Address):
			t.Errorf("%s: got an address outside of %s", a.Address, block)
		case slices.Contains(reserved, a.Address.As4()[3]):
			t.Errorf("%s: got a reserved address of %s", a.Address, block)
		}
		seen[a.Address] = true
		if a.IsPrimary {
			primaries[a.NetworkInterfaceID]++
		}
	}
	for _, n := range w.NetworkInterfaces {
		if primaries[n.ID] != 1 {
			t.Errorf("%s: got %d primary addresses, want 1", n.ID, primaries[n.ID])
		}
	}
}

// FuzzParse searches for files that crash the parser, or cost more memory than their size allows.
func FuzzParse(f *testing.F) {
	f.Add([]byte(network + web))
	f.Add([]byte("enisim: 1\naccounts: [&a {<<: *a, id: *a}]\n"))
	f.Add([]byte("enisim: 1\naccounts:\n- regions:\n  - instances: [{id: 'i-{n/2:03}', count: 2, tags: {? a : b}}]\n"))
	for _, c := range hostile {
		f.Add([]byte(c.file(300)))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if bytes, _ := allocated(string(file)); bytes > uint64(len(file)*maxAllocatedPerByte+maxAllocatedBase) {
			t.Errorf("a file of %d bytes: got %d bytes of memory, want at most %d a byte",
				len(file), bytes, maxAllocatedPerByte)
		}
		// The limits are narrow, because with those of a file a few bytes can ask for gigabytes.
		sc, err := scenario.ParseFor(account, "s.yaml", file, narrow)
		if (sc == nil) == (err == nil) {
			t.Errorf("got %v and error %v, want exactly one of them", sc, err)
		}
	})
}
