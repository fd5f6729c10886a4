package httpapi_test

import (
	"strings"
	"testing"

	"enisim/service"
)

// A released provider sends <nil> for what its configuration leaves out, and the mode that a running instance shows when it stops one. Both are as good as
// nothing; text of the user's own stays what it is.
func TestWhatTheProviderSends(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-1"), service.Options{})
	s.expectCode(t, ok, "AuthorizeSecurityGroup", "SecurityGroupId", "sg-main", "Permissions.1.IpProtocol", "TCP", "Permissions.1.PortRange", "22/22",
		"Permissions.1.SourceCidrIp", "10.0.0.0/8", "Permissions.1.NicType", "<nil>", "Permissions.1.Policy", "<nil>", "Permissions.1.Description", "<nil>")
	plain := s.mustCall(t, "DescribeSecurityGroupAttribute", "SecurityGroupId", "sg-main", "Direction", "ingress")
	sent := s.mustCall(t, "DescribeSecurityGroupAttribute", "SecurityGroupId", "sg-main", "Direction", "ingress", "NicType", "<nil>")
	if spelled(sent.body["Permissions"]) != spelled(plain.body["Permissions"]) || strings.Count(spelled(plain.body["Permissions"]), "SecurityGroupRuleId") != 1 {
		t.Errorf("NicType=<nil>: got %d %v, want the rules that there are without it: %v", sent.status, sent.body, plain.body)
	}
	if !strings.Contains(spelled(plain.body["Permissions"]), `"Description":"<nil>"`) && !strings.Contains(spelled(plain.body["Permissions"]), `"Description":"\u003cnil\u003e"`) {
		t.Errorf("got %v, want the description as it was sent", plain.body["Permissions"])
	}
	s.expectCode(t, ok, "StopInstance", "InstanceId", "i-1", "StoppedMode", "Not-applicable")
	if got := s.instance(t, "i-1").Attributes.StoppedMode; got != service.KeepCharging {
		t.Errorf("stopped with Not-applicable: got %q, want KeepCharging", got)
	}
}
