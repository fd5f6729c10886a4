package service

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTags is how many tags a filter, a call and a resource may have.
const maxTags = 20

// Tag is a tag of a request: one to give to a resource, or one that a filter asks for. In a filter
// an empty value stands for any. Some SDKs spell the parameters in lower case: Tag.1.value.
type Tag struct {
	Key   string `api:"Key|key"`
	Value string `api:"Value|value"`
}

// lacksTagKey reports whether a tag is asked for by its value alone.
func lacksTagKey(tags []Tag) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return t.Key == "" })
}

// What tags to give to a resource may not be (docs/reference/states.md, section 5). Each is a
// predicate of its own, because each has an error of its own.

// tooManyTags reports whether there are more tags than a call may give.
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

// hasInvalidTagKey reports whether a key is one that no tag may have. Keys that begin with aliyun
// and acs: are the cloud's own.
func hasInvalidTagKey(tags []Tag) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool {
		return t.Key == "" || isInvalidTagText(t.Key) || strings.HasPrefix(t.Key, "aliyun") ||
			strings.HasPrefix(t.Key, "acs:")
	})
}

// hasInvalidTagValue reports whether a value is one that no tag may have.
func hasInvalidTagValue(tags []Tag) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return isInvalidTagText(t.Value) })
}

func isInvalidTagText(s string) bool {
	const maxLength = 128
	return utf8.RuneCountInString(s) > maxLength || strings.Contains(s, "http://") || strings.Contains(s, "https://")
}

// tagMap returns what is stored of tags that are well formed.
func tagMap(tags []Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
