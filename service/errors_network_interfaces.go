package service

// Errors of the actions that create, change and delete an interface (docs/reference/actions.md,
// sections 1.3, 1.4 and 1.7). Where no text is known, it is ours.
var (
	EniTrafficMode = declare(
		400,
		"InvalidParameter.EniTrafficMode",
		"The ENI traffic mode is set incorrectly, it must be either Standard or HighPerformance.",
	)
	QueuePairNumberMustEmpty = declare(
		400,
		"InvalidParameter.QueuePairNumberMustEmpty",
		"When the traffic mode is set to Standard, the QueuePairNumber must be empty.",
	)
	EniQueueSize = declare(
		400,
		"InvalidParameter.EniQueueSize",
		"The specified parameter TxQueueSize and RxQueueSize are not equal or exceed limit.",
	)
	EniConnectionTracking = declare(
		400,
		"InvalidParameter.EniConnectionTrackingConfiguration",
		"The specify network interface connection tracking configuration exceeds limit.",
	)
	InvalidEniQueueNumber = declare(
		403,
		"InvalidParameter.InvalidEniQueueNumber",
		"The specified parameter QueueNumber exceeds limit.",
	)
	InvalidNetworkInterfaceName = declare(
		403,
		"InvalidParams.NetworkInterfaceName",
		"The specified parameter NetworkInterfaceName is not valid.",
	)
	MaxEniPrivateIPsCountExceeded = declare(
		403,
		"MaxEniPrivateIpsCountExceeded",
		"The number of private IP addresses exceeds the limit per ENI.",
	)
	IPPrefixMaskInvalid = declare(
		403,
		"InvalidIp.IpPrefixMaskInvalid",
		"The ip prefixes mask %s is illegal which must be between %s and %s.",
	)
	IPPrefixNotStrict = declare(
		403,
		"InvalidIp.IpPrefixNotStrict",
		"The ip prefix must be strict cidr format.",
	)
	IPPrefixIllegal = declare(403, "InvalidIp.IpPrefixIllegal", "The ip prefixes %s is/are illegal.")
	Ipv6NotTurnOn   = declare(
		403,
		"InvalidVSwitch.Ipv6NotTurnOn",
		`The specified VSwitch "%s" ipv6 function not turn on.`,
	)

	InvalidOperationConflict = declare(
		409,
		"InvalidOperation.Conflict",
		"Request was denied due to conflict with a previous request, please try again later.",
	)

	InvalidEniIDForbidden = declare(403, "InvalidEniId.NotFound", `The specified EniId "%s" is not found.`)

	EnterpriseGroupFull = declare(
		403,
		"InvalidOperation.EniCountExceeded",
		"The maximum number of eni in a enterprise level security group is exceeded.",
	)
	InvalidEniStateForQueueNumber = declare(
		403,
		"InvalidOperation.InvalidEniState",
		"Available status or ECS instance attached is Stopped is allowed to modify network interface queue number.",
	)
	ModifyPrimaryEniQueueNumber = declare(
		403,
		"InvalidOperation.ModifyPrimaryEniQueueNumber",
		"Primary NetworkInterface is not allowed to modify queue number.",
	)
	PrimaryEniOnlyNameAndDesc = declare(
		404,
		"InvalidOperation.PrimaryEniOnlySupportModifyNameAndDesc",
		"Primary NetworkInterface is only allowed to modify name and description.",
	)
	InvalidGroupIDNotFoundOnENIModify = declare(
		404,
		"InvalidSecurityGroupId.NotFound",
		"Specified security group not exist.",
	)
	SecurityGroupIDRepeated = declare(
		404,
		"InvalidParameter.SecurityGroupIdRepeated",
		"The specified security group ids has repeated.",
	)
)
