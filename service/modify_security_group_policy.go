package service

import (
	"context"

	"enisim.alt/store"
)

// ModifySecurityGroupPolicyRequest is the request to set whether the members of a security group
// reach each other.
type ModifySecurityGroupPolicyRequest struct {
	RegionID          string `api:"RegionId"`
	SecurityGroupID   string `api:"SecurityGroupId"`
	InnerAccessPolicy string // Accept or Drop, without regard to case
	ClientToken       string
}

var modifySecurityGroupPolicyRules = []rule[ModifySecurityGroupPolicyRequest]{
	required[ModifySecurityGroupPolicyRequest]("RegionId"),
	required[ModifySecurityGroupPolicyRequest]("SecurityGroupId"),
	required[ModifySecurityGroupPolicyRequest]("InnerAccessPolicy"),
	wellFormed[ModifySecurityGroupPolicyRequest](InvalidClientTokenValue, "ClientToken",
		isValidClientToken,
	),
	invalid(
		"InnerAccessPolicy",
		func(r ModifySecurityGroupPolicyRequest) bool { return parsePolicy(r.InnerAccessPolicy) == "" },
	),
}

// ModifySecurityGroupPolicy sets whether the members of a security group reach each other. The
// policy is stored and shown, without effect.
var ModifySecurityGroupPolicy = newAction(Action[ModifySecurityGroupPolicyRequest, Empty]{
	permission: "ecs:ModifySecurityGroupPolicy",
	parameters: modifySecurityGroupPolicyRules,
	refusals:   errorsOf(securityGroupRules),
	write:      (*Service).modifySecurityGroupPolicy,
})

func (s *Service) modifySecurityGroupPolicy(
	ctx context.Context, tx *store.Tx, caller Caller, req ModifySecurityGroupPolicyRequest,
) (Empty, error) {
	group, err := tx.LockSecurityGroup(ctx, caller.AccountID, req.RegionID, req.SecurityGroupID)
	if err != nil {
		return Empty{}, err
	}
	if err := check(securityGroupRules, group); err != nil {
		return Empty{}, err
	}
	after := *group
	after.InnerAccessPolicy = parsePolicy(req.InnerAccessPolicy)
	tx.UpdateSecurityGroup(after)
	now := s.timeOf(caller)
	return Empty{}, s.record(tx, caller, now, store.ChangesOf(group, &after, now)...)
}
