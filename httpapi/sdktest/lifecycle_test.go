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

	"enisim.alt/service/worldtest"
)

// lifecycleWorld has an account with a key and nothing else.
func lifecycleWorld() *worldtest.World {
	return worldtest.New("1000000000000001",
		worldtest.Set("quotas", map[string]any{"network_interfaces_per_region": 1000})).
		AccessKey(lifecycleKey.id, worldtest.Set("secret", lifecycleKey.secret))
}

var lifecycleKey = key{"LTAIlife00000000001", "life-secret"}

// Resources are created, used and deleted through the API only, twice in a row, and no row remains.
func testLifecycle(t *testing.T, s sdk) {
	server := serveWorld(t, lifecycleWorld())
	c := s.client(t, server.endpoint, lifecycleKey)
	for round := range 2 {
		if err := runLifecycle(c, server.clock, round); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		expectNoRows(t, server)
	}
}

// Sixteen concurrent lifecycles in one account do not affect each other.
func testConcurrentLifecycles(t *testing.T, s sdk) {
	server := serveWorld(t, lifecycleWorld())
	var lifecycles errgroup.Group
	for n := range 16 {
		c := s.client(t, server.endpoint, lifecycleKey) // a client of the Go SDK is for one caller at a time
		lifecycles.Go(func() error {
			if err := runLifecycle(c, server.clock, n); err != nil {
				return fmt.Errorf("lifecycle %d: %w", n, err)
			}
			return nil
		})
	}
	if err := lifecycles.Wait(); err != nil {
		t.Fatal(err)
	}
	expectNoRows(t, server)
}

// expectNoRows checks the tables. The row of a deleted interface may remain until its address is
// needed or its VSwitch is deleted, which happens here.
func expectNoRows(t *testing.T, s *server) {
	t.Helper()
	found, err := s.pool.Query(t.Context(), `
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
	rows, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) > 0 {
		t.Errorf("got %s, want no rows", strings.Join(rows, ", "))
	}
}

// lifecycle is a sequence of calls of one client. The first failure ends it.
type lifecycle struct {
	client
	clock *clock
	n     int
	err   error
}

// call sends a request and decodes the reply, unless an earlier call failed.
func (l *lifecycle) call(request requests.AcsRequest, response responses.AcsResponse) {
	if l.err != nil {
		return
	}
	if err := l.do(request, response); err != nil {
		l.err = fmt.Errorf("%s: %w", request.GetActionName(), err)
	}
}

// expect compares values, unless an earlier call failed.
func (l *lifecycle) expect(what string, got, want any) {
	if l.err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
		l.err = fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// await advances the clock until a status is reached.
func (l *lifecycle) await(what, want string, status func() string) {
	var got string
	for range 60 {
		if got = status(); l.err != nil || got == want {
			return
		}
		l.clock.advance(time.Second)
	}
	l.err = fmt.Errorf("%s: got %s after a minute, want %s", what, got, want)
}

// runLifecycle calls the API as an infrastructure tool and a controller do: create a VPC, a
// VSwitch, a group, an instance and an interface, attach, assign addresses, set tags, and delete
// all of it. CIDR blocks and names follow from n.
func runLifecycle(c client, clock *clock, n int) error {
	l := &lifecycle{client: c, clock: clock, n: n}
	vpcID := l.createVPC()
	vswitchID, block := l.createVSwitch(vpcID)
	groupID := l.createSecurityGroup(vpcID)
	instanceID := l.runInstance(vswitchID, groupID)
	eniID := l.createInterface(vswitchID, groupID, block)

	l.attach(eniID, instanceID)
	l.assignAddresses(eniID, block)
	l.tag(eniID)
	l.detach(eniID, instanceID)

	l.expectError("InvalidOperation.InvalidEniType", func() { l.deleteInterface(l.primaryInterface(instanceID)) })
	l.deleteInterface(eniID)
	l.await("interface "+eniID, "", func() string { return l.interfaceStatus(eniID) })
	l.stopAndDelete(instanceID)

	l.expectError("DependencyViolation", func() { l.deleteVPC(vpcID) })
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

// expectError expects that a call fails with a code. The lifecycle continues.
func (l *lifecycle) expectError(code string, try func()) {
	if l.err != nil {
		return
	}
	try()
	if l.err == nil {
		l.err = fmt.Errorf("got a success, want %s", code)
	} else if strings.Contains(l.err.Error(), code) {
		l.err = nil
	}
}

// createVPC creates a VPC twice with one token, changes it, and reads it and its route table.
func (l *lifecycle) createVPC() string {
	create, created := vpc.CreateCreateVpcRequest(), vpc.CreateCreateVpcResponse()
	create.RegionId, create.CidrBlock = "cn-hangzhou", "172.16.0.0/12"
	create.VpcName, create.Description = fmt.Sprintf("life-%d", l.n), "of a test"
	create.EnableIpv6 = requests.NewBoolean(true)
	create.ClientToken = fmt.Sprintf("vpc-%d-%d", l.n, time.Now().UnixNano())
	l.call(create, created)
	again := vpc.CreateCreateVpcResponse()
	l.call(create, again) // a retry, as after a lost reply
	l.expect("VPC of the repeated request", again.VpcId, created.VpcId)
	l.await("VPC", "Available", func() string { return l.vpcStatus(created.VpcId) })

	modify := vpc.CreateModifyVpcAttributeRequest()
	modify.RegionId, modify.VpcId, modify.VpcName = "cn-hangzhou", created.VpcId, "renamed"
	l.call(modify, vpc.CreateModifyVpcAttributeResponse())
	read, attribute := vpc.CreateDescribeVpcAttributeRequest(), vpc.CreateDescribeVpcAttributeResponse()
	read.RegionId, read.VpcId = "cn-hangzhou", created.VpcId
	l.call(read, attribute)
	l.expect("VPC", []string{attribute.VpcName, attribute.Description, attribute.CidrBlock},
		[]string{"renamed", "of a test", "172.16.0.0/12"})
	tables, listed := vpc.CreateDescribeRouteTableListRequest(), vpc.CreateDescribeRouteTableListResponse()
	tables.RegionId, tables.VpcId = "cn-hangzhou", created.VpcId
	l.call(tables, listed)
	if l.err == nil && (len(listed.RouterTableList.RouterTableListType) != 1 ||
		listed.RouterTableList.RouterTableListType[0].RouteTableId != created.RouteTableId) {
		l.err = fmt.Errorf("route tables of the VPC: got %+v, want %s", listed.RouterTableList, created.RouteTableId)
	}
	return created.VpcId
}

// vpcStatus returns the status of a VPC, or "" if it does not exist.
func (l *lifecycle) vpcStatus(id string) string {
	read, listed := vpc.CreateDescribeVpcsRequest(), vpc.CreateDescribeVpcsResponse()
	read.RegionId, read.VpcId = "cn-hangzhou", id
	l.call(read, listed)
	if len(listed.Vpcs.Vpc) == 0 {
		return ""
	}
	return listed.Vpcs.Vpc[0].Status
}

func (l *lifecycle) deleteVPC(id string) {
	request := vpc.CreateDeleteVpcRequest()
	request.RegionId, request.VpcId = "cn-hangzhou", id
	l.call(request, vpc.CreateDeleteVpcResponse())
}

// createVSwitch creates a VSwitch with an IPv6 block and reads it.
func (l *lifecycle) createVSwitch(vpcID string) (id string, block netip.Prefix) {
	block = netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(l.n), 0}), 24)
	create, created := vpc.CreateCreateVSwitchRequest(), vpc.CreateCreateVSwitchResponse()
	create.RegionId, create.VpcId, create.ZoneId, create.CidrBlock = "cn-hangzhou", vpcID, "cn-hangzhou-h",
		block.String()
	create.VSwitchName, create.Ipv6CidrBlock = "nodes", requests.NewInteger(7)
	l.call(create, created)
	read, attributes := vpc.CreateDescribeVSwitchAttributesRequest(), vpc.CreateDescribeVSwitchAttributesResponse()
	read.RegionId, read.VSwitchId = "cn-hangzhou", created.VSwitchId
	l.await("VSwitch", "Available", func() string {
		l.call(read, attributes)
		return attributes.Status
	})
	l.expect("VSwitch", []any{attributes.VSwitchName, attributes.CidrBlock, attributes.ZoneId,
		attributes.AvailableIpAddressCount},
		[]any{"nodes", block.String(), "cn-hangzhou-h", 252})
	return created.VSwitchId, block
}

// createSecurityGroup creates a security group with one rule and reads it.
func (l *lifecycle) createSecurityGroup(vpcID string) string {
	create, created := ecs.CreateCreateSecurityGroupRequest(), ecs.CreateCreateSecurityGroupResponse()
	create.RegionId, create.VpcId, create.SecurityGroupName = "cn-hangzhou", vpcID, "nodes"
	l.call(create, created)
	allow := ecs.CreateAuthorizeSecurityGroupRequest()
	allow.RegionId, allow.SecurityGroupId = "cn-hangzhou", created.SecurityGroupId
	allow.IpProtocol, allow.PortRange, allow.SourceCidrIp = "tcp", "22/22", "0.0.0.0/0"
	l.call(allow, ecs.CreateAuthorizeSecurityGroupResponse())
	read, attribute := ecs.CreateDescribeSecurityGroupAttributeRequest(),
		ecs.CreateDescribeSecurityGroupAttributeResponse()
	read.RegionId, read.SecurityGroupId = "cn-hangzhou", created.SecurityGroupId
	l.call(read, attribute)
	if l.err == nil && (len(attribute.Permissions.Permission) != 1 ||
		attribute.Permissions.Permission[0].PortRange != "22/22") {
		l.err = fmt.Errorf("rules: got %+v, want one for port 22", attribute.Permissions)
	}
	return created.SecurityGroupId
}

// runInstance launches an instance, waits until it is Running, and reads it and its disk.
func (l *lifecycle) runInstance(vswitchID, groupID string) string {
	run, ran := ecs.CreateRunInstancesRequest(), ecs.CreateRunInstancesResponse()
	run.RegionId, run.VSwitchId, run.SecurityGroupId = "cn-hangzhou", vswitchID, groupID
	run.ImageId, run.InstanceType = "aliyun_3_x64_20G_alibase_20240819.vhd", "ecs.g6.large"
	run.InstanceName, run.Amount = fmt.Sprintf("node-%d", l.n), requests.NewInteger(1)
	run.Tag = &[]ecs.RunInstancesTag{{Key: "life", Value: fmt.Sprint(l.n)}}
	l.call(run, ran)
	if l.err != nil || len(ran.InstanceIdSets.InstanceIdSet) != 1 {
		l.expect("launched instances", len(ran.InstanceIdSets.InstanceIdSet), 1)
		return ""
	}
	id := ran.InstanceIdSets.InstanceIdSet[0]
	l.await("instance "+id, "Running", func() string { return l.instance(id).Status })
	i := l.instance(id)
	l.expect("instance", []any{i.InstanceName, i.VpcAttributes.VSwitchId, i.SecurityGroupIds.SecurityGroupId,
		len(i.NetworkInterfaces.NetworkInterface), i.Tags.Tag},
		[]any{run.InstanceName, vswitchID, []string{groupID}, 1,
			[]ecs.Tag{{TagKey: "life", TagValue: fmt.Sprint(l.n)}}})
	disks, listed := ecs.CreateDescribeDisksRequest(), ecs.CreateDescribeDisksResponse()
	disks.RegionId, disks.InstanceId = "cn-hangzhou", id
	l.call(disks, listed)
	l.expect("disks", len(listed.Disks.Disk), 1)
	return id
}

// instance returns an instance, or the zero value if it does not exist.
func (l *lifecycle) instance(id string) ecs.Instance {
	listed := ecs.CreateDescribeInstancesResponse()
	l.call(instanceQuery{RegionID: "cn-hangzhou", InstanceIDs: `["` + id + `"]`}.request(), listed)
	if len(listed.Instances.Instance) == 0 {
		return ecs.Instance{}
	}
	return listed.Instances.Instance[0]
}

// primaryInterface returns the id of the only interface of an instance.
func (l *lifecycle) primaryInterface(instanceID string) string {
	interfaces := l.instance(instanceID).NetworkInterfaces.NetworkInterface
	l.expect("interfaces of the instance", len(interfaces), 1)
	if l.err != nil {
		return ""
	}
	return interfaces[0].NetworkInterfaceId
}

// createInterface creates an interface with a given address and reads it.
func (l *lifecycle) createInterface(vswitchID, groupID string, block netip.Prefix) string {
	chosen := block.Addr().Next().Next().Next().Next().Next().Next().Next().Next().Next().String() // .9
	create, created := ecs.CreateCreateNetworkInterfaceRequest(), ecs.CreateCreateNetworkInterfaceResponse()
	create.RegionId, create.VSwitchId, create.SecurityGroupId = "cn-hangzhou", vswitchID, groupID
	create.NetworkInterfaceName, create.Description, create.PrimaryIpAddress = "second", "of a test", chosen
	create.Tag = &[]ecs.CreateNetworkInterfaceTag{{Key: "life", Value: fmt.Sprint(l.n)}}
	l.call(create, created)
	l.expect("new interface", []string{created.Status, created.PrivateIpAddress}, []string{"Available", chosen})
	l.expect("status of the new interface", l.interfaceStatus(created.NetworkInterfaceId), "Available")
	return created.NetworkInterfaceId
}

// networkInterface returns an interface, or the zero value if it does not exist.
func (l *lifecycle) networkInterface(id string) ecs.NetworkInterfaceSet {
	listed := ecs.CreateDescribeNetworkInterfacesResponse()
	l.call(networkInterfaceQuery{RegionID: "cn-hangzhou", NetworkInterfaceIDs: []string{id}}.request(), listed)
	if len(listed.NetworkInterfaceSets.NetworkInterfaceSet) == 0 {
		return ecs.NetworkInterfaceSet{}
	}
	return listed.NetworkInterfaceSets.NetworkInterfaceSet[0]
}

// interfaceStatus returns the status of an interface, or "" if it does not exist.
func (l *lifecycle) interfaceStatus(id string) string {
	return l.networkInterface(id).Status
}

// attach attaches the interface, and waits until it is in use. A deletion is refused in between.
func (l *lifecycle) attach(eniID, instanceID string) {
	request := ecs.CreateAttachNetworkInterfaceRequest()
	request.RegionId, request.InstanceId, request.NetworkInterfaceId = "cn-hangzhou", instanceID, eniID
	l.call(request, ecs.CreateAttachNetworkInterfaceResponse())
	l.expectError("InvalidOperation.InvalidEniState", func() { l.deleteInterface(eniID) })
	l.await("interface "+eniID, "InUse", func() string { return l.interfaceStatus(eniID) })
	n := l.networkInterface(eniID)
	l.expect("attachment", []any{n.InstanceId, n.Attachment.DeviceIndex}, []any{instanceID, 1})
}

// detach detaches the interface and waits until it is available.
func (l *lifecycle) detach(eniID, instanceID string) {
	request := ecs.CreateDetachNetworkInterfaceRequest()
	request.RegionId, request.InstanceId, request.NetworkInterfaceId = "cn-hangzhou", instanceID, eniID
	l.call(request, ecs.CreateDetachNetworkInterfaceResponse())
	l.await("interface "+eniID, "Available", func() string { return l.interfaceStatus(eniID) })
}

// assignAddresses assigns two IPv4 addresses, a given one and an IPv6 address, and unassigns one.
func (l *lifecycle) assignAddresses(eniID string, block netip.Prefix) {
	count := ecs.CreateAssignPrivateIpAddressesRequest()
	count.RegionId, count.NetworkInterfaceId, count.SecondaryPrivateIpAddressCount = "cn-hangzhou", eniID,
		requests.NewInteger(2)
	assigned := ecs.CreateAssignPrivateIpAddressesResponse()
	l.call(count, assigned)
	assignedAddresses := assigned.AssignedPrivateIpAddressesSet.PrivateIpSet.PrivateIpAddress
	l.expect("assigned addresses", len(assignedAddresses), 2)
	chosen := netip.AddrFrom4([4]byte{172, 16, byte(l.n), 200}).String()
	named := ecs.CreateAssignPrivateIpAddressesRequest()
	named.RegionId, named.NetworkInterfaceId, named.PrivateIpAddress = "cn-hangzhou", eniID, &[]string{chosen}
	l.call(named, ecs.CreateAssignPrivateIpAddressesResponse())
	assignIPv6 := ecs.CreateAssignIpv6AddressesRequest()
	assignIPv6.RegionId, assignIPv6.NetworkInterfaceId, assignIPv6.Ipv6AddressCount = "cn-hangzhou", eniID,
		requests.NewInteger(1)
	l.call(assignIPv6, ecs.CreateAssignIpv6AddressesResponse())
	if l.err != nil {
		return
	}
	unassign := ecs.CreateUnassignPrivateIpAddressesRequest()
	unassign.RegionId, unassign.NetworkInterfaceId, unassign.PrivateIpAddress = "cn-hangzhou", eniID,
		&[]string{assignedAddresses[0]}
	l.call(unassign, ecs.CreateUnassignPrivateIpAddressesResponse())

	n := l.networkInterface(eniID)
	var got []string
	for _, set := range n.PrivateIpSets.PrivateIpSet {
		got = append(got, set.PrivateIpAddress)
		l.expect("address in the block", block.Contains(netip.MustParseAddr(set.PrivateIpAddress)), true)
	}
	want := []string{n.PrivateIpAddress, assignedAddresses[1], chosen}
	slices.Sort(got)
	slices.Sort(want)
	l.expect("addresses", got, want)
	l.expect("IPv6 addresses", len(n.Ipv6Sets.Ipv6Set), 1)
}

// tag sets a tag, removes another one and lists the tags.
func (l *lifecycle) tag(eniID string) {
	tag := ecs.CreateTagResourcesRequest()
	tag.RegionId, tag.ResourceType, tag.ResourceId = "cn-hangzhou", "eni", &[]string{eniID}
	tag.Tag = &[]ecs.TagResourcesTag{{Key: "owner", Value: "test"}}
	l.call(tag, ecs.CreateTagResourcesResponse())
	untag := ecs.CreateUntagResourcesRequest()
	untag.RegionId, untag.ResourceType, untag.ResourceId, untag.TagKey = "cn-hangzhou", "eni", &[]string{eniID},
		&[]string{"life"}
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

func (l *lifecycle) deleteInterface(id string) {
	request := ecs.CreateDeleteNetworkInterfaceRequest()
	request.RegionId, request.NetworkInterfaceId = "cn-hangzhou", id
	l.call(request, ecs.CreateDeleteNetworkInterfaceResponse())
}

// stopAndDelete stops an instance, which is required before its deletion, and deletes it.
func (l *lifecycle) stopAndDelete(instanceID string) {
	deletion := ecs.CreateDeleteInstanceRequest()
	deletion.InstanceId = instanceID
	l.expectError("IncorrectInstanceStatus", func() { l.call(deletion, ecs.CreateDeleteInstanceResponse()) })
	stop := ecs.CreateStopInstanceRequest()
	stop.InstanceId = instanceID
	l.call(stop, ecs.CreateStopInstanceResponse())
	l.await("instance "+instanceID, "Stopped", func() string { return l.instance(instanceID).Status })
	l.call(deletion, ecs.CreateDeleteInstanceResponse())
	l.await("instance "+instanceID, "", func() string { return l.instance(instanceID).Status })
}
