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
	if err := check(joinParameterRules, JoinSecurityGroup(req)); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:LeaveSecurityGroup", req.RegionID); err != nil {
		return err
	}
	return s.inTxRetryingMoves(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForJoin(
			ctx,
			caller.AccountID,
			req.RegionID,
			req.InstanceID,
			req.NetworkInterfaceID,
			req.SecurityGroupID,
		)
		if err != nil {
			return err
		}
		now := s.now()
		scene.Settle(now)
		if err := check(leaveRules, membershipInput{JoinSecurityGroup(req), scene}); err != nil {
			return err
		}
		tx.LeaveGroup(scene, now)
		return nil
	})
}
