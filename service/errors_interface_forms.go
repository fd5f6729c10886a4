package service

// Errors of RDMA interfaces and queues (docs/reference/attach-network-interface.md, section 4). The texts of the
// errors of queues are ours.
var (
	EniHotPlugNotSupported = declare(
		400,
		"InvalidOperation.EniHotPlugNotSupported",
		"The ENI with high-performance traffic mode cannot be hot-plugged. "+
			"Please stop the ECS instance to which the ENI is attached, and try again.",
	)
	InstanceTypeNotSupportHighPerformance = declare(
		400,
		"InvalidOperation.InstanceTypeNotSupportHighPerformance",
		"The ECS instance type where the ENI is located does not support the RDMA mode.",
	)
	HighPerformanceLimitExceeded = declare(
		400,
		"InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded",
		"The number of RDMA ENIs attached to the ECS instance exceeds the upper limit.",
	)
	MaxEniQueueNumberExceeded = declare(
		403,
		"InvalidOperation.MaxEniQueueNumberExceeded",
		"The ENI has %d queues, and an ENI of an instance of type %s has %d at most.",
	)
	ExceedInstanceTypeQueueNumber = declare(
		403,
		"InvalidOperation.ExceedInstanceTypeQueueNumber",
		"The ENIs of the instance would have %d queues, and those of an instance of type %s have %d at most.",
	)
	EniTrafficModeNotSupportIPv6 = declare(
		400,
		"InvalidOperation.EniTrafficModeNotSupportIPv6",
		"The ENI using High Performance traffic mode does not support IPv6.",
	)
	ModifyToStandardNotSupported = declare(
		400,
		"InvalidTrafficMode.ModifyToStandardNotSupported",
		"The specified parameter NetworkInterfaceTrafficMode is not supported to modify to Standard.",
	)
	InvalidQueuePairNumber = declare(
		400,
		"InvalidParameter.InvalidQueuePairNumber",
		"The specified parameter QueuePairNumber exceeds limit.",
	)
	MaxEniQueuePairNumberExceed = declare(
		400,
		"InvalidOperation.MaxEniQueuePairNumberExceed",
		"The QueuePairNumber on the RDMA ENI exceeds the upper limit allowed for a single ENI.",
	)
)
