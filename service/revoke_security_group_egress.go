package service

import "context"

// RevokeSecurityGroupEgress is the request to remove egress rules from a security group: those with
// the given ids, and those that equal the given permissions.
type RevokeSecurityGroupEgress struct {
	RegionID             string            `api:"RegionId"`
	SecurityGroupID      string            `api:"SecurityGroupId"`
	SecurityGroupRuleIDs []string          `api:"SecurityGroupRuleId"`
	Rules                EgressPermissions `api:",inline"`
	ClientToken          string
	Malformed            Malformed
}

// RevokeSecurityGroupEgress removes rules from a security group. A permission without a matching
// rule is not an error.
func (s *Service) RevokeSecurityGroupEgress(ctx context.Context, caller Caller, req RevokeSecurityGroupEgress) error {
	call := idempotentCall{action: "RevokeSecurityGroupEgress", token: req.ClientToken, request: req}
	return s.revoke(ctx, caller, call, egress, rulesRequest{
		regionID: req.RegionID, securityGroupID: req.SecurityGroupID, clientToken: req.ClientToken,
		permissions: req.Rules.all(), ruleIDs: req.SecurityGroupRuleIDs, malformed: req.Malformed,
	})
}
