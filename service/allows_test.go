package service

import "testing"

// A pattern allows an action regardless of case, and only for its product. The vendor spells some
// actions in two ways.
func TestPermissionPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"vpc:UntagResources", "vpc:UntagResources", true},
		{"vpc:UnTagResources", "vpc:UntagResources", true}, // the vendor uses both spellings
		{"VPC:untag*", "vpc:UntagResources", true},
		{"vpc:UntagResource", "vpc:UntagResources", false},
		{"ecs:*", "vpc:UntagResources", false},
	} {
		if got := allows([]string{"ecs:DescribeDisks", c.pattern}, c.action); got != c.want {
			t.Errorf("%s, %s: got %t, want %t", c.pattern, c.action, got, c.want)
		}
	}
}
