package service

import (
	"context"
	"slices"

	"enisim/store"
)

// RevokeSecurityGroup is the request to take away rules on what comes to the members of a security group: those of the ids, and those that say the
// same as the ones spelled out.
type RevokeSecurityGroup struct {
	RegionID             string             `api:"RegionId"`
	SecurityGroupID      string             `api:"SecurityGroupId"`
	SecurityGroupRuleIDs []string           `api:"SecurityGroupRuleId"`
	Rules                IngressPermissions `api:",inline"`
	ClientToken          string
	Malformed            Malformed
}

// RevokeSecurityGroup takes rules away from a security group. One that is spelled out and not there is no error.
func (s *Service) RevokeSecurityGroup(ctx context.Context, caller Caller, req RevokeSecurityGroup) error {
	call := idempotent{action: "RevokeSecurityGroup", token: req.ClientToken, request: req}
	return s.revoke(ctx, caller, call, ingress, rulesRequest{
		regionID: req.RegionID, securityGroupID: req.SecurityGroupID, clientToken: req.ClientToken,
		permissions: req.Rules.all(), ruleIDs: req.SecurityGroupRuleIDs, malformed: req.Malformed,
	})
}

var revokeRules = []rule[rulesChange]{
	{err: InvalidSecurityGroupRuleIDNotFound, broken: func(c rulesChange) bool { return c.absent }},
}

// revoke takes away rules of a direction.
func (s *Service) revoke(ctx context.Context, caller Caller, call idempotent, d direction, req rulesRequest) error {
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
		there := map[string]bool{}
		var going []string
		for _, r := range scene.Rules {
			if r.Direction != d.name {
				continue
			}
			there[r.ID] = true
			if slices.Contains(req.ruleIDs, r.ID) || req.has(func(p permission) bool { return d.rule(p).Same(r) }) {
				going = append(going, r.ID)
			}
		}
		absent := slices.ContainsFunc(req.ruleIDs, func(id string) bool { return !there[id] })
		change := rulesChange{rulesRequest: req, RulesScene: scene, absent: absent}
		if err := check(slices.Concat(d.sceneRules(), revokeRules), change); err != nil {
			return struct{}{}, err
		}
		if len(going) > 0 {
			tx.DeleteRules(caller.AccountID, going)
		}
		return struct{}{}, nil
	})
	return err
}
