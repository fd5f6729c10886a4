package service

// Errors of the Describe actions (docs/reference/actions.md, sections 1.5, 2.4 and part 4). Where
// no text is known, it is ours.
var (
	DryRunOperation = declare(
		400,
		"DryRunOperation",
		"Request validation has been passed with DryRun flag set.",
	)
	InvalidRegionIDMalformed = declare(
		400,
		"InvalidRegionId.MalFormed",
		"The specified parameter RegionId is not valid.",
	)
	InstanceIDLimitExceeded = declare(
		403,
		"InstanceIdLimitExceeded",
		"The amount of InstanceId specified exceeds limit 100.",
	)
	EventIDLimitExceeded = declare(
		403,
		"EventIdLimitExceeded",
		"The amount of EventId specified exceeds limit 100.",
	)
	// Errors of DescribeEniMonitorData.
	InvalidStartTimeMalformed = declare(
		403,
		"InvalidStartTime.Malformed",
		`The specified parameter "StartTime" is not valid.`,
	)
	InvalidEndTimeMalformed = declare(
		403,
		"InvalidEndTime.Malformed",
		`The specified parameter "EndTime" is not valid.`,
	)
	InvalidPeriod = declare(
		403,
		"InvalidPeriod.ValueNotSupported",
		`The specified parameter "Period" is not valid.`,
	)
	EndTimeBeforeStartTime = declare(
		403,
		"InvalidParameter.EndTime",
		"The specified parameter EndTime is earlier than StartTime.",
	)
	StartTimeTooEarly = declare(
		403,
		"InvalidStartTime.TooEarly",
		`The specified parameter "StartTime" is too early.`,
	)
	TooManyDataQueried = declare(
		403,
		"InvalidParameter.TooManyDataQueried",
		"Too many data queried.",
	)
	MonitoredENIMismatch = declare(
		400,
		"InvalidParam.Malformed",
		`The specified parameter "EniId" and "InstanceId" are not valid`,
	)
	// Errors of DescribePrice.
	InvalidInternetChargeType = declare(
		400,
		"InvalidInternetChargeType.ValueNotSupported",
		"The specified InternetChargeType is not valid.",
	)
	InvalidInternetMaxBandwidthOut = declare(
		400,
		"InvalidInternetMaxBandwidthOut.ValueNotSupported",
		`The specified parameter "InternetMaxBandwidthOut" is not valid.`,
	)
	InvalidSystemDiskCategory = declare(
		400,
		"InvalidSystemDiskCategory.ValueNotSupported",
		`The specified parameter "SystemDisk.Category" is not valid.`,
	)
	InvalidDataDiskSize = declare(
		400,
		"InvalidDataDiskSize.ValueNotSupported",
		"The specified DataDisk.n.Size beyond the permitted range, or the capacity of snapshot exceeds the size "+
			"limit of the specified disk category.",
	)
	InvalidDataDiskCategory = declare(
		400,
		"InvalidDataDiskCategory.ValueNotSupported",
		`The specified parameter "DataDisk.n.Category" is not valid.`,
	)
	// Errors of DescribeAccountAttributes and DescribeSecurityGroupReferences.
	MissingRegionOfAttributes = declare(
		403,
		"Invalid.Parameter",
		"The required parameter regionId must be not null.",
	)
	InvalidReferencedGroups = declare(
		400,
		"InvalidSecurityGroupId.Malformed",
		"The specified parameter SecurityGroupId is essential and size should less than 10",
	)
	InvalidTagCount = declare(
		400,
		"InvalidTagCount",
		"The specified tags are beyond the permitted range.",
	)
	InvalidEniPageNumber = declare(
		403,
		"InvalidOperation.InvalidEniPageNumber",
		"The specified page number is not valid.",
	)
	InvalidStatusNotFound      = declare(404, "InvalidStatus.NotFound", "The specified Status is not found")
	InvalidNetworkTypeNotFound = declare(
		404,
		"InvalidNetworkType.NotFound",
		"The specified network type is not found.",
	)
	InvalidInstanceChargeTypeNotFound = declare(
		404,
		"InvalidInstanceChargeType.NotFound",
		"The specified instance charge type is not found.",
	)
)

// Errors of the reads of instances and of the catalogue (docs/reference/actions.md, sections 2.5
// and 2.6). Where no text is known, it is ours.
var (
	InvalidAcceptLanguageNotFound = declare(
		404,
		"InvalidAcceptLanguage.NotFound",
		"The AcceptLanguage provided does not exist in our records.",
	)
	InvalidZoneIDNotInRecords = declare(
		404,
		"InvalidZoneId.NotFound",
		"The ZoneId provided does not exist in our records.",
	)
)
