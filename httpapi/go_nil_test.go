package httpapi_test

import (
	"strings"
	"testing"

	"enisim.alt/service"
)

// A released provider sends <nil> for a parameter that its configuration omits. When it stops an
// instance, it also sends the mode that a running instance shows. Both count as absent, but a
// description with the same text is kept.
func TestProviderNilValuesCountAsAbsent(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-1"), service.Options{})
	s.expectCode(t, ok, "AuthorizeSecurityGroup", "SecurityGroupId", "sg-main", "Permissions.1.IpProtocol", "TCP",
		"Permissions.1.PortRange", "22/22",
		"Permissions.1.SourceCidrIp", "10.0.0.0/8", "Permissions.1.NicType", "<nil>", "Permissions.1.Policy", "<nil>",
		"Permissions.1.Description", "<nil>")
	withoutType := s.mustCall(t, "DescribeSecurityGroupAttribute", "SecurityGroupId", "sg-main", "Direction", "ingress")
	withNil := s.mustCall(t, "DescribeSecurityGroupAttribute", "SecurityGroupId", "sg-main", "Direction", "ingress",
		"NicType", "<nil>")
	if encodeJSON(withNil.body["Permissions"]) != encodeJSON(withoutType.body["Permissions"]) ||
		strings.Count(encodeJSON(withoutType.body["Permissions"]), "SecurityGroupRuleId") != 1 {
		t.Errorf("NicType=<nil>: got %d %v, want the rules as without the parameter: %v", withNil.status, withNil.body,
			withoutType.body)
	}
	if !strings.Contains(encodeJSON(withoutType.body["Permissions"]), `"Description":"<nil>"`) &&
		!strings.Contains(encodeJSON(withoutType.body["Permissions"]), `"Description":"\u003cnil\u003e"`) {
		t.Errorf("got %v, want the description as it was sent", withoutType.body["Permissions"])
	}
	s.expectCode(t, ok, "StopInstance", "InstanceId", "i-1", "StoppedMode", "Not-applicable")
	if got := s.instance(t, "i-1").Attributes.StoppedMode; got != service.KeepCharging {
		t.Errorf("stopped with Not-applicable: got %q, want KeepCharging", got)
	}
}
