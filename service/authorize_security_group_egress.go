package service

import "slices"

// AuthorizeSecurityGroupEgressRequest is the request to add egress rules to a security group.
type AuthorizeSecurityGroupEgressRequest struct {
	RegionID        string            `api:"RegionId"`
	SecurityGroupID string            `api:"SecurityGroupId"`
	Rules           EgressPermissions `api:",inline"`
	ClientToken     string
	Malformed       Malformed
}

// AuthorizeSecurityGroupEgress adds rules to a security group. A rule that the group already has is
// not added again.
var AuthorizeSecurityGroupEgress = newAction(Action[AuthorizeSecurityGroupEgressRequest, Empty]{
	permission: "ecs:AuthorizeSecurityGroupEgress",
	parameters: lift(egress.parameterRules(), AuthorizeSecurityGroupEgressRequest.rulesRequest),
	refusals:   slices.Concat(errorsOf(egress.sceneRules()), errorsOf(authorizeRules)),
	write:      inDirection[AuthorizeSecurityGroupEgressRequest](egress, (*Service).authorize),
})

func (r AuthorizeSecurityGroupEgressRequest) rulesRequest() rulesRequest {
	return rulesRequest{
		RegionID: r.RegionID, SecurityGroupID: r.SecurityGroupID, ClientToken: r.ClientToken,
		permissions: r.Rules.all(), Malformed: r.Malformed,
	}
}
