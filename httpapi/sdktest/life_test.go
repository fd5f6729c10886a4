package sdktest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/vpc"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// lifeWorld is an account with a key and nothing else.
const lifeWorld = `
enisim: 1
accounts:
  - id: "1000000000000001"
    access_keys: [{id: LTAIlife00000000001, secret: life-secret}]
    quotas: {network_interfaces_per_region: 1000}
`

var lifeKey = key{"LTAIlife00000000001", "life-secret"}

// A world is made, used and taken down through the API alone, twice in a row, and nothing is left.
func testLife(t *testing.T, s sdk) {
	server := serve(t, []byte(lifeWorld))
	c := s.client(t, server.endpoint, lifeKey)
	for round := range 2 {
		if err := live(c, server.clock, round); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		expectNothingLeft(t, server)
	}
}

// Sixteen lives at once in one account do not meet.
func testLivesAtOnce(t *testing.T, s sdk) {
	server := serve(t, []byte(lifeWorld))
	var lives errgroup.Group
	for n := range 16 {
		c := s.client(t, server.endpoint, lifeKey) // each its own: a client of the Go SDK is for one caller at a time
		lives.Go(func() error {
			if err := live(c, server.clock, n); err != nil {
				return fmt.Errorf("life %d: %w", n, err)
			}
			return nil
		})
	}
	if err := lives.Wait(); err != nil {
		t.Fatal(err)
	}
	expectNothingLeft(t, server)
}

// expectNothingLeft asks the tables. A row of an interface that is gone may stay until somebody needs its place, and its VSwitch's deletion does.
func expectNothingLeft(t *testing.T, s *server) {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `
		SELECT 'vpc ' || id FROM vpcs
		UNION ALL SELECT 'vswitch ' || id FROM vswitches
		UNION ALL SELECT 'security group ' || id FROM security_groups
		UNION ALL SELECT 'rule ' || id FROM security_group_rules
		UNION ALL SELECT 'instance ' || id FROM instances
		UNION ALL SELECT 'interface ' || id FROM network_interfaces
		UNION ALL SELECT 'address ' || host(address) FROM private_ip_addresses
		UNION ALL SELECT 'prefix ' || prefix FROM ip_prefixes`)
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left over: %s", strings.Join(left, ", "))
	}
}

// life is one worker's way through the API. The first failure ends it.
type life struct {
	client
	clock *clock
	n     int
	err   error
}

// call sends a request and reads the reply, unless something failed before.
func (l *life) call(request requests.AcsRequest, response responses.AcsResponse) {
	if l.err != nil {
		return
	}
	if err := l.do(request, response); err != nil {
		l.err = fmt.Errorf("%s: %w", request.GetActionName(), err)
	}
}

// expect compares what was read with what was written.
func (l *life) expect(what string, got, want any) {
	if l.err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
		l.err = fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// await lets time go by until a status is there.
func (l *life) await(what, want string, status func() string) {
	var got string
	for range 60 {
		if got = status(); l.err != nil || got == want {
			return
		}
		l.clock.advance(time.Second)
	}
	l.err = fmt.Errorf("%s: still %s, want %s", what, got, want)
}

// live goes the way of an infrastructure tool and a controller: VPC, VSwitch, group, instance, interface, attach, addresses, tags; then all the way
// back. Blocks and names follow from n.
func live(c client, clock *clock, n int) error {
	l := &life{client: c, clock: clock, n: n}
	vpcID := l.makeVPC()
	vswitchID, block := l.makeVSwitch(vpcID)
	groupID := l.makeGroup(vpcID)
	instanceID := l.runInstance(vswitchID, groupID)
	eniID := l.makeInterface(vswitchID, groupID, block)

	l.move(eniID, instanceID)
	l.assignAddresses(eniID, block)
	l.tag(eniID)
	l.leave(eniID, instanceID)

	l.refuses("InvalidOperation.InvalidEniType", func() { l.deleteInterface(l.held(instanceID)) })
	l.deleteInterface(eniID)
	l.await("interface "+eniID, "", func() string { return l.interfaceStatus(eniID) })
	l.stopAndDelete(instanceID)

	l.refuses("DependencyViolation", func() { l.deleteVPC(vpcID) })
	deleteGroup := ecs.CreateDeleteSecurityGroupRequest()
	deleteGroup.RegionId, deleteGroup.SecurityGroupId = "cn-hangzhou", groupID
	l.call(deleteGroup, ecs.CreateDeleteSecurityGroupResponse())
	deleteVSwitch := vpc.CreateDeleteVSwitchRequest()
	deleteVSwitch.RegionId, deleteVSwitch.VSwitchId = "cn-hangzhou", vswitchID
	l.call(deleteVSwitch, vpc.CreateDeleteVSwitchResponse())
	l.deleteVPC(vpcID)
	l.await("VPC "+vpcID, "", func() string { return l.vpcStatus(vpcID) })
	return l.err
}

// refuses expects one call to fail with a code that begins so, and goes on.
func (l *life) refuses(code string, try func()) {
	if l.err != nil {
		return
	}
	try()
	if l.err == nil {
		l.err = fmt.Errorf("a call succeeded that should answer %s", code)
	} else if strings.Contains(l.err.Error(), code) {
		l.err = nil
	}
}

func (l *life) makeVPC() string {
	create, created := vpc.CreateCreateVpcRequest(), vpc.CreateCreateVpcResponse()
	create.RegionId, create.CidrBlock = "cn-hangzhou", "172.16.0.0/12"
	create.VpcName, create.Description = fmt.Sprintf("life-%d", l.n), "of a test"
	create.EnableIpv6 = requests.NewBoolean(true)
	create.ClientToken = fmt.Sprintf("vpc-%d-%d", l.n, time.Now().UnixNano())
	l.call(create, created)
	again := vpc.CreateCreateVpcResponse()
	l.call(create, again) // the answer to the first got lost
	l.expect("VPC of the repeated request", again.VpcId, created.VpcId)
	l.await("VPC", "Available", func() string { return l.vpcStatus(created.VpcId) })

	modify := vpc.CreateModifyVpcAttributeRequest()
	modify.RegionId, modify.VpcId, modify.VpcName = "cn-hangzhou", created.VpcId, "renamed"
	l.call(modify, vpc.CreateModifyVpcAttributeResponse())
	read, attribute := vpc.CreateDescribeVpcAttributeRequest(), vpc.CreateDescribeVpcAttributeResponse()
	read.RegionId, read.VpcId = "cn-hangzhou", created.VpcId
	l.call(read, attribute)
	l.expect("VPC", []string{attribute.VpcName, attribute.Description, attribute.CidrBlock}, []string{"renamed", "of a test", "172.16.0.0/12"})
	tables, listed := vpc.CreateDescribeRouteTableListRequest(), vpc.CreateDescribeRouteTableListResponse()
	tables.RegionId, tables.VpcId = "cn-hangzhou", created.VpcId
	l.call(tables, listed)
	if l.err == nil && (len(listed.RouterTableList.RouterTableListType) != 1 || listed.RouterTableList.RouterTableListType[0].RouteTableId != created.RouteTableId) {
		l.err = fmt.Errorf("route tables of the VPC: got %+v, want %s", listed.RouterTableList, created.RouteTableId)
	}
	return created.VpcId
}

func (l *life) vpcStatus(id string) string {
	read, listed := vpc.CreateDescribeVpcsRequest(), vpc.CreateDescribeVpcsResponse()
	read.RegionId, read.VpcId = "cn-hangzhou", id
	l.call(read, listed)
	if len(listed.Vpcs.Vpc) == 0 {
		return ""
	}
	return listed.Vpcs.Vpc[0].Status
}

func (l *life) deleteVPC(id string) {
	request := vpc.CreateDeleteVpcRequest()
	request.RegionId, request.VpcId = "cn-hangzhou", id
	l.call(request, vpc.CreateDeleteVpcResponse())
}

func (l *life) makeVSwitch(vpcID string) (id string, block netip.Prefix) {
	block = netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(l.n), 0}), 24)
	create, created := vpc.CreateCreateVSwitchRequest(), vpc.CreateCreateVSwitchResponse()
	create.RegionId, create.VpcId, create.ZoneId, create.CidrBlock = "cn-hangzhou", vpcID, "cn-hangzhou-h", block.String()
	create.VSwitchName, create.Ipv6CidrBlock = "nodes", requests.NewInteger(7)
	l.call(create, created)
	read, attributes := vpc.CreateDescribeVSwitchAttributesRequest(), vpc.CreateDescribeVSwitchAttributesResponse()
	read.RegionId, read.VSwitchId = "cn-hangzhou", created.VSwitchId
	l.await("VSwitch", "Available", func() string {
		l.call(read, attributes)
		return attributes.Status
	})
	l.expect("VSwitch", []any{attributes.VSwitchName, attributes.CidrBlock, attributes.ZoneId, attributes.AvailableIpAddressCount},
		[]any{"nodes", block.String(), "cn-hangzhou-h", 252})
	return created.VSwitchId, block
}

func (l *life) makeGroup(vpcID string) string {
	create, created := ecs.CreateCreateSecurityGroupRequest(), ecs.CreateCreateSecurityGroupResponse()
	create.RegionId, create.VpcId, create.SecurityGroupName = "cn-hangzhou", vpcID, "nodes"
	l.call(create, created)
	allow := ecs.CreateAuthorizeSecurityGroupRequest()
	allow.RegionId, allow.SecurityGroupId = "cn-hangzhou", created.SecurityGroupId
	allow.IpProtocol, allow.PortRange, allow.SourceCidrIp = "tcp", "22/22", "0.0.0.0/0"
	l.call(allow, ecs.CreateAuthorizeSecurityGroupResponse())
	read, attribute := ecs.CreateDescribeSecurityGroupAttributeRequest(), ecs.CreateDescribeSecurityGroupAttributeResponse()
	read.RegionId, read.SecurityGroupId = "cn-hangzhou", created.SecurityGroupId
	l.call(read, attribute)
	if l.err == nil && (len(attribute.Permissions.Permission) != 1 || attribute.Permissions.Permission[0].PortRange != "22/22") {
		l.err = fmt.Errorf("rules: got %+v, want the one of port 22", attribute.Permissions)
	}
	return created.SecurityGroupId
}

func (l *life) runInstance(vswitchID, groupID string) string {
	run, ran := ecs.CreateRunInstancesRequest(), ecs.CreateRunInstancesResponse()
	run.RegionId, run.VSwitchId, run.SecurityGroupId = "cn-hangzhou", vswitchID, groupID
	run.ImageId, run.InstanceType = "aliyun_3_x64_20G_alibase_20240819.vhd", "ecs.g6.large"
	run.InstanceName, run.Amount = fmt.Sprintf("node-%d", l.n), requests.NewInteger(1)
	run.Tag = &[]ecs.RunInstancesTag{{Key: "life", Value: fmt.Sprint(l.n)}}
	l.call(run, ran)
	if l.err != nil || len(ran.InstanceIdSets.InstanceIdSet) != 1 {
		l.expect("instances that run", len(ran.InstanceIdSets.InstanceIdSet), 1)
		return ""
	}
	id := ran.InstanceIdSets.InstanceIdSet[0]
	l.await("instance "+id, "Running", func() string { return l.instance(id).Status })
	i := l.instance(id)
	l.expect("instance", []any{i.InstanceName, i.VpcAttributes.VSwitchId, i.SecurityGroupIds.SecurityGroupId, len(i.NetworkInterfaces.NetworkInterface), i.Tags.Tag},
		[]any{run.InstanceName, vswitchID, []string{groupID}, 1, []ecs.Tag{{TagKey: "life", TagValue: fmt.Sprint(l.n)}}})
	disks, listed := ecs.CreateDescribeDisksRequest(), ecs.CreateDescribeDisksResponse()
	disks.RegionId, disks.InstanceId = "cn-hangzhou", id
	l.call(disks, listed)
	l.expect("disks", len(listed.Disks.Disk), 1)
	return id
}

func (l *life) instance(id string) ecs.Instance {
	listed := ecs.CreateDescribeInstancesResponse()
	l.call(instanceQuery{RegionID: "cn-hangzhou", InstanceIDs: `["` + id + `"]`}.request(), listed)
	if len(listed.Instances.Instance) == 0 {
		return ecs.Instance{}
	}
	return listed.Instances.Instance[0]
}

// held is the primary interface of an instance.
func (l *life) held(instanceID string) string {
	interfaces := l.instance(instanceID).NetworkInterfaces.NetworkInterface
	l.expect("interfaces of the instance", len(interfaces), 1)
	if l.err != nil {
		return ""
	}
	return interfaces[0].NetworkInterfaceId
}

func (l *life) makeInterface(vswitchID, groupID string, block netip.Prefix) string {
	chosen := block.Addr().Next().Next().Next().Next().Next().Next().Next().Next().Next().String() // .9
	create, created := ecs.CreateCreateNetworkInterfaceRequest(), ecs.CreateCreateNetworkInterfaceResponse()
	create.RegionId, create.VSwitchId, create.SecurityGroupId = "cn-hangzhou", vswitchID, groupID
	create.NetworkInterfaceName, create.Description, create.PrimaryIpAddress = "second", "of a test", chosen
	create.Tag = &[]ecs.CreateNetworkInterfaceTag{{Key: "life", Value: fmt.Sprint(l.n)}}
	l.call(create, created)
	l.expect("interface that is new", []string{created.Status, created.PrivateIpAddress}, []string{"Available", chosen})
	l.expect("interface that is read", l.interfaceStatus(created.NetworkInterfaceId), "Available")
	return created.NetworkInterfaceId
}

// networkInterface is an interface as a list shows it; the zero value for one that is gone.
func (l *life) networkInterface(id string) ecs.NetworkInterfaceSet {
	listed := ecs.CreateDescribeNetworkInterfacesResponse()
	l.call(networkInterfaceQuery{RegionID: "cn-hangzhou", NetworkInterfaceIDs: []string{id}}.request(), listed)
	if len(listed.NetworkInterfaceSets.NetworkInterfaceSet) == 0 {
		return ecs.NetworkInterfaceSet{}
	}
	return listed.NetworkInterfaceSets.NetworkInterfaceSet[0]
}

// interfaceStatus is "" for one that is gone.
func (l *life) interfaceStatus(id string) string {
	return l.networkInterface(id).Status
}

// move attaches the interface at once, as CNI plug-ins do, and waits until it is in use.
func (l *life) move(eniID, instanceID string) {
	request := ecs.CreateAttachNetworkInterfaceRequest()
	request.RegionId, request.InstanceId, request.NetworkInterfaceId = "cn-hangzhou", instanceID, eniID
	l.call(request, ecs.CreateAttachNetworkInterfaceResponse())
	l.refuses("InvalidOperation.InvalidEniState", func() { l.deleteInterface(eniID) })
	l.await("interface "+eniID, "InUse", func() string { return l.interfaceStatus(eniID) })
	n := l.networkInterface(eniID)
	l.expect("place", []any{n.InstanceId, n.Attachment.DeviceIndex}, []any{instanceID, 1})
}

func (l *life) leave(eniID, instanceID string) {
	request := ecs.CreateDetachNetworkInterfaceRequest()
	request.RegionId, request.InstanceId, request.NetworkInterfaceId = "cn-hangzhou", instanceID, eniID
	l.call(request, ecs.CreateDetachNetworkInterfaceResponse())
	l.await("interface "+eniID, "Available", func() string { return l.interfaceStatus(eniID) })
}

// assignAddresses gives the interface two addresses of either family and a chosen one, and takes one back.
func (l *life) assignAddresses(eniID string, block netip.Prefix) {
	count := ecs.CreateAssignPrivateIpAddressesRequest()
	count.RegionId, count.NetworkInterfaceId, count.SecondaryPrivateIpAddressCount = "cn-hangzhou", eniID, requests.NewInteger(2)
	assigned := ecs.CreateAssignPrivateIpAddressesResponse()
	l.call(count, assigned)
	given := assigned.AssignedPrivateIpAddressesSet.PrivateIpSet.PrivateIpAddress
	l.expect("addresses that were assigned", len(given), 2)
	chosen := netip.AddrFrom4([4]byte{172, 16, byte(l.n), 200}).String()
	named := ecs.CreateAssignPrivateIpAddressesRequest()
	named.RegionId, named.NetworkInterfaceId, named.PrivateIpAddress = "cn-hangzhou", eniID, &[]string{chosen}
	l.call(named, ecs.CreateAssignPrivateIpAddressesResponse())
	six := ecs.CreateAssignIpv6AddressesRequest()
	six.RegionId, six.NetworkInterfaceId, six.Ipv6AddressCount = "cn-hangzhou", eniID, requests.NewInteger(1)
	l.call(six, ecs.CreateAssignIpv6AddressesResponse())
	if l.err != nil {
		return
	}
	back := ecs.CreateUnassignPrivateIpAddressesRequest()
	back.RegionId, back.NetworkInterfaceId, back.PrivateIpAddress = "cn-hangzhou", eniID, &[]string{given[0]}
	l.call(back, ecs.CreateUnassignPrivateIpAddressesResponse())

	n := l.networkInterface(eniID)
	var got []string
	for _, set := range n.PrivateIpSets.PrivateIpSet {
		got = append(got, set.PrivateIpAddress)
		l.expect("address in its block", block.Contains(netip.MustParseAddr(set.PrivateIpAddress)), true)
	}
	want := []string{n.PrivateIpAddress, given[1], chosen}
	slices.Sort(got)
	slices.Sort(want)
	l.expect("addresses", got, want)
	l.expect("IPv6 addresses", len(n.Ipv6Sets.Ipv6Set), 1)
}

func (l *life) tag(eniID string) {
	tag := ecs.CreateTagResourcesRequest()
	tag.RegionId, tag.ResourceType, tag.ResourceId = "cn-hangzhou", "eni", &[]string{eniID}
	tag.Tag = &[]ecs.TagResourcesTag{{Key: "owner", Value: "test"}}
	l.call(tag, ecs.CreateTagResourcesResponse())
	untag := ecs.CreateUntagResourcesRequest()
	untag.RegionId, untag.ResourceType, untag.ResourceId, untag.TagKey = "cn-hangzhou", "eni", &[]string{eniID}, &[]string{"life"}
	l.call(untag, ecs.CreateUntagResourcesResponse())
	list, listed := ecs.CreateListTagResourcesRequest(), ecs.CreateListTagResourcesResponse()
	list.RegionId, list.ResourceType, list.ResourceId = "cn-hangzhou", "eni", &[]string{eniID}
	l.call(list, listed)
	var got []string
	for _, tagged := range listed.TagResources.TagResource {
		got = append(got, tagged.ResourceId+" "+tagged.TagKey+"="+tagged.TagValue)
	}
	l.expect("tags", got, []string{eniID + " owner=test"})
}

func (l *life) deleteInterface(id string) {
	request := ecs.CreateDeleteNetworkInterfaceRequest()
	request.RegionId, request.NetworkInterfaceId = "cn-hangzhou", id
	l.call(request, ecs.CreateDeleteNetworkInterfaceResponse())
}

func (l *life) stopAndDelete(instanceID string) {
	remove := ecs.CreateDeleteInstanceRequest()
	remove.InstanceId = instanceID
	l.refuses("IncorrectInstanceStatus", func() { l.call(remove, ecs.CreateDeleteInstanceResponse()) })
	stop := ecs.CreateStopInstanceRequest()
	stop.InstanceId = instanceID
	l.call(stop, ecs.CreateStopInstanceResponse())
	l.await("instance "+instanceID, "Stopped", func() string { return l.instance(instanceID).Status })
	l.call(remove, ecs.CreateDeleteInstanceResponse())
	l.await("instance "+instanceID, "", func() string { return l.instance(instanceID).Status })
}
