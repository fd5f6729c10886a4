package service

// Errors of trunks and their members (docs/reference/attach-network-interface.md, section 4). Only the codes
// are documented: the texts are ours, and so are the cases.
var (
	EniTypeNotSupportTrunking = declare(
		403,
		"InvalidOperation.EniTypeNotSupportTrunking",
		"A member must be a secondary ENI, and its trunk a trunk ENI.",
	)
	InvalidTrunkEniStatus = declare(
		403,
		"InvalidOperation.InvalidTrunkEniStatus",
		`The operation is not allowed in the current status of the trunk ENI. `+
			`Expecting status is "%s" while current status is "%s".`,
	)
	EniNotBelongTrunk = declare(
		403,
		"InvalidParameter.EniNotBelongTrunk",
		"The specified ENI and ECS instance do not belong to the specified trunk ENI.",
	)
	InstanceTypeNotSupportEniTrunking = declare(
		403,
		"InvalidOperation.InstanceTypeNotSupportEniTrunking",
		"The specified instance type does not support trunk ENIs.",
	)
	TrunkingIsNotAllowed = declare(
		403,
		"InvalidOperation.TrunkingIsNotAllowed",
		"The specified ECS instance has a trunk ENI already.",
	)
	HasMemberEniAttached = declare(
		403,
		"InvalidOperation.HasMemberEniAttached",
		"The operation is not allowed on a trunk ENI with member ENIs.",
	)
)
