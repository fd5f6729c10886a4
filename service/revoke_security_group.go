package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// RevokeSecurityGroupRequest is the request to remove ingress rules from a security group: those
// with the given ids, and those that equal the given permissions.
type RevokeSecurityGroupRequest struct {
	RegionID             string             `api:"RegionId"`
	SecurityGroupID      string             `api:"SecurityGroupId"`
	SecurityGroupRuleIDs []string           `api:"SecurityGroupRuleId"`
	Rules                IngressPermissions `api:",inline"`
	ClientToken          string
	Malformed            Malformed
}

// RevokeSecurityGroup removes rules from a security group. A permission without a matching rule is
// not an error.
var RevokeSecurityGroup = newAction(Action[RevokeSecurityGroupRequest, Empty]{
	permission: "ecs:RevokeSecurityGroup",
	parameters: lift(ingress.parameterRules(), RevokeSecurityGroupRequest.rulesRequest),
	refusals:   slices.Concat(errorsOf(ingress.sceneRules()), errorsOf(revokeRules)),
	write:      inDirection[RevokeSecurityGroupRequest](ingress, (*Service).revoke),
})

func (r RevokeSecurityGroupRequest) rulesRequest() rulesRequest {
	return rulesRequest{
		RegionID: r.RegionID, SecurityGroupID: r.SecurityGroupID, ClientToken: r.ClientToken,
		permissions: r.Rules.all(), ruleIDs: r.SecurityGroupRuleIDs, Malformed: r.Malformed,
	}
}

var revokeRules = []rule[rulesInput]{
	{err: InvalidSecurityGroupRuleIDNotFound, violated: func(c rulesInput) bool { return c.absent }},
}

// revoke removes rules of one direction.
func (s *Service) revoke(
	ctx context.Context, tx *store.Tx, caller Caller, d direction, req rulesRequest,
) (Empty, error) {
	scene, err := tx.LockForRules(ctx, caller.AccountID, req.RegionID, req.SecurityGroupID, req.peers())
	if err != nil {
		return Empty{}, err
	}
	exists := map[string]bool{}
	var deletedIDs []string
	var changes []store.Change
	now := s.timeOf(caller)
	for _, r := range scene.Rules {
		if r.Direction != d.name {
			continue
		}
		exists[r.ID] = true
		if slices.Contains(req.ruleIDs, r.ID) ||
			req.anyPermission(func(p permission) bool { return d.newRule(p).Same(r) }) {
			deletedIDs = append(deletedIDs, r.ID)
			changes = append(changes, store.ChangesOf(&r, nil, now)...)
		}
	}
	absent := slices.ContainsFunc(req.ruleIDs, func(id string) bool { return !exists[id] })
	input := rulesInput{rulesRequest: req, RulesScene: scene, absent: absent}
	if err := check(slices.Concat(d.sceneRules(), revokeRules), input); err != nil {
		return Empty{}, err
	}
	if len(deletedIDs) > 0 {
		tx.DeleteRules(caller.AccountID, deletedIDs)
	}
	return Empty{}, s.record(tx, caller, now, changes...)
}
