package httpapi_test

import (
	"net/http/httptest"
	"slices"
	"time"

	"enisim.alt/service"
)

// networks is the world of the VPC product: a VPC with all resources, one with groups only, and an
// empty one.
const networks = `
enisim: 1
accounts:
  - id: "1000000000000004"
    access_keys:
      - {id: ` + goldenKey + `, secret: networks-secret}
      - {id: LTAIexpired00000001, secret: expired-secret, expires_at: 2020-01-01T00:00:00Z}
    ram_users:
      - {name: allowed, allow: ["*"], access_keys: [{id: LTAIramallowed00001, secret: ram-allowed-secret}]}
      - {name: nothing, access_keys: [{id: LTAIramnothing00001, secret: ram-nothing-secret}]}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            name: main
            description: a < b & c
            cidr_block: 10.0.0.0/8
            ipv6_cidr_block: 2408:4000:0:100::/56
            tags: {team: net, a: ""}
            vswitches:
              - {id: vsw-h, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16, ipv6_cidr_block: "2408:4000:0:100::/64", name: h, tags: {team: net}}
              - {id: vsw-i, zone: cn-hangzhou-i, cidr_block: 10.1.0.0/24}
            security_groups: [{id: sg-main}]
          - {id: vpc-empty, cidr_block: 172.16.0.0/12}
          - id: vpc-groups
            cidr_block: 192.168.0.0/16
            security_groups: [{id: sg-groups}]
        instances: [{id: i-1, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}]
        network_interfaces: [{id: eni-1, vswitch: vsw-h, security_groups: [sg-main], ipv6_address_count: 1}]
`

// withPendingNetworks has networks that are all Pending.
func withPendingNetworks(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{CreateDelay: time.Minute}, `
		UPDATE vpcs SET available_at = '2026-11-22 10:16:00Z';
		UPDATE vswitches SET available_at = '2026-11-22 10:16:00Z'`)
	return server
}

// withRoutes has a route entry and a table that a VSwitch uses in one VPC, and a custom table in another one.
func withRoutes(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO route_tables (account_id, id, vpc_id, region_id, type, created_at) VALUES
		    ('1000000000000004', 'vtb-own', 'vpc-main', 'cn-hangzhou', 'Custom', now()),
		    ('1000000000000004', 'vtb-alone', 'vpc-empty', 'cn-hangzhou', 'Custom', now());
		INSERT INTO route_table_associations VALUES ('1000000000000004', 'vsw-i', 'vpc-main', 'vtb-own');
		INSERT INTO route_entries (account_id, id, vpc_id, route_table_id, destination_cidr_block, instance_id, created_at)
		VALUES ('1000000000000004', 'rte-1', 'vpc-main', 'vtb-main', '192.168.0.0/24', 'i-1', now())`)
	return server
}

// withFullVPC has a VPC with the maximum number of VSwitches.
func withFullVPC(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at)
		SELECT '1000000000000004', 'vsw-' || n, 'vpc-empty', 'cn-hangzhou', 'cn-hangzhou-h',
		       network(set_masklen('172.16.0.0'::inet + 256 * n, 24)), now()
		FROM generate_series(1, 150) n`)
	return server
}

// brokenNetworks lacks a column, as after a manual migration that failed.
func brokenNetworks(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		ALTER TABLE vpcs RENAME COLUMN available_at TO ready_at;
		ALTER TABLE vswitches RENAME COLUMN available_at TO ready_at`)
	return server
}

// lockedNetworks makes a server whose networks are locked for longer than a caller waits.
var lockedNetworks = holding(`SELECT FROM accounts FOR UPDATE`, `SELECT FROM vpcs FOR UPDATE`, `SELECT FROM vswitches FOR UPDATE`)

// refused returns the refusals of the gateway and the admission rules for a valid request.
func refused(pairs []string) []goldenCase {
	return []goldenCase{
		{name: "InvalidRegionId.NotFound", pairs: also(pairs, "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: pairs},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: pairs, in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramnothing00001", pairs: pairs},
		{name: "InternalError", pairs: pairs, in: brokenNetworks},
		{name: "ServiceUnavailable", pairs: pairs, in: withoutDatabase},
	}
}

// refusedWrite adds the refusal of a write whose lock timeout ends.
func refusedWrite(pairs []string) []goldenCase {
	return append(refused(pairs), goldenCase{name: "OperationConflict", pairs: pairs, in: lockedNetworks})
}

// vpcRequest returns the parameters of a request on a VPC.
func vpcRequest(vpc string) []string { return inRegion("VpcId", vpc) }

// vswitchRequest returns the parameters of a request on a VSwitch.
func vswitchRequest(vswitch string) []string { return inRegion("VSwitchId", vswitch) }

// newVSwitch returns the parameters of a new VSwitch in a VPC of the world.
func newVSwitch(vpc, block string) []string {
	return inRegion("VpcId", vpc, "ZoneId", "cn-hangzhou-h", "CidrBlock", block)
}

var vpcGolden = map[string][]goldenCase{
	"CreateVpc": inNetworks([]goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("CidrBlock", "10.0.0.1/8")},
		{name: "IllegalParam.CidrBlockMask", pairs: inRegion("CidrBlock", "10.0.0.0/29")},
		{name: "InvalidVpcName.Malformed", pairs: inRegion("VpcName", "https://vpc")},
		{name: "InvalidVpcDiscription.Malformed", pairs: inRegion("Description", "http://vpc")},
		{name: "QuotaExceed.Tags", pairs: inRegion(equalTags(21)...)},
		{name: "InvalidTagKey.Malformed", pairs: inRegion("Tag.1.Key", "acs:mine")},
		{name: "InvalidTagValue.Malformed", pairs: inRegion("Tag.1.Key", "team", "Tag.1.Value", "aliyun")},
		{name: "Duplicate.TagKey", pairs: inRegion(equalTags(2)...)},
		{name: "InvalidClientToken.ValueNotSupported", pairs: inRegion("ClientToken", "é")},
		{name: "DryRunOperation", pairs: inRegion("DryRun", "true")},
	}, refusedWrite(inRegion()), []goldenCase{
		{name: "success", pairs: inRegion("CidrBlock", "192.168.0.0/16", "EnableIpv6", "true", "ResourceGroupId", "rg-1", "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: inRegion("CidrBlock", "10.0.0.0/8", "ClientToken", "token-1")},
	}),
	"CreateVSwitch": inNetworks([]goldenCase{
		{name: "MissingParameter", pairs: inRegion("VpcId", "vpc-main", "ZoneId", "cn-hangzhou-h")},
		{name: "InvalidParameter", pairs: newVSwitch("vpc-main", "11.0.0.0/24")},
		{name: "InvalidCidrBlock.Malformed", pairs: newVSwitch("vpc-main", "10.9.0.1/24")},
		{name: "InvalidVpcName.Malformed", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), "VSwitchName", "https://vsw")},
		{name: "InvalidVpcDiscription.Malformed", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), "Description", "http://vsw")},
		{name: "QuotaExceed.Tags", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), equalTags(21)...)},
		{name: "InvalidTagKey.Malformed", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), "Tag.1.Key", "aliyun")},
		{name: "InvalidTagValue.Malformed", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), "Tag.1.Key", "team", "Tag.1.Value", "acs:x")},
		{name: "Duplicate.TagKey", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), equalTags(2)...)},
		{name: "InvalidClientToken.ValueNotSupported", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), "ClientToken", "é")},
		{name: "InvalidVpcId.NotFound", pairs: newVSwitch("vpc-not-found", "10.9.0.0/24")},
		{name: "InvalidZoneId.NotFound", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), "ZoneId", "cn-beijing-h")},
		{name: "IncorrectVpcStatus", pairs: newVSwitch("vpc-main", "10.9.0.0/24"), in: withPendingNetworks},
		{name: "InvalidCidrBlock.Overlapped", pairs: newVSwitch("vpc-main", "10.0.9.0/24")},
		{name: "QuotaExceeded.VSwitch", pairs: newVSwitch("vpc-empty", "172.31.0.0/24"), in: withFullVPC},
	}, refusedWrite(newVSwitch("vpc-main", "10.9.0.0/24")), []goldenCase{
		{name: "success", pairs: also(newVSwitch("vpc-main", "10.9.0.0/24"), "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: also(newVSwitch("vpc-main", "10.8.0.0/24"), "ClientToken", "token-1")},
	}),
	"DeleteVpc": inNetworks([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: also(vpcRequest("vpc-empty"), "DryRun", "perhaps")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: also(vpcRequest("vpc-empty"), "ClientToken", "é")},
		{name: "InvalidVpcId.NotFound", pairs: vpcRequest("vpc-not-found")},
		{name: "IncorrectVpcStatus", pairs: vpcRequest("vpc-empty"), in: withPendingNetworks},
		{name: "DependencyViolation.VSwitch", pairs: vpcRequest("vpc-main")},
		{name: "DependencyViolation.SecurityGroup", pairs: vpcRequest("vpc-groups")},
		{name: "DependencyViolation.RouteEntry", pairs: vpcRequest("vpc-main"), in: withRoutes},
		{name: "DependencyViolation.RouteTable", pairs: vpcRequest("vpc-empty"), in: withRoutes},
		{name: "DryRunOperation", pairs: also(vpcRequest("vpc-empty"), "DryRun", "true")},
	}, refusedWrite(vpcRequest("vpc-empty")), []goldenCase{
		{name: "success", pairs: also(vpcRequest("vpc-empty"), "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: also(vpcRequest("vpc-groups"), "ClientToken", "token-1")},
	}),
	"DeleteVSwitch": inNetworks([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: also(vswitchRequest("vsw-i"), "DryRun", "perhaps")},
		{name: "InvalidVSwitchId.NotFound", pairs: vswitchRequest("vsw-not-found")},
		{name: "IncorrectVSwitchStatus", pairs: vswitchRequest("vsw-i"), in: withPendingNetworks},
		{name: "DependencyViolation", pairs: vswitchRequest("vsw-h")},
		{name: "DependencyViolation.RouteTable", pairs: vswitchRequest("vsw-i"), in: withRoutes},
		{name: "DryRunOperation", pairs: also(vswitchRequest("vsw-i"), "DryRun", "true")},
	}, refusedWrite(vswitchRequest("vsw-i")), []goldenCase{{name: "success", pairs: vswitchRequest("vsw-i")}}),
	"ModifyVpcAttribute": inNetworks([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: also(vpcRequest("vpc-main"), "Ipv6CidrBlock", "2408:4000:0:200::/56")},
		{name: "InvalidVpcName.Malformed", pairs: also(vpcRequest("vpc-main"), "VpcName", "https://vpc")},
		{name: "InvalidVpcDiscription.Malformed", pairs: also(vpcRequest("vpc-main"), "Description", "http://vpc")},
		{name: "InvalidVpcId.NotFound", pairs: vpcRequest("vpc-not-found")},
		{name: "IncorrectVpcStatus", pairs: vpcRequest("vpc-main"), in: withPendingNetworks},
		{name: "DependencyViolation.VSwitch", pairs: also(vpcRequest("vpc-main"), "EnableIPv6", "false")},
	}, refusedWrite(vpcRequest("vpc-main")), []goldenCase{{name: "success", pairs: also(vpcRequest("vpc-main"), "VpcName", "renamed")}}),
	"ModifyVSwitchAttribute": inNetworks([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: also(vswitchRequest("vsw-h"), "Ipv6CidrBlock", "256")},
		{name: "InvalidVpcName.Malformed", pairs: also(vswitchRequest("vsw-h"), "VSwitchName", "https://vsw")},
		{name: "InvalidVpcDiscription.Malformed", pairs: also(vswitchRequest("vsw-h"), "Description", "http://vsw")},
		{name: "InvalidVSwitchId.NotFound", pairs: vswitchRequest("vsw-not-found")},
		{name: "IncorrectVSwitchStatus", pairs: vswitchRequest("vsw-h"), in: withPendingNetworks},
		{name: "InvalidCidrBlock.Overlapped", pairs: also(vswitchRequest("vsw-i"), "Ipv6CidrBlock", "0")},
		{name: "DependencyViolation", pairs: also(vswitchRequest("vsw-h"), "EnableIPv6", "false")},
	}, refusedWrite(vswitchRequest("vsw-h")), []goldenCase{{name: "success", pairs: also(vswitchRequest("vsw-h"), "VSwitchName", "renamed")}}),
	"DescribeVpcs": inNetworks([]goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageSize", "51")},
	}, refused(inRegion()), []goldenCase{
		{name: "empty", pairs: vpcRequest("vpc-not-found")},
		{name: "default", pairs: inRegion("IsDefault", "true")},
		{name: "by-id", pairs: vpcRequest("vpc-main,vpc-empty")},
		{name: "second-page", pairs: inRegion("PageSize", "1", "PageNumber", "2")},
		{name: "by-tag", pairs: inRegion("Tag.1.Key", "team", "Tag.1.Value", "net", "EnableIpv6", "true", "VpcName", "main")},
		{name: "pending", pairs: vpcRequest("vpc-empty"), in: withPendingNetworks},
	}),
	"DescribeVpcAttribute": inNetworks([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidVpcId.NotFound", pairs: vpcRequest("vpc-not-found")},
	}, refused(vpcRequest("vpc-main")), []goldenCase{
		{name: "success", pairs: vpcRequest("vpc-main")},
		{name: "in-any-region", pairs: []string{"VpcId", "vpc-empty"}},
	}),
	"DescribeVSwitches": inNetworks([]goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageNumber", "0")},
	}, refused(inRegion()), []goldenCase{
		{name: "empty", pairs: vswitchRequest("vsw-not-found")},
		{name: "of-a-vpc", pairs: []string{"VpcId", "vpc-main"}},
		{name: "of-a-route-table", pairs: inRegion("RouteTableId", "vtb-main", "ZoneId", "cn-hangzhou-h", "VSwitchName", "h", "Tag.1.Key", "team")},
		{name: "pending", pairs: vswitchRequest("vsw-i"), in: withPendingNetworks},
	}),
	"DescribeVSwitchAttributes": inNetworks([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
	}, refused(vswitchRequest("vsw-h")), []goldenCase{
		{name: "gone", pairs: vswitchRequest("vsw-not-found")},
		{name: "success", pairs: vswitchRequest("vsw-h")},
	}),
	"DescribeRouteTables": inNetworks([]goldenCase{
		{name: "InvalidParameter", pairs: inRegion("PageSize", "0")},
	}, refused(inRegion()), []goldenCase{
		{name: "empty", pairs: inRegion("RouteTableName", "mine")},
		{name: "of-a-router", pairs: []string{"VRouterId", "vrt-main", "RouterType", "VRouter"}},
		{name: "by-id", pairs: inRegion("RouteTableId", "vtb-empty")},
	}),
	"DescribeRouteTableList": inNetworks([]goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageSize", "51")},
	}, refused(inRegion()), []goldenCase{
		{name: "empty", pairs: vpcRequest("vpc-not-found")},
		{name: "of-a-vpc", pairs: vpcRequest("vpc-main")},
		{name: "of-another-router", pairs: inRegion("RouterId", "vrt-main", "VRouterId", "vrt-empty")},
	}),
}

// inNetworks returns cases in the world of networks.
func inNetworks(groups ...[]goldenCase) []goldenCase {
	cases := slices.Concat(groups...)
	for k := range cases {
		cases[k].world = networks
	}
	return cases
}
