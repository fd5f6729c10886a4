package service

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTags is the maximum number of tags of a filter, a call and a resource.
const maxTags = 20

// Tag is a tag of a request: one to add to a resource, or one of a filter. In a filter an empty
// value stands for any. Some SDKs send the parameters in lower case: Tag.1.value.
type Tag struct {
	Key   string `api:"Key|key"`
	Value string `api:"Value|value"`
}

// lacksTagKey reports whether a tag has no key.
func lacksTagKey(tags []Tag) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return t.Key == "" })
}

// Validation of the tags for a resource (docs/reference/states.md, section 5). Each is a predicate
// of its own, because each has its own error.

// tooManyTags reports whether there are more tags than a call may have.
func tooManyTags(tags []Tag) bool { return len(tags) > maxTags }

// repeatsTagKey reports whether two tags have the same key.
func repeatsTagKey(tags []Tag) bool {
	seen := map[string]bool{}
	for _, t := range tags {
		if seen[t.Key] {
			return true
		}
		seen[t.Key] = true
	}
	return false
}

// hasInvalidTagKey reports whether a tag has an invalid key. Keys that begin with aliyun or acs:
// are reserved for the cloud.
func hasInvalidTagKey(tags []Tag) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool {
		return t.Key == "" || isInvalidTagText(t.Key) || strings.HasPrefix(t.Key, "aliyun") ||
			strings.HasPrefix(t.Key, "acs:")
	})
}

// hasInvalidTagValue reports whether a tag has an invalid value.
func hasInvalidTagValue(tags []Tag) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return isInvalidTagText(t.Value) })
}

func isInvalidTagText(s string) bool {
	const maxLength = 128
	return utf8.RuneCountInString(s) > maxLength || strings.Contains(s, "http://") || strings.Contains(s, "https://")
}

// tagMap returns valid tags in the form in which they are stored.
func tagMap(tags []Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
