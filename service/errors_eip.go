package service

// Errors of the actions on EIPs, with the texts of the vendor's pages of 2024 to 2026
// (docs/reference/actions.md, part 6). Where no text is known, it is ours.
var ( //nolint:dupl // lists of errors have one shape
	InvalidEIPNotFound = declare(404, "InvalidAllocationId.NotFound", "Specified allocation ID is not found")
	IncorrectEIPStatus = declare(
		400,
		"IncorrectEipStatus",
		"Current elastic IP status does not support this operation.",
	)
	QuotaExceededEIP          = declare(400, "QuotaExceeded.Eip", "Elastic IP address quota exceeded")
	ReserveIPFail             = declare(400, "ReserveIpFail", "Reserve eip failed.")
	InvalidBandwidthMalformed = declare(400, "InvalidBandwidth.Malformed", "The specified Bandwidth is invalid.")
	InvalidEIPBandwidth       = declare(
		400,
		"InvalidParameter",
		`Specified value of "Bandwidth" is not supported.`,
	)
	InvalidEIPInternetCharge = declare(
		400,
		"InvalidParameter",
		`Specified value of "InternetChargeType" is not valid`,
	)
	InvalidEIPTargetNotFound  = declare(400, "InvalidInstanceId.NotFound", "Specified instance does not exist.")
	EIPTargetTypeNotSupported = declare(
		400,
		"InvalidInstanceType.ValueNotSupported",
		"The specified value of InstanceType is not supported.",
	)
	EIPTargetElsewhere = declare(
		400,
		"InvalidParameter.Mismatch",
		"Specified elastic IP address and ECS instance are not in the same region.",
	)
	EIPTargetNotInVPC        = declare(400, "OperationDenied", "Specified instance is not in VPC.")
	EIPTargetIncorrectStatus = declare(
		400,
		"IncorrectInstanceStatus",
		"Current instance status does not support this operation.",
	)
	EIPTargetIncorrectENI = declare(
		400,
		"InvalidStatus.EniStatusNotSupport",
		"The status of the network interface does not support this operation.",
	)
	EIPTargetHasPublicIP = declare(
		400,
		"InvalidStatus.InstanceHasBandWidth",
		"The instance has a public IP address.",
	)
	InvalidAssociationRepeated = declare(
		400,
		"InvalidAssociation.Duplicated",
		"Specified instance already is associated.",
	)
)

// Errors of AllocatePublicIpAddress (docs/reference/actions.md, part 6).
var (
	PublicIPInstanceNotFound = declare(
		404,
		"InvalidInstanceId.NotFound",
		"The InstanceId provided does not exist in our records.",
	)
	PublicIPInUse    = declare(403, "IpInUse", "The specified IP is already in use.")
	AllocatedAlready = declare(
		403,
		"AllocatedAlready",
		"There is an IpAddress allocated already for the specified instance.",
	)
)
