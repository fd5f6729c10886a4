package service

import (
	"cmp"
	"context"

	"enisim.alt/store"
)

// ModifySecurityGroupAttributeRequest is the request to change the name or description of a
// security group. One that is empty stays unchanged.
type ModifySecurityGroupAttributeRequest struct {
	RegionID        string `api:"RegionId"`
	SecurityGroupID string `api:"SecurityGroupId"`
	Name            string `api:"SecurityGroupName"`
	Description     string
}

var modifySecurityGroupAttributeRules = []rule[ModifySecurityGroupAttributeRequest]{
	required[ModifySecurityGroupAttributeRequest]("RegionId"),
	required[ModifySecurityGroupAttributeRequest]("SecurityGroupId"),
	wellFormed[ModifySecurityGroupAttributeRequest](InvalidSecurityGroupName, "SecurityGroupName", isValidName),
	wellFormed[ModifySecurityGroupAttributeRequest](InvalidSecurityGroupDescription, "Description",
		isValidGroupDescription,
	),
}

// securityGroupRules are the only rules on the group itself when it is read or changed.
var securityGroupRules = []rule[*store.SecurityGroup]{
	{err: InvalidSecurityGroupIDNotFound, violated: func(g *store.SecurityGroup) bool { return g == nil }},
}

// ModifySecurityGroupAttribute changes the name and description of a security group.
var ModifySecurityGroupAttribute = newAction(Action[ModifySecurityGroupAttributeRequest, Empty]{
	permission: "ecs:ModifySecurityGroupAttribute",
	parameters: modifySecurityGroupAttributeRules,
	refusals:   errorsOf(securityGroupRules),
	run:        answerless((*Service).modifySecurityGroupAttribute),
})

func (s *Service) modifySecurityGroupAttribute(
	ctx context.Context, caller Caller, req ModifySecurityGroupAttributeRequest,
) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		group, err := tx.LockSecurityGroup(ctx, caller.AccountID, req.RegionID, req.SecurityGroupID)
		if err != nil {
			return err
		}
		if err := check(securityGroupRules, group); err != nil {
			return err
		}
		after := *group
		after.Name, after.Description = cmp.Or(req.Name, group.Name), cmp.Or(req.Description, group.Description)
		tx.UpdateSecurityGroup(after)
		now := s.timeOf(caller)
		return s.record(tx, caller, now, store.ChangesOf(group, &after, now)...)
	})
}
