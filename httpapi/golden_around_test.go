package httpapi_test

// aroundGolden are the cases of products that tools ask on their way to ECS and VPC.
var aroundGolden = map[string][]goldenCase{
	"DescribeEndpoints": toRead([]goldenCase{
		{name: "MissingParameter"},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: endpointsIn("cn-hangzhou")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramother0000001", pairs: endpointsIn("cn-hangzhou"), in: closedToRAM},
		{name: "InternalError", pairs: endpointsIn("cn-hangzhou"), in: brokenEverywhere},
		{name: "ServiceUnavailable", pairs: endpointsIn("cn-hangzhou"), in: withoutDatabase},
		{name: "of-ecs", key: "LTAIramnothing00001", pairs: endpointsIn("cn-hangzhou", "ServiceCode", "ecs", "Type", "openAPI")},
		{name: "of-all", pairs: endpointsIn("cn-beijing")},
		{name: "of-nothing-here", pairs: endpointsIn("cn-hangzhou", "ServiceCode", "rds")},
		{name: "in-no-region", pairs: endpointsIn("mars-1")},
	}),
	"ListResourceGroups": toRead(refusals(), []goldenCase{
		{name: "InvalidParameter", pairs: []string{"PageSize", "101"}},
		{name: "default", pairs: []string{"Status", "OK"}},
		{name: "named", in: withAllFields},
		{name: "one", pairs: []string{"ResourceGroupIds.1", "rg-1", "Name", "g-", "DisplayName", "rg"}, in: withAllFields},
		{name: "none", pairs: []string{"Status", "Creating"}},
	}),
}

// endpointsIn returns the parameters of a request for the endpoints of a region.
func endpointsIn(region string, more ...string) []string {
	return also([]string{"Id", region}, more...)
}
