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
