package sdktest

import (
	"fmt"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// trunkMembers is the number of members that the type of the test takes: 13 interfaces less 3.
const trunkMembers = 10

// A trunk is created and attached, gets members until the total of the type is reached, loses them again, and
// is deleted. After that nothing is left of it.
func testTrunks(t *testing.T, s sdk) {
	server := serveWorld(t, worldtest.New("1000000000000001", worldtest.Set("trunking", true)).
		AccessKey("LTAItrunks0000000001").
		VPC("vpc-1", "10.0.0.0/8").
		VSwitch("vsw-1", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-1").
		InstanceType("ecs.trunk.test", 3, worldtest.Set("eni_trunk_supported", true),
			worldtest.Set("eni_total_quantity", 3+trunkMembers)).
		Instance("i-1", worldtest.Type("ecs.trunk.test")).
		NetworkInterface("eni-{n}", worldtest.Count(trunkMembers+1)))
	c := s.client(t, server.endpoint, key{"LTAItrunks0000000001", "s"})

	// First create the trunk and attach it.
	creation, created := ecs.CreateCreateNetworkInterfaceRequest(), ecs.CreateCreateNetworkInterfaceResponse()
	creation.RegionId, creation.VSwitchId, creation.SecurityGroupId = "cn-hangzhou", "vsw-1", "sg-1"
	creation.InstanceType = "Trunk"
	if err := c.do(creation, created); err != nil {
		t.Fatalf("create a trunk: %v", err)
	}
	trunk := created.NetworkInterfaceId
	if _, err := attach(c, attachment{"cn-hangzhou", "i-1", trunk}); err != nil {
		t.Fatalf("attach the trunk: %v", err)
	}
	server.clock.advance(transition)
	expectOfType(t, c, "Trunk", 1)

	// Then attach members until there is no place left.
	for k := range trunkMembers + 1 {
		request, response := ecs.CreateAttachNetworkInterfaceRequest(), ecs.CreateAttachNetworkInterfaceResponse()
		request.RegionId, request.InstanceId, request.TrunkNetworkInstanceId = "cn-hangzhou", "i-1", trunk
		request.NetworkInterfaceId = fmt.Sprintf("eni-%d", k+1)
		err := c.do(request, response)
		switch {
		case k < trunkMembers && err != nil:
			t.Fatalf("member %d: %v", k+1, err)
		case k == trunkMembers && (err == nil || s.refusal(t, err).Code != service.EniPerInstanceLimitExceeded.Code):
			t.Errorf("one member too many: got %v, want %s", err, service.EniPerInstanceLimitExceeded.Code)
		}
	}
	server.clock.advance(transition)
	vlans := map[int]bool{}
	for _, n := range expectOfType(t, c, "Member", trunkMembers) {
		vlans[n.Attachment.DeviceIndex] = true
		if n.Attachment.TrunkNetworkInterfaceId != trunk || n.Attachment.InstanceId != "i-1" || n.Status != "InUse" {
			t.Errorf("%s: got %s on %+v, want InUse on trunk %s of i-1",
				n.NetworkInterfaceId, n.Status, n.Attachment, trunk)
		}
	}
	if len(vlans) != trunkMembers {
		t.Errorf("got the VLANs %v, want %d different ones", vlans, trunkMembers)
	}

	// Then take them off. Only after that the trunk goes.
	_, err := detach(c, attachment{"cn-hangzhou", "i-1", trunk})
	if err == nil || s.refusal(t, err).Code != service.HasMemberEniAttached.Code {
		t.Errorf("detach the trunk: got %v, want %s", err, service.HasMemberEniAttached.Code)
	}
	for k := range trunkMembers {
		request, response := ecs.CreateDetachNetworkInterfaceRequest(), ecs.CreateDetachNetworkInterfaceResponse()
		request.RegionId, request.InstanceId, request.TrunkNetworkInstanceId = "cn-hangzhou", "i-1", trunk
		request.NetworkInterfaceId = fmt.Sprintf("eni-%d", k+1)
		if err := c.do(request, response); err != nil {
			t.Errorf("detach member %d: %v", k+1, err)
		}
	}
	server.clock.advance(transition)
	if _, err := detach(c, attachment{"cn-hangzhou", "i-1", trunk}); err != nil {
		t.Errorf("detach the trunk without members: %v", err)
	}
	server.clock.advance(transition)
	deletion, deleted := ecs.CreateDeleteNetworkInterfaceRequest(), ecs.CreateDeleteNetworkInterfaceResponse()
	deletion.RegionId, deletion.NetworkInterfaceId = "cn-hangzhou", trunk
	if err := c.do(deletion, deleted); err != nil {
		t.Errorf("delete the trunk: %v", err)
	}
	server.clock.advance(transition)
	expectOfType(t, c, "Trunk", 0)
	expectOfType(t, c, "Member", 0)
	expectOfType(t, c, "Secondary", trunkMembers+1)
}

// expectOfType returns the interfaces of a type, and checks their number.
func expectOfType(t *testing.T, c client, kind string, want int) []ecs.NetworkInterfaceSet {
	t.Helper()
	reply, err := describeNetworkInterfaces(c, networkInterfaceQuery{
		RegionID: "cn-hangzhou", Type: kind, page: page{PageNumber: 1, PageSize: 100},
	})
	if err != nil {
		t.Fatalf("interfaces of type %s: %v", kind, err)
	}
	found := reply.NetworkInterfaceSets.NetworkInterfaceSet
	if len(found) != want {
		t.Errorf("interfaces of type %s: got %d, want %d", kind, len(found), want)
	}
	return found
}
