package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"slices"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// lifeWorld has an object for each error of the actions on instances that depends on the world.
var lifeWorld = worldtest.New(goldenAccount,
	worldtest.Set("quotas", map[string]int{"network_interfaces_per_region": 5})).
	AccessKey(goldenKey).
	AccessKey("LTAIexpired00000001", expired).
	RAMUser("allowed", "LTAIramallowed00001", "ecs:*").
	RAMUser("other-action", "LTAIramother0000001", "ecs:Describe*").
	RAMUser("nothing", "LTAIramnothing00001").
	VPC("vpc-main", "10.0.0.0/8", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/56")).
	VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/64")).
	VSwitch("vsw-i", "cn-hangzhou-i", "10.1.0.0/16").
	VSwitch("vsw-four", "cn-hangzhou-h", "10.2.0.0/29").
	SecurityGroup("sg-main").
	SecurityGroup("sg-full", worldtest.Set("instance_limit", 1)).
	SecurityGroup("sg-enterprise", worldtest.Set("type", "enterprise")).
	VPC("vpc-other", "172.16.0.0/12").
	VSwitch("vsw-other", "cn-hangzhou-h", "172.16.0.0/16").
	SecurityGroup("sg-other").
	Instance("i-running", large).
	Instance("i-stopped", large, worldtest.Status("Stopped")).
	Instance("i-starting", large, worldtest.Status("Starting")).
	Instance("i-pending", large, worldtest.Status("Pending")).
	Instance("i-protected", worldtest.Status("Stopped")).
	Instance("i-prepaid", worldtest.Status("Stopped")).
	Instance("i-full", worldtest.Groups("sg-full")).
	Instance("i-two", large, worldtest.Status("Stopped")).
	Instance("i-ipv6", large, worldtest.Status("Stopped")).
	NetworkInterface("eni-free").
	NetworkInterface("eni-elsewhere", worldtest.In("vsw-i")).
	NetworkInterface("eni-four", worldtest.In("vsw-four")).
	NetworkInterface("eni-used", worldtest.AttachedTo("i-two")).
	InstanceType("ecs.one.test", 1, worldtest.Set("private_ipv4_per_eni", 10), worldtest.Set("ipv6_per_eni", 10)).
	InstanceType("ecs.few-addresses.test", 4, worldtest.Set("vcpus", 2), worldtest.Set("memory_gib", 4),
		worldtest.Set("private_ipv4_per_eni", 2), worldtest.Set("ipv6_per_eni", 1)).
	InstanceType("ecs.no-ipv6.test", 4, worldtest.Set("vcpus", 2), worldtest.Set("memory_gib", 4),
		worldtest.Set("private_ipv4_per_eni", 10), worldtest.Set("ipv6_per_eni", 0)).
	String()

// large is the type of an instance with free slots.
var large = worldtest.Type("ecs.g6.2xlarge")

// withLaunchStates adds what a scenario cannot have.
func withLaunchStates(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		UPDATE vswitches SET available_at = '2026-11-22T10:15:31Z' WHERE id = 'vsw-i';
		UPDATE instances SET attributes = '{"DeletionProtection": true}' WHERE id = 'i-protected';
		UPDATE instances SET attributes = '{"InstanceChargeType": "PrePaid"}' WHERE id = 'i-prepaid';
		INSERT INTO private_ip_addresses
		SELECT account_id, 'vsw-h', address::inet, id, false
		FROM network_interfaces, unnest(ARRAY['2001:db8:0:100::1', '2001:db8:0:100::2']) address
		WHERE primary_of = 'i-ipv6';
		INSERT INTO private_ip_addresses
		SELECT account_id, 'vsw-h', address::inet, id, false
		FROM network_interfaces, unnest(ARRAY['10.0.200.1', '10.0.200.2']) address
		WHERE primary_of = 'i-stopped'`)
	return server
}

// withTrunk has an instance whose secondary interface is a trunk.
func withTrunk(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		UPDATE instance_types SET eni_trunk_supported = true WHERE id = 'ecs.g6.2xlarge';
		UPDATE network_interfaces SET type = 'Trunk' WHERE id = 'eni-used';
		WITH secondary AS (DELETE FROM attachments WHERE network_interface_id = 'eni-used' RETURNING *)
		INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id, instance_eni_quantity,
		    device_index, status, trunk_id, held_trunk_id, member_quantity)
		SELECT account_id, network_interface_id, instance_id, vpc_id, zone_id, instance_eni_quantity,
		    device_index, status, network_interface_id, network_interface_id, 3094
		FROM secondary`)
	return server
}

// withInstanceQuota has an account with as many instances as it may have.
func withInstanceQuota(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `UPDATE accounts SET instances_per_region = 9 WHERE id = '`+goldenAccount+`'`)
	return server
}

// withoutStock has types that are sold out, in each of the ways. One of them is that of i-two, which
// was stopped without charge.
func withoutStock(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO disturbances (id, account_id, kind, rule, created_at)
		SELECT 'stock-' || k, '`+goldenAccount+`', 'stock', rule::jsonb, '2026-11-22'
		FROM unnest(ARRAY[
		    '{"instance_type": "ecs.g6.large"}',
		    '{"instance_type": "ecs.g6.xlarge", "zone": "cn-hangzhou-*", "answer": "Zone.NotOnSale"}',
		    '{"instance_type": "ecs.g6.4xlarge", "answer": "InvalidResourceType.NotSupported"}']) WITH ORDINALITY AS r (rule, k);
		UPDATE instances SET instance_type = 'ecs.g6.4xlarge', eni_quantity = 8, attributes = '{"StoppedMode": "StopCharging"}'
		WHERE id = 'i-two'`)
	return server
}

// lockedVSwitches makes a server whose VSwitches are locked for longer than a caller waits.
var lockedVSwitches = holding(`SELECT FROM vswitches FOR UPDATE`)

// newInstance returns the parameters of a valid creation, with changes.
func newInstance(more ...string) []string {
	return inRegion(append([]string{"ImageId", "m-golden", "InstanceType", "ecs.g6.2xlarge", "VSwitchId", "vsw-h", "SecurityGroupId", "sg-main"}, more...)...)
}

// distinctTags returns n tags with different keys.
func distinctTags(n int) (pairs []string) {
	for k := range n {
		pairs = append(pairs, fmt.Sprintf("Tag.%d.Key", k+1), fmt.Sprintf("team-%d", k+1))
	}
	return pairs
}

// instanceRequest returns the parameters of a request on an instance.
func instanceRequest(id string, more ...string) []string {
	return append([]string{"InstanceId", id}, more...)
}

// newInstanceGolden returns the cases that RunInstances and CreateInstance share.
func newInstanceGolden(more ...goldenCase) []goldenCase {
	cases := []goldenCase{
		{name: "MissingParameter", pairs: newInstance("ImageId", "")},
		{name: "InvalidResourceType.NotSupported", pairs: inRegion("ImageId", "m-golden", "InstanceType", "ecs.g6.large", "DryRun", "true")},
		{name: "InvalidParameter", pairs: newInstance("InternetMaxBandwidthOut", "much")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: newInstance("ClientToken", "ü")},
		{name: "InvalidInstanceName.Malformed", pairs: newInstance("InstanceName", "1")},
		{name: "InvalidHostName.Malformed", pairs: newInstance("HostName", "-")},
		{name: "InvalidDescription.Malformed", pairs: newInstance("Description", "http://")},
		{name: "InvalidPrivateIpAddress.Malformed", pairs: newInstance("PrivateIpAddress", "10.0")},
		{name: "Duplicate.TagKey", pairs: newInstance("Tag.1.Key", "a", "Tag.2.Key", "a")},
		{name: "InvalidTagKey.Malformed", pairs: newInstance("Tag.1.Key", "acs:a")},
		{name: "InvalidTagValue.Malformed", pairs: newInstance("Tag.1.Key", "a", "Tag.1.Value", "http://")},
		{name: "QuotaExceed.Tags", pairs: newInstance(distinctTags(21)...)},
		{name: "InvalidRegionId.NotFound", pairs: newInstance("RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: newInstance()},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: newInstance(), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: newInstance()},
		{name: "InvalidImageId.NotFound", pairs: newInstance("ImageId", "nothing")},
		{name: "InvalidInstanceType.ValueNotSupported", pairs: newInstance("InstanceType", "ecs.none")},
		{name: "InvalidZoneId.NotFound", pairs: newInstance("ZoneId", "cn-hangzhou-none")},
		{name: "InvalidVSwitchId.NotFound", pairs: newInstance("VSwitchId", "vsw-none")},
		{name: "InvalidSecurityGroupId.NotFound", pairs: newInstance("SecurityGroupId", "sg-none")},
		{name: "InvalidKeyPairName.NotFound", pairs: newInstance("KeyPairName", "gone"), in: withKeyPair},
		{name: "DependencyViolation.WindowsInstance", in: withKeyPair, pairs: newInstance("KeyPairName", "more-1",
			"ImageId", "win2022_21H2_x64_dtc_en-us_40G_alibase_20240715.vhd")},
		{name: "IncorrectVSwitchStatus", pairs: newInstance("VSwitchId", "vsw-i"), in: withLaunchStates},
		{name: "InvalidParameter.Mismatch", pairs: newInstance("SecurityGroupId", "sg-other")},
		{name: "InvalidPrivateIpAddress", pairs: newInstance("PrivateIpAddress", "10.0.255.253")},
		{name: "InvalidPrivateIpAddress.Duplicated", pairs: newInstance("PrivateIpAddress", "10.0.0.1", "ClientToken", "refused")},
		{name: "IdempotentFailed", pairs: newInstance("PrivateIpAddress", "10.0.0.1", "ClientToken", "refused")},
		{name: "SecurityGroupInstanceLimitExceed", pairs: newInstance("SecurityGroupId", "sg-full")},
		{name: "QuotaExceed.ElasticQuota", pairs: newInstance(), in: withInstanceQuota},
		{name: "OperationDenied.NoStock", pairs: newInstance("InstanceType", "ecs.g6.large"), in: withoutStock},
		{name: "Zone.NotOnSale", pairs: newInstance("InstanceType", "ecs.g6.xlarge"), in: withoutStock},
		{name: "DryRunOperation", pairs: newInstance("DryRun", "true")},
		{name: "OperationConflict", pairs: newInstance(), in: lockedVSwitches},
		{name: "InternalError", pairs: newInstance(), in: broken},
		{name: "ServiceUnavailable", pairs: newInstance(), in: withoutDatabase},
	}
	return casesIn(lifeWorld, append(cases, more...))
}

// lifeGolden returns the cases of an action on one instance. id is an instance that the action
// accepts; more are further cases.
func lifeGolden(id, wrongStatus string, more ...goldenCase) []goldenCase {
	cases := []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: instanceRequest(id, "DryRun", "perhaps")},
		{name: "InvalidRegionId.NotFound", pairs: instanceRequest(id, "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: instanceRequest(id)},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: instanceRequest(id), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: instanceRequest(id)},
		{name: "InvalidInstanceId.NotFound", pairs: instanceRequest("i-none")},
		{name: "IncorrectInstanceStatus", pairs: instanceRequest(wrongStatus)},
		{name: "DryRunOperation", pairs: instanceRequest(id, "DryRun", "true")},
		{name: "OperationConflict", pairs: instanceRequest(id), in: locked},
		{name: "InternalError", pairs: instanceRequest(id), in: withoutTypes},
		{name: "ServiceUnavailable", pairs: instanceRequest(id), in: withoutDatabase},
	}
	return casesIn(lifeWorld, append(cases, more...))
}

// batchRequest returns the parameters of a request on several instances.
func batchRequest(id string, more ...string) []string {
	return inRegion(append([]string{"InstanceId.1", id}, more...)...)
}

// lifeBatchGolden is lifeGolden for an action on several instances.
func lifeBatchGolden(id, wrongStatus string, more ...goldenCase) []goldenCase {
	cases := []goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: inRegion(numbered("InstanceId", 101, id)...)},
		{name: "InvalidRegionId.NotFound", pairs: batchRequest(id, "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: batchRequest(id)},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: batchRequest(id), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: batchRequest(id)},
		{name: "InvalidInstanceId.NotFound", pairs: batchRequest(id, "InstanceId.2", "i-none")},
		{name: "IncorrectInstanceStatus", pairs: batchRequest(id, "InstanceId.2", wrongStatus)},
		{name: "DryRunOperation", pairs: batchRequest(id, "DryRun", "true")},
		{name: "OperationConflict", pairs: batchRequest(id), in: locked},
		{name: "InternalError", pairs: batchRequest(id), in: withoutTypes},
		{name: "ServiceUnavailable", pairs: batchRequest(id), in: withoutDatabase},
	}
	return casesIn(lifeWorld, append(cases, more...))
}

// withKeyPair has the key pair more-1.
func withKeyPair(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, moreKeyPairs(goldenAccount, 1))
	return server
}

// withoutTypes lacks a column of the instance types, as after a manual migration that failed.
func withoutTypes(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE instance_types RENAME COLUMN hot_plug TO plug`)
	return server
}

// casesIn returns cases in a world.
func casesIn(world string, cases []goldenCase) []goldenCase {
	for i := range cases {
		cases[i].world = world
	}
	return cases
}

var instancesLifeGolden = map[string][]goldenCase{
	"RunInstances": newInstanceGolden([]goldenCase{
		{name: "InvalidParameter.Conflict", pairs: newInstance("SecurityGroupIds.1", "sg-main")},
		{name: "InvalidParameter.EniType", pairs: newInstance("NetworkInterface.1.InstanceType", "Trunk")},
		{name: "InvalidParam.NetworkInterface", pairs: newInstance("NetworkInterface.1.NetworkInterfaceId", "eni-free", "NetworkInterface.1.VSwitchId", "vsw-h")},
		{name: "InvalidParams.CreateEniParams", pairs: newInstance("NetworkInterface.1.SecondaryPrivateIpAddressCount", "50")},
		{name: "JoinedGroupLimitExceed", pairs: newInstance("SecurityGroupId", "",
			"SecurityGroupIds.1", "sg-1", "SecurityGroupIds.2", "sg-2", "SecurityGroupIds.3", "sg-3", "SecurityGroupIds.4", "sg-4", "SecurityGroupIds.5", "sg-5",
			"SecurityGroupIds.6", "sg-6", "SecurityGroupIds.7", "sg-7", "SecurityGroupIds.8", "sg-8", "SecurityGroupIds.9", "sg-9",
			"SecurityGroupIds.10", "sg-10", "SecurityGroupIds.11", "sg-11")},
		{name: "InvalidParam.Amount", pairs: newInstance("Amount", "2", "NetworkInterface.1.NetworkInterfaceId", "eni-free")},
		{name: "InvalidEniId.NotFound", pairs: newInstance("NetworkInterface.1.NetworkInterfaceId", "eni-none")},
		{name: "InvalidOperation.InvalidNetworkInterfaceId", pairs: newInstance("NetworkInterface.1.NetworkInterfaceId", "eni-used")},
		{name: "InvalidVSwitchId.IpInvalid", pairs: newInstance("Ipv6Address.1", "2001:db8::1")},
		{name: "EnterpriseGroupLimited.MutliGroupType", pairs: newInstance("SecurityGroupId", "", "SecurityGroupIds.1", "sg-main", "SecurityGroupIds.2", "sg-enterprise")},
		{name: "InvalidOperation.NetworkInterface", pairs: newInstance("NetworkInterface.1.NetworkInterfaceId", "eni-elsewhere")},
		{name: "InvalidInstanceType.ElasticNetworkInterfaceNotSupported", pairs: newInstance("InstanceType", "ecs.t1.small", "NetworkInterface.1.VSwitchId", "vsw-h")},
		{name: "InvalidParameter.NetworkCardIndexInvalid", pairs: newInstance("NetworkInterface.1.NetworkCardIndex", "1")},
		{name: "InvalidOperation.EniCountExceeded", pairs: newInstance("InstanceType", "ecs.one.test", "NetworkInterface.1.VSwitchId", "vsw-h")},
		{name: "InvalidOperation.Ipv4CountExceeded", pairs: newInstance("InstanceType", "ecs.few-addresses.test", "NetworkInterface.1.SecondaryPrivateIpAddressCount", "2",
			"NetworkInterface.1.NetworkInterfaceName", "data")},
		{name: "InvalidOperation.Ipv6NotSupport", pairs: newInstance("InstanceType", "ecs.no-ipv6.test", "Ipv6AddressCount", "1")},
		{name: "InvalidOperation.Ipv6CountExceeded", pairs: newInstance("InstanceType", "ecs.few-addresses.test", "Ipv6AddressCount", "2")},
		{name: "QuotaExceeded.PrivateIpAddress", pairs: newInstance("VSwitchId", "vsw-four", "Amount", "5")},
		{name: "MaxEniCountExceeded", pairs: newInstance("Amount", "2", "NetworkInterface.1.VSwitchId", "vsw-h")},
		{name: "success", pairs: newInstance("Amount", "2", "InstanceName", "web-[1,2]", "ClientToken", "once")},
		{name: "repeated", pairs: newInstance("Amount", "2", "InstanceName", "web-[1,2]", "ClientToken", "once")},
		{name: "IdempotentParameterMismatch", pairs: newInstance("Amount", "2", "InstanceName", "db-[1,2]", "ClientToken", "once")},
	}...),
	"CreateInstance": newInstanceGolden([]goldenCase{
		{name: "QuotaExceeded.PrivateIpAddress", pairs: newInstance("VSwitchId", "vsw-four"), in: withUsedUpVSwitch},
		{name: "success", pairs: newInstance("ClientToken", "once")},
		{name: "IdempotentParameterMismatch", pairs: newInstance("InstanceName", "db", "ClientToken", "once")},
	}...),
	"StartInstance": lifeGolden("i-stopped", "i-running", []goldenCase{
		{name: "OperationDenied.NoStock", pairs: instanceRequest("i-two"), in: withoutStock},
		{name: "success", pairs: instanceRequest("i-stopped", "RegionId", "cn-hangzhou")},
	}...),
	"StopInstance": lifeGolden("i-running", "i-stopped",
		goldenCase{name: "success", pairs: instanceRequest("i-running", "StoppedMode", "StopCharging", "ForceStop", "true")}),
	"RebootInstance": lifeGolden("i-running", "i-stopped", goldenCase{name: "success", pairs: instanceRequest("i-running", "ForceStop", "false")}),
	"DeleteInstance": lifeGolden("i-stopped", "i-running", []goldenCase{
		{name: "IncorrectInstanceStatus.Initializing", pairs: instanceRequest("i-pending", "Force", "true")},
		{name: "InvalidOperation.DeletionProtection", pairs: instanceRequest("i-protected"), in: withLaunchStates},
		{name: "ChargeTypeViolation", pairs: instanceRequest("i-prepaid"), in: withLaunchStates},
		{name: "DependencyViolation.RouteEntry", pairs: instanceRequest("i-stopped"), in: withNextHops},
		{name: "success", pairs: instanceRequest("i-running", "Force", "true")},
	}...),
	"StartInstances": lifeBatchGolden("i-stopped", "i-running", []goldenCase{
		{name: "OperationDenied.NoStock", pairs: batchRequest("i-two"), in: withoutStock},
		{name: "success-first", pairs: batchRequest("i-none", "InstanceId.2", "i-running", "InstanceId.3", "i-stopped",
			"BatchOptimization", "SuccessFirst")},
		{name: "success", pairs: batchRequest("i-ipv6", "InstanceId.2", "i-prepaid", "InstanceId.3", "i-ipv6")},
	}...),
	"StopInstances": lifeBatchGolden("i-running", "i-stopped",
		goldenCase{name: "success", pairs: batchRequest("i-running", "InstanceId.2", "i-full", "StoppedMode", "StopCharging", "ForceStop", "true")}),
	"RebootInstances": lifeBatchGolden("i-running", "i-stopped",
		goldenCase{name: "success", pairs: batchRequest("i-running", "ForceReboot", "true", "BatchOptimization", "AllTogether")}),
	"DeleteInstances": lifeBatchGolden("i-stopped", "i-running", []goldenCase{
		{name: "InvalidClientToken.ValueNotSupported", pairs: batchRequest("i-stopped", "ClientToken", "ü")},
		{name: "IncorrectInstanceStatus.Initializing", pairs: batchRequest("i-pending", "Force", "true")},
		{name: "InvalidOperation.DeletionProtection", pairs: batchRequest("i-protected"), in: withLaunchStates},
		{name: "ChargeTypeViolation", pairs: batchRequest("i-prepaid"), in: withLaunchStates},
		{name: "DependencyViolation.RouteEntry", pairs: batchRequest("i-stopped"), in: withNextHops},
		{name: "success", pairs: batchRequest("i-running", "InstanceId.2", "i-two", "Force", "true", "ClientToken", "once")},
		{name: "IdempotentParameterMismatch", pairs: batchRequest("i-stopped", "ClientToken", "once")},
	}...),
	"ModifyInstanceAttribute": lifeGoldenBut([]string{"DryRunOperation"}, "i-running", "i-starting", []goldenCase{
		{name: "InvalidParameter", pairs: instanceRequest("i-running", "DeletionProtection", "perhaps")},
		{name: "IncorrectInstanceStatus", pairs: instanceRequest("i-starting", "SecurityGroupIds.1", "sg-main")},
		{name: "InvalidInstanceName.Malformed", pairs: instanceRequest("i-running", "InstanceName", "1")},
		{name: "InvalidHostName.Malformed", pairs: instanceRequest("i-running", "HostName", "-")},
		{name: "InvalidDescription.Malformed", pairs: instanceRequest("i-running", "Description", "http://")},
		{name: "JoinedGroupLimitExceed", pairs: instanceRequest("i-running",
			"SecurityGroupIds.1", "sg-1", "SecurityGroupIds.2", "sg-2", "SecurityGroupIds.3", "sg-3", "SecurityGroupIds.4", "sg-4", "SecurityGroupIds.5", "sg-5",
			"SecurityGroupIds.6", "sg-6", "SecurityGroupIds.7", "sg-7", "SecurityGroupIds.8", "sg-8", "SecurityGroupIds.9", "sg-9",
			"SecurityGroupIds.10", "sg-10", "SecurityGroupIds.11", "sg-11")},
		{name: "InvalidSecurityGroupId.NotFound", pairs: instanceRequest("i-running", "SecurityGroupIds.1", "sg-none")},
		{name: "InvalidOperation.VpcMismatch", pairs: instanceRequest("i-running", "SecurityGroupIds.1", "sg-other")},
		{name: "InvalidOperation.MultiGroupType", pairs: instanceRequest("i-running", "SecurityGroupIds.1", "sg-main", "SecurityGroupIds.2", "sg-enterprise")},
		{name: "SecurityGroupInstanceLimitExceed", pairs: instanceRequest("i-running", "SecurityGroupIds.1", "sg-full")},
		{name: "success", pairs: instanceRequest("i-running", "InstanceName", "web", "SecurityGroupIds.1", "sg-enterprise", "Password", "Secret-0001")},
	}...),
	"ModifyInstanceSpec": lifeGoldenBut(nil, "i-stopped", "i-starting", []goldenCase{
		{name: "InvalidClientToken.ValueNotSupported", pairs: instanceRequest("i-stopped", "ClientToken", "ü")},
		{name: "IncorrectInstanceStatus", pairs: instanceRequest("i-running", "InstanceType", "ecs.g6.large")},
		{name: "InvalidInstanceType.ValueNotSupported", pairs: instanceRequest("i-stopped", "InstanceType", "ecs.none")},
		{name: "InvalidInstanceType.ElasticNetworkInterfaceNotSupported", pairs: instanceRequest("i-two", "InstanceType", "ecs.t1.small")},
		{name: "InvalidOperation.EniCountExceeded", pairs: instanceRequest("i-two", "InstanceType", "ecs.one.test")},
		{name: "InvalidOperation.InstanceTypeNotSupportEniTrunking", pairs: instanceRequest("i-two", "InstanceType", "ecs.g6.large"),
			in: withTrunk},
		{name: "InvalidOperation.Ipv4CountExceeded", pairs: instanceRequest("i-stopped", "InstanceType", "ecs.few-addresses.test"), in: withLaunchStates},
		{name: "InvalidOperation.Ipv6NotSupport", pairs: instanceRequest("i-ipv6", "InstanceType", "ecs.no-ipv6.test"), in: withLaunchStates},
		{name: "InvalidOperation.Ipv6CountExceeded", pairs: instanceRequest("i-ipv6", "InstanceType", "ecs.few-addresses.test"), in: withLaunchStates},
		{name: "OperationDenied.NoStock", pairs: instanceRequest("i-stopped", "InstanceType", "ecs.g6.xlarge"), in: withoutStock},
		{name: "success", pairs: instanceRequest("i-two", "InstanceType", "ecs.g6.large", "ClientToken", "once")},
		{name: "IdempotentParameterMismatch", pairs: instanceRequest("i-two", "InstanceType", "ecs.g6.xlarge", "ClientToken", "once")},
	}...),
}

// withUsedUpVSwitch has a VSwitch whose four addresses are all in use.
func withUsedUpVSwitch(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO private_ip_addresses
		SELECT account_id, vswitch_id, ('10.2.0.' || k)::inet, id, false
		FROM network_interfaces, generate_series(2, 4) k
		WHERE id = 'eni-four'`)
	return server
}

// lifeGoldenBut is lifeGolden without some cases that the action does not share.
func lifeGoldenBut(without []string, id, wrongStatus string, more ...goldenCase) []goldenCase {
	for _, c := range more {
		without = append(without, c.name)
	}
	var cases []goldenCase
	for _, c := range lifeGolden(id, wrongStatus) {
		if !slices.Contains(without, c.name) {
			cases = append(cases, c)
		}
	}
	return append(cases, casesIn(lifeWorld, more)...)
}
