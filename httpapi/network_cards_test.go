package httpapi_test

import (
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// An attach or a launch may name a network card only on an instance type with listed cards.
func TestNetworkCards(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-cards", worldtest.Type("ecs.g7nex.32xlarge")).
		Instance("i-plain", worldtest.Type("ecs.g7.xlarge")).
		NetworkInterface("eni-{n}", worldtest.Count(2)), service.Options{})
	for typeID, want := range map[string]int{"ecs.g7nex.32xlarge": 2, "ecs.g7.xlarge": 0} {
		types := s.mustCall(t, "DescribeInstanceTypes", "InstanceTypes.1", typeID)
		listed := listItems(types, "InstanceTypes", "InstanceType")[0]
		cards, _ := listed["NetworkCards"].(map[string]any)
		_, hasQuantity := listed["NetworkCardQuantity"]
		if infos, _ := cards["NetworkCardInfo"].([]any); len(infos) != want || hasQuantity != (want > 0) ||
			(cards != nil) != (want > 0) {
			t.Errorf("%s: got cards %v and a quantity %v, want %d", typeID, cards, hasQuantity, want)
		}
	}
	launch := []string{
		"ImageId", service.InstanceImageID, "VSwitchId", "vsw-h", "SecurityGroupId", "sg-main",
		"NetworkInterface.1.VSwitchId", "vsw-h", "NetworkInterface.1.SecurityGroupId", "sg-main",
	}
	const refused = "InvalidParameter.NetworkCardIndexInvalid"
	for _, c := range []struct {
		instance, typeID, eni, card, want string
	}{
		{"i-plain", "ecs.g7.xlarge", "eni-1", "0", refused},
		{"i-plain", "ecs.g7.xlarge", "eni-1", "1", refused},
		{"i-cards", "ecs.g7nex.32xlarge", "eni-1", "2", refused},
		{"i-cards", "ecs.g7nex.32xlarge", "eni-1", "0", ok},
		{"i-cards", "ecs.g7nex.32xlarge", "eni-2", "1", ok},
	} {
		attached := s.mustCall(t, "AttachNetworkInterface", "InstanceId", c.instance, "NetworkInterfaceId", c.eni,
			"NetworkCardIndex", c.card)
		if attached.code() != c.want {
			t.Errorf("attach to %s, card %s: got %v, want %q", c.typeID, c.card, attached.body, c.want)
		}
		launched := s.mustCall(t, "RunInstances", also(launch, "InstanceType", c.typeID,
			"NetworkInterface.1.NetworkCardIndex", c.card)...)
		if launched.code() != c.want {
			t.Errorf("launch of %s, card %s: got %v, want %q", c.typeID, c.card, launched.body, c.want)
		}
	}
}
