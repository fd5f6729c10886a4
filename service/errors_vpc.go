package service

// Errors of the VPC product (docs/reference/actions.md, part 5, and states.md, section 6). Where no
// text is known, it is ours.
var (
	InvalidVPCCIDRBlock     = declare(400, "InvalidParameter", "Specified CIDR block is not valid")
	InvalidVSwitchCIDRBlock = declare(400, "InvalidParameter", "Specified CIDR block is not valid in VPC.")
	IllegalCIDRBlockMask    = declare(
		400,
		"IllegalParam.CidrBlockMask",
		"The param of CidrBlock Mask [%s] is illegal.",
	)
	InvalidVpcNameMalformed        = declare(400, "InvalidVpcName.Malformed", "Specified VPC name is not valid.")
	InvalidVpcDiscriptionMalformed = declare(
		400,
		"InvalidVpcDiscription.Malformed",
		"Specified VPC description is not valid.",
	) // the vendor's spelling
	InvalidCIDRBlockMalformed  = declare(400, "InvalidCidrBlock.Malformed", "Specified CIDR block is malformed.")
	InvalidCIDRBlockOverlapped = declare(
		400,
		"InvalidCidrBlock.Overlapped",
		"Specified CIDR block overlapped with other subnets.",
	)
	QuotaExceededVSwitch = declare(400, "QuotaExceeded.VSwitch", "VSwitch quota exceeded.")
	VPCHasVSwitches      = declare(
		400,
		"DependencyViolation.VSwitch",
		"Specified object has dependent resources.",
	)
	VPCHasSecurityGroups = declare(
		400,
		"DependencyViolation.SecurityGroup",
		"Specified object has dependent resources.",
	)
	VSwitchInUse    = declare(400, "DependencyViolation", "Specified object has dependent resources.")
	ZoneNotExist    = declare(404, "InvalidZoneId.NotFound", "Specified zone does not exist.")
	VSwitchNotExist = declare(404, "InvalidVSwitchId.NotFound", "VSwitch not exist.")
)
