package httpapi_test

import (
	"fmt"
	"net/http/httptest"

	"enisim.alt/service"
)

// withDescriptions adds fields that a scenario cannot have, or that the world of the errors lacks.
func withDescriptions(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		UPDATE network_interfaces
		SET name = 'data', description = 'a < b & c', tags = '{"team": "net", "a": ""}', queue_number = 2
		WHERE id = 'eni-invalid-eni-state-in-use';
		UPDATE instance_types SET network_cards = 1
		WHERE (owner_id, id) IN (SELECT instance_type_owner_id, instance_type FROM instances WHERE id = 'i-holder');
		UPDATE attachments SET network_card_index = 0 WHERE network_interface_id = 'eni-invalid-eni-state-in-use';
		UPDATE network_interfaces SET service_managed = true WHERE id = 'eni-limit-holder';
		UPDATE instances SET name = 'web', host_name = 'web-1', resource_group_id = 'rg-1', tags = '{"team": "web"}' WHERE id = 'i-holder'`)
	return server
}

var describeGolden = map[string][]goldenCase{
	"DescribeInstances":         describeInstancesGolden,
	"DescribeNetworkInterfaces": describeNetworkInterfacesGolden,
}

var describeNetworkInterfacesGolden = []goldenCase{
	{name: "MissingParameter"},
	{name: "InvalidRegionId.MalFormed", pairs: []string{"RegionId", "cn_hangzhou"}},
	{name: "InvalidInstanceID.Malformed", pairs: inRegion("InstanceId", "i_holder")},
	{name: "InvalidParameter", pairs: inRegion("NextToken", "eni-ok")},
	{name: "InvalidOperation.InvalidEniPageNumber", pairs: inRegion("PageNumber", "0")},
	{name: "InvalidRegionId.NotFound", pairs: []string{"RegionId", "mars-1"}},
	{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: inRegion()},
	{name: "Forbidden.NotSupportRAM", key: "LTAIramother0000001", pairs: inRegion(), in: closedToRAM},
	{name: "Forbidden.RAM", key: "LTAIramnothing00001", pairs: inRegion()},
	{name: "InternalError", pairs: inRegion(), in: broken},
	{name: "ServiceUnavailable", pairs: inRegion(), in: withoutDatabase},
	{name: "empty", pairs: inRegion("NetworkInterfaceId.1", "eni-not-found")}, // which another account has
	{name: "free", pairs: inRegion("NetworkInterfaceId.1", "eni-ok", "NetworkInterfaceId.2", "eni-ipv6", "PageSize", "1000")},
	{name: "of-an-instance", pairs: inRegion("InstanceId", "i-holder"), in: withDescriptions},
	{name: "managed-by-a-service", pairs: inRegion("ServiceManaged", "true", "Status", "InUse"), in: withDescriptions},
	{name: "first-by-token", pairs: inRegion("MaxResults", "10", "Type", "Primary")},
}

var describeInstancesGolden = []goldenCase{
	{name: "MissingParameter"},
	{name: "InvalidRegionId.MalFormed", pairs: []string{"RegionId", "cn_hangzhou"}},
	{name: "InvalidParameter", pairs: inRegion("InstanceIds", "i-holder")}, // not a JSON array
	{name: "InvalidTagCount", pairs: inRegion(equalTags(21)...)},
	{name: "InvalidStatus.NotFound", pairs: inRegion("Status", "running")},
	{name: "InvalidNetworkType.NotFound", pairs: inRegion("InstanceNetworkType", "VPC")},
	{name: "InvalidInstanceChargeType.NotFound", pairs: inRegion("InstanceChargeType", "Spot")},
	{name: "InvalidRegionId.NotFound", pairs: []string{"RegionId", "mars-1"}},
	{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: inRegion()},
	{name: "Forbidden.NotSupportRAM", key: "LTAIramother0000001", pairs: inRegion(), in: closedToRAM},
	{name: "Forbidden.RAM", key: "LTAIramnothing00001", pairs: inRegion()},
	{name: "DryRunOperation", pairs: inRegion("DryRun", "true")},
	{name: "InternalError", pairs: inRegion(), in: broken},
	{name: "ServiceUnavailable", pairs: inRegion(), in: withoutDatabase},
	{name: "empty", pairs: inRegion("InstanceIds", `["i-not-found"]`)},
	{name: "with-interfaces", pairs: inRegion("InstanceIds", `["i-holder"]`), in: withDescriptions},
	{name: "classic", pairs: inRegion("InstanceNetworkType", "classic")},
	{name: "first-by-token", pairs: inRegion("MaxResults", "10")},
	{name: "stopped-to-save", pairs: inRegion("InstanceIds", `["i-ok-stopped"]`), in: withAllAttributes},
	{name: "never-started", pairs: inRegion("InstanceIds", `["i-invalid-ecs-state-pending"]`), in: withAllAttributes},
}

// withAllAttributes adds instances with fields that a scenario leaves to their defaults.
func withAllAttributes(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		UPDATE instances
		SET attributes = '{"ImageID": "win2022_21H2_x64_dtc_en-us_40G_alibase_20240715.vhd", "KeyPairName": "ops", "InstanceChargeType": "PrePaid",
		        "InternetChargeType": "PayByBandwidth", "InternetMaxBandwidthIn": 200, "InternetMaxBandwidthOut": 10,
		        "SpotStrategy": "SpotAsPriceGo", "CreditSpecification": "Standard", "StoppedMode": "StopCharging", "DeletionProtection": true}',
		    started_at = '2026-11-22T09:00:59Z'
		WHERE id = 'i-ok-stopped';
		UPDATE instances SET attributes = '{"ImageID": "m-bp1"}', started_at = NULL WHERE id = 'i-invalid-ecs-state-pending'`)
	return server
}

// equalTags returns n tags of a filter.
func equalTags(n int) []string {
	var pairs []string
	for k := range n {
		pairs = append(pairs, fmt.Sprintf("Tag.%d.Key", k+1), "team")
	}
	return pairs
}
