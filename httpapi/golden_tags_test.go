package httpapi_test

import (
	"net/http/httptest"

	"enisim/service"
)

// withTags has an interface with the maximum number of tags, and an instance and a VPC with two.
func withTags(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		UPDATE network_interfaces SET tags = (SELECT jsonb_object_agg('key-' || n, 'v') FROM generate_series(1, 20) n) WHERE id = 'eni-ok';
		UPDATE instances SET tags = '{"team": "a < b", "env": ""}' WHERE id = 'i-ok';
		UPDATE vpcs SET tags = '{"team": "net", "env": ""}' WHERE id = 'vpc-main'`)
	return server
}

// withoutTags lacks the column of the tags.
func withoutTags(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE instances RENAME COLUMN tags TO labels`)
	return server
}

// taggedInstance returns the parameters of a request on the tags of i-ok.
func taggedInstance(more ...string) []string {
	return inRegion(also([]string{"ResourceType", "instance", "ResourceId.1", "i-ok"}, more...)...)
}

func tagInstance(more ...string) []string {
	return taggedInstance(also([]string{"Tag.1.Key", "team"}, more...)...)
}

func untagInstance(more ...string) []string {
	return taggedInstance(also([]string{"TagKey.1", "team"}, more...)...)
}

var tagsGolden = map[string][]goldenCase{
	"TagResources": {
		{name: "MissingParameter.RegionId"},
		{name: "MissingParameter.ResourceType", pairs: inRegion()},
		{name: "InvalidResourceType.NotFound", pairs: tagInstance("ResourceType", "VPC")},
		{name: "MissingParameter.ResourceIds", pairs: inRegion("ResourceType", "instance", "Tag.1.Key", "team")},
		{name: "NumberExceed.ResourceIds", pairs: tagInstance(numbered("ResourceId", 51, "i-ok")...)},
		{name: "MissingParameter.Tags", pairs: taggedInstance()},
		{name: "NumberExceed.Tags", pairs: taggedInstance(equalTags(21)...)},
		{name: "InvalidTag.Mismatch", pairs: tagInstance("Tag.2.Value", "net")},
		{name: "InvalidTagKey.Malformed", pairs: tagInstance("Tag.2.Key", "acs:owner")},
		{name: "InvalidTagValue.Malformed", version: "2016-04-28", pairs: tagInstance("ResourceType", "VPC", "Tag.1.Value", "acs:owner")},
		{name: "Duplicate.TagKey", pairs: tagInstance("Tag.2.Key", "team")},
		{name: "InvalidRegionId.NotFound", pairs: tagInstance("RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: tagInstance()},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: tagInstance(), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: tagInstance()},
		{name: "InvalidResourceId.NotFound", pairs: tagInstance("ResourceId.2", "i-not-found")},
		{name: "QuotaExceed.Tags", pairs: inRegion("ResourceType", "eni", "ResourceId.1", "eni-ok", "Tag.1.Key", "team"), in: withTags},
		{name: "OperationConflict", pairs: tagInstance(), in: locked},
		{name: "InternalError", pairs: tagInstance(), in: withoutTags},
		{name: "ServiceUnavailable", pairs: tagInstance(), in: withoutDatabase},
		{name: "success", pairs: tagInstance("Tag.1.Value", "net")},
		{name: "success-vpc", version: "2016-04-28", pairs: inRegion("ResourceType", "VSwitch", "ResourceId.1", "vsw-h", "Tag.1.Key", "team")},
	},
	"UntagResources": {
		{name: "MissingParameter.RegionId"},
		{name: "MissingParameter.ResourceType", pairs: inRegion()},
		{name: "InvalidResourceType.NotFound", version: "2016-04-28", pairs: untagInstance()},
		{name: "MissingParameter.ResourceIds", pairs: inRegion("ResourceType", "instance", "TagKey.1", "team")},
		{name: "NumberExceed.ResourceIds", pairs: untagInstance(numbered("ResourceId", 51, "i-ok")...)},
		{name: "InvalidParameter", pairs: taggedInstance("All", "every")},
		{name: "MissingParameter.Tags", pairs: taggedInstance("All", "false")},
		{name: "NumberExceed.Tags", pairs: taggedInstance(numbered("TagKey", 21, "i-ok")...)},
		{name: "InvalidRegionId.NotFound", pairs: untagInstance("RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: untagInstance()},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: untagInstance(), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: untagInstance()},
		{name: "InvalidResourceId.NotFound", pairs: untagInstance("ResourceType", "disk")},
		{name: "OperationConflict", pairs: untagInstance(), in: locked},
		{name: "InternalError", pairs: untagInstance(), in: withoutTags},
		{name: "ServiceUnavailable", pairs: untagInstance(), in: withoutDatabase},
		{name: "success", pairs: untagInstance(), in: withTags},
		{name: "success-vpc", version: "2016-04-28", pairs: inRegion("ResourceType", "VPC", "ResourceId.1", "vpc-main", "All", "true"), in: withTags},
	},
	"ListTagResources": {
		{name: "MissingParameter.RegionId"},
		{name: "MissingParameter.ResourceType", pairs: inRegion()},
		{name: "InvalidResourceType.NotFound", pairs: taggedInstance("ResourceType", "vpc")},
		{name: "NumberExceed.ResourceIds", pairs: taggedInstance(numbered("ResourceId", 51, "i-ok")...)},
		{name: "NumberExceed.Tags", pairs: taggedInstance(equalTags(21)...)},
		{name: "InvalidTag.Mismatch", pairs: taggedInstance("Tag.1.Value", "net")},
		{name: "InvalidParameter", pairs: taggedInstance("NextToken", "i-ok")},
		{name: "InvalidRegionId.NotFound", pairs: taggedInstance("RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: taggedInstance()},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: taggedInstance(), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: taggedInstance()},
		{name: "InternalError", pairs: taggedInstance(), in: withoutTags},
		{name: "ServiceUnavailable", pairs: taggedInstance(), in: withoutDatabase},
		{name: "empty", pairs: taggedInstance()},
		{name: "of-nothing-here", pairs: taggedInstance("ResourceType", "snapshot")},
		{name: "of-an-instance", pairs: taggedInstance("ResourceType", "INSTANCE"), in: withTags},
		{name: "of-a-vpc", version: "2016-04-28", pairs: inRegion("ResourceType", "vpc", "Tag.1.Key", "env"), in: withTags},
	},
}
