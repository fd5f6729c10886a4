package service

import "context"

// RevokeSecurityGroupEgress is the request to take away rules on what the members of a security
// group send: those of the ids, and those that say the same as the ones spelled out.
type RevokeSecurityGroupEgress struct {
	RegionID             string            `api:"RegionId"`
	SecurityGroupID      string            `api:"SecurityGroupId"`
	SecurityGroupRuleIDs []string          `api:"SecurityGroupRuleId"`
	Rules                EgressPermissions `api:",inline"`
	ClientToken          string
	Malformed            Malformed
}

// RevokeSecurityGroupEgress takes rules away from a security group. One that is spelled out and not
// there is no error.
func (s *Service) RevokeSecurityGroupEgress(ctx context.Context, caller Caller, req RevokeSecurityGroupEgress) error {
	call := idempotentCall{action: "RevokeSecurityGroupEgress", token: req.ClientToken, request: req}
	return s.revoke(ctx, caller, call, egress, rulesRequest{
		regionID: req.RegionID, securityGroupID: req.SecurityGroupID, clientToken: req.ClientToken,
		permissions: req.Rules.all(), ruleIDs: req.SecurityGroupRuleIDs, malformed: req.Malformed,
	})
}
