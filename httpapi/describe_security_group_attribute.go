package httpapi

import "enisim.alt/service"

type describeSecurityGroupAttributeReply struct {
	Reply
	RegionId          string
	SecurityGroupId   string
	SecurityGroupName string
	Description       string
	VpcId             string
	InnerAccessPolicy string
	NextToken         string
	SnapshotPolicyIds struct{ SnapshotPolicyId []struct{} }
	Permissions       struct{ Permission []securityGroupRule }
}

func newSecurityGroupAttributeResponse(g service.SecurityGroupAttribute) any {
	reply := &describeSecurityGroupAttributeReply{
		RegionId:          g.RegionID,
		SecurityGroupId:   g.ID,
		SecurityGroupName: g.Name,
		Description:       g.Description,
		VpcId:             g.VPCID,
		InnerAccessPolicy: g.InnerAccessPolicy,
		NextToken:         g.Rules.NextToken,
	}
	reply.SnapshotPolicyIds.SnapshotPolicyId = []struct{}{}
	reply.Permissions.Permission = mapEach(g.Rules.Items, newSecurityGroupRule)
	return reply
}

// securityGroupRule is a rule in replies. There are no lists of prefixes and ports here, so their
// names are empty. No group of another account can be named.
type securityGroupRule struct {
	SecurityGroupRuleId     string
	Direction               string
	IpProtocol              string
	PortRange               string
	SourcePortRange         string
	SourceCidrIp            string
	Ipv6SourceCidrIp        string
	SourceGroupId           string
	SourceGroupName         string
	SourceGroupOwnerAccount string
	SourcePrefixListId      string
	SourcePrefixListName    string
	DestCidrIp              string
	Ipv6DestCidrIp          string
	DestGroupId             string
	DestGroupName           string
	DestGroupOwnerAccount   string
	DestPrefixListId        string
	DestPrefixListName      string
	PortRangeListId         string
	PortRangeListName       string
	NicType                 string
	Policy                  string
	Priority                int // captured answers have a number, where today's page has a string
	Description             string
	CreateTime              string
}

func newSecurityGroupRule(r service.SecurityGroupRule) securityGroupRule {
	return securityGroupRule{
		SecurityGroupRuleId: r.ID,
		Direction:           r.Direction,
		IpProtocol:          r.IPProtocol,
		PortRange:           r.PortRange,
		SourcePortRange:     r.SourcePortRange,
		SourceCidrIp:        r.SourceCIDR,
		Ipv6SourceCidrIp:    r.SourceIPv6CIDR,
		SourceGroupId:       r.SourceGroupID,
		SourceGroupName:     r.SourceGroupName,
		SourcePrefixListId:  r.SourcePrefixListID,
		DestCidrIp:          r.DestCIDR,
		Ipv6DestCidrIp:      r.DestIPv6CIDR,
		DestGroupId:         r.DestGroupID,
		DestGroupName:       r.DestGroupName,
		DestPrefixListId:    r.DestPrefixListID,
		NicType:             r.NICType,
		Policy:              r.Policy,
		Priority:            r.Priority,
		Description:         r.Description,
		CreateTime:          r.CreatedAt.Format(timeWithSeconds),
	}
}
