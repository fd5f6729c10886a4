package service

// hints say what would have to change for a refused request to succeed, by the code of the refusal. A test
// demands one for each code that a rule answers.
var hints = map[string]string{
	"EniPerInstanceLimitExceeded": "Detach an interface from the instance, or use an " +
		"instance type with more interfaces (EniQuantity). An interface that is Detaching counts until it is " +
		"Available.",
	"InvalidOperation.InvalidEniState": "Wait until the interface has a status that the " +
		"action accepts: Available, or InUse for some. Detach it first if it is on an instance.",
	"InvalidOperation.InvalidEcsState": "Wait until the instance is Running or Stopped, or " +
		"start or stop it first.",
	"IncorrectInstanceStatus": "Wait until the instance is Running or Stopped, or " +
		"start or stop it first.",
	"IncorrectInstanceStatus.Initializing": "Wait until the new instance has left Pending.",
	"IncorrectVSwitchStatus":               "Wait until the VSwitch is Available.",
	"IncorrectVpcStatus":                   "Wait until the VPC is Available.",
	"InvalidOperation.DetachPrimaryEniNotAllowed": "Name a secondary interface. A primary one goes " +
		"with its instance.",
	"InvalidOperation.InvalidEniType": "Name a secondary interface. A primary one goes " +
		"with its instance.",
	"UnsupportedParameter":          "Leave out the parameter: it is not simulated.",
	"MissingParameter":              "Give the parameter that the message or Parameter names.",
	"MissingParameter.RegionId":     "Give RegionId.",
	"MissingParameter.ResourceIds":  "Give ResourceId.1, ResourceId.2 and so on.",
	"MissingParameter.ResourceType": "Give ResourceType.",
	"MissingParameter.Tags": "Give tags or keys of tags: Tag.1.Key, TagKey.1, " +
		"or All=true.",
	"MissingParameter.Source": "Give the source of the rule: SourceCidrIp, " +
		"Ipv6SourceCidrIp, SourceGroupId or SourcePrefixListId.",
	"MissingParameter.Dest": "Give the destination of the rule: DestCidrIp, " +
		"Ipv6DestCidrIp, DestGroupId or DestPrefixListId.",
	"Abs.InvalidAccount.NotFound": "The account must exist and its lifetime must not " +
		"be over: enisim account list shows the accounts.",
	"Forbidden.NotSupportRAM": "The server refuses this action to RAM users. Use " +
		"a key of the account itself.",
	"Forbidden.SubUser": "Use a key of the account itself, or of a user " +
		"that may run the action.",
	"Forbidden.RAM": "Add the action to allow of the RAM user in the " +
		"scenario of the account, and apply it again.",
	"InvalidOperation.VpcMismatch": "Name an interface and a group of the same VPC.",
	"SecurityGroupInstanceLimitExceed": "Take an instance out of the security group, or " +
		"use another group. An instance that leaves counts until its interface is Available.",
	"SecurityGroupInstanceLimitExceeded": "Take an instance out of the security group, or " +
		"use another group. An instance that leaves counts until its interface is Available.",
	"InvalidOperation.NetworkInterfaceCountExceeded": "Take an instance out of the security group, or " +
		"use another group. An instance that leaves counts until its interface is Available.",
	"InvalidEcsId.NotFound": "The account has no such instance in the region of " +
		"the request. Check the id, the region, and whether it was deleted: enisim events --resource ID " +
		"shows it.",
	"InvalidInstanceId.NotFound": "The account has no such instance in the region of " +
		"the request. Check the id, the region, and whether it was deleted: enisim events --resource ID " +
		"shows it.",
	"InvalidEniId.NotFound": "The account has no such network interface in the " +
		"region of the request. Check the id, the region, and whether it was deleted: enisim events " +
		"--resource ID shows it.",
	"InvalidVSwitchId.NotFound": "The account has no such VSwitch in the region of " +
		"the request. Check the id, the region, and whether it was deleted: enisim events --resource ID " +
		"shows it.",
	"InvalidVpcId.NotFound": "The account has no such VPC in the region of the " +
		"request. Check the id, the region, and whether it was deleted: enisim events --resource ID shows it.",
	"InvalidSecurityGroupId.NotFound": "The account has no such security group in the " +
		"region of the request. Check the id, the region, and whether it was deleted: enisim events " +
		"--resource ID shows it.",
	"InvalidSecurityGroup.NotFound": "The account has no such security group in the " +
		"region of the request. Check the id, the region, and whether it was deleted: enisim events " +
		"--resource ID shows it.",
	"InvalidSourceGroupId.NotFound": "The account has no such security group in the " +
		"region of the request. Check the id, the region, and whether it was deleted: enisim events " +
		"--resource ID shows it.",
	"InvalidDestGroupId.NotFound": "The account has no such security group in the " +
		"region of the request. Check the id, the region, and whether it was deleted: enisim events " +
		"--resource ID shows it.",
	"InvalidResourceId.NotFound": "The account has no such resource in the region of " +
		"the request. Check the id, the region, and whether it was deleted: enisim events --resource ID " +
		"shows it.",
	"InvalidSecurityGroupRuleId.NotFound": "The group has no rule with this id in this " +
		"direction. DescribeSecurityGroupAttribute lists its rules.",
	"InvalidInstanceID.Malformed": "Give an id: letters, digits, dots, hyphens and " +
		"underscores.",
	"InvalidParams.EniId": "Give an id: letters, digits, dots, hyphens and " +
		"underscores.",
	"InvalidEniId.Malformed": "Give an id: letters, digits, dots, hyphens and " +
		"underscores.",
	"InvalidParameter": "Give the parameter a value that the action " +
		"accepts: enisim actions shows what each one takes.",
	"InvalidParamater": "Give the parameter a value that the action " +
		"accepts: enisim actions shows what each one takes.",
	"InvalidParams.CreateEniParams": "Give the parameter a value that the action " +
		"accepts: enisim actions shows what each one takes.",
	"InvalidParam.Amount": "Give the parameter a value that the action " +
		"accepts: enisim actions shows what each one takes.",
	"InvalidParam.NetworkInterface": "Give the parameter a value that the action " +
		"accepts: enisim actions shows what each one takes.",
	"InvalidParams.GroupType": "Give the parameter a value that the action " +
		"accepts: enisim actions shows what each one takes.",
	"InvalidOperation.InvalidGeneration": "Use an instance type that supports elastic " +
		"network interfaces.",
	"InvalidInstanceType.ElasticNetworkInterfaceNotSupported": "Use an instance type that supports elastic " +
		"network interfaces.",
	"InvalidParameter.EniNotBelongEcs": "Name the instance on which the interface is.",
	"InvalidParameter.NetworkCardIndexInvalid": "Give the index of a network card that the " +
		"instance type has, or leave it out.",
	"InvalidOperation.AvailabilityZoneMismatch": "Use an interface and an instance of the same zone.",
	"InvalidOperation.HotPlugNotSupport": "Stop the instance first, or use a type that can " +
		"be changed while it runs.",
	"InvalidOperation.EniServiceManaged": "The interface belongs to a cloud service. Use " +
		"another one, or change service_managed in the scenario.",
	"InvalidOperation.Ipv4CountExceeded": "Release IPv4 addresses of the interface, or use " +
		"an instance type with more of them for an interface.",
	"MaxEniPrivateIpsCountExceeded": "Release IPv4 addresses of the interface, or use " +
		"an instance type with more of them for an interface.",
	"InvalidOperation.Ipv6CountExceeded": "Release IPv6 addresses of the interface, or use " +
		"an instance type with more of them for an interface.",
	"MaxEniIpv6IpsCountExceeded": "Release IPv6 addresses of the interface, or use " +
		"an instance type with more of them for an interface.",
	"InvalidOperation.Ipv6NotSupport": "Use an instance type with IPv6 addresses.",
	"IdempotentParameterMismatch": "Use a new ClientToken for another request. A " +
		"repeat has the same parameters as the first request.",
	"IdempotentFailed": "The first request with this ClientToken was " +
		"refused. Mend its cause, and use a new token.",
	"InvalidClientToken.ValueNotSupported": "Use a ClientToken of at most 64 ASCII characters.",
	"InvalidRegionId.NotFound":             "Use a region that DescribeRegions lists.",
	"InvalidRegionId.MalFormed":            "Use a region that DescribeRegions lists.",
	"InvalidZoneId.NotFound":               "Use a zone of the region that DescribeZones lists.",
	"OperationConflict": "Repeat the request: another one was changing the " +
		"same resource.",
	"Operation.Conflict": "Repeat the request: another one was changing the " +
		"same resource.",
	"InvalidOperation.Conflict": "Repeat the request: another one was changing the " +
		"same resource.",
	"Throttling":       "Wait, or change the throttle of the account.",
	"Throttling.User":  "Wait, or change the throttle of the account.",
	"Throttling.Api":   "Wait, or change the throttle of the account.",
	"Duplicate.TagKey": "Give each key of a tag once.",
	"InvalidTagKey.Malformed": "Give keys of tags of 1 to 128 characters, which " +
		"do not begin with aliyun or acs: and have no http:// or https://.",
	"InvalidTagValue.Malformed": "Give values of tags of at most 128 characters, " +
		"without http:// or https://.",
	"QuotaExceed.Tags":         "Remove tags first: a resource has at most 20.",
	"NumberExceed.Tags":        "Give at most 20 tags.",
	"InvalidTagCount":          "Give at most 20 tags.",
	"NumberExceed.ResourceIds": "Give at most 50 resources in a call.",
	"InvalidTag.Mismatch":      "Give each tag a key.",
	"InvalidResourceType.NotFound": "Use a ResourceType of the product that the " +
		"request is for.",
	"InvalidParameter.Conflict":                "Give one of the parameters that exclude each other.",
	"InvalidParam.EniIdAndInstanceId.Conflict": "Give one of the parameters that exclude each other.",
	"InvalidVSwitchId.IpInvalid": "Give an address within the block of the VSwitch " +
		"that is not reserved.",
	"InvalidPrivateIpAddress": "Give an address within the block of the VSwitch " +
		"that is not reserved.",
	"InvalidVSwitchId.IpNotEnough": "Release addresses of the VSwitch, or use one with " +
		"more free addresses.",
	"QuotaExceeded.PrivateIpAddress": "Release addresses of the VSwitch, or use one with " +
		"more free addresses.",
	"InvalidPrivateIpAddress.Duplicated": "Give an address that no interface has, or none: " +
		"the server then finds a free one.",
	"InvalidIp.IpAssigned": "Give an address that no interface has, or none: " +
		"the server then finds a free one.",
	"InvalidIp.IpRepeated":              "Give each address once.",
	"InvalidIp.Address":                 "Give addresses such as 10.0.0.5 or 2001:db8::5.",
	"InvalidPrivateIpAddress.Malformed": "Give addresses such as 10.0.0.5 or 2001:db8::5.",
	"InvalidIp.IpUnassigned":            "Give addresses that the interface has.",
	"InvalidIp.IpPrefixMaskInvalid": "Give a prefix of the length that the message " +
		"names: /28 for IPv4, /80 for IPv6.",
	"InvalidIp.IpPrefixNotStrict": "Give a prefix whose host bits are 0.",
	"InvalidIp.IpPrefixIllegal":   "Give prefixes such as 10.0.0.16/28 or 2001:db8::/80.",
	"MaxEniCountExceeded": "Delete interfaces, or raise the quota: enisim " +
		"quota set --network-interfaces-per-region.",
	"JoinedGroupLimitExceed": "Name fewer groups, or raise the quota: enisim " +
		"quota set --security-groups-per-network-interface.",
	"InstanceSecurityGroupLimitExceeded": "Name fewer groups, or raise the quota: enisim " +
		"quota set --security-groups-per-network-interface.",
	"InvalidOperation.MultiGroupType":       "Use groups of one type only: normal or enterprise.",
	"EnterpriseGroupLimited.MutliGroupType": "Use groups of one type only: normal or enterprise.",
	"InvalidDescription.Malformed": "Give a description of 2 to 256 characters that " +
		"does not begin with http:// or https://.",
	"InvalidVpcDiscription.Malformed": "Give a description of 2 to 256 characters that " +
		"does not begin with http:// or https://.",
	"InvalidSecurityGroupDiscription.Malformed": "Give a description of 2 to 256 characters that " +
		"does not begin with http:// or https://.",
	"InvalidInstanceName.Malformed": "Give a name of 2 to 128 characters that begins " +
		"with a letter.",
	"InvalidVpcName.Malformed": "Give a name of 2 to 128 characters that begins " +
		"with a letter.",
	"InvalidSecurityGroupName.Malformed": "Give a name of 2 to 128 characters that begins " +
		"with a letter.",
	"InvalidParams.NetworkInterfaceName": "Give a name of 2 to 128 characters that begins " +
		"with a letter.",
	"InvalidHostName.Malformed": "Give a host name of 2 to 64 letters, digits, " +
		"hyphens and dots.",
	"InvalidParameter.RoleArn": "Use a RoleArn such as " +
		"acs:ram::1000000000000001:role/name.",
	"InvalidParameter.RoleSessionName": "Use a RoleSessionName of 2 to 64 letters, digits " +
		"and . @ _ -.",
	"InvalidParameter.DurationSeconds":      "Give DurationSeconds from 900 to 43200.",
	"EntityNotExist.Role":                   "Use a role of the caller's own account.",
	"InvalidImageId.NotFound":               "Use an image that DescribeImages lists.",
	"InvalidInstanceType.ValueNotSupported": "Use an instance type that DescribeInstanceTypes lists.",
	"InvalidResourceType.NotSupported":      "Use an instance type that DescribeInstanceTypes lists.",
	"InvalidParameter.Mismatch": "Use a VSwitch, a zone and a security group that " +
		"fit together.",
	"InvalidOperation.EniCountExceeded": "Use fewer interfaces, or an instance type with " +
		"more of them (EniQuantity).",
	"InvalidParameter.EniType": "Give each interface the type Primary or " +
		"Secondary, and at most one Primary.",
	"InvalidOperation.InvalidNetworkInterfaceId": "Use secondary interfaces that are Available.",
	"InvalidOperation.NetworkInterface": "Use interfaces and VSwitches of the VPC and the " +
		"zone of the instance.",
	"QuotaExceed.ElasticQuota": "Delete instances, or raise the quota: enisim " +
		"quota set --instances-per-region.",
	"OperationDenied.NoStock": "Use another type or zone, or add stock: enisim " +
		"stock list shows the rules.",
	"Zone.NotOnSale": "Use another type or zone, or add stock: enisim " +
		"stock list shows the rules.",
	"InvalidOperation.DeletionProtection": "Take off DeletionProtection with " +
		"ModifyInstanceAttribute first.",
	"ChargeTypeViolation": "Give TerminateSubscription=true: the instance is " +
		"prepaid.",
	"InvalidParameter.EniTrafficMode":           "Use the traffic mode Standard.",
	"InvalidParameter.QueuePairNumberMustEmpty": "Leave out QueuePairNumber.",
	"InvalidParameter.EniQueueSize": "Give RxQueueSize and TxQueueSize the same value " +
		"within the limits.",
	"InvalidParameter.EniConnectionTrackingConfiguration": "Give timeouts within the limits of the documentation.",
	"InvalidParameter.InvalidEniQueueNumber":              "Give a QueueNumber within the limits.",
	"InvalidVSwitch.Ipv6NotTurnOn": "Give the VSwitch an IPv6 block first: " +
		"ModifyVSwitchAttribute.",
	"InvalidOperation.ModifyPrimaryEniQueueNumber": "Name a secondary interface: the queues of a " +
		"primary one are fixed here.",
	"InvalidOperation.PrimaryEniOnlySupportModifyNameAndDesc": "Change only the name and the description of a " +
		"primary interface.",
	"InvalidParameter.SecurityGroupIdRepeated": "Name each security group once.",
	"DryRunOperation": "Nothing: the request would have succeeded without " +
		"DryRun.",
	"InvalidOperation.InvalidEniPageNumber": "Give a page number from 1.",
	"InvalidStatus.NotFound":                "Use a status of the documentation, such as Running.",
	"InvalidNetworkType.NotFound":           "Use the network type vpc or classic.",
	"InvalidInstanceChargeType.NotFound":    "Use the charge type PostPaid or PrePaid.",
	"InvalidAcceptLanguage.NotFound":        "Use a language of the documentation, such as en-US.",
	"QuotaExceed.SecurityGroup": "Delete security groups of the region first: there " +
		"are at most 100.",
	"DependencyViolation": "Take all interfaces out of the group, and remove " +
		"the rules of other groups that name it. A VPC has to be empty.",
	"DependencyViolation.VSwitch":         "Delete the VSwitches of the VPC first.",
	"DependencyViolation.SecurityGroup":   "Delete the security groups of the VPC first.",
	"InvalidIpProtocol.ValueNotSupported": "Give a protocol: TCP, UDP, ICMP, GRE or All.",
	"InvalidParam.PortRange": "Give a range of ports such as 22/22, or -1/-1 for " +
		"a protocol without ports.",
	"InvalidSourceCidrIp.Malformed":            "Give an IPv4 address or block, such as 10.0.0.0/8.",
	"InvalidDestCidrIp.Malformed":              "Give an IPv4 address or block, such as 10.0.0.0/8.",
	"InvalidParam.Ipv6SourceCidrIp":            "Give an IPv6 address or block, such as 2001:db8::/32.",
	"InvalidParam.Ipv6DestCidrIp":              "Give an IPv6 address or block, such as 2001:db8::/32.",
	"InvalidPolicy.Malformed":                  "Give the policy accept or drop.",
	"InvalidPriority.ValueNotSupported":        "Give a priority from 1 to 100.",
	"InvalidNicType.ValueNotSupported":         "Give the network type intranet or internet.",
	"AuthorizationLimitExceed":                 "Remove rules first: a group has at most 200.",
	"InvalidInstanceId.Mismatch":               "Name an instance and a group of the same VPC.",
	"InvalidInstanceId.AlreadyExists":          "Nothing: it is in the group already.",
	"InvalidSecurityGroupAssociation.NotFound": "Name a group that the interface is in.",
	"InstanceLastSecurityGroup":                "Join another group first: one group has to remain.",
	"InvalidOperation.AtLeastInOneGroup":       "Join another group first: one group has to remain.",
	"IllegalParam.CidrBlockMask": "Give a block that the message allows: the blocks " +
		"of VSwitches are within that of their VPC.",
	"InvalidCidrBlock.Malformed": "Give a block that the message allows: the blocks " +
		"of VSwitches are within that of their VPC.",
	"InvalidCidrBlock.Overlapped": "Give a block that no other VSwitch of the VPC overlaps.",
	"QuotaExceeded.VSwitch":       "Delete VSwitches of the VPC first.",
}

// hintFor returns the hint for a code, or "" if there is none.
func hintFor(code string) string { return hints[code] }
