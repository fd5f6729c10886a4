package service

import "slices"

// RevokeSecurityGroupEgressRequest is the request to remove egress rules from a security group:
// those with the given ids, and those that equal the given permissions.
type RevokeSecurityGroupEgressRequest struct {
	RegionID             string            `api:"RegionId"`
	SecurityGroupID      string            `api:"SecurityGroupId"`
	SecurityGroupRuleIDs []string          `api:"SecurityGroupRuleId"`
	Rules                EgressPermissions `api:",inline"`
	ClientToken          string
	Malformed            Malformed
}

// RevokeSecurityGroupEgress removes rules from a security group. A permission without a matching
// rule is not an error.
var RevokeSecurityGroupEgress = newAction(Action[RevokeSecurityGroupEgressRequest, Empty]{
	permission: "ecs:RevokeSecurityGroupEgress",
	parameters: lift(egress.parameterRules(), RevokeSecurityGroupEgressRequest.rulesRequest),
	refusals:   slices.Concat(errorsOf(egress.sceneRules()), errorsOf(revokeRules)),
	write:      inDirection[RevokeSecurityGroupEgressRequest](egress, (*Service).revoke),
})

func (r RevokeSecurityGroupEgressRequest) rulesRequest() rulesRequest {
	return rulesRequest{
		RegionID: r.RegionID, SecurityGroupID: r.SecurityGroupID, ClientToken: r.ClientToken,
		permissions: r.Rules.all(), ruleIDs: r.SecurityGroupRuleIDs, Malformed: r.Malformed,
	}
}
