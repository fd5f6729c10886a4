package service

import (
	"context"
	"slices"

	"enisim/store"
)

// RevokeSecurityGroup is the request to remove ingress rules from a security group: those with the
// given ids, and those that equal the given permissions.
type RevokeSecurityGroup struct {
	RegionID             string             `api:"RegionId"`
	SecurityGroupID      string             `api:"SecurityGroupId"`
	SecurityGroupRuleIDs []string           `api:"SecurityGroupRuleId"`
	Rules                IngressPermissions `api:",inline"`
	ClientToken          string
	Malformed            Malformed
}

// RevokeSecurityGroup removes rules from a security group. A permission without a matching rule is
// not an error.
func (s *Service) RevokeSecurityGroup(ctx context.Context, caller Caller, req RevokeSecurityGroup) error {
	call := idempotentCall{action: "RevokeSecurityGroup", token: req.ClientToken, request: req}
	return s.revoke(ctx, caller, call, ingress, rulesRequest{
		regionID: req.RegionID, securityGroupID: req.SecurityGroupID, clientToken: req.ClientToken,
		permissions: req.Rules.all(), ruleIDs: req.SecurityGroupRuleIDs, malformed: req.Malformed,
	})
}

var revokeRules = []rule[rulesInput]{
	{err: InvalidSecurityGroupRuleIDNotFound, violated: func(c rulesInput) bool { return c.absent }},
}

// revoke removes rules of one direction.
func (s *Service) revoke(ctx context.Context, caller Caller, call idempotentCall, d direction, req rulesRequest) error {
	if err := check(d.parameterRules(), req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:"+call.action, req.regionID); err != nil {
		return err
	}
	_, err := runOnce(ctx, s, caller, call, func(tx *store.Tx) (struct{}, error) {
		scene, err := tx.LockForRules(ctx, caller.AccountID, req.regionID, req.securityGroupID, req.peers())
		if err != nil {
			return struct{}{}, err
		}
		exists := map[string]bool{}
		var deletedIDs []string
		for _, r := range scene.Rules {
			if r.Direction != d.name {
				continue
			}
			exists[r.ID] = true
			if slices.Contains(req.ruleIDs, r.ID) ||
				req.anyPermission(func(p permission) bool { return d.newRule(p).Same(r) }) {
				deletedIDs = append(deletedIDs, r.ID)
			}
		}
		absent := slices.ContainsFunc(req.ruleIDs, func(id string) bool { return !exists[id] })
		input := rulesInput{rulesRequest: req, RulesScene: scene, absent: absent}
		if err := check(slices.Concat(d.sceneRules(), revokeRules), input); err != nil {
			return struct{}{}, err
		}
		if len(deletedIDs) > 0 {
			tx.DeleteRules(caller.AccountID, deletedIDs)
		}
		return struct{}{}, nil
	})
	return err
}
