package service

import (
	"slices"
	"strings"
)

// The rules that the actions of the VPC product share. VSwitches have the error codes of VPCs.

// vpcTextRules check the named parameter, which holds the name of the resource, and Description.
func vpcTextRules[T any](nameParameter string) []rule[T] {
	return []rule[T]{
		wellFormed[T](InvalidVpcNameMalformed, nameParameter, isValidVPCName),
		wellFormed[T](
			InvalidVpcDiscriptionMalformed,
			"Description",
			func(s string) bool { return isValidDescription(s, 1, 256) },
		),
	}
}

// vpcTagRules also refuses values that are reserved for the cloud.
func vpcTagRules[T any]() []rule[T] {
	tags := valueFrom[T, []Tag]("Tag")
	return []rule[T]{
		{err: QuotaExceedTags, violated: func(r T) bool { return tooManyTags(tags(r)) }},
		{err: InvalidTagKeyMalformed, violated: func(r T) bool { return hasInvalidTagKey(tags(r)) }},
		{err: InvalidTagValueMalformed, violated: func(r T) bool {
			return hasInvalidTagValue(tags(r)) || slices.ContainsFunc(tags(r), func(t Tag) bool {
				return strings.HasPrefix(t.Value, "aliyun") || strings.HasPrefix(t.Value, "acs:")
			})
		}},
		{err: DuplicateTagKey, violated: func(r T) bool { return repeatsTagKey(tags(r)) }},
	}
}

// vpcPages are the bounds of every list of the product, whose pages go by number only
// (docs/reference/protocol.md, section 1.4).
var vpcPages = paging{list: "VPC", maxPageSize: 50, defaultPageSize: 10}

// validTagFilter refuses a filter with too many tags, or with a tag that has no key.
func validTagFilter[T any]() rule[T] {
	tags := valueFrom[T, []Tag]("Tag")
	return invalid("Tag", func(r T) bool { return tooManyTags(tags(r)) || lacksTagKey(tags(r)) })
}
