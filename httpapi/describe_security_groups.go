package httpapi

import "enisim.alt/service"

// describeSecurityGroupsReply is the only list that leaves out TotalCount when pages go by token.
type describeSecurityGroupsReply struct {
	Reply
	RegionId       string
	TotalCount     *int `json:",omitempty" xml:",omitempty"`
	PageNumber     *int `json:",omitempty" xml:",omitempty"`
	PageSize       *int `json:",omitempty" xml:",omitempty"`
	NextToken      string
	SecurityGroups struct{ SecurityGroup []securityGroup }
}

func newSecurityGroupsResponse(groups service.SecurityGroups) any {
	reply := &describeSecurityGroupsReply{RegionId: groups.RegionID, NextToken: groups.NextToken}
	if groups.PageNumber > 0 {
		reply.TotalCount, reply.PageNumber, reply.PageSize = &groups.TotalCount, &groups.PageNumber, &groups.PageSize
	}
	reply.SecurityGroups.SecurityGroup = mapEach(groups.Items, newSecurityGroup)
	return reply
}

// securityGroup is a security group in replies. No cloud service manages one here.
type securityGroup struct {
	SecurityGroupId         string
	SecurityGroupName       string
	SecurityGroupType       string
	Description             string
	VpcId                   string
	CreationTime            string
	EcsCount                int
	AvailableInstanceAmount int
	RuleCount               int
	GroupToGroupRuleCount   int
	ResourceGroupId         string
	ServiceManaged          bool
	Tags                    ecsTags
}

func newSecurityGroup(g service.SecurityGroup) securityGroup {
	return securityGroup{
		SecurityGroupId:         g.ID,
		SecurityGroupName:       g.Name,
		SecurityGroupType:       g.Type,
		Description:             g.Description,
		VpcId:                   g.VPCID,
		CreationTime:            g.CreatedAt.Format(timeWithSeconds),
		EcsCount:                g.Instances,
		AvailableInstanceAmount: max(g.InstanceLimit-g.Instances, 0),
		RuleCount:               g.Rules,
		GroupToGroupRuleCount:   g.GroupRules,
		ResourceGroupId:         g.ResourceGroupID,
		Tags:                    newECSTags(g.Tags),
	}
}
