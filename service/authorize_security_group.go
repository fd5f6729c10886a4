package service

import (
	"context"
	"slices"

	"enisim/store"
)

// AuthorizeSecurityGroup is the request for rules on what comes to the members of a security group.
type AuthorizeSecurityGroup struct {
	RegionID        string             `api:"RegionId"`
	SecurityGroupID string             `api:"SecurityGroupId"`
	Rules           IngressPermissions `api:",inline"`
	ClientToken     string
	Malformed       Malformed
}

// AuthorizeSecurityGroup adds rules to a security group. One that is there already is not added again.
func (s *Service) AuthorizeSecurityGroup(ctx context.Context, caller Caller, req AuthorizeSecurityGroup) error {
	call := idempotent{action: "AuthorizeSecurityGroup", token: req.ClientToken, request: req}
	return s.authorize(ctx, caller, call, ingress, rulesRequest{
		regionID: req.RegionID, securityGroupID: req.SecurityGroupID, clientToken: req.ClientToken,
		permissions: req.Rules.all(), malformed: req.Malformed,
	})
}

// authorizeRules come last: how many rules are new is known only once the groups are.
var authorizeRules = []rule[rulesChange]{
	{err: AuthorizationLimitExceed, broken: func(c rulesChange) bool { return len(c.Rules)+len(c.added) > mostRules }},
}

// authorize adds rules of a direction.
func (s *Service) authorize(ctx context.Context, caller Caller, call idempotent, d direction, req rulesRequest) error {
	if err := check(d.parameterRules(), req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:"+call.action, req.regionID); err != nil {
		return err
	}
	_, err := once(ctx, s, caller, call, func(tx *store.Tx) (struct{}, error) {
		scene, err := tx.LockForRules(ctx, caller.AccountID, req.regionID, req.securityGroupID, req.peers())
		if err != nil {
			return struct{}{}, err
		}
		change := rulesChange{rulesRequest: req, RulesScene: scene}
		for _, p := range req.permissions {
			if r := d.rule(p); !slices.ContainsFunc(slices.Concat(scene.Rules, change.added), r.Same) {
				change.added = append(change.added, r)
			}
		}
		if err := check(slices.Concat(d.sceneRules(), authorizeRules), change); err != nil {
			return struct{}{}, err
		}
		now := s.moment()
		for _, r := range change.added {
			r.AccountID, r.ID, r.SecurityGroupID, r.CreatedAt = caller.AccountID, s.newID("sgr-", req.regionID), req.securityGroupID, now
			tx.InsertRule(r)
		}
		return struct{}{}, nil
	})
	return err
}
