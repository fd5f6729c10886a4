package service

// Errors of route tables and route entries, of the vendor's pages of these actions. The page of an action has
// another status or text for the same code than its siblings in some places.
var (
	RouteTableNotFound = declare(
		404,
		"InvalidRouteTableId.NotFound",
		"Specified route table does not exist.",
	)
	AssociatedRouteTableNotFound = declare(
		400,
		"InvalidRouteTableId.NotFound",
		"Specified route table does not exist.",
	)
	ListedRouteTableNotFound = declare(
		400,
		"InvalidRouteTable.NotFound",
		"The specified RouteTable was not found.",
	)
	ModifiedRouteTableNotFound = declare(
		400,
		"Abs.InvalidRouteTableId.NotExist",
		"The route table id is not exist.",
	)
)

// Errors of new route entries.
var ( //nolint:dupl // lists of errors have one shape
	MissingRouteTableID     = declare(400, "MissingParam.RouteTableId", "The parameter RouteTableId is missing.")
	RouteCIDRBlockMalformed = declare(400, "InvalidCidrBlock.Malformed", "Specified CIDR block is not valid.")
	RouteIPv6NotSupported   = declare(
		400,
		"OperationUnsupported.Ipv6CidrBlock",
		"The specified IPv6 CIDR block is unsupported.",
	)
	RouteCIDRBlockReserved = declare(400, "InvalidCidrBlock", "Specified CIDR block is not valid.")
	RouteCIDRBlockRepeated = declare(
		400,
		"InvalidCIDRBlock.Duplicate",
		"Specified CIDR block is already exists.",
	)
	QuotaExceededRouteEntry = declare(
		400,
		"QuotaExceeded",
		"Route entry quota exceeded in this route table.",
	)
	InvalidNextHopType = declare(
		400,
		"InvalidNextHopType",
		`Specified parameter "NextHopType" is not valid.`,
	)
	NextHopTypeNotPermitted = declare(
		400,
		"OperationDenied.NextHopTypeNotPermitted",
		"The operation is not allowed because the nextHop type is invalid.",
	)
	InvalidRouterInterface = declare(400, "InvalidRouterInterface", "invalid router interface.")
	NextHopNotFound        = declare(404, "InvalidNextHopId.NotFound", "Specified next hop does not exist.")
	NextHopENINotFound     = declare(
		404,
		"InvalidNetworkInterface.NotFound",
		"The specified networkInterface does not exist.",
	)
	NextHopInstanceElsewhere = declare(
		404,
		"OperationFailed.InstanceDismatchCurrentVpc",
		"The specified instance does not exist in current vpc.",
	)
	NextHopENIElsewhere = declare(
		400,
		"Mismatch.EniIdAndRouteTableId",
		"The operation is not allowed because eni and route table not in same vpc.",
	)
	InvalidRouteEntryName = declare(
		400,
		"InvalidRouteEntryName.Malformed",
		"Specified RouteEntry name is not valid.",
	)
	InvalidRouteEntryDescription = declare(400, "InvalidDescription.Malformed", "The Description is illegal.")
)

// Errors of the deletion and the list of route entries.
var (
	RouteEntryIDNotFound = declare(
		400,
		"InvalidRouteEntryId.NotFound",
		"Specified RouteEntryId does not exist.",
	)
	RouteEntryNotFound = declare(400, "InvalidRouteEntry.NotFound", "Route entry not exists.")
	SystemRouteEntry   = declare(
		400,
		"OperationDenied",
		"Specified operation is denied as route entry type is system.",
	)
	NextHopMissing = declare(
		400,
		"InvalidNextHop",
		"Specified nexthop and nexthop list cannot both null.",
	)
	RouteEntryNamedTwice = declare(
		400,
		"ParamExclusive.RouteEntryIdAndRouteTableIdOrDestCidrBlock",
		"RouteEntryId and DestinationCidrBlock cannot be specified at the same time.",
	)
	IllegalRouteEntryType = declare(
		400,
		"IllegalParam.RouteEntryType",
		"The parameter of RouteEntryType is illegal.",
	)
	IllegalIPVersion      = declare(400, "IllegalParam.IpVersion", "Param IpVersion illegal.")
	IllegalRouteNextToken = declare(400, "IllegalParam.NextToken", "User nextToken is illegal.")
	FilterOfWrongType     = declare(
		400,
		"OperationFailed.FilterParamUnderWrongRouteType",
		"Operation failed because only custom type support filter by routeEntryId or routeEntryName",
	)
)

// Errors of route tables and of the VSwitches that use them.
var (
	InvalidRouteTableName = declare(
		400,
		"InvalidParameter.RouteTableName.Malformed",
		"The specified route table name is not valid.",
	)
	InvalidRouteTableDescription = declare(
		400,
		"InvalidParameter.Description.Malformed",
		"The specified Description is not valid.",
	)
	GatewayTableNotSupported = declare(
		400,
		"UnsupportedRegion",
		"The feature of ipv4Gateway is not supported in the region.",
	)
	QuotaExceededRouteTable       = declare(400, "QuotaExceeded.RouteTable", "VPC RouteTable quota exceeded.")
	ModifiedRouteTableName        = declare(400, "Abs.InvaliTableName.Malformed", "Table name format is invalid.")
	ModifiedRouteTableDescription = declare(400, "InvalidDescription.Malformed", "Description format is invalid.")
	RouteTableIsSystem            = declare(
		400,
		"IncorrectRouteTableType",
		"Route table can be deleted by this action only when it's type is custom.",
	)
	RouteTableHasEntries = declare(
		400,
		"IncorrectRouteTableStatus.RouteEntryExist",
		"You cannot delete the specified route table because it still has custom route entry.",
	)
	RouteTableIsUsed = declare(
		404,
		"IncorrectRouteTableStatus",
		"The current status of the route table does not support this operation.",
	)
	RouteVSwitchNotFound = declare(404, "InvalidVSwitchId.NotFound", "Specified VSwitch does not exist.")
	RouteVSwitchStatus   = declare(
		404,
		"IncorrectVSwitchStatus",
		"The current status of the virtual switch does not support this operation.",
	)
	VSwitchElsewhere = declare(
		404,
		"Forbidden.NotInSameVpc",
		"The specified virtual switch and route table are not in the same VPC.",
	)
	VSwitchUsesAnotherTable = declare(
		404,
		"Forbidden.VSwitchAlreadyAssociatedRouteTable",
		"The specified virtual switch already associates route table.",
	)
	VSwitchUsesThisTable = declare(
		400,
		"ResourceAlreadyAssociated.RouteTable",
		"The resource has already associated with a routetable.",
	)
	NoSwitchToSystemTable = declare(
		400,
		"OperationDenied.SwitchToSystemRouteTable",
		"The associated route tables cannot be directly changed to system route tables.",
	)
	SystemTableStays = declare(
		404,
		"OperationUnsupported.SystemRouteTable",
		"System route table can not be unassociated.",
	)
	VSwitchDoesNotUseTable = declare(
		404,
		"InvalidBindingStatus.RouteTable",
		"The specified virtual switch and route table does not bind",
	)
)

// Errors of what routes depend on. The texts of those of VSwitches, VPCs and interfaces are those of their siblings.
var (
	InstanceIsNextHop = declare(
		400,
		"DependencyViolation.RouteEntry",
		"Specified instance is used by route entry.",
	)
	HasRouteEntries = declare(
		400,
		"DependencyViolation.RouteEntry",
		"Specified object has dependent resources.",
	)
	UsesRouteTable = declare(
		400,
		"DependencyViolation.RouteTable",
		"Specified object has dependent resources.",
	)
)
