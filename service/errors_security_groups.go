package service

// Errors of the actions on security groups (docs/reference/actions.md, part 3). Where no text is
// known, it is ours.
var (
	InvalidSecurityGroupName = declare(
		400,
		"InvalidSecurityGroupName.Malformed",
		"Specified security group name is not valid.",
	)
	InvalidSecurityGroupDescription = declare(
		400,
		"InvalidSecurityGroupDiscription.Malformed",
		"Specified security group description is not valid.",
	) // the vendor's spelling
	InvalidGroupType = declare(
		400,
		"InvalidParams.GroupType",
		`The specified parameter "SecurityGroupType" is not valid.`,
	)
	VpcIDNeeded = declare(
		403,
		"InvalidVpcId.NotFound",
		"vpc id must not empty when only support vpc vm.",
	)
	SecurityGroupQuotaExceeded = declare(
		403,
		"QuotaExceed.SecurityGroup",
		"The maximum number of security groups is reached.",
	)
	InvalidSecurityGroupNotFound = declare(
		404,
		"InvalidSecurityGroup.NotFound",
		"The specified security group does not exist.",
	)
	GroupHasMembers = declare(
		403,
		"DependencyViolation",
		"There is still instance(s) in the specified security group.",
	)
	GroupIsAuthorized = declare(
		403,
		"DependencyViolation",
		"The specified security group has been authorized in another one.",
	)
	MissingRegionID = declare(
		400,
		"MissingParameter.RegionId",
		"The specified RegionId should not be null.",
	)
	InvalidIPProtocol = declare(
		400,
		"InvalidIpProtocol.ValueNotSupported",
		"The parameter IpProtocol must be specified with case insensitive TCP, UDP, ICMP, GRE or All.",
	)
	InvalidPortRange = declare(
		400,
		"InvalidParam.PortRange",
		"The specified port range is not valid. It should be two integers from 1 to 65535 as first/last, "+
			"or -1/-1 for a protocol without ports.",
	)
	MissingRuleSource = declare(
		400,
		"MissingParameter.Source",
		"One of the parameters SourceCidrIp, Ipv6SourceCidrIp, SourceGroupId or SourcePrefixListId must be specified.",
	)
	MissingRuleDest = declare(
		400,
		"MissingParameter.Dest",
		"One of the parameters DestCidrIp, Ipv6DestCidrIp, DestGroupId or DestPrefixListId must be specified.",
	)
	InvalidSourceCidrIP = declare(
		400,
		"InvalidSourceCidrIp.Malformed",
		"The specified parameter SourceCidrIp is not valid.",
	)
	InvalidIPv6SourceCidrIP = declare(
		400,
		"InvalidParam.Ipv6SourceCidrIp",
		"The specified parameter Ipv6SourceCidrIp is not valid.",
	)
	InvalidDestCidrIP = declare(
		400,
		"InvalidDestCidrIp.Malformed",
		"The specified parameter DestCidrIp is not valid.",
	)
	InvalidIPv6DestCidrIP = declare(
		400,
		"InvalidParam.Ipv6DestCidrIp",
		"The specified parameter Ipv6DestCidrIp is not valid.",
	)
	InvalidPolicy = declare(
		400,
		"InvalidPolicy.Malformed",
		"The specified parameter Policy is not valid.",
	)
	InvalidPriority = declare(
		400,
		"InvalidPriority.ValueNotSupported",
		"The parameter Priority is invalid.",
	)
	InvalidNicType = declare(
		400,
		"InvalidNicType.ValueNotSupported",
		"The specified NicType does not exist.",
	)
	InvalidRuleDescription = declare(
		400,
		"InvalidSecurityGroupDiscription.Malformed",
		"The specified security group rule description is not valid.",
	)
	InvalidSourceGroupIDNotFound = declare(
		404,
		"InvalidSourceGroupId.NotFound",
		"The SourceGroupId provided does not exist in our records.",
	)
	InvalidDestGroupIDNotFound = declare(
		404,
		"InvalidDestGroupId.NotFound",
		"The DestGroupId provided does not exist in our records.",
	)
	SecurityGroupRuleConflict = declare( // the code and the text are inferred
		400,
		"InvalidSecurityGroupRule.RuleConflict",
		"The security group has the specified rule already.",
	)
	InvalidSecurityGroupRuleIDNotFound = declare(
		404,
		"InvalidSecurityGroupRuleId.NotFound",
		"The specified SecurityGroupRuleId does not exist.",
	)
	AuthorizationLimitExceed = declare(
		403,
		"AuthorizationLimitExceed",
		"The maximum number of authorization rules in the security group is exceeded.",
	)
	EniIDAndInstanceIDConflict = declare(
		403,
		"InvalidParam.EniIdAndInstanceId.Conflict",
		"InstanceId and NetworkInterfaceId can not be specified together.",
	)
	InvalidInstanceIDMismatch = declare(
		400,
		"InvalidInstanceId.Mismatch",
		"Specified instance and security group are not in the same VPC.",
	)
	InvalidInstanceIDAlreadyExists = declare(
		403,
		"InvalidInstanceId.AlreadyExists",
		"The specified instance already exists in the specified security group.",
	)
	MultiGroupTypeOnJoin = declare(
		400,
		"InvalidOperation.MultiGroupType",
		"The specified instance can't join different types of security group.",
	)
	InstanceSecurityGroupLimitExceeded = declare(
		400,
		"InstanceSecurityGroupLimitExceeded",
		"Exceeding the allowed amount of security groups that an instance can be in.",
	)
	SecurityGroupInstanceLimitExceeded = declare(
		403,
		"SecurityGroupInstanceLimitExceeded",
		"The maximum number of instances in a security group is exceeded.",
	)
	NetworkInterfaceCountExceeded = declare(
		403,
		"InvalidOperation.NetworkInterfaceCountExceeded",
		"The maximum number of NetworkInterface in a enterprise level security group is exceeded.",
	)
	InvalidSecurityGroupAssociation = declare(
		400,
		"InvalidSecurityGroupAssociation.NotFound",
		"The specified instance is not in the specified security group.",
	)
	InstanceLastSecurityGroup = declare(
		403,
		"InstanceLastSecurityGroup",
		"The specified security group is the last security group for the instance.",
	)
	AtLeastInOneGroup = declare(
		403,
		"InvalidOperation.AtLeastInOneGroup",
		"The network interface must be in at least one security group.",
	)
)
