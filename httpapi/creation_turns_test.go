package httpapi_test

import (
	"slices"
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// Creations of an account wait for each other's locks. All but two of them wait in the server,
// where no lock timeout runs while the locks are granted in turn. The test holds both turns:
// creations wait until they are refused, and other actions are not delayed. Creations of interfaces
// and assignments of addresses share batches instead; without lanes they take turns too.
func TestCreationsOfAnAccountTakeTurns(t *testing.T) {
	t.Parallel()
	inTurn := [][]string{
		{"RunInstances", "ImageId", "m-test", "InstanceType", "ecs.g6.large", "VSwitchId", "vsw-h",
			"SecurityGroupId", "sg-main"},
		{"CreateInstance", "ImageId", "m-test", "InstanceType", "ecs.g6.large", "VSwitchId", "vsw-h",
			"SecurityGroupId", "sg-main"},
		{"CreateSecurityGroup", "VpcId", "vpc-main"},
		{"CreateVSwitch", "VpcId", "vpc-main", "ZoneId", "cn-hangzhou-h", "CidrBlock", "10.9.0.0/24"},
	}
	inLanes := [][]string{
		{"CreateNetworkInterface", "VSwitchId", "vsw-h", "SecurityGroupId", "sg-main"},
		{"AssignPrivateIpAddresses", "NetworkInterfaceId", "eni-1", "SecondaryPrivateIpAddressCount", "1"},
	}
	others := [][]string{
		{"AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-2"},
		{"ModifyNetworkInterfaceAttribute", "NetworkInterfaceId", "eni-1", "Description", "not delayed"},
		{"DescribeNetworkInterfaces"},
	}
	for _, c := range []struct {
		name                string
		lanes               int
		refused, notDelayed [][]string
	}{
		{"with lanes", 0, inTurn, slices.Concat(inLanes, others)},
		{"without lanes", -1, slices.Concat(inTurn, inLanes), others},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, world().
				Instance("i-1").
				NetworkInterface("eni-{n}", worldtest.Count(3)), service.Options{Lanes: c.lanes})
			ctx, endRequest := s.store.WithAccount(t.Context(), account)
			defer endRequest()
			for range 2 {
				end, err := s.store.BeginCreation(ctx)
				if err != nil {
					t.Fatal(err)
				}
				defer end()
			}
			answers := race(t, len(c.refused), func(k int) (string, error) {
				r, _, err := s.callOnce(t.Context(), c.refused[k][0], c.refused[k][1:]...)
				return r.code(), err
			})
			expect(t, answers, map[string]int{"ServiceUnavailable": len(c.refused)})
			for _, call := range c.notDelayed {
				if r, err := s.call(t.Context(), call[0], call[1:]...); err != nil || r.code() != ok {
					t.Errorf("%s: got %q, %v, want a success", call[0], r.code(), err)
				}
			}
		})
	}
}
