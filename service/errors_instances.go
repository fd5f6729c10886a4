package service

// Errors of RunInstances and CreateInstance (docs/reference/actions.md, sections 2.1 and 2.2).
// Where no text is known, it is ours.
var (
	InvalidAmount = declare(
		400,
		"InvalidParameter",
		"The specified parameter Amount is not valid.",
	)
	InvalidInstanceNameMalformed = declare(
		400,
		"InvalidInstanceName.Malformed",
		`The specified parameter "InstanceName" is not valid.`,
	)
	InvalidHostNameMalformed = declare(
		400,
		"InvalidHostName.Malformed",
		`The specified parameter "HostName" is not valid.`,
	)
	InvalidPrivateIPMalformed = declare(
		400,
		"InvalidPrivateIpAddress.Malformed",
		"Specified private IP address is malformed.",
	)
	InvalidImageIDNotFound = declare(
		404,
		"InvalidImageId.NotFound",
		"The specified ImageId does not exist.",
	)
	InvalidResourceTypeNotSupported = declare(
		403,
		"InvalidResourceType.NotSupported",
		"user order resource type [classic][%s] not exists in [%s]",
	)
	InvalidInstanceTypeValueNotSupported = declare(
		400,
		"InvalidInstanceType.ValueNotSupported",
		"The specified InstanceType does not exist or beyond the permitted range.",
	)
	EniNotSupportedByType = declare(
		400,
		"InvalidInstanceType.ElasticNetworkInterfaceNotSupported",
		"The specified instance type does not support Elastic Network Interface, "+
			"you can not attach Elastic Network Interface to generation I instances.",
	)
	LaunchVSwitchIDNotFound = declare(
		404,
		"InvalidVSwitchId.NotFound",
		"Specified virtual switch does not exist.",
	)
	LaunchSecurityGroupIDNotFound = declare(
		404,
		"InvalidSecurityGroupId.NotFound",
		"The SecurityGroupId provided does not exist in our records.",
	)
	VSwitchZoneMismatch = declare(
		400,
		"InvalidParameter.Mismatch",
		"Specified virtual switch is not in the specified zone.",
	)
	SecurityGroupVSwitchMismatch = declare(
		400,
		"InvalidParameter.Mismatch",
		"Specified security group and virtual switch are not in the same VPC.",
	)
	LaunchMultiGroupType = declare(
		403,
		"EnterpriseGroupLimited.MutliGroupType",
		"The specified instance can't join multi SecurityGroup types.",
	) // the vendor's spelling
	LaunchSecurityGroupInstanceLimit = declare(
		403,
		"SecurityGroupInstanceLimitExceed",
		"Exceeding the allowed amount of instances of a security group.",
	)
	PrivateIPOutsideVSwitch = declare(
		400,
		"InvalidPrivateIpAddress",
		"Specified private IP address is not in the CIDR block of virtual switch.",
	)
	QuotaExceededPrivateIP = declare(
		400,
		"QuotaExceeded.PrivateIpAddress",
		"Don't have enough private IPs in this switch.",
	)
	EniCountExceeded = declare(
		403,
		"InvalidOperation.EniCountExceeded",
		"The number of ENI exceeds the limit(%d). target instanceType %s. Attached:%d. Expecting attach:%d.",
	)
	InvalidParamNetworkInterface = declare(
		400,
		"InvalidParam.NetworkInterface",
		"The specified NetworkInterface list is not valid.",
	)
	InvalidCreateEniParams = declare(
		400,
		"InvalidParams.CreateEniParams",
		`The parameter "%s" of a network interface to be created is not valid.`,
	)
	InvalidLaunchEniType = declare(
		403,
		"InvalidParameter.EniType",
		"A network interface is Primary or Secondary, and at most one is Primary.",
	)
	InvalidParamAmount = declare(
		403,
		"InvalidParam.Amount",
		"An Amount above 1 does not go together with a network interface or an address that is named.",
	)
	InvalidLaunchEniID = declare(
		403,
		"InvalidOperation.InvalidNetworkInterfaceId",
		`The network interface "%s" cannot be attached: `+
			`it must be secondary, Available, and not managed by a cloud service.`,
	)
	LaunchEniElsewhere = declare(
		403,
		"InvalidOperation.NetworkInterface",
		"A network interface is not in the VPC and zone of the instance.",
	)
	QuotaExceedElasticQuota = declare(
		403,
		"QuotaExceed.ElasticQuota",
		"No additional quota is available for the specified ECS instance type.",
	)
	// What an operator says is sold out. StartInstance has the first of them too.
	OperationDeniedNoStock = declare(
		403,
		"OperationDenied.NoStock",
		"The requested resource is sold out in the specified zone; "+
			"try other types of resources or other regions and zones.",
	)
	ZoneNotOnSale = declare(
		403,
		"Zone.NotOnSale",
		"The resource in the specified zone is no longer available for sale. Please try other regions and zones.",
	)
	ResourceTypeNotSupported = declare(
		403,
		"InvalidResourceType.NotSupported",
		"This resource type is not supported; please try other resource types.",
	)
	// ModifyInstanceSpec has a text of its own.
	ChangeDeniedNoStock = declare(403, "OperationDenied.NoStock", "The resource is out of usage.")
)

// Errors of DeleteInstance (docs/reference/actions.md, section 2.3). Where no text is known, it is
// ours.
var (
	InvalidInstanceIDParameter = declare(400, "InvalidParameter", "The input parameter InstanceId is invalid.")
	DeletionProtectionRefuses  = declare(
		403,
		"InvalidOperation.DeletionProtection",
		"The operation is not allowed due to deletion protection.",
	)
	ChargeTypeViolation = declare(
		403,
		"ChargeTypeViolation",
		"The operation is not permitted due to charge type of the instance.",
	)
	IncorrectInstanceStatusInitializing = declare(
		403,
		"IncorrectInstanceStatus.Initializing",
		"The specified instance status does not support this operation.",
	)
)
