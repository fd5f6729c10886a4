package httpapi_test

import (
	"fmt"
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/worldtest"
)

// A refusal says the values that its rule saw, by the names of the API, and what would have to change.
func TestRefusalsSayWhatTheirRulesSaw(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		SecurityGroup("sg-2").
		Instance("i-1").
		NetworkInterface("eni-1").
		NetworkInterface("eni-on", worldtest.Set("attached_to", "i-1")),
		service.Options{Refusals: service.AllRefusals}, openControl)
	group := s.groupOf(t, "eni-1")
	for _, c := range []struct {
		action string
		pairs  []string
		want   map[string]any // in the form of JSON
	}{
		{"DeleteNetworkInterface", []string{"NetworkInterfaceId", "eni-on"}, map[string]any{
			"NetworkInterfaceId": "eni-on", "NetworkInterfaceStatus": "InUse", "NetworkInterfaceInstanceId": "i-1"}},
		{"StartInstance", []string{"InstanceId", "i-1"}, map[string]any{"InstanceStatus": "Running"}},
		{"DeleteInstance", []string{"InstanceId", "i-1"}, map[string]any{"InstanceStatus": "Running"}},
		{"JoinSecurityGroup", []string{"NetworkInterfaceId", "eni-1", "SecurityGroupId", group}, map[string]any{
			"SecurityGroupIds": []any{group}}},
		{"LeaveSecurityGroup", []string{"NetworkInterfaceId", "eni-1", "SecurityGroupId", "sg-2"}, map[string]any{
			"SecurityGroupIds": []any{group}}},
		{"CreateNetworkInterface",
			[]string{"VSwitchId", "vsw-h", "SecurityGroupId", group, "PrimaryIpAddress", "9.9.9.9"},
			map[string]any{"VSwitchId": "vsw-h", "InterfacesOfRegion": 2.0}},
		{"UnassignPrivateIpAddresses", []string{"NetworkInterfaceId", "eni-1", "PrivateIpAddress.1", "9.9.9.9"},
			map[string]any{"Addresses": 1.0, "NetworkInterfaceStatus": "Available"}},
		{"AssignIpv6Addresses", []string{"NetworkInterfaceId", "eni-1", "Ipv6AddressCount", "1"},
			map[string]any{"WantedAddresses": 1.0, "VSwitchId": "vsw-h"}},
		{"DeleteVpc", []string{"VpcId", "vpc-main"}, map[string]any{"HasVSwitches": true}},
		{"CreateVpc", []string{"CidrBlock", "10.0.0.0/33"}, map[string]any{}},
	} {
		refused := s.mustCall(t, c.action, c.pairs...)
		request, err := s.controlClient().Request(t.Context(), refused.requestID())
		if err != nil {
			t.Errorf("%s: %v", c.action, err)
			continue
		}
		if request.Why == nil || request.Why.Hint == "" || request.Outcome == "OK" {
			t.Errorf("%s: got %+v, want a refusal with a hint", c.action, request)
			continue
		}
		for name, want := range c.want {
			if got := request.Why.Values[name]; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %s refused it, and saw %s %v, want %v", c.action, request.Outcome, name, got, want)
			}
		}
	}
}

// Each account has a rate of recorded refusals of its own: a flood of one does not displace those of
// another, and not all of the flood is recorded.
func TestRefusalsOfAnAccountDoNotDisplaceThoseOfAnother(t *testing.T) {
	t.Parallel()
	const other, otherKey = "1000000000000002", "LTAIother"
	w := world().Account(other).AccessKey(otherKey)
	s := serve(t, w, service.Options{Refusals: 1}, openControl)
	const flood = 200
	for range flood {
		s.mustCall(t, "StartInstance", "InstanceId", "i-none")
	}
	s.mustCall(t, "StartInstance", "InstanceId", "i-none", "AccessKeyId", otherKey)
	count := func(accountID string) int {
		page, err := s.controlClient().Events(
			t.Context(), operator.EventQuery{Account: accountID, Refusals: true, Limit: operator.MaxEvents})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Events)
	}
	if got := count(account); got < 1 || got >= flood {
		t.Errorf("got %d refusals of the flood, want one a second", got)
	}
	if got := count(other); got != 1 {
		t.Errorf("got %d refusals of the other account, want 1", got)
	}
}
