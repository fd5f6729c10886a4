package service

import (
	"errors"
	"fmt"

	"enisim.alt/store"
)

// Error is a failure as the public API documents it: a code, an HTTP status and a message.
type Error struct {
	Status  int
	Code    string
	Message string // a fmt format if the documented text has blanks; With fills them

	seen *observation // by the rule that refused a request; nil: the rule has nothing to show
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is compares codes, so that a copy made by With still matches its declaration.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// With returns a copy with the blanks of the message filled.
func (e *Error) With(args ...any) *Error {
	return &Error{Status: e.Status, Code: e.Code, Message: fmt.Sprintf(e.Message, args...)}
}

// Declared lists every API error that this simulator can return. A test compares the contract files
// with it.
var Declared []*Error

func declare(status int, code, message string) *Error {
	e := &Error{Status: status, Code: code, Message: message}
	Declared = append(Declared, e)
	return e
}

// Errors of AttachNetworkInterface with the status and text of the seed.
var ( //nolint:dupl // lists of errors have one shape
	UnsupportedParameter = declare(400, "UnsupportedParameter", "The parameters is unsupported.")
	InvalidEcsState      = declare(
		400,
		"InvalidOperation.InvalidEcsState",
		"The operation is not allowed in the current ECS state.",
	)
	DetachPrimaryEniNotAllowed = declare(
		400,
		"InvalidOperation.DetachPrimaryEniNotAllowed",
		"Detaching primary ENI from ECS instance is not allowed.",
	)
	MissingParameter = declare(
		400,
		"MissingParameter",
		"The input parameter that is mandatory for processing this request is not supplied.",
	)
	AbsInvalidAccountNotFound = declare(
		403,
		"Abs.InvalidAccount.NotFound",
		"The Account is not found or ak is expired.",
	)
	ForbiddenNotSupportRAM = declare(
		403,
		"Forbidden.NotSupportRAM",
		"This action does not support accessed by RAM mode.",
	)
	ForbiddenSubUser            = declare(403, "Forbidden.SubUser", "The specified action is not available for you.")
	EniPerInstanceLimitExceeded = declare(
		403,
		"EniPerInstanceLimitExceeded",
		"The number of ENI exceeds the limit for the type of instance you are trying to launch.",
	)
	VpcMismatch = declare(
		403,
		"InvalidOperation.VpcMismatch",
		"The VPC of the specified ENI and security group are not in the same VPC.",
	)
	SecurityGroupInstanceLimit = declare(
		403,
		"SecurityGroupInstanceLimitExceed",
		"The maximum number of instances in a security group is exceeded.",
	)
	InvalidEniType = declare(
		403,
		"InvalidOperation.InvalidEniType",
		"The operation is not allowed in the current ENI type.",
	)
	InvalidEcsIDNotFound = declare(404, "InvalidEcsId.NotFound", "The specified EcsId is not found.")
)

// Errors that the seed's rules need and its table lacks. They are from later editions of the
// document and from sibling pages (docs/reference/attach-network-interface.md, sections 3 and 4).
// Where no text is known, it is ours.
var (
	InvalidInstanceIDMalformed = declare(
		400,
		"InvalidInstanceID.Malformed",
		`The specified parameter "InstanceId" is not valid.`,
	)
	InvalidEniID     = declare(400, "InvalidParams.EniId", `The specified parameter "EniId" is not valid.`)
	InvalidParameter = declare(400, "InvalidParameter", `the parameter(s) "%s" provided is(are) invalid.`)
	InvalidJSONList  = declare(
		400,
		"InvalidParameter",
		`The specified parameter "%s" is not valid.`,
	) // as captured
	InvalidEniState = declare(
		400,
		"InvalidOperation.InvalidEniState",
		`The operation is not allowed in the current ENI state. Expecting status is "%s" while current status is "%s".`,
	)
	InvalidGeneration = declare(
		400,
		"InvalidOperation.InvalidGeneration",
		"The specified instance type does not support Elastic Network Interface, "+
			"you can not attach Elastic Network Interface to generation I instances.",
	)
	EniNotBelongEcs = declare(
		400,
		"InvalidParameter.EniNotBelongEcs",
		"The specified ENI is not attached to the specified ECS instance.",
	)
	UserNotSupportNetworkCard = declare(
		400,
		"InvalidOperation.UserNotSupportNetworkCard",
		"User not support network card.",
	)
	NetworkCardIndexInvalid = declare(
		400,
		"InvalidParameter.NetworkCardIndexInvalid",
		"Invalid network card index, please check your instance type.",
	)
	AvailabilityZoneMismatch = declare(
		403,
		"InvalidOperation.AvailabilityZoneMismatch",
		"The VPC VSwitch of the specified ENI and ECS instance are not in the same availability zone.",
	)
	HotPlugNotSupport = declare(
		403,
		"InvalidOperation.HotPlugNotSupport",
		"The instance type does not support hot-plugging of ENIs. Please stop the ECS instance, and try again.",
	)
	EniServiceManaged = declare(
		403,
		"InvalidOperation.EniServiceManaged",
		"The operation is not allowed on an ENI that is managed by a cloud service.",
	)
	Ipv4CountExceeded = declare(
		403,
		"InvalidOperation.Ipv4CountExceeded",
		"The number of eni %s private ip exceeds the limit(%d). "+
			"target instanceType %s. Assigned:%d. Expecting assign:%d.",
	)
	Ipv6CountExceeded = declare(
		403,
		"InvalidOperation.Ipv6CountExceeded",
		"The number of eni %s ipv6 address exceeds the limit(%d). "+
			"target instanceType %s. Assigned:%d. Expecting assign:%d.",
	)
	Ipv6NotSupport = declare(
		403,
		"InvalidOperation.Ipv6NotSupport",
		"The instanceType of %s not support ipv6.",
	)
	InvalidEniIDNotFound = declare(404, "InvalidEniId.NotFound", `The specified EniId "%s" is not found.`)
)

// Errors that any action may answer (docs/reference/protocol.md, section 5).
var ( //nolint:dupl // lists of errors have one shape
	MissingNamedParameter = declare(
		400,
		"MissingParameter",
		`The input parameter "%s" that is mandatory for processing this request is not supplied.`,
	)
	InvalidAccessKeyIDInactive = declare(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
	InvalidSignatureParameter  = declare(
		400,
		"InvalidParamater",
		`The specified parameter "%s" is not valid.`,
	) // the vendor's spelling
	InvalidTimeStampFormat = declare(
		400,
		"InvalidTimeStamp.Format",
		"Specified time stamp or date value is not well formatted.",
	)
	InvalidTimeStampExpired = declare(
		400,
		"InvalidTimeStamp.Expired",
		"Specified time stamp or date value is expired.",
	)
	// SDKs cut the message at "server string to sign is:" and compare the rest with what they
	// signed.
	SignatureDoesNotMatch = declare(
		400,
		"SignatureDoesNotMatch",
		"Specified signature is not matched with our calculation. server string to sign is:%s",
	)
	IncompleteSignature = declare(
		400,
		"IncompleteSignature",
		"The request signature does not conform to Aliyun standards. server string to sign is:%s",
	)
	SignatureNonceUsed            = declare(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
	MissingSecurityToken          = declare(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
	InvalidSecurityTokenMalformed = declare(
		400,
		"InvalidSecurityToken.Malformed",
		"Specified SecurityToken is malformed.",
	)
	InvalidSecurityTokenExpired = declare(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
	ForbiddenRAM                = declare(
		403,
		"Forbidden.RAM",
		"User not authorized to operate on the specified resource, or this API doesn't support RAM.",
	)
	UnsupportedHTTPMethod      = declare(403, "UnsupportedHTTPMethod", "This http method is not supported.")
	InvalidAccessKeyIDNotFound = declare(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	InvalidActionNotFound      = declare(
		404,
		"InvalidAction.NotFound",
		"Specified api is not found, please check your url and method.",
	)
	InvalidVersion              = declare(400, "InvalidVersion", "Specified parameter Version is not valid.")
	IdempotentParameterMismatch = declare(
		400,
		"IdempotentParameterMismatch",
		"Request uses a client token in a previous request but is not identical to that request.",
	)
	IdempotentFailed = declare(
		403,
		"IdempotentFailed",
		"The previous idempotent request(s) has failed due to some unknown error, exception or failure.",
	)
	InvalidRegionIDNotFound = declare(404, "InvalidRegionId.NotFound", "The specified RegionId does not exist.")
	Throttling              = declare(400, "Throttling", "Request was denied due to request throttling.")
	ThrottlingUser          = declare(400, "Throttling.User", "Request was denied due to user flow control.")
	ThrottlingAPI           = declare(400, "Throttling.Api", "Request was denied due to api flow control.")
	OperationConflict       = declare(
		409,
		"OperationConflict",
		"Request was denied due to conflict with a previous request.",
	)
	InternalError = declare(
		500,
		"InternalError",
		"The request processing has failed due to some unknown error, exception or failure.",
	)
	ServiceUnavailable = declare(
		503,
		"ServiceUnavailable",
		"The request has failed due to a temporary failure of the server.",
	)
)

// MissingCommon has the error for each common parameter that a request may lack.
var MissingCommon = map[string]*Error{
	"Action":           declare(400, "MissingAction", "Action is mandatory for this action."),
	"Version":          declare(400, "MissingVersion", "Version is mandatory for this action."),
	"AccessKeyId":      declare(400, "MissingAccessKeyId", "AccessKeyId is mandatory for this action."),
	"Signature":        declare(400, "MissingSignature", "Signature is mandatory for this action."),
	"SignatureMethod":  declare(400, "MissingSignatureMethod", "SignatureMethod is mandatory for this action."),
	"SignatureVersion": declare(400, "MissingSignatureVersion", "SignatureVersion is mandatory for this action."),
	"SignatureNonce":   declare(400, "MissingSignatureNonce", "SignatureNonce is mandatory for this action."),
	"Timestamp":        declare(400, "MissingTimestamp", "Timestamp is mandatory for this action."),
}

// Errors that several actions answer.
var (
	InvalidVSwitchIDNotFound = declare(
		404,
		"InvalidVSwitchId.NotFound",
		`The specified VSwitchId "%s" is not found.`,
	)
	InvalidSecurityGroupIDNotFound = declare(
		404,
		"InvalidSecurityGroupId.NotFound",
		"The specified SecurityGroupId does not exist.",
	)
	IncorrectVSwitchStatus = declare(
		400,
		"IncorrectVSwitchStatus",
		"The current status of virtual switch does not support this operation.",
	)
	DuplicateTagKey          = declare(400, "Duplicate.TagKey", "The Tag.N.Key contain duplicate key.")
	InvalidTagKeyMalformed   = declare(400, "InvalidTagKey.Malformed", "The specified Tag.n.Key is not valid.")
	InvalidTagValueMalformed = declare(
		400,
		"InvalidTagValue.Malformed",
		"The specified Tag.n.Value is not valid.",
	)
	QuotaExceedTags = declare(
		403,
		"QuotaExceed.Tags",
		"The quota of tags on resource is beyond permitted range.",
	)
	InvalidParameterConflict = declare(
		400,
		"InvalidParameter.Conflict",
		`The specified parameters "%s" can not be used together.`,
	)
	InvalidClientTokenValue = declare(
		400,
		"InvalidClientToken.ValueNotSupported",
		"The ClientToken provided is invalid.",
	)
	InvalidVSwitchIDIPInvalid = declare(
		403,
		"InvalidVSwitchId.IpInvalid",
		`The specified IpAddress "%s" is not valid in VSwitch CIDR block "%s".`,
	)
	InvalidVSwitchIDIPNotEnough = declare(
		403,
		"InvalidVSwitchId.IpNotEnough",
		`The specified VSwitch "%s" has not enough IpAddress.`,
	)
	InvalidPrivateIPDuplicated = declare(
		400,
		"InvalidPrivateIpAddress.Duplicated",
		"Specified private IP address is duplicated.",
	)
	InvalidIPRepeated = declare(
		403,
		"InvalidIp.IpRepeated",
		`The specified ipAddress "%s" is(are) repeated.`,
	)
	InvalidIPAddress    = declare(403, "InvalidIp.Address", `The specified ipAddress "%s" is invalid.`)
	MaxEniCountExceeded = declare(
		403,
		"MaxEniCountExceeded",
		"The number of ENI exceeds the limit per region.",
	)
	JoinedGroupLimitExceed = declare(
		400,
		"JoinedGroupLimitExceed",
		"The number of security groups that the ENI joins exceeds the limit.",
	)
	MultiGroupType = declare(
		403,
		"InvalidOperation.MultiGroupType",
		"The specified instance can't join different types of security group.",
	)
	InvalidVpcIDNotFound = declare(404, "InvalidVpcId.NotFound", "Specified VPC does not exist.")
	IncorrectVpcStatus   = declare(
		400,
		"IncorrectVpcStatus",
		"Current VPC status does not support this operation.",
	)
	InvalidInstanceIDNotFound = declare(
		404,
		"InvalidInstanceId.NotFound",
		"The specified InstanceId does not exist.",
	)
	IncorrectInstanceStatus = declare(
		403,
		"IncorrectInstanceStatus",
		"The current status of the resource does not support this operation.",
	)
	InvalidZoneIDNotFound       = declare(404, "InvalidZoneId.NotFound", "The specified ZoneId does not exist.")
	InvalidDescriptionMalformed = declare(
		400,
		"InvalidDescription.Malformed",
		"The specified description is not valid.",
	)
)

// conflictAs returns conflict for a lock timeout, and other errors as they are. It is for actions
// with a code of their own for a lock timeout: Operation.Conflict of the address actions,
// InvalidOperation.Conflict of a deletion. Clients retry by the spelling.
func conflictAs(conflict *Error, err error) error {
	if errors.Is(err, store.ErrLockTimeout) {
		return conflict
	}
	return err
}

// APIError returns the error that a caller gets for a failure. documented is false if that is
// InternalError or ServiceUnavailable in place of something that only an operator can mend. The
// failure itself must then be logged.
func APIError(err error) (shown *Error, documented bool) {
	switch {
	case errors.As(err, &shown):
		return shown, true
	case errors.Is(err, store.ErrLockTimeout):
		return OperationConflict, true
	case errors.Is(err, store.ErrAccountGone): // the account was deleted during the request, with its keys
		return InvalidAccessKeyIDNotFound, true
	case errors.Is(err, store.ErrBusy):
		return ServiceUnavailable, true
	case errors.Is(err, store.ErrUnavailable):
		return ServiceUnavailable, false
	}
	return InternalError, false
}
