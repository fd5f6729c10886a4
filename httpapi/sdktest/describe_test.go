package sdktest

import (
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"enisim.alt/service/worldtest"
)

var worldKey = key{"LTAIsdktest00000001", "sdktest-secret"}

// world returns a world of one account in one region, to which a test adds its resources.
func world() *worldtest.World {
	return worldtest.New("1000000000000005").
		AccessKey(worldKey.id, worldtest.Set("secret", worldKey.secret)).
		VPC("vpc-main", "10.0.0.0/8", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/56")).
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/64")).
		SecurityGroup("sg-a").
		SecurityGroup("sg-b")
}

// The SDK reads all fields of an interface, including nested ones and lists, with their types.
func testReadNetworkInterface(t *testing.T, s sdk) {
	server := serveWorld(t, world().
		NetworkInterface("eni-1", worldtest.Groups("sg-a", "sg-b"),
			worldtest.Set("name", "first"),
			worldtest.Set("description", "a b*c~d/e+f中"),
			worldtest.Set("tags", map[string]any{"team": "network"}),
			worldtest.Set("secondary_private_ip_address_count", 1),
			worldtest.Set("ipv6_address_count", 1)))
	reply, err := describeNetworkInterfaces(s.client(t, server.endpoint, worldKey),
		networkInterfaceQuery{RegionID: "cn-hangzhou"})
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

// The SDK reads all fields of an instance.
func testReadInstance(t *testing.T, s sdk) {
	server := serveWorld(t, world().
		Instance("i-1", worldtest.Set("name", "one"), worldtest.Set("tags", map[string]any{"team": "compute"})))
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

// Both kinds of paging, by token and by number, return each interface once.
func testPageThroughInterfaces(t *testing.T, s sdk) {
	server := serveWorld(t, world().
		Instance("i-1").
		NetworkInterface("eni-{n:02}", worldtest.Count(25)))
	c := s.client(t, server.endpoint, worldKey)
	expectPages(t, numbered("eni-%02d", 25), func(p page) (listPage, error) {
		reply, err := describeNetworkInterfaces(c,
			networkInterfaceQuery{RegionID: "cn-hangzhou", Type: "Secondary", page: p})
		if err != nil {
			return listPage{}, err
		}
		l := listPage{next: reply.NextToken, total: reply.TotalCount, number: reply.PageNumber, size: reply.PageSize}
		for _, n := range reply.NetworkInterfaceSets.NetworkInterfaceSet {
			l.ids = append(l.ids, n.NetworkInterfaceId)
		}
		return l, nil
	})
}

// Both kinds of paging return each instance once.
func testPageThroughInstances(t *testing.T, s sdk) {
	server := serveWorld(t, world().
		Instance("i-{n:02}", worldtest.Count(25)))
	c := s.client(t, server.endpoint, worldKey)
	expectPages(t, numbered("i-%02d", 25), func(p page) (listPage, error) {
		reply, err := describeInstances(c, instanceQuery{RegionID: "cn-hangzhou", page: p})
		if err != nil {
			return listPage{}, err
		}
		l := listPage{next: reply.NextToken, total: reply.TotalCount, number: reply.PageNumber, size: reply.PageSize}
		for _, i := range reply.Instances.Instance {
			l.ids = append(l.ids, i.InstanceId)
		}
		return l, nil
	})
}

// listPage is one page of a list.
type listPage struct {
	ids                 []string
	next                string
	total, number, size int
}

// numbered returns n ids with the numbers from 1.
func numbered(format string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf(format, i+1))
	}
	return ids
}

// expectPages reads a list of 25 in pages of 10, first by token and then by number, including a
// page after the end.
func expectPages(t *testing.T, want []string, list func(page) (listPage, error)) {
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

// expectAll compares the ids and the sizes of all pages.
func expectAll(t *testing.T, paging string, ids, wantIDs []string, sizes, wantSizes []int) {
	t.Helper()
	slices.Sort(ids) // the order of a list is not part of the contract
	if !slices.Equal(ids, wantIDs) {
		t.Errorf("%s: got %v, want %v", paging, ids, wantIDs)
	}
	if !slices.Equal(sizes, wantSizes) {
		t.Errorf("%s: got pages of %v, want %v", paging, sizes, wantSizes)
	}
}
