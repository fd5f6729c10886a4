package service

import (
	"context"
	"slices"

	"enisim/store"
)

// AuthorizeSecurityGroup is the request to add ingress rules to a security group.
type AuthorizeSecurityGroup struct {
	RegionID        string             `api:"RegionId"`
	SecurityGroupID string             `api:"SecurityGroupId"`
	Rules           IngressPermissions `api:",inline"`
	ClientToken     string
	Malformed       Malformed
}

// AuthorizeSecurityGroup adds rules to a security group. A rule that the group already has is not
// added again.
func (s *Service) AuthorizeSecurityGroup(ctx context.Context, caller Caller, req AuthorizeSecurityGroup) error {
	call := idempotentCall{action: "AuthorizeSecurityGroup", token: req.ClientToken, request: req}
	return s.authorize(ctx, caller, call, ingress, rulesRequest{
		regionID: req.RegionID, securityGroupID: req.SecurityGroupID, clientToken: req.ClientToken,
		permissions: req.Rules.all(), malformed: req.Malformed,
	})
}

// authorizeRules come last, because the number of new rules is known only when the groups are read.
var authorizeRules = []rule[rulesInput]{
	{err: AuthorizationLimitExceed, violated: func(c rulesInput) bool { return len(c.Rules)+len(c.added) > maxRules }},
}

// authorize adds rules of one direction.
func (s *Service) authorize(
	ctx context.Context, caller Caller, call idempotentCall, d direction, req rulesRequest,
) error {
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
		input := rulesInput{rulesRequest: req, RulesScene: scene}
		for _, p := range req.permissions {
			if r := d.newRule(p); !slices.ContainsFunc(slices.Concat(scene.Rules, input.added), r.Same) {
				input.added = append(input.added, r)
			}
		}
		if err := check(slices.Concat(d.sceneRules(), authorizeRules), input); err != nil {
			return struct{}{}, err
		}
		now := s.now()
		for _, r := range input.added {
			r.AccountID, r.ID = caller.AccountID, s.newID("sgr-", req.regionID)
			r.SecurityGroupID, r.CreatedAt = req.securityGroupID, now
			tx.InsertRule(r)
		}
		return struct{}{}, nil
	})
	return err
}
