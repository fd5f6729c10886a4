package service

import (
	"strings"
	"testing"
)

// Tags have the documented number, lengths and characters, and each key once.
func TestTagRules(t *testing.T) {
	t.Parallel()
	type faults struct{ many, repeated, key, value bool }
	long := strings.Repeat("é", 128) // the limit counts characters, not bytes
	for _, c := range []struct {
		name string
		tags []Tag
		want faults
	}{
		{"none", nil, faults{}},
		{"twenty", numberedTags(20), faults{}},
		{"twenty-one", numberedTags(21), faults{many: true}},
		{"a key twice", []Tag{{"a", "1"}, {"b", ""}, {"a", "2"}}, faults{repeated: true}},
		{"keys that differ in case", []Tag{{"a", ""}, {"A", ""}}, faults{}},
		{"no key", []Tag{{"a", ""}, {"", "v"}}, faults{key: true}},
		{"the longest", []Tag{{long, long}}, faults{}},
		{"a key too long", []Tag{{long + "e", ""}}, faults{key: true}},
		{"a value too long", []Tag{{"a", long + "e"}}, faults{value: true}},
		{"a reserved key", []Tag{{"aliyun-team", ""}}, faults{key: true}},
		{"another reserved key", []Tag{{"acs:team", ""}}, faults{key: true}},
		{"reserved prefixes in another position", []Tag{{"my-aliyun-acs:", "aliyun acs:"}}, faults{}},
		{"http in a key", []Tag{{"see http://x", ""}}, faults{key: true}},
		{"https in a key", []Tag{{"see https://x", ""}}, faults{key: true}},
		{"http in a value", []Tag{{"a", "see http://x"}}, faults{value: true}},
		{"https in a value", []Tag{{"a", "see https://x"}}, faults{value: true}},
		{"http without slashes", []Tag{{"http", "https:"}}, faults{}},
	} {
		got := faults{tooManyTags(c.tags), repeatsTagKey(c.tags), hasInvalidTagKey(c.tags), hasInvalidTagValue(c.tags)}
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// numberedTags returns n tags with different keys.
func numberedTags(n int) (tags []Tag) {
	for k := range n {
		tags = append(tags, Tag{strings.Repeat("k", k+1), "v"})
	}
	return tags
}
