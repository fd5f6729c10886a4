package httpapi_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// trunkType takes three interfaces beside the primary one, and two members.
const trunkType = "ecs.trunk.test"

// trunkWorld returns a world of an account with trunks.
func trunkWorld() *worldtest.World {
	return world(worldtest.Set("trunking", true)).
		InstanceType(trunkType, 4, worldtest.Set("eni_trunk_supported", true), worldtest.Set("eni_total_quantity", 6)).
		Instance("i-1", worldtest.Type(trunkType)).
		Instance("i-2", worldtest.Type(trunkType)).
		Instance("i-plain", worldtest.Type("ecs.g6.2xlarge"))
}

// isTrunk makes an interface a trunk, and memberOf a member of a trunk.
var (
	isTrunk  = worldtest.Set("type", "Trunk")
	memberOf = func(trunk string) worldtest.Option { return worldtest.Set("trunk", trunk) }
)

// attachMember attaches an interface as a member of a trunk, and expects a code.
func attachMember(t *testing.T, s *server, instance, eni, trunk, want string) {
	t.Helper()
	s.expectCode(t, want, "AttachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni,
		"TrunkNetworkInstanceId", trunk)
}

// A trunk is created, attached, gets members up to the total of its type, and loses them again. The
// members count neither against the interfaces of the instance nor do these count against the members.
func TestTrunkAndItsMembers(t *testing.T) {
	t.Parallel()
	s := serve(t, trunkWorld().NetworkInterface("eni-{n}", worldtest.Count(6)), service.Options{})
	// First make a trunk, which is a trunk from the beginning.
	trunk, _ := s.createInterface(t, "InstanceType", "Trunk")
	if n := describeInterface(t, s, trunk); n["Type"] != "Trunk" || n["Status"] != "Available" {
		t.Errorf("a new trunk: got %v and %v, want Trunk and Available", n["Type"], n["Status"])
	}
	attachMember(t, s, "i-1", "eni-1", trunk, "InvalidOperation.InvalidTrunkEniStatus")
	s.expectCode(t, "InvalidOperation.InstanceTypeNotSupportEniTrunking", "AttachNetworkInterface",
		"InstanceId", "i-plain", "NetworkInterfaceId", trunk)
	s.expectCode(t, ok, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", trunk)
	// Then attach members, and fill the slots beside it.
	attachMember(t, s, "i-1", "eni-1", trunk, ok)
	attachMember(t, s, "i-2", "eni-2", trunk, "InvalidParameter.EniNotBelongTrunk")
	attachMember(t, s, "i-1", "eni-2", trunk, ok)
	attachMember(t, s, "i-1", "eni-3", trunk, "EniPerInstanceLimitExceeded")
	for k, want := range []string{ok, ok, "EniPerInstanceLimitExceeded"} {
		s.expectCode(t, want, "AttachNetworkInterface", "InstanceId", "i-1",
			"NetworkInterfaceId", fmt.Sprintf("eni-%d", k+3))
	}
	for k, id := range []string{"eni-1", "eni-2"} {
		n := describeInterface(t, s, id)
		got := fmt.Sprint(n["Type"], n["InstanceId"], n["Attachment"])
		want := fmt.Sprint("Member", "i-1", map[string]any{
			"InstanceId": "i-1", "DeviceIndex": 1001 + k, "TrunkNetworkInterfaceId": trunk,
		})
		if got != want {
			t.Errorf("member %s: got %s, want %s", id, got, want)
		}
	}
	s.expectTypes(t, map[string][]string{
		"Member": {"eni-1", "eni-2"}, "Trunk": {trunk}, "Secondary": {"eni-3", "eni-4", "eni-5", "eni-6"},
	})
	attribute := s.mustCall(t, "DescribeNetworkInterfaceAttribute", "NetworkInterfaceId", trunk)
	if got, want := fmt.Sprint(attribute.body["Attachment"].(map[string]any)["MemberNetworkInterfaceIds"]),
		"map[MemberNetworkInterfaceId:[eni-1 eni-2]]"; got != want {
		t.Errorf("members of the trunk: got %s, want %s", got, want)
	}
	// Last take all off again: a trunk with members stays.
	s.expectCode(t, "InvalidOperation.HasMemberEniAttached", "DetachNetworkInterface",
		"InstanceId", "i-1", "NetworkInterfaceId", trunk)
	s.expectCode(t, "InvalidParameter.EniNotBelongTrunk", "DetachNetworkInterface",
		"InstanceId", "i-1", "NetworkInterfaceId", "eni-3", "TrunkNetworkInstanceId", trunk)
	s.expectCode(t, ok, "DetachNetworkInterface",
		"InstanceId", "i-1", "NetworkInterfaceId", "eni-1", "TrunkNetworkInstanceId", trunk)
	attachMember(t, s, "i-1", "eni-6", trunk, ok) // in the VLAN of eni-1
	for _, id := range []string{"eni-2", "eni-6"} {
		s.expectCode(t, ok, "DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", id)
	}
	s.expectCode(t, ok, "DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", trunk)
	s.expectTypes(t, map[string][]string{"Member": {}})
	s.expectCode(t, ok, "DeleteNetworkInterface", "NetworkInterfaceId", trunk)
	s.expectTypes(t, map[string][]string{"Trunk": {}})
	if n := s.count(t, `SELECT count(*) FROM trunks`); n != 0 {
		t.Errorf("attached trunks: got %d, want none", n)
	}
	checkInvariants(t, s.pool)
}

// expectTypes compares the ids of the interfaces of some types, as lists filter by them.
func (s *server) expectTypes(t *testing.T, want map[string][]string) {
	t.Helper()
	for kind, ids := range want {
		got := []string{}
		for _, n := range interfacesOf(t, s.mustCall(t, "DescribeNetworkInterfaces", "Type", kind)) {
			got = append(got, n.(map[string]any)["NetworkInterfaceId"].(string))
		}
		if !slices.Equal(got, ids) {
			t.Errorf("interfaces of type %s: got %q, want %q", kind, got, ids)
		}
	}
}

// Without trunking, requests about trunks are refused as the public page says. A trunk that exists stays
// one, and is still in lists.
func TestAccountsWithoutTrunking(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		InstanceType(trunkType, 4, worldtest.Set("eni_trunk_supported", true)).
		Instance("i-1", worldtest.Type(trunkType)).
		NetworkInterface("eni-trunk", isTrunk, worldtest.AttachedTo("i-1")).
		NetworkInterface("eni-1"), service.Options{})
	attachMember(t, s, "i-1", "eni-1", "eni-trunk", "UnsupportedParameter")
	s.expectCode(t, "UnsupportedParameter", "DetachNetworkInterface", "InstanceId", "i-1",
		"NetworkInterfaceId", "eni-1", "TrunkNetworkInstanceId", "eni-trunk")
	s.expectCode(t, "UnsupportedParameter", "CreateNetworkInterface", "VSwitchId", "vsw-h",
		"SecurityGroupId", "sg-main", "InstanceType", "Trunk")
	s.expectTypes(t, map[string][]string{"Trunk": {"eni-trunk"}})
}

// 32 callers attach members to a trunk with two places: two of them succeed, whatever else is attached to the
// instance at the same time.
func TestRaceForPlacesOfATrunk(t *testing.T) {
	t.Parallel()
	s := serve(t, trunkWorld().
		NetworkInterface("eni-trunk", isTrunk, worldtest.AttachedTo("i-1")).
		NetworkInterface("eni-{n}", worldtest.Count(32)), service.Options{AttachDelay: time.Hour})
	expect(t, race(t, 32, func(k int) (string, error) {
		pairs := []string{"InstanceId", "i-1", "NetworkInterfaceId", fmt.Sprintf("eni-%d", k+1)}
		if k >= 8 {
			pairs = append(pairs, "TrunkNetworkInstanceId", "eni-trunk")
		}
		r, err := s.call(t.Context(), "AttachNetworkInterface", pairs...)
		return r.code(), err
	}), map[string]int{ok: 4, "EniPerInstanceLimitExceeded": 28}) // two slots and two members
	if n := s.count(t, `SELECT count(*) FROM attachments WHERE trunk_id <> network_interface_id`); n != 2 {
		t.Errorf("members: got %d, want 2", n)
	}
	checkInvariants(t, s.pool)
}

// 16 callers attach different trunks to one instance: one of them succeeds.
func TestRaceOfTrunksForOneInstance(t *testing.T) {
	t.Parallel()
	s := serve(t, trunkWorld().NetworkInterface("eni-{n}", isTrunk, worldtest.Count(16)),
		service.Options{AttachDelay: time.Hour})
	expect(t, race(t, 16, func(k int) (string, error) {
		r, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-1",
			"NetworkInterfaceId", fmt.Sprintf("eni-%d", k+1))
		return r.code(), err
	}), map[string]int{ok: 1, "InvalidOperation.TrunkingIsNotAllowed": 15})
	checkInvariants(t, s.pool)
}

// The detach of a trunk and attaches of members race: either the trunk goes and no member comes, or members
// come and the trunk stays.
func TestRaceOfMembersAndTheDetachOfTheirTrunk(t *testing.T) {
	t.Parallel()
	s := serve(t, trunkWorld().
		NetworkInterface("eni-trunk", isTrunk, worldtest.AttachedTo("i-1")).
		NetworkInterface("eni-{n}", worldtest.Count(3)), service.Options{})
	stayed, went := 0, 0
	for round := range 30 {
		detached := ""
		answers := race(t, 4, func(k int) (string, error) {
			if k == 3 {
				r, err := s.call(t.Context(), "DetachNetworkInterface",
					"InstanceId", "i-1", "NetworkInterfaceId", "eni-trunk")
				detached = r.code()
				return "detach " + r.code(), err
			}
			r, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-1",
				"NetworkInterfaceId", fmt.Sprintf("eni-%d", k+1), "TrunkNetworkInstanceId", "eni-trunk")
			return r.code(), err
		})
		members := s.count(t, `SELECT count(*) FROM attachments WHERE trunk_id <> network_interface_id`)
		switch {
		case detached == ok && members == 0 && answers["InvalidOperation.InvalidTrunkEniStatus"] == 3:
			went++
			s.expectCode(t, ok, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-trunk")
		case detached == "InvalidOperation.HasMemberEniAttached" && members == 2 && answers[ok] == 2:
			stayed++
		default:
			t.Fatalf("round %d: got %v and %d members, want two members, or none and no trunk", round, answers, members)
		}
		for k := range 3 {
			s.mustCall(t, "DetachNetworkInterface", "InstanceId", "i-1",
				"NetworkInterfaceId", fmt.Sprintf("eni-%d", k+1))
		}
	}
	t.Logf("the trunk went %d times and stayed %d times", went, stayed)
	checkInvariants(t, s.pool)
}

// A member keeps its VLAN and its trunk until its detach is due. Rows of members that have left do not keep
// the trunk from going on to another instance.
func TestATrunkMovesAfterItsMembersHaveLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := serve(t, trunkWorld().
		NetworkInterface("eni-trunk", isTrunk, worldtest.AttachedTo("i-1")).
		NetworkInterface("eni-{n}", worldtest.Count(2), worldtest.AttachedTo("i-1"), memberOf("eni-trunk")).
		NetworkInterface("eni-3"),
		service.Options{DetachDelay: time.Minute, Now: func() time.Time { return now }})
	detach := func(id, want string) {
		t.Helper()
		s.expectCode(t, want, "DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", id)
	}
	detach("eni-1", ok)
	detach("eni-2", ok)
	attachMember(t, s, "i-1", "eni-3", "eni-trunk", "EniPerInstanceLimitExceeded")
	detach("eni-trunk", "InvalidOperation.HasMemberEniAttached")
	s.expectTypes(t, map[string][]string{"Member": {"eni-1", "eni-2"}})
	now = now.Add(time.Minute)
	s.expectTypes(t, map[string][]string{"Member": {}, "Secondary": {"eni-1", "eni-2", "eni-3"}})
	detach("eni-trunk", ok)
	now = now.Add(time.Minute)
	s.expectCode(t, ok, "AttachNetworkInterface", "InstanceId", "i-2", "NetworkInterfaceId", "eni-trunk")
	attachMember(t, s, "i-2", "eni-1", "eni-trunk", ok)
	checkInvariants(t, s.pool)
}

// The deletion of an instance deletes its trunk and its members, as far as they go with it. The others
// become free secondary interfaces and trunks.
func TestDeletionOfAnInstanceWithATrunk(t *testing.T) {
	t.Parallel()
	keep := worldtest.Set("delete_on_release", false)
	s := serve(t, trunkWorld().
		NetworkInterface("eni-trunk-1", isTrunk, worldtest.AttachedTo("i-1")).
		NetworkInterface("eni-member-1", worldtest.AttachedTo("i-1"), memberOf("eni-trunk-1"), keep).
		NetworkInterface("eni-trunk-2", isTrunk, worldtest.AttachedTo("i-2"), keep).
		NetworkInterface("eni-member-2", worldtest.AttachedTo("i-2"), memberOf("eni-trunk-2")), service.Options{})
	for _, id := range []string{"i-1", "i-2"} {
		s.expectCode(t, ok, "DeleteInstance", "InstanceId", id, "Force", "true")
	}
	s.expectTypes(t, map[string][]string{"Member": {}, "Secondary": {"eni-member-1"}, "Trunk": {"eni-trunk-2"}})
	checkInvariants(t, s.pool)
}

// An instance with a trunk changes to a type that takes its members, which then have VLANs within the new
// limit. It does not change to a type with fewer members, or without trunks.
func TestAnInstanceWithATrunkChangesItsType(t *testing.T) {
	t.Parallel()
	trunks := worldtest.Set("eni_trunk_supported", true)
	s := serve(t, trunkWorld().
		InstanceType("ecs.more.test", 3, trunks, worldtest.Set("eni_total_quantity", 20)).
		InstanceType("ecs.fewer.test", 3, trunks, worldtest.Set("eni_total_quantity", 3)).
		Instance("i-stopped", worldtest.Type("ecs.more.test"), worldtest.Status("Stopped")).
		NetworkInterface("eni-trunk", isTrunk, worldtest.AttachedTo("i-stopped")).
		NetworkInterface("eni-member", worldtest.AttachedTo("i-stopped"), memberOf("eni-trunk"),
			worldtest.Set("device_index", 1017)), service.Options{})
	for _, c := range []struct{ to, want string }{
		{"ecs.g6.2xlarge", "InvalidOperation.InstanceTypeNotSupportEniTrunking"},
		{"ecs.fewer.test", "InvalidOperation.EniCountExceeded"},
		{trunkType, ok},
	} {
		s.expectCode(t, c.want, "ModifyInstanceSpec", "InstanceId", "i-stopped", "InstanceType", c.to)
	}
	n := describeInterface(t, s, "eni-member")["Attachment"].(map[string]any)
	if got := fmt.Sprint(n["DeviceIndex"]); got != "1001" {
		t.Errorf("VLAN of the member: got %s, want 1001", got)
	}
	checkInvariants(t, s.pool)
}
