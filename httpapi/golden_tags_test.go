package httpapi_test

import (
	"net/http/httptest"

	"enisim.alt/service"
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

// oldTagged returns the parameters of a request in the older form on the tags of an instance.
func oldTagged(id string, more ...string) []string {
	return inRegion(also([]string{"ResourceType", "instance", "ResourceId", id}, more...)...)
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
	"AddTags": {
		{name: "MissingParameter", pairs: oldTagged("i-ok", "ResourceType", "")},
		{name: "InvalidResourceType.NotFound", pairs: oldTagged("i-ok", "ResourceType", "vpc", "Tag.1.Key", "team")},
		{name: "InvalidTagCount", pairs: oldTagged("i-ok")},
		{name: "InvalidTag.Mismatch", pairs: oldTagged("i-ok", "Tag.1.Value", "net")},
		{name: "InvalidTagKey.Malformed", pairs: oldTagged("i-ok", "Tag.1.Key", "acs:owner")},
		{name: "InvalidTagValue.Malformed", pairs: oldTagged("i-ok", "Tag.1.Key", "team", "Tag.1.Value", "http://")},
		{name: "InvalidRegionId.NotFound", pairs: oldTagged("i-ok", "Tag.1.Key", "team", "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: oldTagged("i-ok", "Tag.1.Key", "team")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: oldTagged("i-ok", "Tag.1.Key", "team"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: oldTagged("i-ok", "Tag.1.Key", "team")},
		{name: "InvalidResourceId.NotFound", pairs: oldTagged("i-not-found", "Tag.1.Key", "team")},
		{name: "OperationDenied.QuotaExceed", pairs: oldTagged("eni-ok", "ResourceType", "eni", "Tag.1.Key", "team"), in: withTags},
		{name: "OperationConflict", pairs: oldTagged("i-ok", "Tag.1.Key", "team"), in: locked},
		{name: "InternalError", pairs: oldTagged("i-ok", "Tag.1.Key", "team"), in: withoutTags},
		{name: "ServiceUnavailable", pairs: oldTagged("i-ok", "Tag.1.Key", "team"), in: withoutDatabase},
		{name: "success", pairs: oldTagged("i-ok", "Tag.1.Key", "team", "Tag.1.Value", "net")},
	},
	"RemoveTags": {
		{name: "MissingParameter", pairs: oldTagged("i-ok", "ResourceType", "")},
		{name: "InvalidResourceType.NotFound", pairs: oldTagged("i-ok", "ResourceType", "vpc")},
		{name: "InvalidTagCount", pairs: oldTagged("i-ok", equalTags(21)...)},
		{name: "InvalidRegionId.NotFound", pairs: oldTagged("i-ok", "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: oldTagged("i-ok")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: oldTagged("i-ok"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramother0000001", pairs: oldTagged("i-ok")},
		{name: "InvalidResourceId.NotFound", pairs: oldTagged("i-not-found")},
		{name: "OperationConflict", pairs: oldTagged("i-ok"), in: locked},
		{name: "InternalError", pairs: oldTagged("i-ok"), in: withoutTags},
		{name: "ServiceUnavailable", pairs: oldTagged("i-ok"), in: withoutDatabase},
		{name: "success", pairs: oldTagged("i-ok", "Tag.1.Key", "env", "Tag.2.Key", "team", "Tag.2.Value", "other"), in: withTags},
	},
	"DescribeTags": {
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageSize", "101")},
		{name: "InvalidResourceType.NotFound", pairs: inRegion("ResourceType", "vpc")},
		{name: "InvalidTagCount", pairs: inRegion(equalTags(21)...)},
		{name: "InvalidTagKey.Malformed", pairs: inRegion("Tag.1.Value", "net")},
		{name: "InvalidRegionId.NotFound", pairs: inRegion("RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: inRegion()},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: inRegion(), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramnothing00001", pairs: inRegion()},
		{name: "InternalError", pairs: inRegion(), in: withoutTags},
		{name: "ServiceUnavailable", pairs: inRegion(), in: withoutDatabase},
		{name: "empty", pairs: inRegion()},
		{name: "of-an-instance", pairs: inRegion("ResourceType", "instance", "ResourceId", "i-ok"), in: withTags},
		{name: "of-a-tag", pairs: inRegion("Tag.1.Key", "env", "Tag.2.Key", "key-2", "Tag.2.Value", "v"), in: withTags},
		{name: "second-page", pairs: inRegion("PageSize", "20", "PageNumber", "2"), in: withTags},
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
