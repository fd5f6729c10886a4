package sdktest

import (
	"slices"
	"testing"

	"enisim.alt/testdata/scenarios"
)

// The quick-start world has this key, a free interface, and an instance with one free slot.
var (
	quickstartKey = key{"LTAIquickstart000001", "quickstart-secret"}
	freeInterface = attachment{"cn-hangzhou", "i-web", "eni-free-1"}
)

// An interface is attached and detached, and the lists show each status.
func testAttachAndDetach(t *testing.T, s sdk) {
	server := serve(t, scenarios.Quickstart)
	c := s.client(t, server.endpoint, quickstartKey)

	expectState(t, c, interfaceState{Status: "Available"})

	attached, err := attach(c, freeInterface)
	if err != nil {
		t.Fatalf("attach: %v", err)
	}
	if attached.RequestId != requestID {
		t.Errorf("attach: got request id %q, want %q", attached.RequestId, requestID)
	}
	expectState(t, c, interfaceState{"Attaching", "i-web", 1})
	server.clock.advance(transition)
	expectState(t, c, interfaceState{"InUse", "i-web", 1})
	expectInterfaces(t, c, "eni-free-1", "eni-web-primary")

	detached, err := detach(c, freeInterface)
	if err != nil {
		t.Fatalf("detach: %v", err)
	}
	if detached.RequestId != requestID {
		t.Errorf("detach: got request id %q, want %q", detached.RequestId, requestID)
	}
	expectState(t, c, interfaceState{"Detaching", "i-web", 1})
	server.clock.advance(transition)
	expectState(t, c, interfaceState{Status: "Available"})
	expectInterfaces(t, c, "eni-web-primary")
}

// interfaceState is the status of an interface and where it is attached.
type interfaceState struct {
	Status      string
	InstanceID  string
	DeviceIndex int
}

// expectState checks the state of the free interface.
func expectState(t *testing.T, c client, want interfaceState) {
	t.Helper()
	id := freeInterface.NetworkInterfaceID
	reply, err := describeNetworkInterfaces(c,
		networkInterfaceQuery{RegionID: freeInterface.RegionID, NetworkInterfaceIDs: []string{id}})
	if err != nil {
		t.Fatalf("describe %s: %v", id, err)
	}
	found := reply.NetworkInterfaceSets.NetworkInterfaceSet
	if len(found) != 1 || found[0].NetworkInterfaceId != id {
		t.Fatalf("describe %s: got %+v, want only that interface", id, found)
	}
	if got := (interfaceState{found[0].Status, found[0].InstanceId, found[0].Attachment.DeviceIndex}); got != want {
		t.Errorf("%s: got %+v, want %+v", id, got, want)
	}
	if got := found[0].Attachment.InstanceId; got != want.InstanceID {
		t.Errorf("%s: got an attachment to %q, want %q", id, got, want.InstanceID)
	}
}

// expectInterfaces checks the interfaces of the instance; want is sorted.
func expectInterfaces(t *testing.T, c client, want ...string) {
	t.Helper()
	id := freeInterface.InstanceID
	reply, err := describeInstances(c, instanceQuery{RegionID: freeInterface.RegionID, InstanceIDs: `["` + id + `"]`})
	if err != nil {
		t.Fatalf("describe %s: %v", id, err)
	}
	found := reply.Instances.Instance
	if len(found) != 1 || found[0].InstanceId != id {
		t.Fatalf("describe %s: got %+v, want only that instance", id, found)
	}
	var got []string
	for _, n := range found[0].NetworkInterfaces.NetworkInterface {
		got = append(got, n.NetworkInterfaceId)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got interfaces %v, want %v", id, got, want)
	}
}
