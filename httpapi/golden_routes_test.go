package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"time"

	"enisim.alt/service"
)

// routes is a world with route tables and entries.
const routes = `
enisim: 1
accounts:
  - id: "1000000000000006"
    access_keys:
      - {id: ` + goldenKey + `, secret: routes-secret}
      - {id: LTAIexpired00000001, secret: expired-secret, expires_at: 2020-01-01T00:00:00Z}
    ram_users:
      - {name: allowed, allow: ["*"], access_keys: [{id: LTAIramallowed00001, secret: ram-allowed-secret}]}
      - {name: nothing, access_keys: [{id: LTAIramnothing00001, secret: ram-nothing-secret}]}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            resource_group: rg-1
            vswitches:
              - {id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}
              - {id: vsw-own, zone: cn-hangzhou-h, cidr_block: 10.1.0.0/16}
              - {id: vsw-free, zone: cn-hangzhou-h, cidr_block: 10.2.0.0/16}
            security_groups: [{id: sg-1}]
            route_tables:
              - type: System
                entries:
                  - {id: rte-1, destination_cidr_block: 192.168.0.0/24, next_hop: i-1, name: office, description: a < b & c}
                  - {id: rte-2, destination_cidr_block: 192.168.1.1/32, next_hop: eni-1}
              - {id: vtb-own, name: mine, description: for the office, tags: {team: net}, vswitches: [vsw-own]}
              - {id: vtb-spare, entries: [{id: rte-3, destination_cidr_block: 0.0.0.0/0, next_hop: i-1}]}
              - {id: vtb-idle, route_propagation: false}
          - id: vpc-2
            cidr_block: 172.16.0.0/12
            secondary_cidr_blocks: [192.168.0.0/16, 192.169.0.0/16]
            vswitches:
              - {id: vsw-2, zone: cn-hangzhou-h, cidr_block: 192.168.0.0/24}
            security_groups: [{id: sg-2}]
          - id: vpc-tables
            cidr_block: 10.0.0.0/8
            route_tables: [{id: vtb-alone}]
        instances:
          - {id: i-1, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], status: Stopped}
          - {id: i-2, type: ecs.g6.large, vswitch: vsw-2, security_groups: [sg-2]}
          - {id: i-pending, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], status: Pending}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: eni-2, vswitch: vsw-2, security_groups: [sg-2]}
          - {id: eni-deleting, vswitch: vsw-1, security_groups: [sg-1], status: Deleting}
`

// withNextHops has route entries to an instance and to an interface.
func withNextHops(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO route_entries (account_id, id, vpc_id, route_table_id, destination_cidr_block, instance_id, created_at)
		SELECT account_id, 'rte-1', vpc_id, 'vtb-' || substr(vpc_id, 5), '198.51.100.0/24', id, now()
		FROM instances WHERE id = 'i-stopped';
		INSERT INTO route_entries
		    (account_id, id, vpc_id, route_table_id, destination_cidr_block, network_interface_id, created_at)
		SELECT account_id, 'rte-2', vpc_id, 'vtb-' || substr(vpc_id, 5), '198.51.101.0/24', id, now()
		FROM network_interfaces WHERE id = 'eni-free'`)
	return server
}

// inRoutes returns cases in the world of routes.
func inRoutes(groups ...[]goldenCase) []goldenCase {
	cases := slices.Concat(groups...)
	for k := range cases {
		cases[k].world = routes
	}
	return cases
}

// withManyRoutes has as many route tables in a VPC, and entries in a table, as there may be.
func withManyRoutes(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO route_tables (account_id, id, vpc_id, region_id, type, created_at)
		SELECT '1000000000000006', 'vtb-x' || n, 'vpc-2', 'cn-hangzhou', 'Custom', now() FROM generate_series(1, 9) n;
		INSERT INTO route_entries (account_id, id, vpc_id, route_table_id, destination_cidr_block, instance_id, created_at)
		SELECT '1000000000000006', 'rte-x' || n, 'vpc-1', 'vtb-own', set_masklen('203.0.0.0'::inet + n, 32), 'i-1', now()
		FROM generate_series(1, 200) n`)
	return server
}

// withPendingRoutes has networks that are all Pending.
func withPendingRoutes(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{CreateDelay: time.Minute}, `
		UPDATE vpcs SET available_at = '2026-11-22 10:16:00Z';
		UPDATE vswitches SET available_at = '2026-11-22 10:16:00Z'`)
	return server
}

// brokenRoutes lacks a column, as after a manual migration that failed.
func brokenRoutes(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE route_tables RENAME COLUMN type TO kind`)
	return server
}

// lockedRoutes makes a server whose VPCs and route tables are locked for longer than a caller waits.
var lockedRoutes = holding(`SELECT FROM vpcs FOR UPDATE`, `SELECT FROM route_tables FOR UPDATE`)

// refusedRoute returns the refusals of the gateway and the admission rules for a valid request.
func refusedRoute(pairs []string) []goldenCase {
	cases := refused(pairs)
	for k := range cases {
		if cases[k].name == "InternalError" {
			cases[k].in = brokenRoutes
		}
	}
	return cases
}

// refusedRouteWrite adds the refusal of a write whose lock timeout ends.
func refusedRouteWrite(pairs []string) []goldenCase {
	return append(refusedRoute(pairs), goldenCase{name: "OperationConflict", pairs: pairs, in: lockedRoutes})
}

// tableRequest returns the parameters of a request on a route table.
func tableRequest(id string, more ...string) []string {
	return also(inRegion("RouteTableId", id), more...)
}

// entryRequest returns the parameters of a new route entry.
func entryRequest(table, destination, hop string, more ...string) []string {
	return tableRequest(table, also([]string{"DestinationCidrBlock", destination, "NextHopId", hop}, more...)...)
}

// usedBy returns the parameters of a request on a VSwitch and its route table.
func usedBy(table, vswitch string, more ...string) []string {
	return tableRequest(table, also([]string{"VSwitchId", vswitch}, more...)...)
}

// severalEntries returns the parameters of new route entries, or of those to delete.
func severalEntries(entries ...[]string) []string {
	pairs := inRegion()
	for k, entry := range entries {
		for i := 0; i < len(entry); i += 2 {
			pairs = append(pairs, fmt.Sprintf("RouteEntries.%d.%s", k+1, entry[i]), entry[i+1])
		}
	}
	return pairs
}

func listedEntry(table, destination, hop string, more ...string) []string {
	return also([]string{"RouteTableId", table, "DstCidrBlock", destination, "NextHop", hop}, more...)
}

// manyEntries returns n entries of a table.
func manyEntries(n int) (entries [][]string) {
	for k := range n {
		entries = append(entries, listedEntry("vtb-own", "198.51.100."+strconv.Itoa(k)+"/32", "i-1"))
	}
	return entries
}

// blockRequest returns the parameters of a request on a secondary block of a VPC.
func blockRequest(vpc, block string, more ...string) []string {
	return also(vpcRequest(vpc), also([]string{"SecondaryCidrBlock", block}, more...)...)
}

// withManyBlocks has a VPC with as many secondary blocks as it may have.
func withManyBlocks(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		UPDATE vpcs SET secondary_cidr_blocks = '{11.0.0.0/16,12.0.0.0/16,13.0.0.0/16,14.0.0.0/16,15.0.0.0/16}'
		WHERE id = 'vpc-1'`)
	return server
}

// brokenBlocks lacks a column, as after a manual migration that failed.
func brokenBlocks(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE vpcs RENAME COLUMN secondary_cidr_blocks TO blocks`)
	return server
}

// refusedBlock returns the refusals of the gateway and the admission rules for a valid request.
func refusedBlock(pairs []string) []goldenCase {
	cases := refusedRouteWrite(pairs)
	for k := range cases {
		if cases[k].name == "InternalError" {
			cases[k].in = brokenBlocks
		}
	}
	return cases
}

var routesGolden = map[string][]goldenCase{
	"CreateRouteEntry": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: tableRequest("vtb-own", "NextHopId", "i-1")},
		{name: "InvalidParameter", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1", "DryRun", "perhaps")},
		{name: "InvalidRouterInterface", pairs: entryRequest("vtb-own", "198.51.100.0/24", "", "NextHopList.1.NextHopId", "ri-1")},
		{name: "OperationUnsupported.Ipv6CidrBlock", pairs: entryRequest("vtb-own", "2001:db8::/56", "i-1")},
		{name: "InvalidCidrBlock.Malformed", pairs: entryRequest("vtb-own", "198.51.100.1/24", "i-1")},
		{name: "InvalidCidrBlock", pairs: entryRequest("vtb-own", "100.64.0.0/16", "i-1")},
		{name: "InvalidNextHopType", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1", "NextHopType", "Disk")},
		{name: "OperationDenied.NextHopTypeNotPermitted", pairs: entryRequest("vtb-own", "198.51.100.0/24", "ngw-1", "NextHopType", "NatGateway")},
		{name: "InvalidRouteEntryName.Malformed", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1", "RouteEntryName", "https://entry")},
		{name: "InvalidDescription.Malformed", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1", "Description", "http://entry")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1", "ClientToken", "é")},
		{name: "InvalidRouteTableId.NotFound", pairs: entryRequest("vtb-not-found", "198.51.100.0/24", "i-1")},
		{name: "IncorrectVpcStatus", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1"), in: withPendingRoutes},
		{name: "InvalidNextHopId.NotFound", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-not-found")},
		{name: "InvalidNetworkInterface.NotFound", pairs: entryRequest("vtb-own", "198.51.100.0/24", "eni-deleting", "NextHopType", ofInterface)},
		{name: "OperationFailed.InstanceDismatchCurrentVpc", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-2")},
		{name: "Mismatch.EniIdAndRouteTableId", pairs: entryRequest("vtb-own", "198.51.100.0/24", "eni-2", "NextHopType", ofInterface)},
		{name: "IncorrectInstanceStatus", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-pending")},
		{name: "InvalidCIDRBlock.Duplicate", pairs: entryRequest("vtb-1", "192.168.1.1", "i-1")},
		{name: "QuotaExceeded", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1"), in: withManyRoutes},
		{name: "DryRunOperation", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1", "DryRun", "true")},
	}, refusedRouteWrite(entryRequest("vtb-own", "198.51.100.0/24", "i-1")), []goldenCase{
		{name: "success", pairs: entryRequest("vtb-own", "198.51.100.0/24", "i-1", "RouteEntryName", "new", "ClientToken", "token-1")},
		{name: "interface", pairs: entryRequest("vtb-1", "198.51.100.9", "eni-1", "NextHopType", ofInterface)},
		{name: "IdempotentParameterMismatch", pairs: entryRequest("vtb-own", "198.51.101.0/24", "i-1", "ClientToken", "token-1")},
	}),
	"CreateRouteEntries": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: severalEntries(manyEntries(51)...)},
		{name: "MissingParam.RouteTableId", pairs: severalEntries(listedEntry("", "198.51.100.0/24", "i-1"))},
		{name: "DryRunOperation", pairs: also(severalEntries(manyEntries(1)...), "DryRun", "true")},
	}, refusedRouteWrite(severalEntries(manyEntries(2)...)), []goldenCase{
		{name: "success", pairs: severalEntries(
			listedEntry("vtb-own", "198.51.100.0/24", "i-1", "NextHopType", "Instance", "Name", "new", "IpVersion", "4"),
			listedEntry("vtb-own", "198.51.100.0/24", "eni-1", "NextHopType", ofInterface),
			listedEntry("vtb-not-found", "198.51.100.0/24", "i-1"),
			listedEntry("vtb-1", "198.51.100.0/24", "eni-1", "NextHopType", ofInterface, "Describption", "old spelling"),
		)},
	}),
	"DeleteRouteEntry": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: tableRequest("vtb-1", "NextHopId", "i-1")},
		{name: "InvalidParameter", pairs: inRegion("RouteEntryId", "rte-1", "DryRun", "perhaps")},
		{name: "ParamExclusive.RouteEntryIdAndRouteTableIdOrDestCidrBlock", pairs: inRegion("RouteEntryId", "rte-1", "DestinationCidrBlock", "192.168.0.0/24")},
		{name: "InvalidCidrBlock.Malformed", pairs: entryRequest("vtb-1", "192.168.0.1/24", "i-1")},
		{name: "InvalidNextHop", pairs: entryRequest("vtb-1", "192.168.0.0/24", "")},
		{name: "InvalidRouteEntryId.NotFound", pairs: inRegion("RouteEntryId", "rte-not-found")},
		{name: "InvalidRouteTableId.NotFound", pairs: entryRequest("vtb-not-found", "192.168.0.0/24", "i-1")},
		{name: "OperationDenied", pairs: entryRequest("vtb-1", "10.0.0.0/16", "i-1")},
		{name: "InvalidRouteEntry.NotFound", pairs: entryRequest("vtb-1", "192.168.0.0/24", "eni-1")},
		{name: "DryRunOperation", pairs: inRegion("RouteEntryId", "rte-1", "DryRun", "true")},
	}, refusedRouteWrite(entryRequest("vtb-1", "192.168.0.0/24", "i-1")), []goldenCase{
		{name: "success", pairs: entryRequest("vtb-1", "192.168.0.0/24", "i-1")},
		{name: "by-id", pairs: inRegion("RouteEntryId", "rte-2")},
	}),
	"DeleteRouteEntries": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: severalEntries(manyEntries(51)...)},
		{name: "DryRunOperation", pairs: also(severalEntries(listedEntry("vtb-1", "192.168.0.0/24", "i-1")), "DryRun", "true")},
	}, refusedRouteWrite(severalEntries(listedEntry("vtb-1", "192.168.0.0/24", "i-1"))), []goldenCase{
		{name: "success", pairs: severalEntries(
			[]string{"RouteEntryId", "rte-1"}, listedEntry("vtb-1", "192.168.0.0/24", "i-1"), listedEntry("vtb-1", "10.0.0.0/16", "i-1"),
			listedEntry("vtb-1", "192.168.1.1/32", "eni-1"),
		)},
	}),
	"CreateRouteTable": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: also(vpcRequest("vpc-1"), "AssociateType", "Disk")},
		{name: "UnsupportedRegion", pairs: also(vpcRequest("vpc-1"), "AssociateType", "Gateway")},
		{name: "InvalidParameter.RouteTableName.Malformed", pairs: also(vpcRequest("vpc-1"), "RouteTableName", "https://table")},
		{name: "InvalidParameter.Description.Malformed", pairs: also(vpcRequest("vpc-1"), "Description", "http://table")},
		{name: "QuotaExceed.Tags", pairs: also(vpcRequest("vpc-1"), equalTags(21)...)},
		{name: "InvalidTagKey.Malformed", pairs: also(vpcRequest("vpc-1"), "Tag.1.Key", "acs:mine")},
		{name: "InvalidTagValue.Malformed", pairs: also(vpcRequest("vpc-1"), "Tag.1.Key", "team", "Tag.1.Value", "aliyun")},
		{name: "Duplicate.TagKey", pairs: also(vpcRequest("vpc-1"), equalTags(2)...)},
		{name: "InvalidClientToken.ValueNotSupported", pairs: also(vpcRequest("vpc-1"), "ClientToken", "é")},
		{name: "InvalidVpcId.NotFound", pairs: vpcRequest("vpc-not-found")},
		{name: "IncorrectVpcStatus", pairs: vpcRequest("vpc-1"), in: withPendingRoutes},
		{name: "QuotaExceeded.RouteTable", pairs: vpcRequest("vpc-2"), in: withManyRoutes},
	}, refusedRouteWrite(vpcRequest("vpc-1")), []goldenCase{
		{name: "success", pairs: also(vpcRequest("vpc-1"), "RouteTableName", "new", "AssociateType", "VSwitch", "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: also(vpcRequest("vpc-2"), "ClientToken", "token-1")},
	}),
	"DeleteRouteTable": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidRouteTableId.NotFound", pairs: tableRequest("vtb-not-found")},
		{name: "IncorrectRouteTableType", pairs: tableRequest("vtb-1")},
		{name: "IncorrectRouteTableStatus.RouteEntryExist", pairs: tableRequest("vtb-spare")},
		{name: "IncorrectRouteTableStatus", pairs: tableRequest("vtb-own")},
	}, refusedRouteWrite(tableRequest("vtb-idle")), []goldenCase{{name: "success", pairs: tableRequest("vtb-idle")}}),
	"ModifyRouteTableAttributes": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: tableRequest("vtb-1", "RoutePropagationEnable", "perhaps")},
		{name: "Abs.InvaliTableName.Malformed", pairs: tableRequest("vtb-1", "RouteTableName", "https://table")},
		{name: "InvalidDescription.Malformed", pairs: tableRequest("vtb-1", "Description", "http://table")},
		{name: "Abs.InvalidRouteTableId.NotExist", pairs: tableRequest("vtb-not-found", "RouteTableName", "renamed")},
	}, refusedRouteWrite(tableRequest("vtb-1")), []goldenCase{
		{name: "success", pairs: tableRequest("vtb-1", "RouteTableName", "renamed", "Description", "changed", "RoutePropagationEnable", "false")},
	}),
	"AssociateRouteTable": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: tableRequest("vtb-spare")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: usedBy("vtb-spare", "vsw-free", "ClientToken", "é")},
		{name: "InvalidRouteTableId.NotFound", pairs: usedBy("vtb-not-found", "vsw-free")},
		{name: "InvalidVSwitchId.NotFound", pairs: usedBy("vtb-spare", "vsw-not-found")},
		{name: "IncorrectVSwitchStatus", pairs: usedBy("vtb-spare", "vsw-free"), in: withPendingRoutes},
		{name: "Forbidden.NotInSameVpc", pairs: usedBy("vtb-spare", "vsw-2")},
		{name: "OperationDenied.SwitchToSystemRouteTable", pairs: usedBy("vtb-1", "vsw-own")},
		{name: "ResourceAlreadyAssociated.RouteTable", pairs: usedBy("vtb-own", "vsw-own")},
		{name: "Forbidden.VSwitchAlreadyAssociatedRouteTable", pairs: usedBy("vtb-spare", "vsw-own")},
	}, refusedRouteWrite(usedBy("vtb-spare", "vsw-free")), []goldenCase{
		{name: "success", pairs: usedBy("vtb-spare", "vsw-free", "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: usedBy("vtb-own", "vsw-free", "ClientToken", "token-1")},
	}),
	"UnassociateRouteTable": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: tableRequest("vtb-own")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: usedBy("vtb-own", "vsw-own", "ClientToken", "é")},
		{name: "InvalidRouteTableId.NotFound", pairs: usedBy("vtb-not-found", "vsw-own")},
		{name: "InvalidVSwitchId.NotFound", pairs: usedBy("vtb-own", "vsw-not-found")},
		{name: "IncorrectVSwitchStatus", pairs: usedBy("vtb-own", "vsw-own"), in: withPendingRoutes},
		{name: "OperationUnsupported.SystemRouteTable", pairs: usedBy("vtb-1", "vsw-1")},
		{name: "InvalidBindingStatus.RouteTable", pairs: usedBy("vtb-own", "vsw-free")},
	}, refusedRouteWrite(usedBy("vtb-own", "vsw-own")), []goldenCase{
		{name: "success", pairs: usedBy("vtb-own", "vsw-own", "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: usedBy("vtb-own", "vsw-free", "ClientToken", "token-1")},
	}),
	"AssociateVpcCidrBlock": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: []string{"VpcId", "vpc-1"}},
		{name: "MissingParam.VpcId", pairs: inRegion("SecondaryCidrBlock", "192.168.0.0/16")},
		{name: "InvalidParameter", pairs: blockRequest("vpc-1", "192.168.0.0/16", "SecondaryCidrMask", "many")},
		{name: "IllegalParam.IpVersion", pairs: blockRequest("vpc-1", "192.168.0.0/16", "IpVersion", "IPV5")},
		{name: "UnsupportedFeature.Ipam", pairs: blockRequest("vpc-1", "", "IpamPoolId", "ipam-pool-1")},
		{name: "ParamExclusive.SecondaryCidrAndIpv6Cidr", pairs: blockRequest("vpc-1", "192.168.0.0/16", "IPv6CidrBlock", "2001:db8::/56")},
		{name: "OperationUnsupported.VpcMultiCidr", pairs: blockRequest("vpc-1", "", "IpVersion", "IPV6")},
		{name: "MissingParam.SecondaryCidrBlockOrIpv6CidrBlock", pairs: vpcRequest("vpc-1")},
		{name: "InvalidCidrBlock.Malformed", pairs: blockRequest("vpc-1", "192.168.0.1/16")},
		{name: "IllegalParam.SecondaryCidrBlock", pairs: blockRequest("vpc-1", "100.64.0.0/16")},
		{name: "InvalidVpc.NotFound", pairs: blockRequest("vpc-not-found", "192.168.0.0/16")},
		{name: "IncorrectStatus.Vpc", pairs: blockRequest("vpc-1", "192.168.0.0/16"), in: withPendingRoutes},
		{name: "Duplicated.SecondaryCidrBlock", pairs: blockRequest("vpc-1", "10.9.0.0/16")},
		{name: "QuotaExceeded.VpcMultiCidr", pairs: blockRequest("vpc-1", "192.168.0.0/16"), in: withManyBlocks},
	}, refusedBlock(blockRequest("vpc-1", "192.168.0.0/16")), []goldenCase{
		{name: "success", pairs: blockRequest("vpc-1", "192.168.0.0/16", "IpVersion", "IPV4")},
	}),
	"UnassociateVpcCidrBlock": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: []string{"VpcId", "vpc-1"}},
		{name: "MissingParam.VpcId", pairs: inRegion("SecondaryCidrBlock", "192.168.0.0/16")},
		{name: "ParamExclusive.SecondaryCidrAndIpv6Cidr", pairs: blockRequest("vpc-2", "192.168.0.0/16", "IPv6CidrBlock", "2001:db8::/56")},
		{name: "OperationUnsupported.VpcMultiCidr", pairs: blockRequest("vpc-2", "", "IPv6CidrBlock", "2001:db8::/56")},
		{name: "MissingParam.SecondaryCidrBlockOrIpv6CidrBlock", pairs: vpcRequest("vpc-2")},
		{name: "InvalidCidrBlock.Malformed", pairs: blockRequest("vpc-2", "192.168.0.1/16")},
		{name: "InvalidVpc.NotFound", pairs: blockRequest("vpc-not-found", "192.168.0.0/16")},
		{name: "IncorrectStatus.Vpc", pairs: blockRequest("vpc-2", "192.168.0.0/16"), in: withPendingRoutes},
		{name: "ResourceNotFound.SecondaryCidrBlock", pairs: blockRequest("vpc-1", "192.168.0.0/16")},
		{name: "OperationFailed.CidrInUse", pairs: blockRequest("vpc-2", "192.168.0.0/16")},
	}, refusedBlock(blockRequest("vpc-2", "192.169.0.0/16")), []goldenCase{
		{name: "success", pairs: blockRequest("vpc-2", "192.169.0.0/16")},
	}),
	"DescribeRouteEntryList": inRoutes([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: tableRequest("vtb-1", "MaxResult", "101")},
		{name: "IllegalParam.RouteEntryType", pairs: tableRequest("vtb-1", "RouteEntryType", "Own")},
		{name: "IllegalParam.IpVersion", pairs: tableRequest("vtb-1", "IpVersion", "5")},
		{name: "OperationFailed.FilterParamUnderWrongRouteType", pairs: tableRequest("vtb-1", "RouteEntryType", "System", "RouteEntryId", "rte-1")},
		{name: "IllegalParam.NextToken", pairs: tableRequest("vtb-1", "NextToken", "mine")},
		{name: "InvalidRouteTable.NotFound", pairs: tableRequest("vtb-not-found")},
	}, refusedRoute(tableRequest("vtb-1")), []goldenCase{
		{name: "all", pairs: tableRequest("vtb-1")},
		{name: "first-page", pairs: tableRequest("vtb-1", "MaxResult", "2")},
		{name: "custom", pairs: tableRequest("vtb-1", "RouteEntryType", "Custom", "NextHopType", ofInterface, "NextHopId", "eni-1", "DestinationCidrBlock", "192.168.1.1")},
		{name: "by-name", pairs: tableRequest("vtb-1", "RouteEntryName", "office", "DestCidrBlockList.1", "192.168.0.0/24", "IpVersion", "IPv4")},
		{name: "empty", pairs: tableRequest("vtb-1", "RouteEntryType", "BGP")},
		{name: "ipv6", pairs: tableRequest("vtb-1", "IpVersion", "ipv6")},
	}),
}
