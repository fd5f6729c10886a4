package httpapi

import (
	"slices"
	"testing"
)

// Ids of resources are found in parameters, lists and JSON lists. Places, images and keys are none.
func TestNamedResources(t *testing.T) {
	t.Parallel()
	got := namedResources(parameters{
		"InstanceId": "i-1", "NetworkInterfaceId.1": "eni-1", "InstanceIds": `["i-2", "i-3"]`, "ResourceId.2": "eni-2",
		"NetworkInterface.1.NetworkInterfaceId": "eni-3", "VSwitchId": "", "InstanceIds.x": "[",
		"RegionId": "cn-hangzhou", "ZoneId": "cn-hangzhou-h", "ImageId": "m-1", "AccessKeyId": "LTAI1",
		"InstanceName": "i-4",
	})
	slices.Sort(got)
	if want := []string{"eni-1", "eni-2", "eni-3", "i-1", "i-2", "i-3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An account cannot hold back so many calls that none of another account can be held back.
func TestHeldCallsAreBounded(t *testing.T) {
	t.Parallel()
	var held heldCalls
	for n := range maxHeldPerAccount {
		if !held.begin("a") {
			t.Fatalf("got a refusal of call %d of an account, want %d calls", n+1, maxHeldPerAccount)
		}
	}
	if held.begin("a") {
		t.Errorf("got %d calls of an account held back, want at most %d", maxHeldPerAccount+1, maxHeldPerAccount)
	}
	for n := range maxHeld - maxHeldPerAccount {
		if !held.begin("b") {
			t.Fatalf("got a refusal of call %d of another account, want %d calls", n+1, maxHeld-maxHeldPerAccount)
		}
	}
	if held.begin("b") {
		t.Errorf("got %d calls held back, want at most %d", maxHeld+1, maxHeld)
	}
	held.end("a")
	if !held.begin("b") {
		t.Error("got a refusal after a call has ended, want none")
	}
	for range maxHeldPerAccount - 1 {
		held.end("a")
	}
	for range maxHeld - maxHeldPerAccount + 1 {
		held.end("b")
	}
	if held.all != 0 || len(held.ofAccount) != 0 {
		t.Errorf("got %d calls of %v held back, want none", held.all, held.ofAccount)
	}
}
