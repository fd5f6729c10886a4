package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// AuthorizeSecurityGroupRequest is the request to add ingress rules to a security group.
type AuthorizeSecurityGroupRequest struct {
	RegionID        string             `api:"RegionId"`
	SecurityGroupID string             `api:"SecurityGroupId"`
	Rules           IngressPermissions `api:",inline"`
	ClientToken     string
	Malformed       Malformed
}

// AuthorizeSecurityGroup adds rules to a security group. A rule that the group already has is not
// added again.
var AuthorizeSecurityGroup = newAction(Action[AuthorizeSecurityGroupRequest, Empty]{
	permission: "ecs:AuthorizeSecurityGroup",
	parameters: lift(ingress.parameterRules(), AuthorizeSecurityGroupRequest.rulesRequest),
	refusals:   slices.Concat(errorsOf(ingress.sceneRules()), errorsOf(authorizeRules)),
	write:      inDirection[AuthorizeSecurityGroupRequest](ingress, (*Service).authorize),
})

func (r AuthorizeSecurityGroupRequest) rulesRequest() rulesRequest {
	return rulesRequest{
		RegionID: r.RegionID, SecurityGroupID: r.SecurityGroupID, ClientToken: r.ClientToken,
		permissions: r.Rules.all(), Malformed: r.Malformed,
	}
}

// authorizeRules come last, because the number of new rules is known only when the groups are read.
var authorizeRules = []rule[rulesInput]{
	{err: AuthorizationLimitExceed, violated: func(c rulesInput) bool { return len(c.Rules)+len(c.added) > maxRules }},
}

// authorize adds rules of one direction.
func (s *Service) authorize(
	ctx context.Context, tx *store.Tx, caller Caller, d direction, req rulesRequest,
) (Empty, error) {
	scene, err := tx.LockForRules(ctx, caller.AccountID, req.RegionID, req.SecurityGroupID, req.peers())
	if err != nil {
		return Empty{}, err
	}
	input := rulesInput{rulesRequest: req, RulesScene: scene}
	for _, p := range req.permissions {
		if r := d.newRule(p); !slices.ContainsFunc(slices.Concat(scene.Rules, input.added), r.Same) {
			input.added = append(input.added, r)
		}
	}
	if err := check(slices.Concat(d.sceneRules(), authorizeRules), input); err != nil {
		return Empty{}, err
	}
	now := s.timeOf(caller)
	var changes []store.Change
	for _, r := range input.added {
		r.AccountID, r.ID = caller.AccountID, s.newID("sgr-", req.RegionID)
		r.SecurityGroupID, r.CreatedAt = req.SecurityGroupID, now
		tx.InsertRule(r)
		changes = append(changes, store.ChangesOf(nil, &r, now)...)
	}
	return Empty{}, s.record(tx, caller, now, changes...)
}
