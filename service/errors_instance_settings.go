package service

// Errors of the actions on settings of instances, with the vendor's texts (docs/reference/actions.md, part 9). Where no
// text is known, it is ours.
var ( //nolint:dupl // lists of errors have one shape
	InvalidInstanceIDsOfRole = declare(
		400,
		"InvalidInstanceIds.Malformed",
		"The specified instanceIds are not valid.",
	)
	InstanceOfRoleNotFound = declare(
		404,
		"InvalidInstanceId.NotFound",
		"The specified instanceId does not exist",
	)
	MissingInstanceIDsOfRole = declare(
		400,
		"MissingParameter.InstanceIds",
		"The input parameter InstanceIds that is mandatory for processing this request is missing.",
	)
	MissingRegionIDOfRole = declare(
		400,
		"MissingParameter.RegionId",
		"The input parameter RegionId that is mandatory for processing this request is missing.",
	)
	RoleOfClassicInstance = declare(
		403,
		"InvalidNetworkType.MismatchRamRole",
		"Ram role cannot be applied to instances of Classic network type.",
	)
	InvalidRAMRoleNotFound = declare(404, "InvalidRamRole.NotFound", "The specified RAMRoleName does not exist.")
	OtherRAMRoleAttached   = declare(
		403,
		"InvalidRamRole.AlreadyAttached",
		"The specified instance has another RAM role.",
	)
	InvalidHTTPEndpoint = declare(
		400,
		"InvalidHttpEndpoint.NotSupported",
		"The specified HttpEndpoint not supported, you can use enabled(default) or disabled.",
	)
	InvalidHTTPTokens = declare(
		400,
		"InvalidHttpTokens.NotSupported",
		"The specified HttpTokens not supported, you can use optional(default) or required.",
	)
	InvalidHTTPHopLimit = declare(
		400,
		"InvalidHttpPutResponseHopLimit.NotSupported",
		"The specified HttpPutResponseHopLimit not supported, more than 1 and less than 64 is reasonable.",
	)
	InvalidAutoReleaseTime = declare(
		400,
		"InvalidAutoReleaseTime.Malformed",
		"The specified paramter autoReleaseTime is not valid.", //nolint:misspell // the vendor's spelling
	)
	InvalidInstanceIDsOfCharge = declare(
		400,
		"InvalidParameter.InstanceIds",
		"The specified InstanceIds are invalid.",
	)
	TooManyInstancesOfCharge = declare(
		400,
		"InstancesIdQuotaExceed",
		"The maximum number of Instances is exceeded.",
	)
	InvalidInstanceChargeType = declare(
		400,
		"InvalidInstanceChargeType.ValueNotSupported",
		"The specified InstanceChargeType is not valid.",
	)
	InvalidChargePeriod = declare(
		400,
		"InvalidPeriod.UnitMismatch",
		"The specified Period must be correlated with the PeriodUnit.",
	)
	InvalidStatusOfCharge = declare(
		400,
		"InvalidStatus.ValueNotSupported",
		"The current status of instance does not support this operation.",
	)
	ReleaseTimeHaveBeenSet = declare(
		400,
		"ReleaseTimeHaveBeenSet",
		"The specified instance has been set released time.",
	)
	MissingInstanceIDOfRenewal = declare(403, "MissingParameter.InstanceId", "InstanceId should not be null.")
	TooManyInstancesOfRenewal  = declare(
		403,
		"InvalidParameter.ToManyInstanceIds",
		"InstanceId should be less than 100.",
	)
	InvalidInstanceIDOfRenewal = declare(
		403,
		"InvalidParameter.InvalidInstanceId",
		"The specified parameter InstanceId is not valid.",
	)
	RenewalOfPostPaid = declare(
		403,
		"ChargeTypeViolation",
		"Pay-As-You-Go instances do not support this operation.",
	)
	InvalidRenewalStatus = declare(
		403,
		"InvalidParameter.RenewalStatus",
		"The specified parameter RenewalStatus is not valid.",
	)
	MissingRenewalFilter = declare(
		403,
		"InvalidParameter.RenewalStatusInstanceId",
		"The parameter RenewalStatus and InstanceId can not be both empty.",
	)
	InvalidRenewalDuration = declare(
		403,
		"InvalidParameter.Duration",
		"The specified parameter Duration is not valid.",
	)
	InvalidRenewalPeriodUnit = declare(
		403,
		"InvalidPeriodUnit.ValueNotSupported",
		"The specified parameter PeriodUnit is not valid.",
	)
)
