package service

// Errors of disks, of the vendor's pages of these actions.
var (
	InvalidDiskIDNotFound = declare(404, "InvalidDiskId.NotFound", "The specified disk does not exist.")
	MissingDiskSize       = declare(
		400,
		"MissingParameter",
		`The input parameter either "SnapshotId" or "Size" should be specified.`,
	)
	InvalidDiskName        = declare(400, "InvalidDiskName.Malformed", "The specified disk name is wrongly formed.")
	InvalidDiskDescription = declare(
		400,
		"InvalidDescription.Malformed",
		"The specified description is wrongly formed.",
	)
	ModifiedDiskDescription = declare(
		404,
		"InvalidDescription.Malformed",
		"The specified description is wrongly formed.",
	)
	InvalidDiskCategory = declare(
		400,
		"InvalidDiskCategory.ValueNotSupported",
		`The specified parameter "DiskCategory" is not valid.`,
	)
	InvalidDiskSizeNotSupported = declare(
		400,
		"InvalidDiskSize.NotSupported",
		"The specified parameter size is not valid.",
	)
	InvalidDiskPayMethod    = declare(403, "InvalidPayMethod", "The specified pay method is not valid.")
	InvalidDiskZoneNotFound = declare(404, "InvalidZoneId.NotFound", "The specified zone does not exist.")
	DiskSnapshotNotFound    = declare(
		404,
		"InvalidSnapshotId.NotFound",
		"The specified SnapshotId does not exist.",
	)
	QuotaExceedPostPaidDisk = declare(403, "QuotaExceed.PostPaidDisk", "Living postPaid disks quota exceeded.")
)

// Errors of disks that are attached, detached, changed and deleted.
var (
	InvalidDevice         = declare(400, "InvalidDevice.Malformed", "The specified port is not valid.")
	InvalidDeviceInUse    = declare(403, "InvalidDevice.InUse", "The specified device has been occupied.")
	AttachIncorrectStatus = declare(
		400,
		"IncorrectInstanceStatus",
		"The current status of the resource does not support this operation.",
	)
	DiskInAnotherZone = declare(
		403,
		"ResourcesNotInSameZone",
		"The specified instance and disk are not in the same zone.",
	)
	IncorrectDiskStatus = declare(
		403,
		"IncorrectDiskStatus",
		"The current disk status does not support this operation.",
	)
	InstanceDiskLimitExceeded = declare(
		403,
		"InstanceDiskLimitExceeded",
		"The amount of the disk on instance in question reach its limits.",
	)
	DiskTypeViolation = declare(
		403,
		"DiskTypeViolation",
		"The specified disk is a system disk and cannot support the operation.",
	)
	DiskNotAttached = declare(
		403,
		"DependencyViolation",
		"The specified disk has not been attached on the specified instance.",
	)
	NoDiskAttribute = declare(400, "NoAttributeToModify", "No attribute to be modified in this request.")
	// The spelling is the vendor's.
	IncompleteDiskIDs = declare(400, "IncompleteParamter", "Some fields can not be null in this request.")
	InvalidResizeType = declare(400, "InvalidParam.Type", "The specified type is not supported.")
	DiskSizeTooSmall  = declare(
		403,
		"InvalidDiskSize",
		"Specified new disk size is less than or equal the original disk size.",
	)
	DiskSizeTooLarge = declare(
		403,
		"InvalidDiskSize.TooLarge",
		"Specified new disk size is beyond the permitted range.",
	)
	OnlineResizeNotRunning = declare(
		403,
		"InvalidInstanceStatus.NotRunning",
		"The status of instance to which the disk attachs must be running when resizing online.",
	)
)
