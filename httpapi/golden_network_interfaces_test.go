package httpapi_test

import (
	"strconv"

	"enisim.alt/service/worldtest"
)

// interfacesWorld is the world in which interfaces are created, changed and deleted.
var interfacesWorld = worldtest.New(goldenAccount).
	AccessKey(goldenKey).
	AccessKey("LTAIexpired00000001", expired).
	RAMUser("reader", "LTAIreader000000001", "ecs:Describe*").
	RAMUser("nobody", "LTAInobody000000001").
	VPC("vpc-main", "10.0.0.0/8", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/56")).
	VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/24", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/64")).
	VSwitch("vsw-used-up", "cn-hangzhou-h", "10.0.1.0/29").
	SecurityGroup("sg-main").
	SecurityGroup("sg-more").
	SecurityGroup("sg-full", worldtest.Set("instance_limit", 1)).
	SecurityGroup("sg-enterprise", worldtest.Set("type", "enterprise")).
	SecurityGroup("sg-enterprise-full", worldtest.Set("type", "enterprise"), worldtest.Set("instance_limit", 1)).
	VPC("vpc-other", "172.16.0.0/12").
	SecurityGroup("sg-other").
	Instance("i-running", large).
	Instance("i-stopped", large, worldtest.Status("Stopped")).
	Instance("i-in-full", large, worldtest.Groups("sg-full")).
	Instance("i-in-enterprise-full", large, worldtest.Groups("sg-enterprise-full")).
	NetworkInterface("eni-free").
	NetworkInterface("eni-ipv6", worldtest.Set("ipv6_address_count", 1)).
	NetworkInterface("eni-running", worldtest.AttachedTo("i-running")).
	NetworkInterface("eni-stopped", worldtest.AttachedTo("i-stopped")).
	NetworkInterface("eni-attaching", worldtest.AttachedTo("i-running"), worldtest.Status("Attaching")).
	NetworkInterface("eni-managed", worldtest.Set("service_managed", true)).
	NetworkInterface("eni-used-up-{n}", worldtest.Count(4), worldtest.In("vsw-used-up")).
	String()

// newENI returns the minimum parameters of a creation, and more. An empty value removes a
// parameter.
func newENI(more ...string) []string {
	return inRegion(append([]string{"VSwitchId", "vsw-h", "SecurityGroupId", "sg-main"}, more...)...)
}

// eniRequest returns the parameters of a request on an interface.
func eniRequest(id string, more ...string) []string {
	return inRegion(append([]string{"NetworkInterfaceId", id}, more...)...)
}

// numberedGroups returns a list parameter with n groups.
func numberedGroups(parameter string, n int) []string {
	var pairs []string
	for k := range n {
		pairs = append(pairs, parameter+"."+strconv.Itoa(k+1), "sg-"+strconv.Itoa(k+1))
	}
	return pairs
}

// fullInterface has all parameters of a creation, except counts.
var fullInterface = inRegion(
	"VSwitchId", "vsw-h", "SecurityGroupIds.1", "sg-more", "SecurityGroupIds.2", "sg-main",
	"PrimaryIpAddress", "10.0.0.100", "PrivateIpAddress.1", "10.0.0.99", "PrivateIpAddress.2", "10.0.0.101",
	"Ipv6Address.1", "2001:db8:0:100::9", "Ipv6Address.2", "2001:db8:0:100::8", "EnablePrimaryIPv6", "true",
	"NetworkInterfaceName", "data", "Description", "a < b & c", "InstanceType", "Secondary", "NetworkInterfaceTrafficMode", "Standard",
	"QueueNumber", "2", "RxQueueSize", "8192", "TxQueueSize", "8192", "DeleteOnRelease", "false", "SourceDestCheck", "true",
	"ConnectionTrackingConfiguration.TcpEstablishedTimeout", "60", "ResourceGroupId", "rg-1",
	"Tag.1.Key", "team", "Tag.1.Value", "net", "ClientToken", "mine")

var networkInterfacesGolden = inWorld(interfacesWorld, map[string][]goldenCase{
	"CreateNetworkInterface": {
		{name: "MissingParameter", pairs: newENI("SecurityGroupId", "")},
		{name: "InvalidParameter", pairs: newENI("Ipv6AddressCount", "11")},
		{name: "UnsupportedParameter", pairs: newENI("InstanceType", "Trunk")},
		{name: "InvalidParameter.EniTrafficMode", pairs: newENI("NetworkInterfaceTrafficMode", "Fast")},
		{name: "InvalidParameter.QueuePairNumberMustEmpty", pairs: newENI("QueuePairNumber", "1")},
		{name: "InvalidParameter.InvalidEniQueueNumber", pairs: newENI("QueueNumber", "2049")},
		{name: "InvalidParameter.EniQueueSize", pairs: newENI("RxQueueSize", "8192", "TxQueueSize", "16384")},
		{name: "InvalidParameter.EniConnectionTrackingConfiguration", pairs: newENI("ConnectionTrackingConfiguration.UdpTimeout", "31")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: newENI("ClientToken", "häh")},
		{name: "InvalidParameter.Conflict", pairs: newENI("SecurityGroupIds.1", "sg-main")},
		{name: "InvalidParams.NetworkInterfaceName", pairs: newENI("NetworkInterfaceName", "http://data")},
		{name: "JoinedGroupLimitExceed", pairs: newENI(append(numberedGroups("SecurityGroupIds", 11), "SecurityGroupId", "")...)},
		{name: "MaxEniPrivateIpsCountExceeded", pairs: newENI("SecondaryPrivateIpAddressCount", "50")},
		{name: "InvalidIp.Address", pairs: newENI("PrivateIpAddress.1", "10.0.0.256")},
		{name: "InvalidIp.IpPrefixIllegal", pairs: newENI("Ipv4Prefix.1", "10.0.0.16")},
		{name: "InvalidIp.IpPrefixMaskInvalid", pairs: newENI("Ipv4Prefix.1", "10.0.0.16/29")},
		{name: "InvalidIp.IpPrefixNotStrict", pairs: newENI("Ipv6Prefix.1", "2001:db8:0:100::1/80")},
		{name: "InvalidIp.IpRepeated", pairs: newENI("PrimaryIpAddress", "10.0.0.9", "PrivateIpAddress.1", "10.0.0.9")},
		{name: "QuotaExceed.Tags", pairs: newENI(distinctTags(21)...)},
		{name: "Duplicate.TagKey", pairs: newENI("Tag.1.Key", "team", "Tag.2.Key", "team")},
		{name: "InvalidTagKey.Malformed", pairs: newENI("Tag.1.Key", "acs:team")},
		{name: "InvalidTagValue.Malformed", pairs: newENI("Tag.1.Key", "team", "Tag.1.Value", "http://net")},
		{name: "InvalidRegionId.NotFound", pairs: newENI("RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: newENI()},
		{name: "Forbidden.NotSupportRAM", key: "LTAIreader000000001", pairs: newENI(), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIreader000000001", pairs: newENI()},
		{name: "InvalidVSwitchId.NotFound", pairs: newENI("VSwitchId", "vsw-nowhere")},
		{name: "IncorrectVSwitchStatus", pairs: newENI(), in: afterSQL(`UPDATE vswitches SET available_at = '2030-01-01'`)},
		{name: "InvalidSecurityGroupId.NotFound", pairs: newENI("SecurityGroupId", "sg-nowhere")},
		{name: "InvalidOperation.VpcMismatch", pairs: newENI("SecurityGroupId", "sg-other")},
		{name: "InvalidOperation.MultiGroupType", pairs: newENI("SecurityGroupId", "", "SecurityGroupIds.1", "sg-main", "SecurityGroupIds.2", "sg-enterprise")},
		{name: "InvalidVSwitch.Ipv6NotTurnOn", pairs: newENI("VSwitchId", "vsw-used-up", "Ipv6AddressCount", "1")},
		{name: "InvalidVSwitchId.IpInvalid", pairs: newENI("PrivateIpAddress.1", "10.0.0.253")}, // reserved
		{name: "InvalidPrivateIpAddress.Duplicated", pairs: newENI("PrimaryIpAddress", "10.0.0.1", "ClientToken", "refused")},
		{name: "IdempotentFailed", pairs: newENI("PrimaryIpAddress", "10.0.0.1", "ClientToken", "refused")},
		{name: "MaxEniCountExceeded", pairs: newENI(), in: afterSQL(`UPDATE accounts SET network_interfaces_per_region = 10`)},
		{name: "InvalidVSwitchId.IpNotEnough", pairs: newENI("VSwitchId", "vsw-used-up")},
		{name: "OperationConflict", pairs: newENI(), in: holding(`SELECT FROM accounts FOR UPDATE`)},
		{name: "InternalError", pairs: newENI(), in: broken},
		{name: "ServiceUnavailable", pairs: newENI(), in: withoutDatabase},
		{name: "success", pairs: newENI()},
		{name: "counted", pairs: newENI("SecondaryPrivateIpAddressCount", "2", "Ipv6AddressCount", "2")},
		{name: "counted-prefixes", pairs: newENI("Ipv4PrefixCount", "1", "Ipv6PrefixCount", "1")},
		{name: "named-prefixes", pairs: newENI("Ipv4Prefix.1", "10.0.0.32/28", "Ipv6Prefix.1", "2001:db8:0:100:9000::/80")},
		{name: "full", pairs: fullInterface},
		{name: "repeated", pairs: fullInterface},
		{name: "IdempotentParameterMismatch", pairs: also(fullInterface, "Description", "another")},
	},
	"DeleteNetworkInterface": {
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParams.EniId", pairs: eniRequest("eni_free")},
		{name: "InvalidRegionId.NotFound", pairs: eniRequest("eni-free", "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: eniRequest("eni-free")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIreader000000001", pairs: eniRequest("eni-free"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIreader000000001", pairs: eniRequest("eni-free")},
		{name: "InvalidEniId.NotFound", pairs: eniRequest("eni-nowhere")},
		{name: "InvalidOperation.EniServiceManaged", pairs: eniRequest("eni-managed")},
		{name: "InvalidOperation.InvalidEniType", pairs: eniRequest("eni-running-primary")},
		{name: "InvalidOperation.InvalidEniState", pairs: eniRequest("eni-running")},
		{name: "DependencyViolation.RouteEntry", pairs: eniRequest("eni-free"), in: withNextHops},
		{name: "InvalidOperation.Conflict", pairs: eniRequest("eni-free"), in: holding(`SELECT FROM network_interfaces FOR UPDATE`)},
		{name: "InternalError", pairs: eniRequest("eni-free"), in: broken},
		{name: "ServiceUnavailable", pairs: eniRequest("eni-free"), in: withoutDatabase},
		{name: "success", pairs: eniRequest("eni-free")},
	},
	"DescribeNetworkInterfaceAttribute": {
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidRegionId.MalFormed", pairs: eniRequest("eni-free", "RegionId", "cn_hangzhou")},
		{name: "InvalidParameter", pairs: eniRequest("eni-free", "Attribute", "all")},
		{name: "InvalidRegionId.NotFound", pairs: eniRequest("eni-free", "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: eniRequest("eni-free")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIreader000000001", pairs: eniRequest("eni-free"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAInobody000000001", pairs: eniRequest("eni-free")},
		{name: "InvalidEniId.NotFound", pairs: eniRequest("eni-nowhere")},
		{name: "InternalError", pairs: eniRequest("eni-free"), in: broken},
		{name: "ServiceUnavailable", pairs: eniRequest("eni-free"), in: withoutDatabase},
		{name: "success", key: "LTAIreader000000001", pairs: eniRequest("eni-running")},
		{name: "free", pairs: eniRequest("eni-free", "Attribute", "basic")},
		{name: "connection-tracking", pairs: eniRequest("eni-free", "Attribute", "connectionTrackingConfiguration")},
	},
	"ModifyNetworkInterfaceAttribute": {
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParams.EniId", pairs: eniRequest("eni_free")},
		{name: "InvalidParameter", pairs: eniRequest("eni-free", "Description", "a")},
		{name: "InvalidParams.NetworkInterfaceName", pairs: eniRequest("eni-free", "NetworkInterfaceName", "a")},
		{name: "InvalidParameter.SecurityGroupIdRepeated", pairs: eniRequest("eni-free", "SecurityGroupId.1", "sg-main", "SecurityGroupId.2", "sg-main")},
		{name: "JoinedGroupLimitExceed", pairs: eniRequest("eni-free", numberedGroups("SecurityGroupId", 11)...)},
		{name: "UnsupportedParameter", pairs: eniRequest("eni-free", "EnhancedNetwork.EnableSriov", "true")},
		{name: "InvalidParameter.EniTrafficMode", pairs: eniRequest("eni-free", "NetworkInterfaceTrafficConfig.NetworkInterfaceTrafficMode", "Fast")},
		{name: "InvalidParameter.Conflict", pairs: eniRequest("eni-free", "QueueNumber", "2", "NetworkInterfaceTrafficConfig.QueueNumber", "4")},
		{name: "InvalidParameter.QueuePairNumberMustEmpty", pairs: eniRequest("eni-free", "NetworkInterfaceTrafficConfig.QueuePairNumber", "1")},
		{name: "InvalidParameter.InvalidEniQueueNumber", pairs: eniRequest("eni-free", "QueueNumber", "0")},
		{name: "InvalidParameter.EniQueueSize", pairs: eniRequest("eni-free", "RxQueueSize", "10000", "TxQueueSize", "10000")},
		{name: "InvalidParameter.EniConnectionTrackingConfiguration", pairs: eniRequest("eni-free", "ConnectionTrackingConfiguration.TcpClosedAndTimeWaitTimeout", "2")},
		{name: "InvalidRegionId.NotFound", pairs: eniRequest("eni-free", "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: eniRequest("eni-free")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIreader000000001", pairs: eniRequest("eni-free"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIreader000000001", pairs: eniRequest("eni-free")},
		{name: "InvalidEniId.NotFound", pairs: eniRequest("eni-nowhere")},
		{name: "InvalidOperation.EniServiceManaged", pairs: eniRequest("eni-managed")},
		{name: "InvalidOperation.ModifyPrimaryEniQueueNumber", pairs: eniRequest("eni-stopped-primary", "QueueNumber", "2")},
		{name: "InvalidOperation.PrimaryEniOnlySupportModifyNameAndDesc", pairs: eniRequest("eni-stopped-primary", "SecurityGroupId.1", "sg-more")},
		{name: "InvalidOperation.InvalidEniState", pairs: eniRequest("eni-running", "QueueNumber", "2")},
		{name: "InvalidSecurityGroupId.NotFound", pairs: eniRequest("eni-free", "SecurityGroupId.1", "sg-nowhere")},
		{name: "InvalidOperation.VpcMismatch", pairs: eniRequest("eni-free", "SecurityGroupId.1", "sg-other")},
		{name: "InvalidOperation.MultiGroupType", pairs: eniRequest("eni-free", "SecurityGroupId.1", "sg-main", "SecurityGroupId.2", "sg-enterprise")},
		{name: "SecurityGroupInstanceLimitExceed", pairs: eniRequest("eni-running", "SecurityGroupId.1", "sg-full")},
		{name: "InvalidOperation.EniCountExceeded", pairs: eniRequest("eni-running", "SecurityGroupId.1", "sg-enterprise-full")},
		{name: "OperationConflict", pairs: eniRequest("eni-free"), in: holding(`SELECT FROM network_interfaces FOR UPDATE`)},
		{name: "InternalError", pairs: eniRequest("eni-free"), in: broken},
		{name: "ServiceUnavailable", pairs: eniRequest("eni-free"), in: withoutDatabase},
		{name: "success", pairs: eniRequest("eni-stopped", "SecurityGroupId.1", "sg-more", "QueueNumber", "4", "NetworkInterfaceName", "renamed")},
	},
})

// inWorld returns the cases of an area in a world of their own.
func inWorld(world string, area map[string][]goldenCase) map[string][]goldenCase {
	for _, cases := range area {
		for k := range cases {
			cases[k].world = world
		}
	}
	return area
}
