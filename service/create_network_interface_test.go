package service

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"enisim.alt/store"
)

// creationCase has all inputs of the rules of a creation.
type creationCase struct {
	createNetworkInterfaceInput
	admission admissionInput
}

// validCreation returns a case that violates no rule.
func validCreation() creationCase {
	block, block6 := netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("2001:db8:0:100::/64")
	return creationCase{
		createNetworkInterfaceInput: createNetworkInterfaceInput{
			CreateNetworkInterfaceRequest: CreateNetworkInterfaceRequest{
				RegionID: "cn-hangzhou", VSwitchID: "vsw-1", SecurityGroupIDs: []string{"sg-1", "sg-2"},
				IPv4Prefixes: []string{"10.0.0.16/28"}, IPv6Addresses: []string{"2001:db8:0:100::9"},
				Name: "data", Description: "data plane", ClientToken: "mine", Tags: many(1, Tag{"team", "net"}),
				InstanceType: "Secondary", TrafficMode: "Standard",
				NetworkInterfaceSettings: NetworkInterfaceSettings{
					EnablePrimaryIPv6: new(true), QueueNumber: new(2048), RxQueueSize: new(16384),
					TxQueueSize: new(16384),
					Traffic: TrafficConfig{
						Mode: "Standard", QueueNumber: new(2048), RxQueueSize: new(16384), TxQueueSize: new(16384),
					},
					ConnectionTracking: ConnectionTracking{new(910), new(15), new(100)},
				},
			},
			CreateNetworkInterfaceScene: &store.CreateNetworkInterfaceScene{
				Quota: store.InterfaceQuota{Max: 2, Count: 1},
				Offer: &store.AddressOffer{
					VSwitch: &store.VSwitch{ID: "vsw-1", VPCID: "vpc-1", CIDRBlock: block, IPv6CIDRBlock: &block6},
					IPv4:    parseAddresses([]string{"10.0.0.1"}),
				},
				Groups: []store.GroupScene{
					{ID: "sg-1", VPCID: "vpc-1", Type: "normal"}, {ID: "sg-2", VPCID: "vpc-1", Type: "normal"},
				},
			},
		},
		admission: admissionInput{
			caller: Caller{AccountID: "1000000000000001"}, action: "ecs:CreateNetworkInterface", regionKnown: true,
		},
	}
}

// countSecondary makes the request ask for n secondary addresses, and for no prefixes, which
// exclude them.
func (c *creationCase) countSecondary(n int) {
	c.PrivateIPAddresses, c.SecondaryIPCount, c.IPv4Prefixes, c.IPv4PrefixCount = nil, new(n), nil, nil
}

// onlyIPv4Prefixes makes the request ask for these prefixes, and for no secondary addresses, which
// exclude them.
func (c *creationCase) onlyIPv4Prefixes(prefixes ...string) {
	c.PrivateIPAddresses, c.SecondaryIPCount, c.IPv4Prefixes, c.IPv4PrefixCount = nil, nil, prefixes, nil
}

// onlyIPv6Addresses makes the request ask for these addresses, and for no prefixes.
func (c *creationCase) onlyIPv6Addresses(addresses ...string) {
	c.IPv6Addresses, c.IPv6AddressCount, c.IPv6Prefixes, c.IPv6PrefixCount = addresses, nil, nil, nil
}

// onlyIPv6Prefixes makes the request ask for these prefixes, and for no addresses.
func (c *creationCase) onlyIPv6Prefixes(prefixes ...string) {
	c.IPv6Addresses, c.IPv6AddressCount, c.IPv6Prefixes, c.IPv6PrefixCount = nil, nil, prefixes, nil
}

// rdma sets the traffic mode and the queue pairs, each by its own parameter and by that of the config.
func (c *creationCase) rdma(mode, configMode string, pairs, configPairs *int) {
	c.TrafficMode, c.Traffic.Mode = mode, configMode
	c.QueuePairNumber, c.Traffic.QueuePairNumber = pairs, configPairs
}

// Each rule of CreateNetworkInterface answers with its error, the earlier one first. The three
// tables are tested as one.
func TestCreateNetworkInterfaceRules(t *testing.T) {
	t.Parallel()
	type request = creationCase
	walkRules(t, slices.Concat(
		lift(createNetworkInterfaceParameterRules, func(c request) CreateNetworkInterfaceRequest {
			return c.CreateNetworkInterfaceRequest
		}),
		lift(admissionRules, func(c request) admissionInput { return c.admission }),
		lift(createNetworkInterfaceRules, func(c request) createNetworkInterfaceInput {
			return c.createNetworkInterfaceInput
		}),
	), validCreation, []violation[request]{
		{"no RegionId", "MissingParameterRegionId", func(c *request) { c.RegionID = "" }},
		{"no VSwitchId", "MissingParameterVSwitchId", func(c *request) { c.VSwitchID = "" }},
		{
			"no group", "MissingParameterSecurityGroupId",
			func(c *request) { c.SecurityGroupID, c.SecurityGroupIDs = "", nil },
		},
		{"not of its type", "InvalidParameterQueueNumber", func(c *request) { c.Malformed = Malformed{"QueueNumber"} }},
		{"trunk", "UnsupportedParameter", func(c *request) { c.InstanceType = "Trunk" }},
		{"InstanceType", "InvalidParameterInstanceType", func(c *request) { c.InstanceType = "Primary" }},
		{
			"traffic mode", "InvalidParameter.EniTrafficMode",
			func(c *request) { c.rdma("standard", "", nil, nil) },
		},
		{
			"queue pairs", "InvalidParameter.QueuePairNumberMustEmpty",
			func(c *request) { c.rdma("Standard", "", new(1), nil) },
		},
		{
			"two traffic modes", "InvalidParameter.ConflictNetworkInterfaceTrafficMode, " +
				"NetworkInterfaceTrafficConfig.NetworkInterfaceTrafficMode",
			func(c *request) { c.rdma("Standard", "HighPerformance", nil, nil) },
		},
		{
			"two numbers of queue pairs", "InvalidParameter.ConflictQueuePairNumber, " +
				"NetworkInterfaceTrafficConfig.QueuePairNumber",
			func(c *request) { c.rdma("HighPerformance", "", new(1), new(2)) },
		},
		{
			"too many queue pairs", "InvalidParameter.InvalidQueuePairNumber",
			func(c *request) { c.rdma("HighPerformance", "", new(2049), nil) },
		},
		{"token", "InvalidClientToken.ValueNotSupported", func(c *request) { c.ClientToken = "é" }},
		{"groups in two ways", "InvalidParameter.ConflictSecurityGroupId, SecurityGroupIds", func(c *request) {
			c.SecurityGroupID, c.SecurityGroupIDs = "sg-1", many(1, "sg-2")
		}},
		{"addresses in two ways", "InvalidParameter.ConflictPrivateIpAddress, SecondaryPrivateIpAddressCount",
			func(c *request) {
				c.PrivateIPAddresses, c.SecondaryIPCount = many(1, "10.0.0.9"), new(1)
			}},
		{"/28 in two ways", "InvalidParameter.ConflictIpv4Prefix, Ipv4PrefixCount", func(c *request) {
			c.IPv4Prefixes, c.IPv4PrefixCount = many(1, "10.0.0.16/28"), new(1)
		}},
		{"IPv6 in two ways", "InvalidParameter.ConflictIpv6Address, Ipv6AddressCount", func(c *request) {
			c.IPv6Addresses, c.IPv6AddressCount = many(1, "2001:db8:0:100::9"), new(1)
		}},
		{"/80 in two ways", "InvalidParameter.ConflictIpv6Prefix, Ipv6PrefixCount", func(c *request) {
			c.IPv6Prefixes, c.IPv6PrefixCount = many(1, "2001:db8:0:100:9000::/80"), new(1)
		}},
		{
			"IPv4 addresses and prefixes",
			"InvalidParameter.ConflictPrivateIpAddress, SecondaryPrivateIpAddressCount, Ipv4Prefix, Ipv4PrefixCount",
			func(c *request) {
				c.PrivateIPAddresses, c.SecondaryIPCount, c.IPv4Prefixes, c.IPv4PrefixCount = nil, new(1), nil, new(1)
			},
		},
		{
			"IPv6 addresses and prefixes",
			"InvalidParameter.ConflictIpv6Address, Ipv6AddressCount, Ipv6Prefix, Ipv6PrefixCount",
			func(c *request) {
				c.IPv6Addresses, c.IPv6AddressCount, c.IPv6Prefixes, c.IPv6PrefixCount = nil, new(1),
					many(1, "2001:db8:0:100:9000::/80"), nil
			},
		},
		{"name", "InvalidParams.NetworkInterfaceName", func(c *request) { c.Name = "1" }},
		{"description", "InvalidParameterDescription", func(c *request) { c.Description = "https://" }},
		{
			"a group twice", "InvalidParameterSecurityGroupIds",
			func(c *request) { c.SecurityGroupID, c.SecurityGroupIDs = "", many(2, "sg-1") },
		},
		{"11 groups", "JoinedGroupLimitExceed", func(c *request) {
			c.SecurityGroupID, c.SecurityGroupIDs = "", []string{
				"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11",
			}
		}},
		{
			"no secondary address", "InvalidParameterSecondaryPrivateIpAddressCount",
			func(c *request) { c.countSecondary(0) },
		},
		{"50 secondary addresses", "MaxEniPrivateIpsCountExceeded", func(c *request) { c.countSecondary(50) }},
		{
			"11 /28", "InvalidParameterIpv4PrefixCount",
			func(c *request) { c.onlyIPv4Prefixes(); c.IPv4PrefixCount = new(11) },
		},
		{
			"11 IPv6 addresses by name", "InvalidParameterIpv6Address",
			func(c *request) { c.onlyIPv6Addresses(many(11, "2001:db8::1")...) },
		},
		{
			"11 IPv6 addresses", "InvalidParameterIpv6AddressCount",
			func(c *request) { c.onlyIPv6Addresses(); c.IPv6AddressCount = new(11) },
		},
		{
			"no /80", "InvalidParameterIpv6PrefixCount",
			func(c *request) { c.onlyIPv6Prefixes(); c.IPv6PrefixCount = new(0) },
		},
		{"no address", "InvalidIp.Address2001:db8::1", func(c *request) { c.PrimaryIPAddress = "2001:db8::1" }},

		{
			"11 /28 by name", "InvalidParameterIpv4Prefix",
			func(c *request) { c.onlyIPv4Prefixes(many(11, "10.0.0.16/28")...) },
		},
		{"no /28", "InvalidIp.IpPrefixIllegal10.0.0.16", func(c *request) { c.onlyIPv4Prefixes("10.0.0.16") }},
		{"a /29", "InvalidIp.IpPrefixMaskInvalid292828", func(c *request) { c.onlyIPv4Prefixes("10.0.0.16/29") }},
		{"not its first", "InvalidIp.IpPrefixNotStrict", func(c *request) { c.onlyIPv4Prefixes("10.0.0.17/28") }},
		{"in a /28 of the call", "InvalidIp.IpRepeated10.0.0.17", func(c *request) {
			c.onlyIPv4Prefixes("10.0.0.16/28")
			c.PrimaryIPAddress = "10.0.0.17"
		}},
		{
			"11 /80 by name", "InvalidParameterIpv6Prefix",
			func(c *request) { c.onlyIPv6Prefixes(many(11, "2001:db8::/80")...) },
		},
		{
			"no /80 of its family", "InvalidIp.IpPrefixIllegal10.0.0.16/28",
			func(c *request) { c.onlyIPv6Prefixes("10.0.0.16/28") },
		},
		{"a /64", "InvalidIp.IpPrefixMaskInvalid648080", func(c *request) { c.onlyIPv6Prefixes("2001:db8::/64") }},
		{"not its first", "InvalidIp.IpPrefixNotStrict", func(c *request) { c.onlyIPv6Prefixes("2001:db8::1/80") }},
		{"an IPv6 address twice", "InvalidIp.IpRepeated2001:db8:0:100::9", func(c *request) {
			c.onlyIPv6Addresses(many(2, "2001:db8:0:100::9")...)
		}},

		{"enhanced", "UnsupportedParameter", func(c *request) { c.EnhancedNetwork.EnableRss = new(false) }},
		{
			"traffic mode of the config", "InvalidParameter.EniTrafficMode",
			func(c *request) { c.rdma("", "standard", nil, nil) },
		},
		{"two queue numbers", "InvalidParameter.ConflictQueueNumber, NetworkInterfaceTrafficConfig.QueueNumber",
			func(c *request) {
				c.QueueNumber, c.Traffic.QueueNumber = new(1), new(2)
			}},
		{"two Rx sizes", "InvalidParameter.ConflictRxQueueSize, NetworkInterfaceTrafficConfig.RxQueueSize",
			func(c *request) {
				c.RxQueueSize, c.Traffic.RxQueueSize = new(8192), new(16384)
			}},
		{"two Tx sizes", "InvalidParameter.ConflictTxQueueSize, NetworkInterfaceTrafficConfig.TxQueueSize",
			func(c *request) {
				c.TxQueueSize, c.Traffic.TxQueueSize = new(8192), new(16384)
			}},
		{
			"too many queue pairs of the config", "InvalidParameter.InvalidQueuePairNumber",
			func(c *request) { c.rdma("HighPerformance", "", nil, new(0)) },
		},
		{
			"queue pairs of the config", "InvalidParameter.QueuePairNumberMustEmpty",
			func(c *request) { c.rdma("", "", nil, new(1)) },
		},
		{
			"queues", "InvalidParameter.InvalidEniQueueNumber",
			func(c *request) { c.QueueNumber, c.Traffic.QueueNumber = nil, new(2049) },
		},
		{"queue sizes", "InvalidParameter.EniQueueSize", func(c *request) {
			c.RxQueueSize, c.Traffic.RxQueueSize, c.TxQueueSize, c.Traffic.TxQueueSize = new(8192), nil, nil, nil
		}},
		{
			"timeouts", "InvalidParameter.EniConnectionTrackingConfiguration",
			func(c *request) { c.ConnectionTracking.UDPTimeout = new(31) },
		},
		{
			"no primary IPv6", "InvalidParameterEnablePrimaryIPv6",
			func(c *request) { c.IPv6Addresses, c.IPv6AddressCount = nil, nil },
		},
		{"21 tags", "QuotaExceed.Tags", func(c *request) { c.Tags = many(21, Tag{"acs:", "http://"}) }},
		{"a tag twice", "Duplicate.TagKey", func(c *request) { c.Tags = many(2, Tag{"acs:", "http://"}) }},
		{"tag key", "InvalidTagKey.Malformed", func(c *request) { c.Tags = many(1, Tag{"acs:", "http://"}) }},
		{"tag value", "InvalidTagValue.Malformed", func(c *request) { c.Tags = many(1, Tag{"team", "http://"}) }},

		{"region", "InvalidRegionId.NotFound", func(c *request) { c.admission.regionKnown = false }},
		{"account", "Abs.InvalidAccount.NotFound", func(c *request) { c.admission.caller.Expired = true }},
		{
			"closed to RAM", "Forbidden.NotSupportRAM",
			func(c *request) { c.admission.caller.RAMUser, c.admission.closedToRAM = "ci", true },
		},
		{"not allowed", "Forbidden.RAM", func(c *request) { c.admission.caller.RAMUser = "ci" }},

		{"VSwitch", "InvalidVSwitchId.NotFoundvsw-1", func(c *request) { c.Offer.VSwitch = nil }},
		{
			"VSwitch that is not there yet", "IncorrectVSwitchStatus",
			func(c *request) { c.Offer.VSwitch.AvailableAt = new(c.now.Add(time.Second)) },
		},
		{"group", "InvalidSecurityGroupId.NotFound", func(c *request) { c.Groups = c.Groups[:1] }},
		{"VPC of a group", "InvalidOperation.VpcMismatch", func(c *request) { c.Groups[0].VPCID = "vpc-2" }},
		{"types of groups", "InvalidOperation.MultiGroupType", func(c *request) { c.Groups[0].Type = "enterprise" }},
		{"no IPv6", "InvalidVSwitch.Ipv6NotTurnOnvsw-1", func(c *request) { c.Offer.VSwitch.IPv6CIDRBlock = nil }},
		{
			"reserved", "InvalidVSwitchId.IpInvalid10.0.0.25310.0.0.0/24",
			func(c *request) { c.PrimaryIPAddress = "10.0.0.253" },
		},
		{
			"taken", "InvalidPrivateIpAddress.Duplicated",
			func(c *request) { c.Offer.TakenBlocks = parsePrefixes(c.IPv4Prefixes) },
		},
		{"quota", "MaxEniCountExceeded", func(c *request) { c.Quota.Count = 2 }},
		{"no address left", "InvalidVSwitchId.IpNotEnoughvsw-1", func(c *request) { c.Offer.IPv4 = nil }},
	})
}

// An address or a prefix can be assigned if it lies in the VSwitch and contains no reserved
// address.
func TestCanAssign(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		block, prefix string
		want          bool
	}{
		{"10.0.0.0/24", "10.0.0.0/32", false},
		{"10.0.0.0/24", "10.0.0.1/32", true},
		{"10.0.0.0/24", "10.0.0.252/32", true},
		{"10.0.0.0/24", "10.0.0.253/32", false},
		{"10.0.0.0/24", "10.0.1.1/32", false},
		{"10.0.0.0/24", "10.0.0.0/28", false},
		{"10.0.0.0/24", "10.0.0.16/28", true},
		{"10.0.0.0/24", "10.0.0.240/28", false},
		{"10.0.0.16/29", "10.0.0.16/28", false},
		{"2001:db8:0:100::/64", "2001:db8:0:100::/80", true},
		{"2001:db8:0:100::/64", "2001:db8:0:100::/128", true},
		{"2001:db8:0:100::/64", "2001:db8:0:101::/80", false},
		{"2001:db8:0:100::/64", "10.0.0.1/32", false},
	} {
		if got := canAssign(netip.MustParsePrefix(c.block), netip.MustParsePrefix(c.prefix)); got != c.want {
			t.Errorf("%s of %s: got %t, want %t", c.prefix, c.block, got, c.want)
		}
	}
}
