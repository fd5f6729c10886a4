package service

import (
	"context"
	"slices"
)

// LeaveSecurityGroupRequest is the request to remove an interface from a security group. Its
// parameters are those of JoinSecurityGroup.
type LeaveSecurityGroupRequest JoinSecurityGroupRequest

func (r LeaveSecurityGroupRequest) asJoin() JoinSecurityGroupRequest {
	return JoinSecurityGroupRequest(r)
}

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
var LeaveSecurityGroup = newAction(Action[LeaveSecurityGroupRequest, Empty]{
	permission: "ecs:LeaveSecurityGroup",
	parameters: lift(joinParameterRules, LeaveSecurityGroupRequest.asJoin),
	refusals:   errorsOf(leaveRules),
	run: answerless(func(s *Service, ctx context.Context, caller Caller, r LeaveSecurityGroupRequest) error {
		return s.changeMembership(ctx, caller, r.asJoin(), leaveRules, false)
	}),
})
