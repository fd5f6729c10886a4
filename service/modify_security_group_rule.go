package service //nolint:dupl // the twin of the other direction

import "slices"

// ModifySecurityGroupRuleRequest is the request to modify an ingress rule of a security group: the one with
// an id, whose values the other parameters replace, or else the one that equals the permission, which gets
// the description.
type ModifySecurityGroupRuleRequest struct {
	RegionID            string `api:"RegionId"`
	SecurityGroupID     string `api:"SecurityGroupId"`
	SecurityGroupRuleID string `api:"SecurityGroupRuleId"`
	IngressPermission   `api:",inline"`
	ClientToken         string
}

// ModifySecurityGroupRule modifies an ingress rule of a security group. Its id stays.
var ModifySecurityGroupRule = newAction(Action[ModifySecurityGroupRuleRequest, Empty]{
	permission: "ecs:ModifySecurityGroupRule",
	parameters: lift(ingress.singleRuleRules(), ModifySecurityGroupRuleRequest.rulesRequest),
	refusals:   slices.Concat(errorsOf(ingress.sceneRules()), errorsOf(modifyRuleRules)),
	write:      inDirection[ModifySecurityGroupRuleRequest](ingress, (*Service).modifyRule),
})

func (r ModifySecurityGroupRuleRequest) rulesRequest() rulesRequest {
	all := IngressPermissions{Old: r.IngressPermission}.all()
	return newModifyRuleRequest(rulesRequest{
		RegionID: r.RegionID, SecurityGroupID: r.SecurityGroupID, ClientToken: r.ClientToken,
	}, r.SecurityGroupRuleID, all)
}
