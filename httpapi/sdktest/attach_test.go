package sdktest

import (
	"slices"
	"testing"

	"enisim/testdata/scenarios"
)

// In the quick-start world: its account's key, and an interface on no instance with an instance that has one free place.
var (
	quickstartKey = key{"LTAIquickstart000001", "quickstart-secret"}
	free          = attachment{"cn-hangzhou", "i-web", "eni-free-1"}
)

// An interface goes onto an instance and off again, and every step shows.
func testAttachAndDetach(t *testing.T, s sdk) {
	server := serve(t, scenarios.Quickstart)
	c := s.client(t, server.endpoint, quickstartKey)

	expectPlace(t, c, place{Status: "Available"})

	attached, err := attach(c, free)
	if err != nil {
		t.Fatalf("attach: %v", err)
	}
	if attached.RequestId != requestID {
		t.Errorf("attach: got request id %q, want %q", attached.RequestId, requestID)
	}
	expectPlace(t, c, place{"Attaching", "i-web", 1})
	server.clock.advance(transition)
	expectPlace(t, c, place{"InUse", "i-web", 1})
	expectHeld(t, c, "eni-free-1", "eni-web-primary")

	detached, err := detach(c, free)
	if err != nil {
		t.Fatalf("detach: %v", err)
	}
	if detached.RequestId != requestID {
		t.Errorf("detach: got request id %q, want %q", detached.RequestId, requestID)
	}
	expectPlace(t, c, place{"Detaching", "i-web", 1})
	server.clock.advance(transition)
	expectPlace(t, c, place{Status: "Available"})
	expectHeld(t, c, "eni-web-primary")
}

// place is where an interface is.
type place struct {
	Status      string
	InstanceID  string
	DeviceIndex int
}

// expectPlace looks up where the interface is.
func expectPlace(t *testing.T, c client, want place) {
	t.Helper()
	id := free.NetworkInterfaceID
	reply, err := describeNetworkInterfaces(c, networkInterfaceQuery{RegionID: free.RegionID, NetworkInterfaceIDs: []string{id}})
	if err != nil {
		t.Fatalf("describe %s: %v", id, err)
	}
	found := reply.NetworkInterfaceSets.NetworkInterfaceSet
	if len(found) != 1 || found[0].NetworkInterfaceId != id {
		t.Fatalf("describe %s: got %+v, want that interface and no other", id, found)
	}
	if got := (place{found[0].Status, found[0].InstanceId, found[0].Attachment.DeviceIndex}); got != want {
		t.Errorf("%s: got %+v, want %+v", id, got, want)
	}
	if got := found[0].Attachment.InstanceId; got != want.InstanceID {
		t.Errorf("%s: got an attachment to %q, want %q", id, got, want.InstanceID)
	}
}

// expectHeld looks up which interfaces the instance holds; want is in the order of their ids.
func expectHeld(t *testing.T, c client, want ...string) {
	t.Helper()
	id := free.InstanceID
	reply, err := describeInstances(c, instanceQuery{RegionID: free.RegionID, InstanceIDs: `["` + id + `"]`})
	if err != nil {
		t.Fatalf("describe %s: %v", id, err)
	}
	found := reply.Instances.Instance
	if len(found) != 1 || found[0].InstanceId != id {
		t.Fatalf("describe %s: got %+v, want that instance and no other", id, found)
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
