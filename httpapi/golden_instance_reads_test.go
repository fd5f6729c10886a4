package httpapi_test

import (
	"net/http/httptest"
	"slices"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// readsWorld is a world to read: an instance that enrich completes, a plain one, and one of another
// account.
var readsWorld = worldtest.New(goldenAccount).
	AccessKey(goldenKey).
	AccessKey("LTAIexpired00000001", expired).
	RAMUser("other-action", "LTAIramother0000001", "ecs:Describe*").
	RAMUser("nothing", "LTAIramnothing00001").
	VPC("vpc-main", "10.0.0.0/8").
	VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
	SecurityGroup("sg-main").
	Instance("i-plain").
	Instance("i-rich", worldtest.Type("ecs.g7.large"), worldtest.Status("Stopped"), worldtest.Set("name", "web"),
		worldtest.Set("tags", map[string]string{"team": "web"})).
	InstanceType("ecs.g7.large", 5, worldtest.Set("vcpus", 2), worldtest.Set("memory_gib", 8.5),
		worldtest.Set("private_ipv4_per_eni", 7)).
	Account("1000000000000004").
	VPC("vpc-main", "10.0.0.0/8").
	VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
	SecurityGroup("sg-main").
	Instance("i-other").
	String()

// enrich adds the fields of an instance that a scenario cannot have.
const enrich = `
	UPDATE instances
	SET attributes = '{"ImageID": "m-bp1", "KeyPairName": "ops", "RAMRoleName": "reader", "UserData": "IyEvYmluL3NoCg==", "StoppedMode": "StopCharging",
	        "InternetMaxBandwidthIn": 200, "InternetMaxBandwidthOut": 10, "CreditSpecification": "Standard",
	        "SystemDisk": {"Name": "root", "Description": "boots", "Category": "cloud_auto", "SizeGiB": 60, "KeepWithoutInstance": true}}',
	    resource_group_id = 'rg-1'
	WHERE id = 'i-rich';
	INSERT INTO disks (account_id, id, region_id, zone_id, instance_id, slot, status, resource_group_id, attributes, created_at, attached_at)
	SELECT i.account_id, d.id, i.region_id, i.zone_id, i.id, d.slot, 'In_use', 'rg-1', d.attributes, i.created_at, i.created_at
	FROM instances i, (VALUES
	    ('d-data-1', 1, '{"Name": "data", "Category": "cloud_essd", "PerformanceLevel": "PL2", "SizeGiB": 200, "Encrypted": true}'::jsonb),
	    ('d-data-2', 2, '{"Category": "cloud_ssd", "SizeGiB": 100}')) d (id, slot, attributes)
	WHERE i.id = 'i-rich'`

// withAllFields is readsWorld with all fields of an instance.
func withAllFields(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, enrich)
	return server
}

// refusals returns the refusals of a read: for callers without permission, and for all callers when
// the database fails. good are the parameters of a valid request.
func refusals(good ...string) []goldenCase {
	cases := []goldenCase{
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: good},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramother0000001", pairs: good, in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramnothing00001", pairs: good},
		{name: "InternalError", pairs: good, in: brokenEverywhere},
		{name: "ServiceUnavailable", pairs: good, in: withoutDatabase},
	}
	if slices.Contains(good, "RegionId") {
		cases = append(cases, goldenCase{name: "InvalidRegionId.NotFound", pairs: replaced(good, "RegionId", "mars-1")})
	}
	return cases
}

// priced returns the parameters of a request for the price of an instance.
func priced(more ...string) []string {
	return inRegion(also([]string{"InstanceType", "ecs.g6.large"}, more...)...)
}

// monitored returns the parameters of a request for three minutes of an instance's traffic.
func monitored(id string, more ...string) []string {
	return inRegion(also([]string{
		"InstanceId", id, "StartTime", "2026-11-22T10:11:30Z", "EndTime", "2026-11-22T10:14:00Z",
	}, more...)...)
}

// withRunningTwo has i-two, which has a secondary interface, running.
func withRunningTwo(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `UPDATE instances SET status = 'Running' WHERE id = 'i-two'`)
	return server
}

// brokenEverywhere lacks a column that each read needs.
func brokenEverywhere(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		ALTER TABLE regions RENAME local_name_en TO name;
		ALTER TABLE zones RENAME region_id TO region;
		ALTER TABLE instance_types RENAME family TO kin;
		ALTER TABLE instances RENAME attributes TO rest;
		ALTER TABLE network_interfaces RENAME type TO kind`)
	return server
}

// replaced returns the parameters with one value changed.
func replaced(pairs []string, name, value string) []string {
	out := slices.Clone(pairs)
	out[slices.Index(out, name)+1] = value
	return out
}

// toRead returns the cases in readsWorld.
func toRead(lists ...[]goldenCase) []goldenCase {
	cases := slices.Concat(lists...)
	for k := range cases {
		cases[k].world = readsWorld
	}
	return cases
}

var instanceReadsGolden = map[string][]goldenCase{
	"DescribeDisks": toRead(refusals(inRegion()...), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("DiskType", "root")},
		{name: "InvalidTagCount", pairs: inRegion(equalTags(21)...)},
		{name: "DryRunOperation", pairs: inRegion("DryRun", "true")},
		{name: "empty", pairs: inRegion("DiskIds", `["d-other"]`)}, // which another account has
		{name: "of-a-plain-instance", pairs: inRegion("InstanceId", "i-plain")},
		{name: "of-a-rich-instance", pairs: inRegion("InstanceId", "i-rich", "MaxResults", "10"), in: withAllFields},
	}),
	"DescribeInstanceAttachmentAttributes": toRead(refusals(inRegion("InstanceIds", `["i-rich"]`)...), []goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: inRegion("InstanceIds", `["i-rich"]`, "PageSize", "101")},
		{name: "empty", pairs: inRegion("InstanceIds", `["i-other"]`)},
		{name: "two", pairs: inRegion("InstanceIds", `["i-rich","i-plain"]`)},
	}),
	"DescribeInstanceAttribute": toRead(refusals(inRegion("InstanceId", "i-plain")...), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidInstanceId.NotFound", pairs: inRegion("InstanceId", "i-other")},
		{name: "plain", pairs: []string{"InstanceId", "i-plain"}},
		{name: "rich", pairs: inRegion("InstanceId", "i-rich"), in: withAllFields},
	}),
	"DescribeInstanceMaintenanceAttributes": toRead(refusals(inRegion()...), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageNumber", "0")},
		{name: "empty", pairs: inRegion("InstanceId.1", "i-other")},
		{name: "two", pairs: inRegion("InstanceId.1", "i-plain", "InstanceId.2", "i-rich")},
	}),
	"DescribeInstanceRamRole": toRead(refusals(inRegion()...), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("InstanceIds", "i-plain")}, // not a JSON array
		{name: "empty", pairs: inRegion("InstanceIds", `["i-other"]`)},
		{name: "with-and-without", pairs: inRegion("InstanceIds", `["i-plain","i-rich"]`), in: withAllFields},
		{name: "of-a-role", pairs: inRegion("RamRoleName", "reader"), in: withAllFields},
	}),
	"DescribeInstanceStatus": toRead(refusals(inRegion()...), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageSize", "51")},
		{name: "InvalidZoneId.NotFound", pairs: inRegion("ZoneId", "cn-beijing-a")}, // of another region
		{name: "empty", pairs: inRegion("InstanceId.1", "i-other")},
		{name: "second-page", pairs: inRegion("PageSize", "1", "PageNumber", "2", "ZoneId", "cn-hangzhou-h")},
	}),
	"DescribeInstancesFullStatus": toRead(refusals(inRegion()...), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("HealthStatus", "Sick")},
		{name: "InstanceIdLimitExceeded", pairs: inRegion(numbered("InstanceId", 101, "i-plain")...)},
		{name: "EventIdLimitExceeded", pairs: inRegion(numbered("EventId", 101, "e-1")...)},
		{name: "empty", pairs: inRegion("HealthStatus", "Impaired")},
		{name: "two", pairs: inRegion("InstanceId.1", "i-plain", "InstanceId.2", "i-rich", "HealthStatus", "Ok")},
		{name: "stopped", pairs: inRegion("Status", "Stopped", "PageSize", "1", "NotBefore.Start", "2017-12-07T00:00:00Z")},
	}),
	"DescribeInstanceHistoryEvents": toRead(refusals(inRegion()...), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageSize", "101")},
		{name: "none", pairs: inRegion("InstanceId", "i-plain", "InstanceEventCycleStatus.1", "Scheduled")},
		{name: "none-by-token", pairs: inRegion("MaxResults", "10")},
	}),
	"DescribeAccountAttributes": toRead(refusals(inRegion()...), []goldenCase{
		{name: "Invalid.Parameter"},
		{name: "InvalidParameter", pairs: inRegion(numbered("AttributeName", 9, "max-security-groups")...)},
		{name: "all", pairs: inRegion()},
		{name: "some", pairs: inRegion("AttributeName.1", "max-elastic-network-interfaces", "AttributeName.2", "unknown")},
	}),
	"DescribeEniMonitorData": casesIn(lifeWorld, slices.Concat(refusals(monitored("i-two")...), []goldenCase{
		{name: "MissingParameter", pairs: inRegion("InstanceId", "i-two")},
		{name: "InvalidParameter", pairs: monitored("i-two", "Period", "minute")},
		{name: "InvalidStartTime.Malformed", pairs: monitored("i-two", "StartTime", "2026-11-22")},
		{name: "InvalidEndTime.Malformed", pairs: monitored("i-two", "EndTime", "today")},
		{name: "InvalidPeriod.ValueNotSupported", pairs: monitored("i-two", "Period", "61")},
		{name: "InvalidParameter.EndTime", pairs: monitored("i-two", "EndTime", "2026-11-22T09:00:00Z")},
		{name: "InvalidParameter.TooManyDataQueried", pairs: monitored("i-two", "EndTime", "2026-11-22T20:00:00Z")},
		{name: "InvalidStartTime.TooEarly", pairs: monitored("i-two", "StartTime", "2026-10-01T00:00:00Z", "EndTime", "2026-10-01T00:01:00Z")},
		{name: "InvalidInstanceId.NotFound", pairs: monitored("i-none")},
		{name: "InvalidParam.Malformed", pairs: monitored("i-two", "EniId", "eni-free")},
		{name: "stopped", pairs: monitored("i-two")},
		{name: "without-interfaces", pairs: monitored("i-running")},
		{name: "three-minutes", pairs: monitored("i-two", "EniId", "eni-used"), in: withRunningTwo},
	})),
	"DescribePrice": toRead(refusals(priced()...), []goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: priced("PriceUnit", "Decade")},
		{name: "InvalidInternetChargeType.ValueNotSupported", pairs: priced("InternetChargeType", "Free")},
		{name: "InvalidInternetMaxBandwidthOut.ValueNotSupported", pairs: priced("InternetMaxBandwidthOut", "101")},
		{name: "InvalidSystemDiskCategory.ValueNotSupported", pairs: priced("SystemDisk.Category", "tape")},
		{name: "InvalidDataDiskCategory.ValueNotSupported", pairs: priced("DataDisk.1.Category", "tape")},
		{name: "InvalidDataDiskSize.ValueNotSupported", pairs: priced("DataDisk.1.Size", "0")},
		{name: "InvalidInstanceType.ValueNotSupported", pairs: priced("InstanceType", "ecs.none")},
		{name: "of-an-hour", pairs: priced()},
		{name: "of-two-months", pairs: priced("PriceUnit", "Month", "Period", "2", "Amount", "3", "SystemDisk.Size", "100",
			"DataDisk.1.Size", "200", "InternetMaxBandwidthOut", "5")},
		{name: "of-a-disk", pairs: inRegion("ResourceType", "disk", "DataDisk.1.Category", "cloud_essd", "DataDisk.1.Size", "2000")},
		{name: "of-bandwidth", pairs: inRegion("ResourceType", "bandwidth", "InternetMaxBandwidthOut", "10")},
	}),
	"DescribeUserData": toRead(refusals(inRegion("InstanceId", "i-plain")...), []goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidInstanceId.NotFound", pairs: inRegion("InstanceId", "i-other")},
		{name: "none", pairs: inRegion("InstanceId", "i-plain")},
		{name: "some", pairs: inRegion("InstanceId", "i-rich"), in: withAllFields},
	}),
}
