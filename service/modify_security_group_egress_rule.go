package service //nolint:dupl // the twin of the other direction

import "slices"

// ModifySecurityGroupEgressRuleRequest is the request to modify an egress rule of a security group: the one with
// an id, whose values the other parameters replace, or else the one that equals the permission, which gets
// the description.
type ModifySecurityGroupEgressRuleRequest struct {
	RegionID            string `api:"RegionId"`
	SecurityGroupID     string `api:"SecurityGroupId"`
	SecurityGroupRuleID string `api:"SecurityGroupRuleId"`
	EgressPermission    `api:",inline"`
	ClientToken         string
}

// ModifySecurityGroupEgressRule modifies an egress rule of a security group. Its id stays.
var ModifySecurityGroupEgressRule = newAction(Action[ModifySecurityGroupEgressRuleRequest, Empty]{
	permission: "ecs:ModifySecurityGroupEgressRule",
	parameters: lift(egress.singleRuleRules(), ModifySecurityGroupEgressRuleRequest.rulesRequest),
	refusals:   slices.Concat(errorsOf(egress.sceneRules()), errorsOf(modifyRuleRules)),
	write:      inDirection[ModifySecurityGroupEgressRuleRequest](egress, (*Service).modifyRule),
})

func (r ModifySecurityGroupEgressRuleRequest) rulesRequest() rulesRequest {
	all := EgressPermissions{Old: r.EgressPermission}.all()
	return newModifyRuleRequest(rulesRequest{
		RegionID: r.RegionID, SecurityGroupID: r.SecurityGroupID, ClientToken: r.ClientToken,
	}, r.SecurityGroupRuleID, all)
}
