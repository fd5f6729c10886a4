package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// SecurityGroup is a security group as a caller sees it. The alias is for packages that do not
// import the store.
type SecurityGroup = store.DescribedSecurityGroup

// DescribeSecurityGroupsRequest is the request for a list of security groups. All its filters must
// hold; an empty one does not filter.
type DescribeSecurityGroupsRequest struct {
	RegionID         string   `api:"RegionId"`
	SecurityGroupID  string   `api:"SecurityGroupId"`
	SecurityGroupIDs JSONList `api:"SecurityGroupIds"`
	VPCID            string   `api:"VpcId"`
	Name             string   `api:"SecurityGroupName"`
	Type             string   `api:"SecurityGroupType"`
	NetworkType      string
	ResourceGroupID  string `api:"ResourceGroupId"`
	ServiceManaged   *bool
	Tags             []Tag `api:"Tag"`
	DryRun           *bool
	Page             PageRequest `api:",inline"`
	Malformed        Malformed
}

// SecurityGroups is a page of security groups of a region.
type SecurityGroups struct {
	List[SecurityGroup]
	RegionID string
}

// securityGroupPages are the bounds of the reference (docs/reference/protocol.md, section 1.4),
// which gives no lower one for MaxResults.
var securityGroupPages = paging{
	list: "security groups", maxPageSize: 50, minResults: 1, maxResults: 100, defaultPageSize: 10,
}

var describeSecurityGroupsRules = slices.Concat([]rule[DescribeSecurityGroupsRequest]{
	required[DescribeSecurityGroupsRequest]("RegionId"),
	validLists[DescribeSecurityGroupsRequest]("SecurityGroupIds"),
	readable[DescribeSecurityGroupsRequest](),
	invalid("SecurityGroupIds", func(r DescribeSecurityGroupsRequest) bool {
		return len(r.SecurityGroupIDs) > maxListed
	}),
	among[DescribeSecurityGroupsRequest]("SecurityGroupType", store.GroupNormal, store.GroupEnterprise),
	among[DescribeSecurityGroupsRequest]("NetworkType", store.NetworkTypeVPC, store.NetworkTypeClassic),
	invalid("Tag", func(r DescribeSecurityGroupsRequest) bool { return tooManyTags(r.Tags) || lacksTagKey(r.Tags) }),
}, validPage[DescribeSecurityGroupsRequest](securityGroupPages))

// selectsNone reports whether a filter is an empty list, or selects groups that do not exist here:
// classic ones, or those managed by a cloud service.
func (r DescribeSecurityGroupsRequest) selectsNone() bool {
	return r.SecurityGroupIDs.isEmpty() || r.NetworkType == store.NetworkTypeClassic || isTrue(r.ServiceManaged)
}

// DescribeSecurityGroups lists the caller's security groups in their current state, by id. It takes
// no locks.
var DescribeSecurityGroups = newAction(Action[DescribeSecurityGroupsRequest, SecurityGroups]{
	permission: "ecs:DescribeSecurityGroups",
	parameters: describeSecurityGroupsRules,
	refusals:   errorsOf(dryRunRules),
	run:        (*Service).describeSecurityGroups,
})

func (s *Service) describeSecurityGroups(
	ctx context.Context, caller Caller, req DescribeSecurityGroupsRequest,
) (SecurityGroups, error) {
	if err := check(dryRunRules, req.DryRun); err != nil {
		return SecurityGroups{}, err
	}
	var read store.List[SecurityGroup]
	if !req.selectsNone() {
		var err error
		if read, err = s.store.DescribeSecurityGroups(ctx, s.timeOf(caller), store.SecurityGroupFilter{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			ID:              req.SecurityGroupID,
			IDs:             req.SecurityGroupIDs,
			VPCID:           req.VPCID,
			Name:            req.Name,
			Type:            req.Type,
			ResourceGroupID: req.ResourceGroupID,
			Tags:            tagFilter(req.Tags),
		}, securityGroupPages.page(req.Page)); err != nil {
			return SecurityGroups{}, err
		}
	}
	return SecurityGroups{
		newPage(securityGroupPages, req.Page, read, func(g SecurityGroup) string { return g.ID }),
		req.RegionID,
	}, nil
}
