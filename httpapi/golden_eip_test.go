package httpapi_test

import (
	"net/http/httptest"
	"slices"
	"time"

	"enisim.alt/service"
)

// eips is a world with EIPs in all statuses, on instances and on secondary interfaces.
const eips = `
enisim: 1
accounts:
  - id: "1000000000000005"
    access_keys:
      - {id: ` + goldenKey + `, secret: eips-secret}
      - {id: LTAIexpired00000001, secret: expired-secret, expires_at: 2020-01-01T00:00:00Z}
    ram_users:
      - {name: allowed, allow: ["*"], access_keys: [{id: LTAIramallowed00001, secret: ram-allowed-secret}]}
      - {name: nothing, access_keys: [{id: LTAIramnothing00001, secret: ram-nothing-secret}]}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-1}]
        instances:
          - {id: i-plain, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], private_ip_address: 10.0.0.10}
          - {id: i-eip, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], private_ip_address: 10.0.0.11}
          - id: i-public
            type: ecs.g6.large
            vswitch: vsw-1
            security_groups: [sg-1]
            private_ip_address: 10.0.0.12
            public_ip_address: 198.51.100.9
          - {id: i-starting, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], status: Starting, private_ip_address: 10.0.0.13}
          - {id: i-old, type: ecs.n1.small, zone: cn-hangzhou-h, network_type: classic}
        network_interfaces:
          - {id: eni-plain, vswitch: vsw-1, security_groups: [sg-1], private_ip_addresses: [10.0.0.20]}
          - {id: eni-eip, vswitch: vsw-1, security_groups: [sg-1], private_ip_addresses: [10.0.0.21, 10.0.0.22]}
          - {id: eni-deleting, vswitch: vsw-1, security_groups: [sg-1], private_ip_addresses: [10.0.0.23], status: Deleting}
        eips:
          - {id: eip-free, ip_address: 203.0.113.1, name: free, description: a < b & c, tags: {team: net}, resource_group: rg-1}
          - {id: eip-instance, ip_address: 203.0.113.2, associated_with: i-eip, bandwidth: 100}
          - {id: eip-interface, ip_address: 203.0.113.3, associated_with: eni-eip, private_ip_address: 10.0.0.22, internet_charge_type: PayByTraffic}
          - {id: eip-joining, ip_address: 203.0.113.4, associated_with: eni-eip, status: Associating}
      - id: cn-beijing
        vpcs:
          - id: vpc-b
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-b, zone: cn-beijing-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-b}]
        instances: [{id: i-beijing, type: ecs.g6.large, vswitch: vsw-b, security_groups: [sg-b]}]
`

// inEIPs returns cases in the world of EIPs.
func inEIPs(groups ...[]goldenCase) []goldenCase {
	cases := slices.Concat(groups...)
	for k := range cases {
		cases[k].world = eips
	}
	return cases
}

// brokenEIPs lacks a column, as after a manual migration that failed.
func brokenEIPs(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		ALTER TABLE eips RENAME COLUMN bandwidth TO width;
		ALTER TABLE instances RENAME COLUMN attributes TO further`)
	return server
}

// withManyEIPs has as many EIPs in the region as an account may have.
func withManyEIPs(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO eips (account_id, id, region_id, ip_address, bandwidth, created_at)
		SELECT '1000000000000005', 'eip-' || n, 'cn-hangzhou', '198.51.100.0'::inet + n, 5, now()
		FROM generate_series(1, 16) n`)
	return server
}

// withSlowEIPs has EIPs that are in transition for a second.
func withSlowEIPs(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{AttachDelay: time.Second, DetachDelay: time.Second}, "")
	return server
}

// lockedEIPs makes a server whose accounts, EIPs and instances are locked for longer than a caller waits.
var lockedEIPs = holding(`SELECT FROM accounts FOR UPDATE`, `SELECT FROM eips FOR UPDATE`,
	`SELECT FROM instances FOR UPDATE`)

// refusedEIP returns the refusals of the gateway and the admission rules for a valid request.
func refusedEIP(pairs []string) []goldenCase {
	cases := refused(pairs)
	for k := range cases {
		if cases[k].name == "InternalError" {
			cases[k].in = brokenEIPs
		}
	}
	return cases
}

// refusedEIPWrite adds the refusal of a write whose lock timeout ends.
func refusedEIPWrite(pairs []string) []goldenCase {
	return append(refusedEIP(pairs), goldenCase{name: "OperationConflict", pairs: pairs, in: lockedEIPs})
}

func eipRequest(id string, more ...string) []string {
	return also(inRegion("AllocationId", id), more...)
}

func associateRequest(id, with string, more ...string) []string {
	return eipRequest(id, also([]string{"InstanceId", with}, more...)...)
}

const ofInterface = "NetworkInterface"

var eipGolden = map[string][]goldenCase{
	"AllocateEipAddress": inEIPs([]goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("InternetChargeType", "PayByDay")},
		{name: "InvalidBandwidth.Malformed", pairs: inRegion("Bandwidth", "501")},
		{name: "QuotaExceed.Tags", pairs: inRegion(equalTags(21)...)},
		{name: "InvalidTagKey.Malformed", pairs: inRegion("Tag.1.Key", "acs:mine")},
		{name: "InvalidTagValue.Malformed", pairs: inRegion("Tag.1.Key", "team", "Tag.1.Value", "aliyun")},
		{name: "Duplicate.TagKey", pairs: inRegion(equalTags(2)...)},
		{name: "InvalidClientToken.ValueNotSupported", pairs: inRegion("ClientToken", "é")},
		{name: "QuotaExceeded.Eip", pairs: inRegion(), in: withManyEIPs},
		{name: "ReserveIpFail", pairs: inRegion("IpAddress", "203.0.113.1")},
	}, refusedEIPWrite(inRegion()), []goldenCase{
		{name: "success", pairs: inRegion("Bandwidth", "10", "Name", "new", "ResourceGroupId", "rg-1", "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: inRegion("Bandwidth", "11", "ClientToken", "token-1")},
	}),
	"AssociateEipAddress": inEIPs([]goldenCase{
		{name: "MissingParameter", pairs: eipRequest("eip-free")},
		{name: "InvalidParameter", pairs: associateRequest("eip-free", "i-plain", "PrivateIpAddress", "2001:db8::1")},
		{name: "InvalidInstanceType.ValueNotSupported", pairs: associateRequest("eip-free", "i-plain", "InstanceType", "Disk")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: associateRequest("eip-free", "i-plain", "ClientToken", "é")},
		{name: "InvalidAllocationId.NotFound", pairs: associateRequest("eip-not-found", "i-plain")},
		{name: "InvalidInstanceId.NotFound", pairs: associateRequest("eip-free", "ngw-1", "InstanceType", "Nat")},
		{name: "IncorrectEipStatus", pairs: associateRequest("eip-joining", "i-plain")},
		{name: "InvalidParameter.Mismatch", pairs: associateRequest("eip-free", "i-beijing")},
		{name: "OperationDenied", pairs: associateRequest("eip-free", "i-old")},
		{name: "IncorrectInstanceStatus", pairs: associateRequest("eip-free", "i-starting")},
		{name: "InvalidStatus.EniStatusNotSupport", pairs: associateRequest("eip-free", "eni-deleting", "InstanceType", ofInterface)},
		{name: "InvalidStatus.InstanceHasBandWidth", pairs: associateRequest("eip-free", "i-public")},
		{name: "InvalidAssociation.Duplicated", pairs: associateRequest("eip-free", "i-eip")},
		{name: "DryRunOperation", pairs: associateRequest("eip-free", "i-plain", "DryRun", "true")},
	}, refusedEIPWrite(associateRequest("eip-free", "i-plain")), []goldenCase{
		{name: "success", pairs: associateRequest("eip-free", "i-plain", "ClientToken", "token-1"), in: withSlowEIPs},
		{name: "interface", pairs: associateRequest("eip-free", "eni-plain", "InstanceType", ofInterface, "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: associateRequest("eip-free", "i-plain", "ClientToken", "token-1")},
	}),
	"UnassociateEipAddress": inEIPs([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: eipRequest("eip-interface", "PrivateIpAddress", "2001:db8::1")},
		{name: "InvalidInstanceType.ValueNotSupported", pairs: eipRequest("eip-instance", "InstanceType", "Disk")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: eipRequest("eip-instance", "ClientToken", "é")},
		{name: "InvalidAllocationId.NotFound", pairs: eipRequest("eip-not-found")},
		{name: "IncorrectEipStatus", pairs: eipRequest("eip-free")},
		{name: "InvalidInstanceId.NotFound", pairs: eipRequest("eip-instance", "InstanceId", "i-plain")},
	}, refusedEIPWrite(eipRequest("eip-instance")), []goldenCase{
		{name: "success", pairs: eipRequest("eip-instance", "InstanceId", "i-eip", "InstanceType", "EcsInstance", "ClientToken", "token-1"), in: withSlowEIPs},
		{name: "at-once", pairs: eipRequest("eip-interface", "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: eipRequest("eip-instance", "ClientToken", "token-1")},
	}),
	"ReleaseEipAddress": inEIPs([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidAllocationId.NotFound", pairs: eipRequest("eip-not-found")},
		{name: "IncorrectEipStatus", pairs: eipRequest("eip-instance")},
	}, refusedEIPWrite(eipRequest("eip-free")), []goldenCase{{name: "success", pairs: eipRequest("eip-free")}}),
	"ModifyEipAddressAttribute": inEIPs([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: eipRequest("eip-interface", "Bandwidth", "201")},
		{name: "InvalidAllocationId.NotFound", pairs: eipRequest("eip-not-found", "Name", "renamed")},
		{name: "IncorrectEipStatus", pairs: eipRequest("eip-joining", "Name", "renamed")},
	}, refusedEIPWrite(eipRequest("eip-free")), []goldenCase{
		{name: "success", pairs: eipRequest("eip-instance", "Name", "renamed", "Bandwidth", "200", "Description", "changed")},
	}),
	"DescribeEipAddresses": inEIPs([]goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("Status", "Attached")},
		{name: "DryRunOperation", pairs: inRegion("DryRun", "true")},
	}, refusedEIP(inRegion()), []goldenCase{
		{name: "empty", pairs: inRegion("AllocationId", "eip-not-found")},
		{name: "all", pairs: inRegion()},
		{name: "second-page", pairs: inRegion("PageSize", "1", "PageNumber", "2")},
		{name: "of-an-instance", pairs: inRegion("AssociatedInstanceId", "i-eip", "AssociatedInstanceType", "EcsInstance")},
		{name: "by-address-and-status", pairs: inRegion("EipAddress", "203.0.113.1,203.0.113.2", "Status", "Available", "ISP", "BGP", "ChargeType", "PostPaid")},
		{name: "by-tag", pairs: inRegion("Tag.1.Key", "team", "Tag.1.Value", "net", "EipName", "free", "ResourceGroupId", "rg-1")},
		{name: "of-a-pool", pairs: inRegion("PublicIpAddressPoolId", "pippool-1")},
	}),
	"AllocatePublicIpAddress": inEIPs([]goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: instanceRequest("i-plain", "IpAddress", "2001:db8::1")},
		{name: "InvalidInstanceId.NotFound", pairs: instanceRequest("i-not-found")},
		{name: "IncorrectInstanceStatus", pairs: instanceRequest("i-starting")},
		{name: "AllocatedAlready", pairs: instanceRequest("i-eip")},
		{name: "IpInUse", pairs: instanceRequest("i-plain", "IpAddress", "198.51.100.9")},
	}, slices.DeleteFunc(refusedEIPWrite(instanceRequest("i-plain")), func(c goldenCase) bool {
		return c.name == "InvalidRegionId.NotFound" // the action has no region
	}), []goldenCase{{name: "success", pairs: instanceRequest("i-plain")}}),
}
