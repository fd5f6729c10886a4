package httpapi_test

import (
	"net/http/httptest"

	"enisim.alt/service"
)

// withoutRegions lacks the table that even an action without other reads needs.
func withoutRegions(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE regions RENAME TO places`)
	return server
}

// withSoldOutZone has a zone that is sold out, and a type of which nothing is left in another one.
func withSoldOutZone(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO disturbances (id, account_id, kind, rule, matched, struck, created_at) VALUES
		('stock-zone', '`+goldenAccount+`', 'stock', '{"zone": "cn-hangzhou-i"}', 0, 0, '2026-11-22'),
		('stock-type', '`+goldenAccount+`', 'stock', '{"zone": "cn-hangzhou-h", "instance_type": "ecs.g6.*", "left": 2}', 2, 2, '2026-11-22'),
		('stock-rest', '`+goldenAccount+`', 'stock', '{"zone": "cn-hangzhou-h", "instance_type": "ecs.g7.*", "left": 3}', 2, 2, '2026-11-22')`)
	return server
}

// refusalsOfImages returns the refusals, except those with an unknown region, because images are
// not in a table.
func refusalsOfImages() []goldenCase {
	cases := refusals("RegionId", "cn-beijing")
	for k := range cases {
		if cases[k].name == "InternalError" {
			cases[k].in = withoutRegions
		}
	}
	return cases
}

var catalogueGolden = map[string][]goldenCase{
	"DescribeAvailableResource": toRead(refusals(inRegion("DestinationResource", "Zone")...), []goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidParameter", pairs: inRegion("DestinationResource", "Moon")},
		{name: "zones", pairs: inRegion("DestinationResource", "Zone")},
		{name: "instance-type", pairs: inRegion("DestinationResource", "InstanceType", "ZoneId", "cn-hangzhou-h", "InstanceType", "ecs.g7.large")},
		{name: "system-disk", pairs: inRegion("DestinationResource", "SystemDisk", "ZoneId", "cn-hangzhou-h")},
		{name: "none", pairs: inRegion("DestinationResource", "InstanceType", "InstanceType", "ecs.nowhere.large")},
		{name: "sold-out-type", pairs: inRegion("DestinationResource", "InstanceType", "Cores", "2", "Memory", "8", "ZoneId", "cn-hangzhou-h"), in: withSoldOutZone},
		{name: "sold-out-zone", pairs: inRegion("DestinationResource", "Zone"), in: withSoldOutZone},
	}),
	"DescribeImages": toRead(refusalsOfImages(), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageSize", "101")},
		{name: "InvalidTagCount", pairs: inRegion(equalTags(21)...)},
		{name: "DryRunOperation", pairs: inRegion("DryRun", "true")},
		{name: "ubuntu", pairs: inRegion("ImageName", "ubuntu", "Architecture", "x86_64")},
		{name: "windows", pairs: inRegion("OSType", "windows", "ImageOwnerAlias", "system")},
		{name: "empty", pairs: inRegion("ImageOwnerAlias", "self")},
	}),
	"DescribeInstanceTypeFamilies": toRead(refusals(inRegion()...), []goldenCase{
		{name: "MissingParameter"},
		{name: "a-generation", pairs: inRegion("Generation", "ecs-2")},
	}),
	"DescribeInstanceTypes": toRead(refusals(inRegion()...), []goldenCase{
		{name: "InvalidParameter", pairs: inRegion("MinimumMemorySize", "much")},
		{name: "its-own-and-the-catalogues", pairs: []string{"InstanceTypes.1", "ecs.g7.large", "InstanceTypes.2", "ecs.g6.large", "InstanceTypes.3", "ecs.g8y.large"}},
		{name: "first-by-token", pairs: inRegion("InstanceTypeFamily", "ecs.g7", "MaxResults", "1")},
	}),
	"DescribeRegions": toRead(refusals(), []goldenCase{
		{name: "InvalidResourceType.NotFound", pairs: []string{"ResourceType", "moon"}},
		{name: "InvalidAcceptLanguage.NotFound", pairs: []string{"AcceptLanguage", "tlh"}},
		{name: "in-chinese"},
		{name: "in-english", pairs: []string{"AcceptLanguage", "en-US", "RegionId", "mars-1"}}, // clients send a region with every request
	}),
	"DescribeZones": toRead(refusals(inRegion()...), []goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("Verbose", "very")},
		{name: "short", pairs: []string{"RegionId", "cn-wulanchabu", "Verbose", "false"}},
		{name: "short-in-english", pairs: []string{"RegionId", "cn-wulanchabu", "Verbose", "false", "AcceptLanguage", "en-US"}},
	}),
}
