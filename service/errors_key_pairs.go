package service

// Errors of the actions on key pairs, with the vendor's texts (docs/reference/actions.md, part 8).
var (
	InvalidKeyPairNameMalformed = declare(
		400,
		"InvalidKeyPairName.Malformed",
		"Specified Key Pair name is not valid.",
	)
	InvalidPublicKeyBody = declare(
		400,
		"InvalidPublicKeyBody.Malformed",
		"The PublicKeyBody format is not supported.",
	)
	KeyPairAlreadyExists   = declare(400, "KeyPair.AlreadyExist", "The key pair already exist.")
	QuotaExceedKeyPair     = declare(403, "QuotaExceed.KeyPair", "The key pair quota exceeds.")
	KeyPairNotFound        = declare(404, "InvalidKeyPairName.NotFound", keyPairNotFoundText)
	DetachedKeyPairUnknown = declare(400, "InvalidKeyPairName.NotFound", keyPairNotFoundText)
	InvalidKeyPairNames    = declare(
		400,
		"InvalidKeyPairNames.ValueNotSupported",
		`The specified parameter "KeyPairNames" is not valid.`,
	)
	InvalidInstanceIDsOfKeyPair = declare(
		400,
		"InvalidInstanceIds.ValueNotSupported",
		"The specified parameter InstanceIds is not valid.",
	)
	KeyPairOfWindows = declare(
		403,
		"DependencyViolation.WindowsInstance",
		"The instance creating is window, cannot use ssh key pair to login.",
	)
)

const keyPairNotFoundText = "The specified KeyPairName does not exist in our records."
