package service

import (
	"context"

	"enisim/store"
)

// ModifySecurityGroupPolicy is the request to set whether the members of a security group reach
// each other.
type ModifySecurityGroupPolicy struct {
	RegionID          string `api:"RegionId"`
	SecurityGroupID   string `api:"SecurityGroupId"`
	InnerAccessPolicy string // Accept or Drop, without regard to case
	ClientToken       string
}

var modifySecurityGroupPolicyRules = []rule[ModifySecurityGroupPolicy]{
	required("RegionId", func(r ModifySecurityGroupPolicy) string { return r.RegionID }),
	required("SecurityGroupId", func(r ModifySecurityGroupPolicy) string { return r.SecurityGroupID }),
	required("InnerAccessPolicy", func(r ModifySecurityGroupPolicy) string { return r.InnerAccessPolicy }),
	wellFormed(
		InvalidClientTokenValue,
		func(r ModifySecurityGroupPolicy) string { return r.ClientToken },
		isValidClientToken,
	),
	invalid(
		"InnerAccessPolicy",
		func(r ModifySecurityGroupPolicy) bool { return parsePolicy(r.InnerAccessPolicy) == "" },
	),
}

// ModifySecurityGroupPolicy sets whether the members of a security group reach each other. The
// policy is stored and shown, without effect.
func (s *Service) ModifySecurityGroupPolicy(ctx context.Context, caller Caller, req ModifySecurityGroupPolicy) error {
	if err := check(modifySecurityGroupPolicyRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:ModifySecurityGroupPolicy", req.RegionID); err != nil {
		return err
	}
	call := idempotentCall{action: "ModifySecurityGroupPolicy", token: req.ClientToken, request: req}
	_, err := runOnce(ctx, s, caller, call, func(tx *store.Tx) (struct{}, error) {
		group, err := tx.LockSecurityGroup(ctx, caller.AccountID, req.RegionID, req.SecurityGroupID)
		if err != nil {
			return struct{}{}, err
		}
		if err := check(securityGroupRules, group); err != nil {
			return struct{}{}, err
		}
		group.InnerAccessPolicy = parsePolicy(req.InnerAccessPolicy)
		tx.UpdateSecurityGroup(*group)
		return struct{}{}, nil
	})
	return err
}
