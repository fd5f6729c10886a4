package service

import "context"

// AuthorizeSecurityGroupEgress is the request to add egress rules to a security group.
type AuthorizeSecurityGroupEgress struct {
	RegionID        string            `api:"RegionId"`
	SecurityGroupID string            `api:"SecurityGroupId"`
	Rules           EgressPermissions `api:",inline"`
	ClientToken     string
	Malformed       Malformed
}

// AuthorizeSecurityGroupEgress adds rules to a security group. A rule that the group already has is
// not added again.
func (s *Service) AuthorizeSecurityGroupEgress(
	ctx context.Context, caller Caller, req AuthorizeSecurityGroupEgress,
) error {
	call := idempotentCall{action: "AuthorizeSecurityGroupEgress", token: req.ClientToken, request: req}
	return s.authorize(ctx, caller, call, egress, rulesRequest{
		regionID: req.RegionID, securityGroupID: req.SecurityGroupID, clientToken: req.ClientToken,
		permissions: req.Rules.all(), malformed: req.Malformed,
	})
}
