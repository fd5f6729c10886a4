package httpapi_test

import (
	"testing"

	"enisim/service"
	"enisim/service/worldtest"
)

// A network card may be named on a type whose cards are listed, and on no other one, when an interface is attached and when an instance is made.
func TestNetworkCards(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-cards", worldtest.Type("ecs.g7nex.32xlarge")).
		Instance("i-plain", worldtest.Type("ecs.g7.xlarge")).
		NetworkInterface("eni-{n}", worldtest.Count(2)), service.Options{})
	for typeID, want := range map[string]int{"ecs.g7nex.32xlarge": 2, "ecs.g7.xlarge": 0} {
		listed := s.mustCall(t, "DescribeInstanceTypes", "InstanceTypes.1", typeID).body["InstanceTypes"].(map[string]any)["InstanceType"].([]any)[0].(map[string]any)
		cards, _ := listed["NetworkCards"].(map[string]any)
		_, counted := listed["NetworkCardQuantity"]
		if infos, _ := cards["NetworkCardInfo"].([]any); len(infos) != want || counted != (want > 0) || (cards != nil) != (want > 0) {
			t.Errorf("%s: got cards %v and a count %v, want %d", typeID, cards, counted, want)
		}
	}
	newOne := []string{
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
		attached := s.mustCall(t, "AttachNetworkInterface", "InstanceId", c.instance, "NetworkInterfaceId", c.eni, "NetworkCardIndex", c.card)
		if attached.code() != c.want {
			t.Errorf("attach to %s, card %s: got %v, want %q", c.typeID, c.card, attached.body, c.want)
		}
		made := s.mustCall(t, "RunInstances", also(newOne, "InstanceType", c.typeID, "NetworkInterface.1.NetworkCardIndex", c.card)...)
		if made.code() != c.want {
			t.Errorf("an instance of %s, card %s: got %v, want %q", c.typeID, c.card, made.body, c.want)
		}
	}
}
