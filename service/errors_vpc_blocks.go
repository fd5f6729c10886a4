package service

// Errors of AssociateVpcCidrBlock and UnassociateVpcCidrBlock. The vendor's page has no texts for most codes, so
// these are ours.
var (
	MissingVPCID      = declare(400, "MissingParam.VpcId", "You must specify VpcId.")
	BlocksVPCNotFound = declare(400, "InvalidVpc.NotFound", "The specified VPC does not exist.")
	BlocksVPCStatus   = declare(
		400,
		"IncorrectStatus.Vpc",
		"The status of the VPC does not support this operation.",
	)
	MissingSecondaryBlock = declare(
		400,
		"MissingParam.SecondaryCidrBlockOrIpv6CidrBlock",
		"Either SecondaryCidrBlock or Ipv6CidrBlock must be specified.",
	)
	SecondaryBlockAndIPv6 = declare(
		400,
		"ParamExclusive.SecondaryCidrAndIpv6Cidr",
		"SecondaryCidrBlock and IPv6CidrBlock cannot be specified at the same time.",
	)
	SecondaryIPv6NotSupported = declare(
		400,
		"OperationUnsupported.VpcMultiCidr",
		"Further IPv6 CIDR blocks of a VPC are not supported.",
	)
	IPAMNotSupported      = declare(400, "UnsupportedFeature.Ipam", "IPAM is not supported in this region.")
	IllegalSecondaryBlock = declare(
		400,
		"IllegalParam.SecondaryCidrBlock",
		"The specified SecondaryCidrBlock is illegal.",
	)
	SecondaryBlockRepeated = declare(
		400,
		"Duplicated.SecondaryCidrBlock",
		"The specified SecondaryCidrBlock overlaps with a CIDR block of the VPC.",
	)
	QuotaExceededBlocks = declare(
		400,
		"QuotaExceeded.VpcMultiCidr",
		"The number of secondary CIDR blocks of the VPC exceeds the limit.",
	)
	SecondaryBlockNotFound = declare(
		400,
		"ResourceNotFound.SecondaryCidrBlock",
		"The specified SecondaryCidrBlock is not one of the VPC.",
	)
	SecondaryBlockInUse = declare(
		400,
		"OperationFailed.CidrInUse",
		"The specified SecondaryCidrBlock is in use by a virtual switch.",
	)
)
