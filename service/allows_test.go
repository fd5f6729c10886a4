package service

import "testing"

func TestAllows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"vpc:UntagResources", "vpc:UntagResources", true},
		{"vpc:UnTagResources", "vpc:UntagResources", true}, // both are spellings of the vendor's
		{"VPC:untag*", "vpc:UntagResources", true},
		{"vpc:UntagResource", "vpc:UntagResources", false},
		{"ecs:*", "vpc:UntagResources", false},
	} {
		if got := allows([]string{"ecs:DescribeDisks", c.pattern}, c.action); got != c.want {
			t.Errorf("%s, %s: got %t, want %t", c.pattern, c.action, got, c.want)
		}
	}
}
