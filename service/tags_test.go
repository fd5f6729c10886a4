package service

import (
	"strings"
	"testing"
)

func TestTagsToGive(t *testing.T) {
	t.Parallel()
	type verdict struct{ many, repeated, key, value bool }
	long := strings.Repeat("é", 128) // characters count, not bytes
	for _, c := range []struct {
		name string
		tags []Tag
		want verdict
	}{
		{"none", nil, verdict{}},
		{"twenty", numberedTags(20), verdict{}},
		{"twenty-one", numberedTags(21), verdict{many: true}},
		{"a key twice", []Tag{{"a", "1"}, {"b", ""}, {"a", "2"}}, verdict{repeated: true}},
		{"keys that differ in case", []Tag{{"a", ""}, {"A", ""}}, verdict{}},
		{"no key", []Tag{{"a", ""}, {"", "v"}}, verdict{key: true}},
		{"the longest", []Tag{{long, long}}, verdict{}},
		{"a key too long", []Tag{{long + "e", ""}}, verdict{key: true}},
		{"a value too long", []Tag{{"a", long + "e"}}, verdict{value: true}},
		{"a key of the cloud", []Tag{{"aliyun-team", ""}}, verdict{key: true}},
		{"another", []Tag{{"acs:team", ""}}, verdict{key: true}},
		{"what the cloud's keys begin with, later", []Tag{{"my-aliyun-acs:", "aliyun acs:"}}, verdict{}},
		{"http in a key", []Tag{{"see http://x", ""}}, verdict{key: true}},
		{"https in a key", []Tag{{"see https://x", ""}}, verdict{key: true}},
		{"http in a value", []Tag{{"a", "see http://x"}}, verdict{value: true}},
		{"https in a value", []Tag{{"a", "see https://x"}}, verdict{value: true}},
		{"http without slashes", []Tag{{"http", "https:"}}, verdict{}},
	} {
		got := verdict{tooManyTags(c.tags), repeatsTagKey(c.tags), hasInvalidTagKey(c.tags), hasInvalidTagValue(c.tags)}
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// numberedTags are n tags with keys of their own.
func numberedTags(n int) (tags []Tag) {
	for k := range n {
		tags = append(tags, Tag{strings.Repeat("k", k+1), "v"})
	}
	return tags
}
