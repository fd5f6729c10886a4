package httpapi_test

import (
	"fmt"
	"net/http/httptest"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// crowdedWorld has a VSwitch with four addresses, of which two are in use.
var crowdedWorld = worldtest.New(goldenAccount).
	AccessKey(goldenKey).
	VPC("vpc-main", "10.0.0.0/8").
	VSwitch("vsw-crowded", "cn-hangzhou-h", "10.0.0.0/29").
	SecurityGroup("sg-main").
	NetworkInterface("eni-ok").
	NetworkInterface("eni-other").
	String()

// withoutIPv6Prefixes assigns all IPv6 prefixes of the VSwitch to one interface.
func withoutIPv6Prefixes(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO ip_prefixes (account_id, vswitch_id, prefix, network_interface_id)
		SELECT '1000000000000003', 'vsw-h', ('2001:db8:0:100:' || to_hex(g) || '::/80')::cidr, 'eni-ipv6'
		FROM generate_series(32768, 65535) g`)
	return server
}

// addressRequest returns the parameters of a request on the addresses of an interface.
func addressRequest(eni string, more ...string) []string {
	return inRegion(also([]string{"NetworkInterfaceId", eni}, more...)...)
}

// numbered returns a list parameter with n equal values.
func numbered(name string, n int, value string) (pairs []string) {
	for k := range n {
		pairs = append(pairs, fmt.Sprintf("%s.%d", name, k+1), value)
	}
	return pairs
}

// lockedENIs makes a server whose interfaces are locked for longer than a caller waits.
var lockedENIs = holding(`SELECT FROM network_interfaces FOR UPDATE`)

var addressesGolden = map[string][]goldenCase{
	"AssignPrivateIpAddresses": {
		{name: "MissingParameter", pairs: addressRequest("eni-ok")},
		{name: "InvalidParams.EniId", pairs: addressRequest("eni_ok", "SecondaryPrivateIpAddressCount", "1")},
		{name: "InvalidParameter", pairs: addressRequest("eni-ok", "SecondaryPrivateIpAddressCount", "0")},
		{name: "InvalidParameter.Conflict", pairs: addressRequest("eni-ok", "SecondaryPrivateIpAddressCount", "1", "PrivateIpAddress.1", "10.0.9.9")},
		{name: "InvalidIp.IpPrefixIllegal", pairs: addressRequest("eni-ok", "Ipv4Prefix.1", "10.0.9.9")},
		{name: "InvalidIp.IpPrefixMaskInvalid", pairs: addressRequest("eni-ok", "Ipv4Prefix.1", "10.0.9.0/24")},
		{name: "InvalidIp.IpPrefixNotStrict", pairs: addressRequest("eni-ok", "Ipv4Prefix.1", "10.0.9.9/28")},
		{name: "InvalidIp.IpRepeated", pairs: addressRequest("eni-ok", "Ipv4Prefix.1", "10.0.9.0/28", "Ipv4Prefix.2", "10.0.9.0/28")},
		{name: "InvalidRegionId.NotFound", pairs: also(addressRequest("eni-ok", "Ipv4PrefixCount", "1"), "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: addressRequest("eni-ok", "Ipv4PrefixCount", "1")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: addressRequest("eni-ok", "Ipv4PrefixCount", "1"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: addressRequest("eni-ok", "Ipv4PrefixCount", "1")},
		{name: "InvalidEniId.NotFound", pairs: addressRequest("eni-not-found", "Ipv4PrefixCount", "1")},
		{name: "InvalidOperation.EniServiceManaged", pairs: addressRequest("eni-eni-service-managed", "Ipv4PrefixCount", "1")},
		{name: "InvalidOperation.InvalidEniState", pairs: addressRequest("eni-invalid-eni-state-attaching", "Ipv4PrefixCount", "1")},
		{name: "InvalidOperation.InvalidEcsState", pairs: addressRequest("eni-invalid-ecs-state-pending-primary", "Ipv4PrefixCount", "1")},
		{name: "InvalidVSwitchId.IpInvalid", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.255.253")},
		{name: "InvalidIp.IpAssigned", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.0.1", "ClientToken", "refused")},
		{name: "IdempotentFailed", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.0.1", "ClientToken", "refused")},
		{name: "MaxEniPrivateIpsCountExceeded", pairs: addressRequest("eni-ok", "SecondaryPrivateIpAddressCount", "50")},
		{name: "InvalidOperation.Ipv4CountExceeded", pairs: addressRequest("eni-few-addresses-primary", "SecondaryPrivateIpAddressCount", "2")},
		{name: "InvalidVSwitchId.IpNotEnough", world: crowdedWorld, pairs: addressRequest("eni-ok", "SecondaryPrivateIpAddressCount", "3")},
		{name: "Operation.Conflict", pairs: addressRequest("eni-ok", "Ipv4PrefixCount", "1"), in: lockedENIs},
		{name: "InternalError", pairs: addressRequest("eni-ok", "Ipv4PrefixCount", "1"), in: broken},
		{name: "ServiceUnavailable", pairs: addressRequest("eni-ok", "Ipv4PrefixCount", "1"), in: withoutDatabase},
		{name: "Throttling", pairs: addressRequest("eni-ok", "Ipv4PrefixCount", "1"), in: throttled},
		{name: "by-count", pairs: addressRequest("eni-ok", "SecondaryPrivateIpAddressCount", "2", "ClientToken", "once")},
		{name: "by-the-same-token", pairs: addressRequest("eni-ok", "SecondaryPrivateIpAddressCount", "2", "ClientToken", "once")},
		{name: "IdempotentParameterMismatch", pairs: addressRequest("eni-ok", "SecondaryPrivateIpAddressCount", "3", "ClientToken", "once")},
		{name: "prefixes-by-count", pairs: addressRequest("eni-ok", "Ipv4PrefixCount", "1")},
		{name: "by-name", pairs: addressRequest("eni-holder-primary", "PrivateIpAddress.1", "10.0.9.9")},
	},
	"UnassignPrivateIpAddresses": {
		{name: "MissingParameter", pairs: inRegion("PrivateIpAddress.1", "10.0.9.9")},
		{name: "InvalidEniId.Malformed", pairs: addressRequest("eni_ok", "PrivateIpAddress.1", "10.0.9.9")},
		{name: "InvalidParameter", pairs: addressRequest("eni-ok", numbered("PrivateIpAddress", 33, "10.0.9.9")...)},
		{name: "InvalidParameter.Conflict", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9", "Ipv4Prefix.1", "10.0.9.16/28")},
		{name: "InvalidPrivateIpAddress.Malformed", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "2001:db8::1")},
		{name: "InvalidIp.IpPrefixIllegal", pairs: addressRequest("eni-ok", "Ipv4Prefix.1", "10.0.9.9")},
		{name: "InvalidIp.IpPrefixMaskInvalid", pairs: addressRequest("eni-ok", "Ipv4Prefix.1", "10.0.9.0/24")},
		{name: "InvalidIp.IpPrefixNotStrict", pairs: addressRequest("eni-ok", "Ipv4Prefix.1", "10.0.9.9/28")},
		{name: "InvalidIp.IpRepeated", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9", "PrivateIpAddress.2", "10.0.9.9")},
		{name: "InvalidRegionId.NotFound", pairs: also(addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9"), "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9")},
		{name: "InvalidEniId.NotFound", pairs: addressRequest("eni-not-found", "PrivateIpAddress.1", "10.0.9.9")},
		{name: "InvalidOperation.EniServiceManaged", pairs: addressRequest("eni-eni-service-managed", "PrivateIpAddress.1", "10.0.9.9")},
		{name: "InvalidOperation.InvalidEniState", pairs: addressRequest("eni-invalid-eni-state-detaching", "PrivateIpAddress.1", "10.0.9.9")},
		{name: "InvalidOperation.InvalidEcsState", pairs: addressRequest("eni-invalid-ecs-state-stopping-primary", "PrivateIpAddress.1", "10.0.9.9")},
		{name: "InvalidIp.IpUnassigned", world: crowdedWorld, pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.0.1")}, // its primary address
		{name: "Operation.Conflict", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9"), in: lockedENIs},
		{name: "InternalError", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9"), in: broken},
		{name: "ServiceUnavailable", pairs: addressRequest("eni-ok", "PrivateIpAddress.1", "10.0.9.9"), in: withoutDatabase},
		{name: "success", pairs: addressRequest("eni-ipv4-count-exceeded", "PrivateIpAddress.1", "10.0.9.9"), in: spareAddress},
	},
	"AssignIpv6Addresses": {
		{name: "MissingParameter", pairs: addressRequest("eni-ok")},
		{name: "InvalidParams.EniId", pairs: addressRequest("eni_ok", "Ipv6AddressCount", "1")},
		{name: "InvalidParameter", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "11")},
		{name: "InvalidParameter.Conflict", pairs: addressRequest("eni-ok", "Ipv6PrefixCount", "1", "Ipv6Prefix.1", "2001:db8:0:100:9::/80")},
		{name: "InvalidIp.Address", pairs: addressRequest("eni-ok", "Ipv6Address.1", "10.0.9.9")},
		{name: "InvalidIp.IpPrefixIllegal", pairs: addressRequest("eni-ok", "Ipv6Prefix.1", "10.0.9.0/28")},
		{name: "InvalidIp.IpPrefixMaskInvalid", pairs: addressRequest("eni-ok", "Ipv6Prefix.1", "2001:db8:0:100::/64")},
		{name: "InvalidIp.IpPrefixNotStrict", pairs: addressRequest("eni-ok", "Ipv6Prefix.1", "2001:db8:0:100::1/80")},
		{name: "InvalidIp.IpRepeated", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::1", "Ipv6Address.2", "2001:db8:0:100:0::1")},
		{name: "InvalidRegionId.NotFound", pairs: also(addressRequest("eni-ok", "Ipv6AddressCount", "1"), "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "1")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "1"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "1")},
		{name: "InvalidEniId.NotFound", pairs: addressRequest("eni-not-found", "Ipv6AddressCount", "1")},
		{name: "InvalidOperation.EniServiceManaged", pairs: addressRequest("eni-eni-service-managed", "Ipv6AddressCount", "1")},
		{name: "InvalidOperation.InvalidEniState", pairs: addressRequest("eni-invalid-eni-state-deleting", "Ipv6AddressCount", "1")},
		{name: "InvalidOperation.InvalidEcsState", pairs: addressRequest("eni-invalid-ecs-state-starting-primary", "Ipv6AddressCount", "1")},
		{name: "InvalidVSwitch.Ipv6NotTurnOn", pairs: addressRequest("eni-availability-zone-mismatch", "Ipv6AddressCount", "1")},
		{name: "InvalidVSwitchId.IpInvalid", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:101::1", "ClientToken", "refused")},
		{name: "IdempotentFailed", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:101::1", "ClientToken", "refused")},
		{name: "InvalidIp.IpAssigned", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::1"), in: takenIPv6},
		{name: "MaxEniIpv6IpsCountExceeded", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "10"), in: takenIPv6},
		{name: "InvalidOperation.Ipv6NotSupport", pairs: addressRequest("eni-ipv6-not-support-primary", "Ipv6AddressCount", "1")},
		{name: "InvalidOperation.Ipv6CountExceeded", pairs: addressRequest("eni-few-addresses-primary", "Ipv6AddressCount", "2")},
		{name: "InvalidVSwitchId.IpNotEnough", pairs: addressRequest("eni-ok", "Ipv6PrefixCount", "1"), in: withoutIPv6Prefixes},
		{name: "Operation.Conflict", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "1"), in: lockedENIs},
		{name: "InternalError", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "1"), in: broken},
		{name: "ServiceUnavailable", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "1"), in: withoutDatabase},
		{name: "by-count", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "2", "ClientToken", "once")},
		{name: "IdempotentParameterMismatch", pairs: addressRequest("eni-ok", "Ipv6AddressCount", "3", "ClientToken", "once")},
		{name: "prefixes-by-count", pairs: addressRequest("eni-ok", "Ipv6PrefixCount", "1")},
		{name: "by-name", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9")},
	},
	"UnassignIpv6Addresses": {
		{name: "MissingParameter", pairs: inRegion("Ipv6Address.1", "2001:db8:0:100::9")},
		{name: "InvalidParams.EniId", pairs: addressRequest("eni_ok", "Ipv6Address.1", "2001:db8:0:100::9")},
		{name: "InvalidParameter", pairs: addressRequest("eni-ok", numbered("Ipv6Address", 11, "2001:db8:0:100::9")...)},
		{name: "InvalidParameter.Conflict", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9", "Ipv6Prefix.1", "2001:db8:0:100:9::/80")},
		{name: "InvalidIp.Address", pairs: addressRequest("eni-ok", "Ipv6Address.1", "10.0.9.9")},
		{name: "InvalidIp.IpPrefixIllegal", pairs: addressRequest("eni-ok", "Ipv6Prefix.1", "2001:db8:0:100::9")},
		{name: "InvalidIp.IpPrefixMaskInvalid", pairs: addressRequest("eni-ok", "Ipv6Prefix.1", "2001:db8:0:100::/96")},
		{name: "InvalidIp.IpPrefixNotStrict", pairs: addressRequest("eni-ok", "Ipv6Prefix.1", "2001:db8:0:100::1/80")},
		{name: "InvalidIp.IpRepeated", pairs: addressRequest("eni-ok", "Ipv6Prefix.1", "2001:db8:0:100::/80", "Ipv6Prefix.2", "2001:db8:0:100::/80")},
		{name: "InvalidRegionId.NotFound", pairs: also(addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9"), "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9")},
		{name: "InvalidEniId.NotFound", pairs: addressRequest("eni-not-found", "Ipv6Address.1", "2001:db8:0:100::9")},
		{name: "InvalidOperation.EniServiceManaged", pairs: addressRequest("eni-eni-service-managed", "Ipv6Address.1", "2001:db8:0:100::9")},
		{name: "InvalidOperation.InvalidEniState", pairs: addressRequest("eni-invalid-eni-state-detaching", "Ipv6Address.1", "2001:db8:0:100::9")},
		{name: "InvalidOperation.InvalidEcsState", pairs: addressRequest("eni-invalid-ecs-state-stopping-primary", "Ipv6Address.1", "2001:db8:0:100::9")},
		{name: "InvalidIp.IpUnassigned", pairs: addressRequest("eni-ipv6", "Ipv6Address.1", "2001:db8:0:100::9"), in: primaryIPv6},
		{name: "Operation.Conflict", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9"), in: lockedENIs},
		{name: "InternalError", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9"), in: broken},
		{name: "ServiceUnavailable", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9"), in: withoutDatabase},
		{name: "success", pairs: addressRequest("eni-ok", "Ipv6Address.1", "2001:db8:0:100::9"), in: takenIPv6},
	},
}

// takenIPv6 assigns two IPv6 addresses to eni-ok.
func takenIPv6(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
		VALUES ('1000000000000003', 'vsw-h', '2001:db8:0:100::1', 'eni-ok', false), ('1000000000000003', 'vsw-h', '2001:db8:0:100::9', 'eni-ok', false)
		ON CONFLICT DO NOTHING`)
	return server
}

// primaryIPv6 makes the IPv6 address of the request the primary one of an interface.
func primaryIPv6(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
		VALUES ('1000000000000003', 'vsw-h', '2001:db8:0:100::9', 'eni-ipv6', true)`)
	return server
}

// spareAddress assigns a secondary address that the requests can name.
func spareAddress(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
		VALUES ('1000000000000003', 'vsw-h', '10.0.9.9', 'eni-ipv4-count-exceeded', false)`)
	return server
}
