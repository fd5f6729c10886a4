package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"slices"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// groupsWorld has a group for each possible reply of the actions on groups.
var groupsWorld = worldtest.New(goldenAccount).
	AccessKey(goldenKey).
	AccessKey("LTAIexpired00000001", expired).
	RAMUser("nothing", "LTAIramnothing00001").
	VPC("vpc-main", "10.0.0.0/8").
	VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
	SecurityGroup("sg-main", worldtest.Set("name", "main"), worldtest.Set("description", "a < b & c"),
		worldtest.Set("tags", map[string]string{"team": "net", "a": ""})).
	SecurityGroup("sg-empty").
	SecurityGroup("sg-full", worldtest.Set("instance_limit", 1)).
	SecurityGroup("sg-enterprise", worldtest.Set("type", "enterprise")).
	SecurityGroup("sg-enterprise-full", worldtest.Set("type", "enterprise"), worldtest.Set("instance_limit", 1)).
	SecurityGroup("sg-1").SecurityGroup("sg-2").SecurityGroup("sg-3").SecurityGroup("sg-4").
	SecurityGroup("sg-5").SecurityGroup("sg-6").SecurityGroup("sg-7").SecurityGroup("sg-8").
	SecurityGroup("sg-9").SecurityGroup("sg-10").
	VPC("vpc-other", "172.16.0.0/12").
	SecurityGroup("sg-elsewhere").
	Instance("i-main").
	Instance("i-starting", worldtest.Groups("sg-main", "sg-1"), worldtest.Status("Starting")).
	Instance("i-full", worldtest.Groups("sg-full", "sg-1")).
	Instance("i-enterprise", worldtest.Groups("sg-enterprise")).
	Instance("i-enterprise-full", worldtest.Groups("sg-enterprise-full")).
	NetworkInterface("eni-free").
	NetworkInterface("eni-deleting", worldtest.Groups("sg-main", "sg-1"), worldtest.Status("Deleting")).
	NetworkInterface("eni-managed", worldtest.Groups("sg-main", "sg-1"), worldtest.Set("service_managed", true)).
	NetworkInterface("eni-in-ten", worldtest.Groups("sg-1", "sg-2", "sg-3", "sg-4", "sg-5", "sg-6", "sg-7", "sg-8",
		"sg-9", "sg-10")).
	String()

// groupRules are rules of sg-main in both directions. One refers to another group.
const groupRules = `
	INSERT INTO security_group_rules (account_id, id, security_group_id, direction, ip_protocol, port_range, policy, priority, nic_type,
	    source_cidr_ip, source_group_id, dest_cidr_ip, description, created_at)
	VALUES ('1000000000000003', 'sgr-1', 'sg-main', 'ingress', 'TCP', '22/22', 'Accept', 1, 'intranet', '10.0.0.0/8', NULL, '', 'a < b', '2026-11-22'),
	       ('1000000000000003', 'sgr-2', 'sg-main', 'ingress', 'ALL', '-1/-1', 'Drop', 100, 'intranet', '', 'sg-empty', '', '', '2026-11-22'),
	       ('1000000000000003', 'sgr-3', 'sg-main', 'egress', 'ICMP', '-1/-1', 'Accept', 1, 'intranet', '', NULL, '0.0.0.0/0', '', '2026-11-22')`

// afterSQL is a server after some SQL.
func afterSQL(sql string) func(*goldenWorld) *httptest.Server {
	return func(g *goldenWorld) *httptest.Server {
		server, _ := g.server(service.Options{}, sql)
		return server
	}
}

// referencesOf returns the parameters of a request for the groups that name a group.
func referencesOf(id string, more ...string) []string {
	return inRegion(also([]string{"SecurityGroupId.1", id}, more...)...)
}

var (
	withRules     = afterSQL(groupRules)
	withFullRules = afterSQL(`
		INSERT INTO security_group_rules (account_id, id, security_group_id, direction, ip_protocol, port_range, policy, priority, nic_type, created_at)
		SELECT '1000000000000003', 'sgr-' || n, 'sg-main', 'ingress', 'TCP', n || '/' || n, 'Accept', 1, 'intranet', '2026-11-22'
		FROM generate_series(1, 200) n`)
	withFullRegion = afterSQL(`
		INSERT INTO security_groups (account_id, id, vpc_id, region_id, instance_limit, created_at)
		SELECT '1000000000000003', 'sg-more-' || n, 'vpc-main', 'cn-hangzhou', 1, '2026-11-22' FROM generate_series(1, 100) n`)
	withPendingVPC = afterSQL(`UPDATE vpcs SET available_at = '2026-11-22 10:15:31+00'`)
	brokenGroups   = afterSQL(`ALTER TABLE security_groups RENAME COLUMN region_id TO region`)
)

// lockedGroups makes a server where the account and its groups are locked for longer than a caller
// waits.
var lockedGroups = holding(`SELECT FROM accounts FOR UPDATE`, `SELECT FROM security_groups FOR UPDATE`)

// groupRequest returns the parameters of a request on a security group.
func groupRequest(id string, more ...string) []string {
	return inRegion(also([]string{"SecurityGroupId", id}, more...)...)
}

// inGroupsWorld adds the cases that all actions on groups share. good are the parameters of a valid
// request.
func inGroupsWorld(locked func(*goldenWorld) *httptest.Server, good []string, cases ...goldenCase) []goldenCase {
	cases = slices.Concat([]goldenCase{
		{name: "InvalidRegionId.NotFound", pairs: also(good, "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: good},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramnothing00001", pairs: good, in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramnothing00001", pairs: good},
		{name: "InternalError", pairs: good, in: brokenGroups},
		{name: "ServiceUnavailable", pairs: good, in: withoutDatabase},
	}, cases)
	if locked != nil {
		cases = append(cases, goldenCase{name: "OperationConflict", pairs: good, in: locked})
	}
	for k := range cases {
		cases[k].world = groupsWorld
	}
	return cases
}

var (
	newGroup = inRegion("VpcId", "vpc-main", "SecurityGroupName", "web", "Description", "of the web", "Tag.1.Key", "team", "Tag.1.Value", "web", "ClientToken", "t-1")
	dropping = groupRequest("sg-main", "InnerAccessPolicy", "drop", "ClientToken", "t-1")
	oneRule  = []string{"Permissions.1.IpProtocol", "tcp", "Permissions.1.PortRange", "22/22", "Permissions.1.SourceCidrIp", "10.0.0.0/8",
		"Permissions.1.DestCidrIp", "10.0.0.0/8", "ClientToken", "t-1"}
	ruled = groupRequest("sg-main", oneRule...)
)

// ruleCases returns the cases that all four actions on rules share, apart from the peer of a rule.
func ruleCases(missingPeer goldenCase, peerGroup, unknownPeer string, more ...goldenCase) []goldenCase {
	spoiled := func(name, parameter, value string) goldenCase {
		return goldenCase{name: name, pairs: also(ruled, "Permissions.1."+parameter, value)}
	}
	return inGroupsWorld(lockedGroups, ruled, slices.Concat([]goldenCase{
		{name: "MissingParameter", pairs: groupRequest("sg-main")},
		{name: "InvalidParameter", pairs: also(ruled, equalRules(101)...)},
		{name: "InvalidClientToken.ValueNotSupported", pairs: also(ruled, "ClientToken", "é")},
		spoiled("InvalidIpProtocol.ValueNotSupported", "IpProtocol", "ip"),
		spoiled("InvalidParam.PortRange", "PortRange", "80"),
		missingPeer,
		spoiled("InvalidSourceCidrIp.Malformed", "SourceCidrIp", "10.0.0.0/33"),
		spoiled("InvalidParam.Ipv6SourceCidrIp", "Ipv6SourceCidrIp", "10.0.0.0/8"),
		spoiled("InvalidDestCidrIp.Malformed", "DestCidrIp", "::/0"),
		spoiled("InvalidParam.Ipv6DestCidrIp", "Ipv6DestCidrIp", "all"),
		spoiled("InvalidPolicy.Malformed", "Policy", "refuse"),
		spoiled("InvalidPriority.ValueNotSupported", "Priority", "101"),
		spoiled("InvalidNicType.ValueNotSupported", "NicType", "vpc"),
		spoiled("InvalidSecurityGroupDiscription.Malformed", "Description", "http://here"),
		{name: "InvalidSecurityGroupId.NotFound", pairs: also(ruled, "SecurityGroupId", "sg-not-found")},
		spoiled(unknownPeer, peerGroup, "sg-not-found"),
	}, more, []goldenCase{
		{name: "success", pairs: ruled},
		{name: "IdempotentParameterMismatch", pairs: also(ruled, "Permissions.1.Priority", "2")},
	})...)
}

// equalRules returns n equal rules.
func equalRules(n int) []string {
	var pairs []string
	for k := range n {
		pairs = append(pairs, fmt.Sprintf("Permissions.%d.IpProtocol", k+1), "tcp")
	}
	return pairs
}

// groupAndInstance and groupAndENI return the parameters of a join or a leave.
func groupAndInstance(id, groupID string) []string {
	return inRegion("InstanceId", id, "SecurityGroupId", groupID)
}

func groupAndENI(id, groupID string) []string {
	return inRegion("NetworkInterfaceId", id, "SecurityGroupId", groupID)
}

// memberCases returns the cases that JoinSecurityGroup and LeaveSecurityGroup share.
func memberCases(good []string, groupID string, more ...goldenCase) []goldenCase {
	return inGroupsWorld(locked, good, slices.Concat([]goldenCase{
		{name: "MissingParameter", pairs: groupRequest(groupID)},
		{name: "MissingParameter.RegionId", pairs: []string{"NetworkInterfaceId", "eni-free", "SecurityGroupId", groupID}},
		{name: "InvalidParam.EniIdAndInstanceId.Conflict", pairs: also(good, "NetworkInterfaceId", "eni-free")},
		{name: "InvalidInstanceId.NotFound", pairs: groupAndInstance("i-not-found", groupID)},
		{name: "InvalidEniId.NotFound", pairs: groupAndENI("eni-not-found", groupID)},
		{name: "InvalidSecurityGroupId.NotFound", pairs: groupAndInstance("i-main", "sg-not-found")},
		{name: "InvalidOperation.EniServiceManaged", pairs: groupAndENI("eni-managed", groupID)},
		{name: "IncorrectInstanceStatus", pairs: groupAndInstance("i-starting", groupID)},
		{name: "InvalidOperation.InvalidEniState", pairs: groupAndENI("eni-deleting", groupID)},
	}, more)...)
}

// withTwoEgressRules has two egress rules that differ in their priorities.
var withTwoEgressRules = afterSQL(groupRules + `;
	INSERT INTO security_group_rules (account_id, id, security_group_id, direction, ip_protocol, port_range, policy, priority, nic_type,
	    source_cidr_ip, dest_cidr_ip, description, created_at)
	VALUES ('1000000000000003', 'sgr-4', 'sg-main', 'egress', 'ICMP', '-1/-1', 'Accept', 2, 'intranet', '', '0.0.0.0/0', '', '2026-11-22')`)

// modifyRuleCases returns the cases of an action that modifies a rule. peer is what its parameters for the
// other side begin with.
func modifyRuleCases(peer string, more ...goldenCase) []goldenCase {
	valid := groupRequest("sg-main", "IpProtocol", "tcp", "PortRange", "22/22", peer+"CidrIp", "10.0.0.0/8")
	cases := []goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidClientToken.ValueNotSupported", pairs: also(valid, "ClientToken", "é")},
		{name: "InvalidIpProtocol.ValueNotSupported", pairs: also(valid, "IpProtocol", "carrier-pigeon")},
		{name: "InvalidParam.PortRange", pairs: also(valid, "PortRange", "22")},
		{name: "MissingParameter." + peer, pairs: also(valid, peer+"CidrIp", "")},
		{name: "InvalidSourceCidrIp.Malformed", pairs: also(valid, "SourceCidrIp", "10.0")},
		{name: "InvalidParam.Ipv6SourceCidrIp", pairs: also(valid, "Ipv6SourceCidrIp", "10.0.0.0/8")},
		{name: "InvalidDestCidrIp.Malformed", pairs: also(valid, "DestCidrIp", "10.0")},
		{name: "InvalidParam.Ipv6DestCidrIp", pairs: also(valid, "Ipv6DestCidrIp", "10.0.0.0/8")},
		{name: "InvalidPolicy.Malformed", pairs: also(valid, "Policy", "perhaps")},
		{name: "InvalidPriority.ValueNotSupported", pairs: also(valid, "Priority", "101")},
		{name: "InvalidNicType.ValueNotSupported", pairs: also(valid, "NicType", "extranet")},
		{name: "InvalidSecurityGroupDiscription.Malformed", pairs: also(valid, "Description", "http://")},
		{name: "InvalidSecurityGroupId.NotFound", pairs: also(valid, "SecurityGroupId", "sg-not-found")},
		{name: "Invalid" + peer + "GroupId.NotFound", pairs: also(valid, peer+"GroupId", "sg-not-found")},
	}
	cases = append(cases, []goldenCase{
		{name: "success-description", pairs: also(valid, "Description", "ssh", "ClientToken", "t-1")},
		{name: "IdempotentParameterMismatch", pairs: also(valid, "Description", "web", "ClientToken", "t-1")},
	}...)
	return casesIn(ruledWorld, inGroupsWorld(lockedGroups, valid, append(cases, more...)...))
}

// ruledWorld has a group with a rule in each direction, to which tests add more.
var ruledWorld = worldtest.New(goldenAccount).
	AccessKey(goldenKey).
	AccessKey("LTAIexpired00000001", expired).
	RAMUser("nothing", "LTAIramnothing00001").
	VPC("vpc-main", "10.0.0.0/8").
	SecurityGroup("sg-main", worldtest.Set("rules", []map[string]any{
		{"id": "sgr-ssh", "ip_protocol": "TCP", "port_range": "22/22", "source_cidr_ip": "10.0.0.0/8"},
		{"id": "sgr-ssh-out", "direction": "egress", "ip_protocol": "TCP", "port_range": "22/22", "dest_cidr_ip": "10.0.0.0/8"},
	})).
	SecurityGroup("sg-empty").
	String()

var securityGroupsGolden = map[string][]goldenCase{
	"CreateSecurityGroup": inGroupsWorld(lockedGroups, newGroup,
		goldenCase{name: "MissingParameter", pairs: newGroup[2:]},
		goldenCase{name: "InvalidClientToken.ValueNotSupported", pairs: also(newGroup, "ClientToken", "é")},
		goldenCase{name: "InvalidSecurityGroupName.Malformed", pairs: also(newGroup, "SecurityGroupName", "1")},
		goldenCase{name: "InvalidSecurityGroupDiscription.Malformed", pairs: also(newGroup, "Description", "http://here")},
		goldenCase{name: "InvalidParams.GroupType", pairs: also(newGroup, "SecurityGroupType", "advanced")},
		goldenCase{name: "QuotaExceed.Tags", pairs: also(newGroup, equalTags(21)...)},
		goldenCase{name: "InvalidTagKey.Malformed", pairs: also(newGroup, "Tag.1.Key", "acs:team")},
		goldenCase{name: "InvalidTagValue.Malformed", pairs: also(newGroup, "Tag.1.Value", "http://here")},
		goldenCase{name: "Duplicate.TagKey", pairs: also(newGroup, "Tag.2.Key", "team")},
		goldenCase{name: "InvalidVpcId.NotFound", pairs: also(newGroup, "VpcId", "vpc-not-found")},
		goldenCase{name: "IncorrectVpcStatus", pairs: newGroup, in: withPendingVPC},
		goldenCase{name: "QuotaExceed.SecurityGroup", pairs: newGroup, in: withFullRegion},
		goldenCase{name: "success", pairs: newGroup},
		goldenCase{name: "repeated", pairs: newGroup},
		goldenCase{name: "IdempotentParameterMismatch", pairs: also(newGroup, "SecurityGroupName", "other")},
	),
	"DeleteSecurityGroup": inGroupsWorld(lockedGroups, groupRequest("sg-empty"),
		goldenCase{name: "MissingParameter.RegionId", pairs: []string{"SecurityGroupId", "sg-empty"}},
		goldenCase{name: "MissingParameter", pairs: inRegion()},
		goldenCase{name: "InvalidSecurityGroup.NotFound", pairs: groupRequest("sg-not-found")},
		goldenCase{name: "DependencyViolation", pairs: groupRequest("sg-full")},
		goldenCase{name: "success", pairs: groupRequest("sg-empty")},
	),
	"DescribeSecurityGroups": inGroupsWorld(nil, inRegion(),
		goldenCase{name: "MissingParameter"},
		goldenCase{name: "InvalidParameter", pairs: inRegion("SecurityGroupIds", "sg-main")},
		goldenCase{name: "DryRunOperation", pairs: inRegion("DryRun", "true")},
		goldenCase{name: "empty", pairs: inRegion("SecurityGroupIds", `["sg-not-found"]`)},
		goldenCase{name: "some", pairs: inRegion("SecurityGroupIds", `["sg-main","sg-enterprise"]`, "PageSize", "50"), in: withRules},
		goldenCase{name: "first-by-token", pairs: inRegion("MaxResults", "1", "VpcId", "vpc-main")},
	),
	"DescribeSecurityGroupAttribute": inGroupsWorld(nil, groupRequest("sg-main"),
		goldenCase{name: "MissingParameter", pairs: inRegion()},
		goldenCase{name: "InvalidParameter", pairs: groupRequest("sg-main", "Direction", "both")},
		goldenCase{name: "InvalidSecurityGroupId.NotFound", pairs: groupRequest("sg-not-found")},
		goldenCase{name: "without-rules", pairs: groupRequest("sg-main")},
		goldenCase{name: "with-rules", pairs: groupRequest("sg-main", "Direction", "all"), in: withRules},
		goldenCase{name: "egress", pairs: groupRequest("sg-main", "Direction", "egress"), in: withRules},
	),
	"DescribeSecurityGroupReferences": inGroupsWorld(nil, referencesOf("sg-empty"),
		goldenCase{name: "MissingParameter", pairs: referencesOf("sg-empty", "RegionId", "")},
		goldenCase{name: "InvalidSecurityGroupId.Malformed", pairs: inRegion(numbered("SecurityGroupId", 11, "sg-empty")...)},
		goldenCase{name: "InvalidSecurityGroupId.NotFound", pairs: referencesOf("sg-not-found")},
		goldenCase{name: "none", pairs: referencesOf("sg-main")},
		goldenCase{name: "one", pairs: referencesOf("sg-empty", "SecurityGroupId.2", "sg-main"), in: withRules},
	),
	"ModifySecurityGroupAttribute": inGroupsWorld(lockedGroups, groupRequest("sg-main", "SecurityGroupName", "other"),
		goldenCase{name: "MissingParameter", pairs: inRegion()},
		goldenCase{name: "InvalidSecurityGroupName.Malformed", pairs: groupRequest("sg-main", "SecurityGroupName", "-")},
		goldenCase{name: "InvalidSecurityGroupDiscription.Malformed", pairs: groupRequest("sg-main", "Description", "x")},
		goldenCase{name: "InvalidSecurityGroupId.NotFound", pairs: groupRequest("sg-not-found", "SecurityGroupName", "other")},
		goldenCase{name: "success", pairs: groupRequest("sg-main", "SecurityGroupName", "other")},
	),
	"ModifySecurityGroupPolicy": inGroupsWorld(lockedGroups, dropping,
		goldenCase{name: "MissingParameter", pairs: groupRequest("sg-main")},
		goldenCase{name: "InvalidClientToken.ValueNotSupported", pairs: also(dropping, "ClientToken", "é")},
		goldenCase{name: "InvalidParameter", pairs: also(dropping, "InnerAccessPolicy", "refuse")},
		goldenCase{name: "InvalidSecurityGroupId.NotFound", pairs: also(dropping, "SecurityGroupId", "sg-not-found")},
		goldenCase{name: "success", pairs: dropping},
		goldenCase{name: "IdempotentParameterMismatch", pairs: also(dropping, "InnerAccessPolicy", "accept")},
	),
	"AuthorizeSecurityGroup": ruleCases(
		goldenCase{name: "MissingParameter.Source", pairs: also(ruled, "Permissions.1.SourceCidrIp", "")},
		"SourceGroupId", "InvalidSourceGroupId.NotFound",
		goldenCase{name: "AuthorizationLimitExceed", pairs: also(ruled, "Permissions.1.SourceGroupId", "sg-main"), in: withFullRules}),
	"AuthorizeSecurityGroupEgress": ruleCases(
		goldenCase{name: "MissingParameter.Dest", pairs: also(ruled, "Permissions.1.DestCidrIp", "")},
		"DestGroupId", "InvalidDestGroupId.NotFound",
		goldenCase{name: "AuthorizationLimitExceed", pairs: also(ruled, "Permissions.1.DestGroupId", "sg-main"), in: withFullRules}),
	"RevokeSecurityGroup": ruleCases(
		goldenCase{name: "MissingParameter.Source", pairs: also(ruled, "Permissions.1.SourceCidrIp", "")},
		"SourceGroupId", "InvalidSourceGroupId.NotFound",
		goldenCase{name: "InvalidSecurityGroupRuleId.NotFound", pairs: groupRequest("sg-main", "SecurityGroupRuleId.1", "sgr-3"), in: withRules}),
	"RevokeSecurityGroupEgress": ruleCases(
		goldenCase{name: "MissingParameter.Dest", pairs: also(ruled, "Permissions.1.DestCidrIp", "")},
		"DestGroupId", "InvalidDestGroupId.NotFound",
		goldenCase{name: "InvalidSecurityGroupRuleId.NotFound", pairs: groupRequest("sg-main", "SecurityGroupRuleId.1", "sgr-1"), in: withRules}),
	"ModifySecurityGroupRule": modifyRuleCases("Source",
		goldenCase{name: "InvalidSecurityGroupRuleId.NotFound", pairs: groupRequest("sg-main", "SecurityGroupRuleId", "sgr-3"), in: withRules},
		goldenCase{name: "InvalidSecurityGroupRule.RuleConflict", pairs: groupRequest("sg-main", "SecurityGroupRuleId", "sgr-1", "IpProtocol", "ALL",
			"PortRange", "-1/-1", "Policy", "drop", "Priority", "100", "SourceGroupId", "sg-empty"), in: withRules},
		goldenCase{name: "success", pairs: groupRequest("sg-main", "SecurityGroupRuleId", "sgr-1", "PortRange", "80/443", "Priority", "7"), in: withRules}),
	"ModifySecurityGroupEgressRule": modifyRuleCases("Dest",
		goldenCase{name: "InvalidSecurityGroupRuleId.NotFound", pairs: groupRequest("sg-main", "SecurityGroupRuleId", "sgr-1"), in: withRules},
		goldenCase{name: "InvalidSecurityGroupRule.RuleConflict", pairs: groupRequest("sg-main", "SecurityGroupRuleId", "sgr-3", "Priority", "2"),
			in: withTwoEgressRules},
		goldenCase{name: "success", pairs: groupRequest("sg-main", "SecurityGroupRuleId", "sgr-3", "DestCidrIp", "10.0.0.0/8"), in: withRules}),
	"JoinSecurityGroup": memberCases(groupAndInstance("i-main", "sg-2"), "sg-2",
		goldenCase{name: "InvalidInstanceId.Mismatch", pairs: groupAndInstance("i-main", "sg-elsewhere")},
		goldenCase{name: "InvalidOperation.VpcMismatch", pairs: groupAndENI("eni-free", "sg-elsewhere")},
		goldenCase{name: "InvalidInstanceId.AlreadyExists", pairs: groupAndInstance("i-main", "sg-main")},
		goldenCase{name: "InvalidOperation.MultiGroupType", pairs: groupAndInstance("i-main", "sg-enterprise")},
		goldenCase{name: "InstanceSecurityGroupLimitExceeded", pairs: groupAndENI("eni-in-ten", "sg-main")},
		goldenCase{name: "SecurityGroupInstanceLimitExceeded", pairs: groupAndInstance("i-main", "sg-full")},
		goldenCase{name: "InvalidOperation.NetworkInterfaceCountExceeded", pairs: groupAndInstance("i-enterprise", "sg-enterprise-full")},
		goldenCase{name: "success", pairs: groupAndInstance("i-main", "sg-2")[2:]}),
	"LeaveSecurityGroup": memberCases(groupAndInstance("i-full", "sg-1"), "sg-1",
		goldenCase{name: "InvalidSecurityGroupAssociation.NotFound", pairs: groupAndInstance("i-main", "sg-1")},
		goldenCase{name: "InstanceLastSecurityGroup", pairs: groupAndInstance("i-main", "sg-main")},
		goldenCase{name: "InvalidOperation.AtLeastInOneGroup", pairs: groupAndENI("eni-free", "sg-main")},
		goldenCase{name: "success", pairs: groupAndInstance("i-full", "sg-1")[2:]}),
}
