package httpapi_test

import (
	"net/http/httptest"

	"enisim.alt/service"
)

// attachTo and attachENI return the parameters of an attach to an instance or of an interface. The
// other side is a valid one.
func attachTo(instance string) []string { return pair(instance, "eni-ok") }

func attachENI(eni string) []string { return pair("i-ok", eni) }

func pair(instance, eni string) []string {
	return []string{"RegionId", "cn-hangzhou", "InstanceId", instance, "NetworkInterfaceId", eni}
}

// trunkKey is the key of the account of the same scenario that has trunks.
const trunkKey = "LTAIattachtrunks0001"

// member returns the parameters of an attach or a detach of a member.
func member(instance, eni, trunk string) []string {
	return also(pair(instance, eni), "TrunkNetworkInstanceId", trunk)
}

var attachmentGolden = map[string][]goldenCase{
	"AttachNetworkInterface": {
		{name: "MissingParameter", pairs: []string{"RegionId", "cn-hangzhou", "InstanceId", "i-ok"}},
		{name: "UnsupportedParameter", pairs: also(attachTo("i-ok"), "TrunkNetworkInstanceId", "eni-trunk")},
		{name: "InvalidInstanceID.Malformed", pairs: attachTo("i_ok")},
		{name: "InvalidParams.EniId", pairs: attachENI("eni_ok")},
		{name: "InvalidParameter", pairs: also(attachTo("i-ok"), "NetworkCardIndex", "first")},
		{name: "InvalidRegionId.NotFound", pairs: also(attachTo("i-ok"), "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: attachTo("i-ok")},
		{name: "InvalidAccessKeyId.Inactive", key: "LTAIinactive0000001", pairs: attachTo("i-ok")},
		{name: "InvalidAccessKeyId.NotFound", key: "LTAInobody", pairs: attachTo("i-ok")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: attachTo("i-ok"), in: closedToRAM},
		{name: "Forbidden.SubUser", key: "LTAIramother0000001", pairs: attachTo("i-ok")},
		{name: "InvalidEcsId.NotFound", pairs: attachTo("i-not-found")},
		{name: "InvalidEniId.NotFound", pairs: attachENI("eni-not-found")},
		{name: "InvalidOperation.EniServiceManaged", pairs: attachENI("eni-eni-service-managed")},
		{name: "InvalidOperation.InvalidEniType", pairs: attachENI("eni-holder-primary")},
		{name: "InvalidOperation.HasMemberEniAttached", key: trunkKey, pairs: pair("i-trunk", "eni-trunk")},
		{name: "InvalidOperation.EniTypeNotSupportTrunking", key: trunkKey,
			pairs: member("i-trunk", "eni-ok", "eni-eni-type-not-support-trunking")},
		{name: "InvalidOperation.InvalidEniState", pairs: attachENI("eni-invalid-eni-state-in-use")},
		{name: "InvalidOperation.InvalidTrunkEniStatus", key: trunkKey,
			pairs: member("i-trunk", "eni-ok", "eni-invalid-trunk-eni-status")},
		{name: "InvalidParameter.EniNotBelongTrunk", key: trunkKey,
			pairs: member("i-no-trunk", "eni-ok", "eni-eni-not-belong-trunk")},
		{name: "InvalidOperation.InstanceTypeNotSupportEniTrunking", key: trunkKey,
			pairs: pair("i-instance-type-not-support-eni-trunking", "eni-trunk-free")},
		{name: "InvalidOperation.TrunkingIsNotAllowed", key: trunkKey,
			pairs: pair("i-trunking-is-not-allowed", "eni-trunk-free")},
		{name: "InvalidOperation.InvalidGeneration", pairs: attachTo("i-invalid-generation")},
		{name: "InvalidOperation.InvalidEcsState", pairs: attachTo("i-invalid-ecs-state-starting")},
		{name: "InvalidOperation.HotPlugNotSupport", pairs: attachTo("i-hot-plug-not-support")},
		{name: "InvalidOperation.VpcMismatch", pairs: attachENI("eni-vpc-mismatch")},
		{name: "InvalidOperation.AvailabilityZoneMismatch", pairs: attachENI("eni-availability-zone-mismatch")},
		{name: "InvalidParameter.NetworkCardIndexInvalid", pairs: also(attachTo("i-ok"), "NetworkCardIndex", "0")},
		{name: "InvalidOperation.Ipv4CountExceeded", pairs: pair("i-few-addresses", "eni-ipv4-count-exceeded")},
		{name: "InvalidOperation.Ipv6NotSupport", pairs: pair("i-ipv6-not-support", "eni-ipv6")},
		{name: "InvalidOperation.Ipv6CountExceeded", pairs: pair("i-few-addresses", "eni-ipv6-count-exceeded")},
		{name: "EniPerInstanceLimitExceeded", pairs: attachTo("i-eni-per-instance-limit-exceeded")},
		{name: "SecurityGroupInstanceLimitExceed", pairs: attachENI("eni-security-group-instance-limit-exceed")},
		{name: "OperationConflict", pairs: attachTo("i-ok"), in: locked},
		{name: "InternalError", pairs: attachTo("i-ok"), in: broken},
		{name: "ServiceUnavailable", pairs: attachTo("i-ok"), in: withoutDatabase},
		{name: "success", key: "LTAIramwildcard0001", pairs: attachTo("i-ok")},
		{name: "member", key: trunkKey, pairs: member("i-trunk", "eni-ok", "eni-trunk")},
	},
	"DetachNetworkInterface": {
		{name: "MissingParameter", pairs: []string{"RegionId", "cn-hangzhou", "InstanceId", "i-holder"}},
		{name: "UnsupportedParameter", pairs: also(pair("i-holder", "eni-ok"), "TrunkNetworkInstanceId", "eni-trunk")},
		{name: "InvalidInstanceID.Malformed", pairs: pair("i_holder", "eni-ok")},
		{name: "InvalidParams.EniId", pairs: pair("i-holder", "eni_ok")},
		{name: "InvalidRegionId.NotFound", pairs: also(pair("i-holder", "eni-ok"), "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: pair("i-holder", "eni-ok")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: pair("i-holder", "eni-ok"), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramallowed00001", pairs: pair("i-holder", "eni-ok")},
		{name: "InvalidEcsId.NotFound", pairs: pair("i-not-found", "eni-ok")},
		{name: "InvalidEniId.NotFound", pairs: pair("i-holder", "eni-not-found")},
		{name: "InvalidOperation.EniServiceManaged", pairs: pair("i-holder", "eni-eni-service-managed")},
		{name: "InvalidOperation.DetachPrimaryEniNotAllowed", pairs: pair("i-holder", "eni-holder-primary")},
		{name: "InvalidOperation.InvalidEniState", pairs: pair("i-holder", "eni-ipv6")},
		{name: "InvalidParameter.EniNotBelongEcs", pairs: pair("i-ok", "eni-invalid-eni-state-in-use")},
		{name: "InvalidParameter.EniNotBelongTrunk", key: trunkKey, pairs: member("i-trunk", "eni-member", "eni-trunk-free")},
		{name: "InvalidOperation.InvalidEcsState", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: withStoppingInstance},
		{name: "InvalidOperation.HotPlugNotSupport", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: withoutHotPlug},
		{name: "InvalidOperation.HasMemberEniAttached", key: trunkKey, pairs: pair("i-trunk", "eni-trunk")},
		{name: "member", key: trunkKey, pairs: member("i-trunk", "eni-member", "eni-trunk")},
		{name: "OperationConflict", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: locked},
		{name: "InternalError", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: broken},
		{name: "ServiceUnavailable", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: withoutDatabase},
		{name: "success", pairs: pair("i-holder", "eni-invalid-eni-state-in-use")},
	},
}

func withStoppingInstance(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `UPDATE instances SET status = 'Stopping' WHERE id = 'i-holder'`)
	return server
}

func withoutHotPlug(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `UPDATE instance_types SET hot_plug = false WHERE id = 'ecs.g6.2xlarge'`)
	return server
}
