package service

import (
	"context"

	"enisim.alt/store"
)

// DeleteSecurityGroupRequest is the request to delete a security group that nothing depends on.
type DeleteSecurityGroupRequest struct {
	RegionID        string `api:"RegionId"`
	SecurityGroupID string `api:"SecurityGroupId"`
}

var deleteSecurityGroupParameterRules = []rule[DeleteSecurityGroupRequest]{
	requiredOr[DeleteSecurityGroupRequest](MissingRegionID, "RegionId"),
	required[DeleteSecurityGroupRequest]("SecurityGroupId"),
}

var deleteSecurityGroupRules = []rule[*store.DeleteGroupScene]{
	{err: InvalidSecurityGroupNotFound, violated: func(s *store.DeleteGroupScene) bool { return s.Group == nil }},
	{err: GroupHasMembers, violated: func(s *store.DeleteGroupScene) bool { return s.HasMembers }},
	{err: GroupIsAuthorized, violated: func(s *store.DeleteGroupScene) bool { return s.IsNamed }},
}

// DeleteSecurityGroup deletes a security group and its rules. An interface counts as a member until
// it is deleted, attached or not.
var DeleteSecurityGroup = newAction(Action[DeleteSecurityGroupRequest, Empty]{
	permission: "ecs:DeleteSecurityGroup",
	parameters: deleteSecurityGroupParameterRules,
	refusals:   errorsOf(deleteSecurityGroupRules),
	run:        answerless((*Service).deleteSecurityGroup),
})

func (s *Service) deleteSecurityGroup(ctx context.Context, caller Caller, req DeleteSecurityGroupRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForDeleteGroup(
			ctx, caller.AccountID, req.RegionID, req.SecurityGroupID, s.beforeLocks(caller))
		if err != nil {
			return err
		}
		if err := check(deleteSecurityGroupRules, scene); err != nil {
			return err
		}
		tx.DeleteSecurityGroup(caller.AccountID, req.SecurityGroupID)
		now := s.timeOf(caller)
		return s.record(tx, caller, now, store.ChangesOf(scene.Group, nil, now)...)
	})
}
