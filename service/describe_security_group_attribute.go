package service

import (
	"cmp"
	"context"

	"enisim.alt/store"
)

// SecurityGroupRule is a rule of a security group as a caller sees it. The alias is for packages
// that do not import the store.
type SecurityGroupRule = store.DescribedRule

// DescribeSecurityGroupAttributeRequest is the request for a security group and its rules.
type DescribeSecurityGroupAttributeRequest struct {
	RegionID        string `api:"RegionId"`
	SecurityGroupID string `api:"SecurityGroupId"`
	Direction       string // all, ingress or egress
	NICType         string `api:"NicType"`
	MaxResults      *int
	NextToken       string
	Malformed       Malformed
}

// SecurityGroupAttribute is a security group with a page of its rules.
type SecurityGroupAttribute struct {
	store.SecurityGroup
	Rules List[SecurityGroupRule]
}

// rulePages are the bounds of the reference (docs/reference/protocol.md, section 1.4).
var rulePages = paging{list: "security group rules", minResults: 10, maxResults: 1000, defaultPageSize: 500}

var describeSecurityGroupAttributeParameterRules = []rule[DescribeSecurityGroupAttributeRequest]{
	required[DescribeSecurityGroupAttributeRequest]("RegionId"),
	required[DescribeSecurityGroupAttributeRequest]("SecurityGroupId"),
	readable[DescribeSecurityGroupAttributeRequest](),
	among[DescribeSecurityGroupAttributeRequest]("Direction", "all", store.RuleIngress, store.RuleEgress),
	among[DescribeSecurityGroupAttributeRequest]("NicType", nicIntranet, nicInternet),
	invalid("NextToken", func(r DescribeSecurityGroupAttributeRequest) bool {
		return r.page().hasInvalidToken(rulePages)
	}),
}

// page returns the page that is asked for, which is always one by token.
func (r DescribeSecurityGroupAttributeRequest) page() PageRequest {
	return PageRequest{MaxResults: cmp.Or(r.MaxResults, &rulePages.defaultPageSize), NextToken: r.NextToken}
}

// DescribeSecurityGroupAttribute returns a security group and its rules, by id, from one snapshot
// of the database. It takes no locks.
var DescribeSecurityGroupAttribute = newAction(Action[DescribeSecurityGroupAttributeRequest, SecurityGroupAttribute]{
	permission: "ecs:DescribeSecurityGroupAttribute",
	parameters: describeSecurityGroupAttributeParameterRules,
	refusals:   errorsOf(securityGroupRules),
	run:        (*Service).describeSecurityGroupAttribute,
})

func (s *Service) describeSecurityGroupAttribute(
	ctx context.Context, caller Caller, req DescribeSecurityGroupAttributeRequest,
) (SecurityGroupAttribute, error) {
	filter := store.RuleFilter{
		AccountID: caller.AccountID, RegionID: req.RegionID, SecurityGroupID: req.SecurityGroupID,
		Direction: req.Direction, NICType: req.NICType,
	}
	if filter.Direction == "all" {
		filter.Direction = ""
	}
	group, read, err := s.store.DescribeSecurityGroupAttribute(ctx, filter, rulePages.page(req.page()))
	if err != nil {
		return SecurityGroupAttribute{}, err
	}
	if err := check(securityGroupRules, group); err != nil {
		return SecurityGroupAttribute{}, err
	}
	return SecurityGroupAttribute{
		*group,
		newPage(rulePages, req.page(), read, func(r SecurityGroupRule) string { return r.ID }),
	}, nil
}
