package service

import (
	"context"
	"slices"

	"enisim/store"
)

// LeaveSecurityGroup is the request to remove an interface from a security group. Its parameters
// are those of JoinSecurityGroup.
type LeaveSecurityGroup JoinSecurityGroup

var leaveRules = slices.Concat(memberRules, []rule[membershipInput]{
	// A classic instance has no interface, so it is in no group.
	{err: InvalidSecurityGroupAssociation, violated: func(m membershipInput) bool { return !m.isMember() }},
	{
		err:      InstanceLastSecurityGroup,
		violated: func(m membershipInput) bool { return m.InstanceID != "" && len(m.Joined) == 1 },
	},
	{err: AtLeastInOneGroup, violated: func(m membershipInput) bool { return len(m.Joined) == 1 }},
})

// LeaveSecurityGroup removes an interface from a security group, unless it is its last one.
func (s *Service) LeaveSecurityGroup(ctx context.Context, caller Caller, req LeaveSecurityGroup) error {
	return s.changeMembership(ctx, caller, "ecs:LeaveSecurityGroup", JoinSecurityGroup(req), leaveRules, (*store.Tx).LeaveGroup)
}
