package service

import (
	"context"
	"slices"

	"enisim/store"
)

// LeaveSecurityGroup is the request to take an interface out of a security group. It says the same as one to join.
type LeaveSecurityGroup JoinSecurityGroup

var leaveRules = slices.Concat(memberRules, []rule[membership]{
	// A classic instance has no interface, so it is in no group.
	{err: InvalidSecurityGroupAssociation, broken: func(m membership) bool { return !m.isMember() }},
	{err: InstanceLastSecurityGroup, broken: func(m membership) bool { return m.InstanceID != "" && len(m.Joined) == 1 }},
	{err: AtLeastInOneGroup, broken: func(m membership) bool { return len(m.Joined) == 1 }},
})

// LeaveSecurityGroup takes an interface out of a security group, unless it is its last one.
func (s *Service) LeaveSecurityGroup(ctx context.Context, caller Caller, req LeaveSecurityGroup) error {
	if err := check(joinParameterRules, JoinSecurityGroup(req)); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:LeaveSecurityGroup", req.RegionID); err != nil {
		return err
	}
	return s.inTxLookingAgain(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForJoin(ctx, caller.AccountID, req.RegionID, req.InstanceID, req.NetworkInterfaceID, req.SecurityGroupID)
		if err != nil {
			return err
		}
		now := s.moment()
		scene.Settle(now)
		if err := check(leaveRules, membership{JoinSecurityGroup(req), scene}); err != nil {
			return err
		}
		tx.LeaveGroup(scene, now)
		return nil
	})
}
