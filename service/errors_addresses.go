package service

// Errors of the addresses of an interface (docs/reference/actions.md, sections 1.8 to 1.11). Where
// no text is known, it is ours.
var (
	InvalidEniIDMalformed = declare(400, "InvalidEniId.Malformed", `The specified parameter "EniId" is not valid.`)
	MissingAlternatives   = declare(403, "MissingParameter", "These parameters %s cannot be both empty.")
	UnassignedIPMalformed = declare(
		403,
		"InvalidPrivateIpAddress.Malformed",
		"Specified private IP address is malformed.",
	)
	InvalidIPAssigned   = declare(403, "InvalidIp.IpAssigned", `The specified IP "%s" is already assigned.`)
	InvalidIPUnassigned = declare(
		403,
		"InvalidIp.IpUnassigned",
		`The specified IP "%s" is not assigned on this ENI.`,
	)
	EcsTaskConflict            = declare(403, "Operation.Conflict", "ecs task is conflicted.")
	MaxEniIPv6IPsCountExceeded = declare(
		403,
		"MaxEniIpv6IpsCountExceeded",
		"The number of IPv6 addresses exceeds the limit per ENI.",
	)
)

// Errors of the actions on tags (docs/reference/actions.md, part 4).
var ( //nolint:dupl // lists of errors have one shape
	NumberExceedResourceIDs = declare(
		400,
		"NumberExceed.ResourceIds",
		"The ResourceIds parameter's number is exceed , Valid : 50",
	)
	NumberExceedTags = declare(
		400,
		"NumberExceed.Tags",
		"The Tags parameter's number is exceed , Valid : 20",
	)
	InvalidTagMismatch = declare(
		400,
		"InvalidTag.Mismatch",
		"The specified Tag.n.Key and Tag.n.Value are not match.",
	)
	InvalidTaggedResourceNotFound = declare( // of AddTags and RemoveTags
		404,
		"InvalidResourceId.NotFound",
		"The specified ResourceId is not found in our records.",
	)
	QuotaExceedTagsOfResource = declare( // of AddTags
		400,
		"OperationDenied.QuotaExceed",
		"The quota of tags on resource is beyond permitted range.",
	)
	IllegalTagKey = declare( // of DescribeTags
		400,
		"InvalidTagKey.Malformed",
		"The parameter Tag.n.Key is illegal.",
	)
	InvalidResourceIDNotFound = declare(
		404,
		"InvalidResourceId.NotFound",
		"The specified ResourceIds are not found in our records.",
	)
	InvalidResourceTypeNotFound = declare(
		404,
		"InvalidResourceType.NotFound",
		"The ResourceType provided does not exist in our records.",
	)
	MissingResourceIDs = declare(
		404,
		"MissingParameter.ResourceIds",
		"The parameter - ResourceIds should not be null",
	)
	MissingResourceType = declare(
		404,
		"MissingParameter.ResourceType",
		"The parameter - ResourceType should not be null",
	)
	MissingTags           = declare(404, "MissingParameter.Tags", "The parameter - Tags should not be null")
	MissingRegionIDOfTags = declare(
		404,
		"MissingParameter.RegionId",
		"The parameter - RegionId should not be null",
	)
)

// Errors of STS. The reference has no sheet for it; the codes are the vendor's well-known ones, the
// texts ours.
var (
	InvalidRoleARN         = declare(400, "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.")
	InvalidRoleSessionName = declare(
		400,
		"InvalidParameter.RoleSessionName",
		"The parameter RoleSessionName is wrongly formed.",
	)
	InvalidDurationSeconds = declare(
		400,
		"InvalidParameter.DurationSeconds",
		"The parameter DurationSeconds must be between 900 and 43200.",
	)
	EntityNotExistRole = declare(404, "EntityNotExist.Role", "The role not exists: %s.")
)
