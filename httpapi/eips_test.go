package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// eipStatus returns the status of an EIP, and the id of what it is associated with.
func (s *server) eipStatus(t *testing.T, id string) string {
	t.Helper()
	var found struct {
		EipAddresses struct {
			EipAddress []struct{ Status, InstanceId, PrivateIpAddress string }
		}
	}
	r := s.mustCall(t, "DescribeEipAddresses", "AllocationId", id)
	text, _ := json.Marshal(r.body)
	if err := json.Unmarshal(text, &found); err != nil || len(found.EipAddresses.EipAddress) != 1 {
		t.Fatalf("EIP %s: got %s, %v, want one", id, text, err)
	}
	e := found.EipAddresses.EipAddress[0]
	return strings.TrimSpace(e.Status + " " + e.InstanceId)
}

// expectEIP compares the status of an EIP and what it is associated with.
func (s *server) expectEIP(t *testing.T, id, want string) {
	t.Helper()
	if got := s.eipStatus(t, id); got != want {
		t.Errorf("EIP %s: got %q, want %q", id, got, want)
	}
}

// One of 60 concurrent associations of an EIP with different interfaces succeeds.
func TestRaceForOneEIP(t *testing.T) {
	t.Parallel()
	s := serve(t, world().NetworkInterface("eni-{n}", worldtest.Count(60)).EIP("eip-1"), service.Options{})
	expect(t, race(t, 60, func(k int) (string, error) {
		r, err := s.call(t.Context(), "AssociateEipAddress", "AllocationId", "eip-1", "InstanceType", ofInterface,
			"InstanceId", fmt.Sprintf("eni-%d", k+1))
		return r.code(), err
	}), map[string]int{ok: 1, "IncorrectEipStatus": 59})
	checkInvariants(t, s.pool)
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// One of 30 EIPs that are associated with an instance at the same time is on it.
func TestRaceForTheEIPOfAnInstance(t *testing.T) {
	t.Parallel()
	w := world().Instance("i-1")
	for k := range 30 {
		w.EIP("eip-"+strconv.Itoa(k), worldtest.Set("ip_address", "203.0.113."+strconv.Itoa(k)))
	}
	s := serve(t, w, service.Options{})
	expect(t, race(t, 30, func(k int) (string, error) {
		r, err := s.call(t.Context(), "AssociateEipAddress", "AllocationId", "eip-"+strconv.Itoa(k),
			"InstanceId", "i-1")
		return r.code(), err
	}), map[string]int{ok: 1, "InvalidAssociation.Duplicated": 29})
	checkInvariants(t, s.pool)
}

// An instance gets one of an EIP and a public address, whatever callers race.
func TestRaceOfAnEIPAndAPublicAddress(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-1").EIP("eip-1"), service.Options{})
	answers := race(t, 20, func(k int) (string, error) {
		action, pairs := "AllocatePublicIpAddress", []string{"InstanceId", "i-1"}
		if k%2 == 0 {
			action, pairs = "AssociateEipAddress", append(pairs, "AllocationId", "eip-1")
		}
		r, err := s.call(t.Context(), action, pairs...)
		return r.code(), err
	})
	eip := map[string]int{ok: 1, "IncorrectEipStatus": 9, "AllocatedAlready": 10}
	public := map[string]int{ok: 1, "InvalidStatus.InstanceHasBandWidth": 10, "AllocatedAlready": 9}
	if s.eipStatus(t, "eip-1") == "InUse i-1" {
		expect(t, answers, eip)
	} else {
		expect(t, answers, public)
	}
}

// 20 of 30 callers that allocate EIPs get one, and the addresses differ.
func TestRaceForTheQuotaOfEIPs(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	expect(t, race(t, 30, func(int) (string, error) {
		r, err := s.call(t.Context(), "AllocateEipAddress")
		return r.code(), err
	}), map[string]int{ok: 20, "QuotaExceeded.Eip": 10})
}

// An EIP is associated and taken off after the delays, and what it is on shows it meanwhile.
func TestEIPTransitions(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, world().Instance("i-1").EIP("eip-1", worldtest.Set("ip_address", "203.0.113.1")),
		service.Options{Now: clock.now, AttachDelay: 2 * time.Second, DetachDelay: 3 * time.Second})
	call := func(action, want string, pairs ...string) {
		t.Helper()
		if r := s.mustCall(t, action, pairs...); r.code() != want {
			t.Errorf("%s: got %v, want %q", action, r, want)
		}
	}
	shown := func(want bool) {
		t.Helper()
		for _, action := range []string{"DescribeInstances", "DescribeNetworkInterfaces"} {
			text, _ := json.Marshal(s.mustCall(t, action).body)
			if got := strings.Contains(string(text), "203.0.113.1"); got != want {
				t.Errorf("%s shows the EIP: got %v, want %v: %s", action, got, want, text)
			}
		}
	}
	shown(false)
	call("AssociateEipAddress", ok, "AllocationId", "eip-1", "InstanceId", "i-1")
	s.expectEIP(t, "eip-1", "Associating i-1")
	call("UnassociateEipAddress", "IncorrectEipStatus", "AllocationId", "eip-1")
	shown(true)
	clock.advance(2 * time.Second)
	s.expectEIP(t, "eip-1", "InUse i-1")
	call("ReleaseEipAddress", "IncorrectEipStatus", "AllocationId", "eip-1")
	call("UnassociateEipAddress", ok, "AllocationId", "eip-1", "InstanceId", "i-1")
	s.expectEIP(t, "eip-1", "Unassociating i-1")
	call("AssociateEipAddress", "IncorrectEipStatus", "AllocationId", "eip-1", "InstanceId", "i-1")
	clock.advance(3*time.Second - tick)
	s.expectEIP(t, "eip-1", "Unassociating i-1")
	clock.advance(tick)
	s.expectEIP(t, "eip-1", "Available")
	shown(false)
	call("AssociateEipAddress", ok, "AllocationId", "eip-1", "InstanceId", "i-1") // over the row of the first one
	s.expectEIP(t, "eip-1", "Associating i-1")
	clock.advance(2 * time.Second)
	call("UnassociateEipAddress", ok, "AllocationId", "eip-1")
	clock.advance(3 * time.Second)
	call("ReleaseEipAddress", ok, "AllocationId", "eip-1")
	call("ReleaseEipAddress", "InvalidAllocationId.NotFound", "AllocationId", "eip-1")
	checkInvariants(t, s.pool)
}

// An EIP stays on an interface that moves, and is Available once its address, its interface or its instance
// goes. The event of the deletion says so.
func TestEIPsLeaveWhatGoes(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	eip := func(k int, with string, more ...worldtest.Option) (string, []worldtest.Option) {
		return fmt.Sprintf("eip-%d", k), append(more, worldtest.AssociatedWith(with),
			worldtest.Set("ip_address", fmt.Sprintf("203.0.113.%d", k)))
	}
	w := world().Instance("i-1", worldtest.Type("ecs.g6.2xlarge")).
		NetworkInterface("eni-on", worldtest.AttachedTo("i-1")).
		NetworkInterface("eni-free").
		NetworkInterface("eni-two", worldtest.Set("private_ip_addresses", []string{"10.0.0.50", "10.0.0.51"}))
	for k, with := range []string{"i-1", "eni-on", "eni-free"} {
		id, options := eip(k+1, with)
		w.EIP(id, options...)
	}
	id, options := eip(4, "eni-two", worldtest.Set("private_ip_address", "10.0.0.51"))
	w.EIP(id, options...)
	s := serve(t, w, service.Options{Now: clock.now, DeleteDelay: time.Second, DetachDelay: time.Second})
	call := func(action string, pairs ...string) {
		t.Helper()
		if r := s.mustCall(t, action, pairs...); r.code() != ok {
			t.Errorf("%s: got %v, want a success", action, r)
		}
	}
	call("DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-on")
	clock.advance(time.Second)
	s.expectEIP(t, "eip-2", "InUse eni-on")
	call("AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-on")
	s.expectEIP(t, "eip-2", "InUse eni-on")
	call("DeleteNetworkInterface", "NetworkInterfaceId", "eni-free")
	s.expectEIP(t, "eip-3", "Available")
	call("UnassignPrivateIpAddresses", "NetworkInterfaceId", "eni-two", "PrivateIpAddress.1", "10.0.0.51")
	s.expectEIP(t, "eip-4", "Available")
	call("DeleteInstance", "InstanceId", "i-1", "Force", "true")
	s.expectEIP(t, "eip-1", "Available")
	s.expectEIP(t, "eip-2", "Available")
	events := strings.Join(recordedEvents(t, s.pool), "\n")
	for k, with := range []string{"i-1", "eni-on", "eni-free", "eni-two"} {
		want := fmt.Sprintf(`"from": %q, "field": "InstanceId", "resource": "eip-%d"`, with, k+1)
		if !strings.Contains(events, want) {
			t.Errorf("events: got no change %s in\n%s", want, events)
		}
	}
	checkInvariants(t, s.pool)
}
