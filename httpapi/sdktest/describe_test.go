package sdktest

import (
	"fmt"
	"net"
	"slices"
	"testing"
	"time"
)

var worldKey = key{"LTAIsdktest00000001", "sdktest-secret"}

// world is a scenario of one account in one region, and what a test adds.
func world(more string) []byte {
	return []byte(`
enisim: 1
accounts:
  - id: "1000000000000005"
    access_keys: [{id: ` + worldKey.id + `, secret: ` + worldKey.secret + `}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            ipv6_cidr_block: 2001:db8:0:100::/56
            vswitches: [{id: vsw-h, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16, ipv6_cidr_block: "2001:db8:0:100::/64"}]
            security_groups: [{id: sg-a}, {id: sg-b}]
` + more)
}

// Everything that is nested or in a list arrives where the SDK looks for it, in the type that it demands.
func testReadNetworkInterface(t *testing.T, s sdk) {
	server := serve(t, world(`
        network_interfaces:
          - {id: eni-1, name: first, description: a b*c~d/e+f中, vswitch: vsw-h, security_groups: [sg-a, sg-b], tags: {team: network},
             secondary_private_ip_address_count: 1, ipv6_address_count: 1}
`))
	reply, err := describeNetworkInterfaces(s.client(t, server.endpoint, worldKey), networkInterfaceQuery{RegionID: "cn-hangzhou"})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(reply.NetworkInterfaceSets.NetworkInterfaceSet); got != 1 {
		t.Fatalf("got %d interfaces, want 1", got)
	}
	n := reply.NetworkInterfaceSets.NetworkInterfaceSet[0]
	var addresses, ipv6, tags []string
	for _, a := range n.PrivateIpSets.PrivateIpSet {
		addresses = append(addresses, fmt.Sprint(a.PrivateIpAddress, " ", a.Primary))
	}
	for _, a := range n.Ipv6Sets.Ipv6Set {
		ipv6 = append(ipv6, a.Ipv6Address)
	}
	for _, tag := range n.Tags.Tag {
		tags = append(tags, tag.TagKey+"="+tag.TagValue)
	}
	for _, field := range []struct {
		name      string
		got, want any
	}{
		{"NetworkInterfaceId", n.NetworkInterfaceId, "eni-1"},
		{"NetworkInterfaceName", n.NetworkInterfaceName, "first"},
		{"Description", n.Description, "a b*c~d/e+f中"},
		{"Status", n.Status, "Available"},
		{"Type", n.Type, "Secondary"},
		{"OwnerId", n.OwnerId, "1000000000000005"},
		{"VpcId", n.VpcId, "vpc-main"},
		{"VSwitchId", n.VSwitchId, "vsw-h"},
		{"ZoneId", n.ZoneId, "cn-hangzhou-h"},
		{"PrivateIpAddress", n.PrivateIpAddress, "10.0.0.1"},
		{"PrivateIpSets", addresses, []string{"10.0.0.1 true", "10.0.0.2 false"}},
		{"Ipv6Sets", ipv6, []string{"2001:db8:0:100::1"}},
		{"SecurityGroupIds", n.SecurityGroupIds.SecurityGroupId, []string{"sg-a", "sg-b"}},
		{"Tags", tags, []string{"team=network"}},
		{"Attachment", n.Attachment.InstanceId, ""},
		{"ServiceManaged", n.ServiceManaged, false},
	} {
		if got, want := fmt.Sprint(field.got), fmt.Sprint(field.want); got != want {
			t.Errorf("%s: got %s, want %s", field.name, got, want)
		}
	}
	if _, err := net.ParseMAC(n.MacAddress); err != nil {
		t.Errorf("MacAddress: %v", err)
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", n.CreationTime); err != nil {
		t.Errorf("CreationTime: %v", err)
	}
}

func testReadInstance(t *testing.T, s sdk) {
	server := serve(t, world(`
        instances: [{id: i-1, name: one, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-a], tags: {team: compute}}]
`))
	reply, err := describeInstances(s.client(t, server.endpoint, worldKey), instanceQuery{RegionID: "cn-hangzhou"})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(reply.Instances.Instance); got != 1 {
		t.Fatalf("got %d instances, want 1", got)
	}
	i := reply.Instances.Instance[0]
	var interfaces, tags []string
	for _, n := range i.NetworkInterfaces.NetworkInterface {
		interfaces = append(interfaces, n.Type+" "+n.PrimaryIpAddress)
	}
	for _, tag := range i.Tags.Tag {
		tags = append(tags, tag.TagKey+"="+tag.TagValue)
	}
	for _, field := range []struct {
		name      string
		got, want any
	}{
		{"InstanceId", i.InstanceId, "i-1"},
		{"InstanceName", i.InstanceName, "one"},
		{"Status", i.Status, "Running"},
		{"InstanceType", i.InstanceType, "ecs.g6.large"},
		{"Cpu", i.Cpu, 2},
		{"Memory", i.Memory, 8192},
		{"RegionId", i.RegionId, "cn-hangzhou"},
		{"ZoneId", i.ZoneId, "cn-hangzhou-h"},
		{"IoOptimized", i.IoOptimized, true},
		{"VpcAttributes.VpcId", i.VpcAttributes.VpcId, "vpc-main"},
		{"VpcAttributes.VSwitchId", i.VpcAttributes.VSwitchId, "vsw-h"},
		{"VpcAttributes.PrivateIpAddress", i.VpcAttributes.PrivateIpAddress.IpAddress, []string{"10.0.0.1"}},
		{"SecurityGroupIds", i.SecurityGroupIds.SecurityGroupId, []string{"sg-a"}},
		{"NetworkInterfaces", interfaces, []string{"Primary 10.0.0.1"}},
		{"Tags", tags, []string{"team=compute"}},
	} {
		if got, want := fmt.Sprint(field.got), fmt.Sprint(field.want); got != want {
			t.Errorf("%s: got %s, want %s", field.name, got, want)
		}
	}
	if _, err := time.Parse("2006-01-02T15:04Z", i.CreationTime); err != nil {
		t.Errorf("CreationTime: %v", err)
	}
}

// Both ways through a list, by token and by number, show each item once.
func testPageThroughInterfaces(t *testing.T, s sdk) {
	server := serve(t, world(`
        instances: [{id: i-1, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-a]}]
        network_interfaces: [{id: "eni-{n:02}", count: 25, vswitch: vsw-h, security_groups: [sg-a]}]
`))
	c := s.client(t, server.endpoint, worldKey)
	expectPages(t, numbered("eni-%02d", 25), func(p page) (listed, error) {
		reply, err := describeNetworkInterfaces(c, networkInterfaceQuery{RegionID: "cn-hangzhou", Type: "Secondary", page: p})
		if err != nil {
			return listed{}, err
		}
		l := listed{next: reply.NextToken, total: reply.TotalCount, number: reply.PageNumber, size: reply.PageSize}
		for _, n := range reply.NetworkInterfaceSets.NetworkInterfaceSet {
			l.ids = append(l.ids, n.NetworkInterfaceId)
		}
		return l, nil
	})
}

func testPageThroughInstances(t *testing.T, s sdk) {
	server := serve(t, world(`
        instances: [{id: "i-{n:02}", count: 25, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-a]}]
`))
	c := s.client(t, server.endpoint, worldKey)
	expectPages(t, numbered("i-%02d", 25), func(p page) (listed, error) {
		reply, err := describeInstances(c, instanceQuery{RegionID: "cn-hangzhou", page: p})
		if err != nil {
			return listed{}, err
		}
		l := listed{next: reply.NextToken, total: reply.TotalCount, number: reply.PageNumber, size: reply.PageSize}
		for _, i := range reply.Instances.Instance {
			l.ids = append(l.ids, i.InstanceId)
		}
		return l, nil
	})
}

// listed is one page of a list.
type listed struct {
	ids                 []string
	next                string
	total, number, size int
}

// numbered are ids with the numbers from 1 to n.
func numbered(format string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf(format, i+1))
	}
	return ids
}

// expectPages goes through a list of 25 by pages of 10, first by token and then by number, one page too far.
func expectPages(t *testing.T, want []string, list func(page) (listed, error)) {
	t.Helper()
	var all []string
	var sizes []int
	for p := (page{MaxResults: 10}); len(sizes) <= len(want); {
		l, err := list(p)
		if err != nil {
			t.Fatalf("by token: %v", err)
		}
		all, sizes = append(all, l.ids...), append(sizes, len(l.ids))
		if p.NextToken = l.next; p.NextToken == "" {
			break
		}
	}
	expectAll(t, "by token", all, want, sizes, []int{10, 10, 5})

	all, sizes = nil, nil
	for number := 1; number <= 4; number++ {
		l, err := list(page{PageNumber: number, PageSize: 10})
		if err != nil {
			t.Fatalf("page %d: %v", number, err)
		}
		if l.total != len(want) || l.number != number || l.size != 10 || l.next != "" {
			t.Errorf("page %d: got TotalCount %d, PageNumber %d, PageSize %d, NextToken %q; want %d, %d, 10, none",
				number, l.total, l.number, l.size, l.next, len(want), number)
		}
		all, sizes = append(all, l.ids...), append(sizes, len(l.ids))
	}
	expectAll(t, "by number", all, want, sizes, []int{10, 10, 5, 0})
}

func expectAll(t *testing.T, way string, ids, wantIDs []string, sizes, wantSizes []int) {
	t.Helper()
	slices.Sort(ids) // in which order a list comes is not promised
	if !slices.Equal(ids, wantIDs) {
		t.Errorf("%s: got %v, want %v", way, ids, wantIDs)
	}
	if !slices.Equal(sizes, wantSizes) {
		t.Errorf("%s: got pages of %v, want %v", way, sizes, wantSizes)
	}
}
