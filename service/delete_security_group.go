package service

import (
	"context"

	"enisim/store"
)

// DeleteSecurityGroup is the request to delete a security group that nothing depends on.
type DeleteSecurityGroup struct {
	RegionID        string `api:"RegionId"`
	SecurityGroupID string `api:"SecurityGroupId"`
}

var deleteSecurityGroupParameterRules = []rule[DeleteSecurityGroup]{
	{err: MissingRegionID, violated: func(r DeleteSecurityGroup) bool { return r.RegionID == "" }},
	required("SecurityGroupId", func(r DeleteSecurityGroup) string { return r.SecurityGroupID }),
}

var deleteSecurityGroupRules = []rule[*store.DeleteGroupScene]{
	{err: InvalidSecurityGroupNotFound, violated: func(s *store.DeleteGroupScene) bool { return !s.Exists }},
	{err: GroupHasMembers, violated: func(s *store.DeleteGroupScene) bool { return s.HasMembers }},
	{err: GroupIsAuthorized, violated: func(s *store.DeleteGroupScene) bool { return s.IsNamed }},
}

// DeleteSecurityGroup deletes a security group and its rules. An interface counts as a member until
// it is deleted, attached or not.
func (s *Service) DeleteSecurityGroup(ctx context.Context, caller Caller, req DeleteSecurityGroup) error {
	if err := check(deleteSecurityGroupParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:DeleteSecurityGroup", req.RegionID); err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForDeleteGroup(ctx, caller.AccountID, req.RegionID, req.SecurityGroupID, s.now())
		if err != nil {
			return err
		}
		if err := check(deleteSecurityGroupRules, scene); err != nil {
			return err
		}
		tx.DeleteSecurityGroup(caller.AccountID, req.SecurityGroupID)
		return nil
	})
}
