package service

import (
	"slices"
	"strings"
)

// The rules that the actions of the VPC product repeat. VSwitches have the codes of VPCs.

func goodVPCTexts[T any](name, description func(T) string) []rule[T] {
	return []rule[T]{
		wellFormed(InvalidVpcNameMalformed, name, goodVPCName),
		wellFormed(InvalidVpcDiscriptionMalformed, description, func(s string) bool { return goodDescription(s, 1, 256) }),
	}
}

// goodVPCTags: here a value must not look like the cloud's own either.
func goodVPCTags[T any](tags func(T) []Tag) []rule[T] {
	return []rule[T]{
		{err: QuotaExceedTags, broken: func(r T) bool { return tooManyTags(tags(r)) }},
		{err: InvalidTagKeyMalformed, broken: func(r T) bool { return hasBadTagKey(tags(r)) }},
		{err: InvalidTagValueMalformed, broken: func(r T) bool {
			return hasBadTagValue(tags(r)) || slices.ContainsFunc(tags(r), func(t Tag) bool {
				return strings.HasPrefix(t.Value, "aliyun") || strings.HasPrefix(t.Value, "acs:")
			})
		}},
		{err: DuplicateTagKey, broken: func(r T) bool { return repeatsTagKey(tags(r)) }},
	}
}

// vpcPages are the bounds of every list of the product: by number only (docs/reference/protocol.md, section 1.4).
var vpcPages = paging{list: "VPC", mostByNumber: 50, defaultPerPage: 10}

// goodTagFilter refuses more tags than a filter may have, and one without a key.
func goodTagFilter[T any](tags func(T) []Tag) rule[T] {
	return invalid("Tag", func(r T) bool { return tooManyTags(tags(r)) || lacksKey(tags(r)) })
}
