package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// quotaWorld returns a world with a quota of secondary interfaces.
func quotaWorld(quota int) *worldtest.World {
	return worldtest.New(account, worldtest.Set("quotas", map[string]any{"network_interfaces_per_region": quota})).
		AccessKey(accessKey, worldtest.Set("secret", "test-secret")).
		VPC("vpc-main", "10.0.0.0/8", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/56")).
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/64")).
		VSwitch("vsw-60", "cn-hangzhou-h", "10.1.0.0/26").
		VSwitch("vsw-4", "cn-hangzhou-h", "10.2.0.0/29").
		SecurityGroup("sg-main").
		SecurityGroup("sg-more").
		SecurityGroup("sg-small", worldtest.Set("instance_limit", 8)).
		SecurityGroup("sg-enterprise", worldtest.Set("type", "enterprise"))
}

// creationPairs returns the minimum parameters of CreateNetworkInterface, and more.
func creationPairs(vswitch string, more ...string) []string {
	return append([]string{"VSwitchId", vswitch, "SecurityGroupId", "sg-main"}, more...)
}

// describeInterface returns the description of one interface.
func describeInterface(t testing.TB, s *server, id string) map[string]any {
	t.Helper()
	found := interfacesOf(t, s.mustCall(t, "DescribeNetworkInterfaces", "NetworkInterfaceId.1", id))
	if len(found) != 1 {
		t.Fatalf("%s: got %d interfaces, want one", id, len(found))
	}
	return found[0].(map[string]any)
}

// interfacesOf returns the interfaces in a reply.
func interfacesOf(t testing.TB, r reply) []any {
	t.Helper()
	list, is := r.body["NetworkInterfaceSets"].(map[string]any)
	if !is {
		t.Fatalf("got %v, want a list", r.body)
	}
	return list["NetworkInterfaceSet"].([]any)
}

// A /26 has 60 addresses, of which ten are in use. Of 200 callers, 50 get one each.
func TestRaceForVSwitchAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(1000).
		NetworkInterface("eni-{n}", worldtest.Count(10), worldtest.In("vsw-60")), service.Options{})
	created := make([]reply, 200)
	expect(t, race(t, len(created), func(k int) (code string, err error) {
		created[k], err = s.call(t.Context(), "CreateNetworkInterface", creationPairs("vsw-60")...)
		return created[k].code(), err
	}), map[string]int{ok: 50, "InvalidVSwitchId.IpNotEnough": 150})
	ids, addresses := map[any]bool{}, map[any]bool{}
	for _, r := range created {
		if r.code() == ok {
			ids[r.body["NetworkInterfaceId"]], addresses[r.body["PrivateIpAddress"]] = true, true
		}
	}
	if len(ids) != 50 || len(addresses) != 50 {
		t.Errorf("got %d ids and %d addresses, want 50 different ones of each", len(ids), len(addresses))
	}
	listed := s.mustCall(t, "DescribeNetworkInterfaces", "VSwitchId", "vsw-60", "PageSize", "1000")
	if n := len(interfacesOf(t, listed)); n != 60 {
		t.Errorf("got %d interfaces in the VSwitch, want 60", n)
	}
	expectNoDeadlocks(t, s)
}

// 400 callers of one account at once get an interface each, or as many as there are addresses.
func TestManyCreatorsOfAnAccount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want map[string]int
		in   string
	}{
		{"with an address for each", map[string]int{ok: 400}, "vsw-h"},
		{"with 100 addresses", map[string]int{ok: 100, "InvalidVSwitchId.IpNotEnough": 300}, "vsw-252"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, quotaWorld(1000).
				VSwitch("vsw-252", "cn-hangzhou-h", "10.3.0.0/24").
				NetworkInterface("eni-{n}", worldtest.Count(152), worldtest.In("vsw-252")), service.Options{})
			expect(t, race(t, 400, func(int) (string, error) {
				r, err := s.call(t.Context(), "CreateNetworkInterface", creationPairs(c.in)...)
				return r.code(), err
			}), c.want)
			expectNoDeadlocks(t, s)
		})
	}
}

// The quota counts the secondary interfaces of a region in all VSwitches, attached or not. It does
// not count primary interfaces.
func TestRaceForInterfaceQuota(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(12).
		Instance("i-{n}", worldtest.Count(5)).
		NetworkInterface("eni-{n}", worldtest.Count(2)).
		NetworkInterface("eni-on-{n}", worldtest.Count(2), worldtest.AttachedTo("i-{n}")).
		Region("cn-beijing").
		VPC("vpc-north", "10.0.0.0/8").
		VSwitch("vsw-north", "cn-beijing-a", "10.0.0.0/16").
		SecurityGroup("sg-north").
		NetworkInterface("eni-north-{n}", worldtest.Count(12), worldtest.In("vsw-north"), worldtest.Groups("sg-north")),
		service.Options{})
	vswitches := []string{"vsw-h", "vsw-60"}
	expect(t, race(t, 40, func(k int) (string, error) {
		r, err := s.call(t.Context(), "CreateNetworkInterface", creationPairs(vswitches[k%2])...)
		return r.code(), err
	}), map[string]int{ok: 8, "MaxEniCountExceeded": 32})
	expectNoDeadlocks(t, s)
}

// 20 callers with one token create one interface, and all get the same reply.
func TestRaceForOneClientToken(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(100), service.Options{})
	answers := make([]reply, 20)
	request := creationPairs("vsw-h", "ClientToken", "mine", "Ipv6AddressCount", "1")
	expect(t, race(t, len(answers), func(k int) (code string, err error) {
		answers[k], err = s.call(t.Context(), "CreateNetworkInterface", request...)
		return answers[k].code(), err
	}), map[string]int{ok: 20})
	for _, r := range answers {
		delete(r.body, "RequestId")
		if fmt.Sprint(r.body) != fmt.Sprint(answers[0].body) {
			t.Errorf("got %v and %v, want the same reply", r.body, answers[0].body)
		}
	}
	if r := s.mustCall(t, "CreateNetworkInterface", also(request,
		"Description", "another")...); r.code() != "IdempotentParameterMismatch" {
		t.Errorf("another request with the token: got %v, want IdempotentParameterMismatch", r.body)
	}
	if n := len(interfacesOf(t, s.mustCall(t, "DescribeNetworkInterfaces"))); n != 1 {
		t.Errorf("got %d interfaces, want one", n)
	}
}

// A refused request uses up its token, as captured. A repeat gets IdempotentFailed even after the
// cause of the refusal has gone, and other parameters are a mismatch. A token can be used again if
// the refusal was due to a pending status, or after a day.
func TestFailedCreationUsesUpClientToken(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, quotaWorld(100).
		NetworkInterface("eni-{n}", worldtest.Count(4), worldtest.In("vsw-4")),
		service.Options{CreateDelay: time.Hour, Now: clock.now})
	request := creationPairs("vsw-4", "ClientToken", "mine")
	if r := s.mustCall(t, "CreateNetworkInterface", request...); r.code() != "InvalidVSwitchId.IpNotEnough" {
		t.Fatalf("without a free address: got %v, want InvalidVSwitchId.IpNotEnough", r.body)
	}
	if r := s.mustCall(t, "DeleteNetworkInterface", "NetworkInterfaceId", "eni-3"); r.code() != ok {
		t.Fatalf("delete: got %v, want a success", r.body)
	}
	if r := s.mustCall(t, "CreateNetworkInterface", request...); r.status != 403 || r.code() != "IdempotentFailed" {
		t.Errorf("repeated: got %d %v, want 403 IdempotentFailed", r.status, r.body)
	}
	if r := s.mustCall(t, "CreateNetworkInterface", also(request,
		"Description", "another")...); r.code() != "IdempotentParameterMismatch" {
		t.Errorf("another request with the token: got %v, want IdempotentParameterMismatch", r.body)
	}

	vpc := s.mustCall(t, "CreateVpc", "CidrBlock", "172.16.0.0/12").body["VpcId"]
	clock.advance(time.Hour)
	vswitch := s.mustCall(t, "CreateVSwitch", "VpcId", fmt.Sprint(vpc), "ZoneId", "cn-hangzhou-h",
		"CidrBlock", "172.16.0.0/24").body["VSwitchId"]
	group := s.mustCall(t, "CreateSecurityGroup", "VpcId", fmt.Sprint(vpc)).body["SecurityGroupId"]
	early := []string{"VSwitchId", fmt.Sprint(vswitch), "SecurityGroupId", fmt.Sprint(group), "ClientToken", "early"}
	if r := s.mustCall(t, "CreateNetworkInterface", early...); r.code() != "IncorrectVSwitchStatus" {
		t.Errorf("in a Pending VSwitch: got %v, want IncorrectVSwitchStatus", r.body)
	}
	clock.advance(time.Hour)
	if r := s.mustCall(t, "CreateNetworkInterface", early...); r.code() != ok {
		t.Errorf("repeated in the Available VSwitch: got %v, want a success", r.body)
	}

	clock.advance(24 * time.Hour)
	first, second := s.mustCall(t, "CreateNetworkInterface", request...),
		s.mustCall(t, "CreateNetworkInterface", request...)
	if first.code() != ok || first.body["PrivateIpAddress"] != "10.2.0.3" ||
		second.body["NetworkInterfaceId"] != first.body["NetworkInterfaceId"] {
		t.Errorf("after a day: got %v, then %v, want the same interface with the released address", first.body,
			second.body)
	}
}

// An interface is Deleting for the delay, even if it is deleted again. Then it does not exist, and
// its address and its share of the quota are free.
func TestDeletedInterfacesArePurgedAfterDelay(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, quotaWorld(4).
		NetworkInterface("eni-{n}", worldtest.Count(4), worldtest.In("vsw-4")),
		service.Options{DeleteDelay: time.Hour, Now: clock.now})
	status := func() any {
		list := interfacesOf(t, s.mustCall(t, "DescribeNetworkInterfaces", "NetworkInterfaceId.1", "eni-2"))
		if len(list) == 0 {
			return "gone"
		}
		return list[0].(map[string]any)["Status"]
	}
	want := func(when string, wantStatus, wantDelete, wantCreate string) {
		t.Helper()
		if got := status(); got != wantStatus {
			t.Errorf("%s: got status %v, want %s", when, got, wantStatus)
		}
		if r := s.mustCall(t, "DeleteNetworkInterface", "NetworkInterfaceId", "eni-2"); r.code() != wantDelete {
			t.Errorf("%s: delete: got %v, want %q", when, r.body, wantDelete)
		}
		r := s.mustCall(t, "CreateNetworkInterface", creationPairs("vsw-4")...)
		if r.code() != wantCreate || (wantCreate == ok && r.body["PrivateIpAddress"] != "10.2.0.2") {
			t.Errorf("%s: create: got %v, want %q with the address of the deleted interface", when, r.body, wantCreate)
		}
	}
	want("before", "Available", ok, "MaxEniCountExceeded")
	want("right after", "Deleting", ok, "MaxEniCountExceeded")
	clock.advance(time.Hour - time.Millisecond)
	want("just before the due time", "Deleting", ok, "MaxEniCountExceeded")
	clock.advance(time.Millisecond)
	want("at the due time", "gone", "InvalidEniId.NotFound", ok)
}

// An attach and a deletion of one interface race: one of them succeeds.
func TestRaceOfAttachAndDelete(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{0, time.Hour} {
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			s := serve(t, world().
				Instance("i-1", worldtest.Type("ecs.g7.32xlarge")).
				NetworkInterface("eni-{n}", worldtest.Count(12)), service.Options{DeleteDelay: delay})
			codes := make([]string, 24)
			race(t, len(codes), func(k int) (string, error) {
				action, pairs := "DeleteNetworkInterface", []string{"NetworkInterfaceId", fmt.Sprintf("eni-%d", k/2+1)}
				if k%2 == 0 {
					action, pairs = "AttachNetworkInterface", append(pairs, "InstanceId", "i-1")
				}
				r, err := s.call(t.Context(), action, pairs...)
				codes[k] = r.code()
				return codes[k], err
			})
			attachLost := "InvalidOperation.InvalidEniState"
			if delay == 0 {
				attachLost = "InvalidEniId.NotFound"
			}
			attached := 0
			for k := 0; k < len(codes); k += 2 {
				switch attach, remove := codes[k], codes[k+1]; {
				case attach == ok && remove == "InvalidOperation.InvalidEniState":
					attached++
				case attach != attachLost || remove != ok:
					t.Errorf("eni-%d: got %q for the attach and %q for the deletion, want one success", k/2+1, attach,
						remove)
				}
			}
			if got := attachments(t, s.pool)["i-1"] - 1; got != attached {
				t.Errorf("got %d secondary interfaces on the instance, want %d", got, attached)
			}
			expectNoDeadlocks(t, s)
		})
	}
}

// 32 instances compete for a group with a capacity of 8, through changes of their interfaces'
// groups and through attaches.
func TestRaceForCapacityOfGroupByModify(t *testing.T) {
	t.Parallel()
	for name, modifiers := range map[string]int{"changes": 32, "changes and attaches": 16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, quotaWorld(100).
				Instance("i-{n}", worldtest.Count(32)).
				NetworkInterface("eni-{n}", worldtest.Count(32), worldtest.Groups("sg-small")), service.Options{})
			var pairs [][]string
			for k := range 32 {
				pairs = append(pairs, []string{"InstanceId", fmt.Sprintf("i-%d", k+1),
					"NetworkInterfaceId", fmt.Sprintf("eni-%d", k+1)})
			}
			for k := range modifiers { // these are attached already, in another group
				for _, r := range []reply{
					s.mustCall(t, "ModifyNetworkInterfaceAttribute", also(pairs[k], "SecurityGroupId.1", "sg-main")...),
					s.mustCall(t, "AttachNetworkInterface", pairs[k]...),
				} {
					if r.code() != ok {
						t.Fatalf("got %v, want a success", r.body)
					}
				}
			}
			expect(t, race(t, 32, func(k int) (string, error) {
				if k < modifiers {
					r, err := s.call(t.Context(), "ModifyNetworkInterfaceAttribute",
						also(pairs[k], "SecurityGroupId.1", "sg-small", "SecurityGroupId.2", "sg-more")...)
					return r.code(), err
				}
				r, err := s.call(t.Context(), "AttachNetworkInterface", pairs[k]...)
				return r.code(), err
			}), map[string]int{ok: 8, "SecurityGroupInstanceLimitExceed": 24})
			checkInvariants(t, s.pool)
			expectNoDeadlocks(t, s)
		})
	}
}

// These changes are decided by the status of the interface and its instance, beyond the cases of
// the golden files.
func TestModifyNetworkInterfaceStates(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(100).
		Instance("i-running", worldtest.Type("ecs.g6.2xlarge")).
		Instance("i-stopped", worldtest.Type("ecs.g6.2xlarge"), worldtest.Status("Stopped")).
		Instance("i-in-{n}", worldtest.Count(8), worldtest.Groups("sg-small")).
		NetworkInterface("eni-free").
		NetworkInterface("eni-running", worldtest.AttachedTo("i-running")).
		NetworkInterface("eni-stopped", worldtest.AttachedTo("i-stopped")).
		NetworkInterface("eni-attaching", worldtest.AttachedTo("i-running"), worldtest.Status("Attaching")).
		NetworkInterface("eni-in", worldtest.AttachedTo("i-in-1")), service.Options{})
	for _, c := range []struct{ name, eni, parameter, value, want string }{
		{"a free one", "eni-free", "QueueNumber", "2", ok},
		{"queues on a running instance", "eni-running", "QueueNumber", "2", "InvalidOperation.InvalidEniState"},
		{"queues by the config", "eni-running", "NetworkInterfaceTrafficConfig.QueueNumber", "2",
			"InvalidOperation.InvalidEniState"},
		{"queues on a stopped instance", "eni-stopped", "QueueNumber", "2", ok},
		{"the name of an attaching one", "eni-attaching", "NetworkInterfaceName", "late",
			"InvalidOperation.InvalidEniState"},
		{"a full group, free", "eni-free", "SecurityGroupId.1", "sg-small", ok},
		{"a full group, attached", "eni-running", "SecurityGroupId.1", "sg-small", "SecurityGroupInstanceLimitExceed"},
		{"a full group with its instance in it", "eni-in", "SecurityGroupId.1", "sg-small", ok},
		{"primary IPv6 without IPv6", "eni-free", "EnablePrimaryIPv6", "true", "InvalidParameter"},
		{"the name of a primary one", "eni-running-primary", "NetworkInterfaceName", "first", ok},
		{"the release of a primary one", "eni-running-primary", "DeleteOnRelease", "false",
			"InvalidOperation.PrimaryEniOnlySupportModifyNameAndDesc"},
	} {
		if r := s.mustCall(t, "ModifyNetworkInterfaceAttribute", "NetworkInterfaceId", c.eni, c.parameter,
			c.value); r.code() != c.want {
			t.Errorf("%s: got %v, want %q", c.name, r.body, c.want)
		}
	}
}

// interfaceFields are the fields of an interface that a client sets, by their names in replies.
type interfaceFields map[string]any

// Any valid interface reads back as it was created and changed, in all replies. Reading changes
// nothing.
func TestInterfacesReadBack(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(100_000), service.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		var named []string // far above the addresses that the VSwitch chooses
		pairs, want := drawSettings(rt, interfaceFields{
			"DeleteOnRelease": true, "SourceDestCheck": false, "QueueNumber": 0, "NetworkInterfaceName": "",
			"Description": "",
			"tracking":    []any{910.0, 3.0, 30.0}, "groups": []any{"sg-main"},
		}, "SecurityGroupIds", true)
		pairs = append(pairs, "VSwitchId", "vsw-h")
		ipv4, ipv6, prefixes4, prefixes6 := 1, 0, 0, 0
		kind := func(step string) int { return rapid.IntRange(0, 2).Draw(rt, step) } // none, named, counted
		if rapid.Bool().Draw(rt, "primary address") {
			pairs, named = append(pairs, "PrimaryIpAddress", "10.0.100.1"), append(named, "10.0.100.1")
			want["PrivateIpAddress"] = "10.0.100.1"
		}
		several := kind("secondary addresses")
		switch several {
		case 1:
			pairs, named, ipv4 = append(pairs, "PrivateIpAddress.1", "10.0.100.3", "PrivateIpAddress.2", "10.0.100.2"),
				append(named, "10.0.100.2", "10.0.100.3"), 3
		case 2:
			pairs, ipv4 = append(pairs, "SecondaryPrivateIpAddressCount", "3"), 4
		}
		several6 := kind("IPv6")
		switch several6 {
		case 1:
			pairs, named, ipv6 = append(pairs, "Ipv6Address.1", "2001:DB8:0:100::0:1"),
				append(named, "2001:db8:0:100::1"), 1
		case 2:
			pairs, ipv6 = append(pairs, "Ipv6AddressCount", "2"), 2
		}
		if ipv6 > 0 && rapid.Bool().Draw(rt, "primary IPv6") {
			pairs, want["primary IPv6"] = append(pairs, "EnablePrimaryIPv6", "true"), true
		}
		without := func(addresses, prefixes int) int { // a creation takes either of them
			if addresses > 0 {
				return 0
			}
			return prefixes
		}
		switch without(several, kind("/28")) {
		case 1:
			pairs, named, prefixes4 = append(pairs, "Ipv4Prefix.1", "10.0.200.16/28"), append(named, "10.0.200.16/28"),
				1
		case 2:
			pairs, prefixes4 = append(pairs, "Ipv4PrefixCount", "2"), 2
		}
		switch without(several6, kind("/80")) {
		case 1:
			const prefix = "2001:db8:0:100:a000::/80"
			pairs, named, prefixes6 = append(pairs, "Ipv6Prefix.1", prefix), append(named, prefix), 1
		case 2:
			pairs, prefixes6 = append(pairs, "Ipv6PrefixCount", "2"), 2
		}
		want["ResourceGroupId"] = rapid.SampledFrom([]string{"", "rg-1"}).Draw(rt, "resource group")
		pairs = append(pairs, "ResourceGroupId", want["ResourceGroupId"].(string))
		tags := map[string]any{}
		for k := range rapid.IntRange(0, 3).Draw(rt, "tags") {
			n := strconv.Itoa(k + 1)
			tags["key "+n] = rapid.SampledFrom([]string{"", "<net & web>", "Netz-übergang"}).Draw(rt, "tag")
			pairs = append(pairs, "Tag."+n+".Key", "key "+n, "Tag."+n+".Value", tags["key "+n].(string))
		}
		want["tags"] = tags

		created := s.mustCall(t, "CreateNetworkInterface", pairs...)
		if created.code() != ok {
			rt.Fatalf("create %v: got %v", pairs, created.body)
		}
		id := created.body["NetworkInterfaceId"].(string)
		defer func() { // so that its addresses are free for the next draw
			if r := s.mustCall(t, "DeleteNetworkInterface", "NetworkInterfaceId", id); r.code() != ok {
				rt.Errorf("delete: got %v", r.body)
			}
		}()
		check := func(step string, want interfaceFields, primary string) {
			shown := describeInterface(t, s, id)
			if again := describeInterface(t, s, id); encodeJSON(again) != encodeJSON(shown) {
				rt.Errorf("%s: got\n%s and then\n%s, want the same", step, encodeJSON(shown), encodeJSON(again))
			}
			attribute := s.mustCall(t, "DescribeNetworkInterfaceAttribute", "NetworkInterfaceId", id,
				"Attribute", "connectionTrackingConfiguration").body
			for field, value := range shown {
				if field != "Attachment" && encodeJSON(attribute[field]) != encodeJSON(value) {
					rt.Errorf("%s: %s: got %v in the list and %v alone, want the same", step, field, value,
						attribute[field])
				}
			}
			got := fieldsFromReply(shown, attribute)
			for field, value := range want {
				if encodeJSON(got[field]) != encodeJSON(value) {
					rt.Errorf("%s %v: %s: got %v, want %v", step, pairs, field, got[field], value)
				}
			}
			addresses := got["addresses"].([]string)
			for _, a := range named {
				if !slices.Contains(addresses, a) {
					rt.Errorf("%s: got %v, want %s among them", step, addresses, a)
				}
			}
			if got, want := fmt.Sprint(got["counts"]),
				fmt.Sprint([]int{ipv4, ipv6, prefixes4, prefixes6}); got != want {
				rt.Errorf("%s %v: got %s addresses and prefixes, want %s", step, pairs, got, want)
			}
			if primary != "" && shown["PrivateIpAddress"] != primary {
				rt.Errorf("%s: got the primary address %v, want %s, which never changes", step,
					shown["PrivateIpAddress"], primary)
			}
		}
		shown := describeInterface(t, s, id)
		for field, value := range created.body {
			if other, both := shown[field]; both && field != "PrivateIpSets" && encodeJSON(other) != encodeJSON(value) {
				rt.Errorf("%s: got %v at the creation and %v in the list, want the same", field, value, other)
			}
		}
		check("create", want, "")
		for range rapid.IntRange(0, 3).Draw(rt, "changes") {
			before := maps.Clone(want)
			change, after := drawSettings(rt, before, "SecurityGroupId", false)
			if ipv6 > 0 && rapid.Bool().Draw(rt, "touch primary IPv6") {
				enable := rapid.Bool().Draw(rt, "enable")
				change, after["primary IPv6"] = append(change, "EnablePrimaryIPv6", strconv.FormatBool(enable)), enable
			}
			if r := s.mustCall(t, "ModifyNetworkInterfaceAttribute",
				append(change, "NetworkInterfaceId", id)...); r.code() != ok {
				rt.Fatalf("modify %v: got %v", change, r.body)
			}
			want = after
			check(fmt.Sprintf("modify %v", change), want, created.body["PrivateIpAddress"].(string))
		}
	})
}

// drawSettings draws parameters of a creation or a change, and returns the fields that result.
func drawSettings(rt *rapid.T, before interfaceFields, groups string, create bool) ([]string, interfaceFields) {
	var pairs []string
	want := maps.Clone(before)
	for _, flag := range []string{"DeleteOnRelease", "SourceDestCheck"} {
		if rapid.Bool().Draw(rt, "set "+flag) {
			yes := rapid.Bool().Draw(rt, flag)
			pairs, want[flag] = append(pairs, flag, strconv.FormatBool(yes)), yes
		}
	}
	if rapid.Bool().Draw(rt, "set queues") {
		n := rapid.IntRange(1, 2048).Draw(rt, "queues")
		name := rapid.SampledFrom([]string{"QueueNumber", "NetworkInterfaceTrafficConfig.QueueNumber"}).Draw(rt,
			"queues by")
		pairs, want["QueueNumber"] = append(pairs, name, strconv.Itoa(n)), n
	}
	if rapid.Bool().Draw(rt, "set name") {
		want["NetworkInterfaceName"] = rapid.SampledFrom([]string{"data", "网卡-1", "a.b:c_d"}).Draw(rt, "name")
		pairs = append(pairs, "NetworkInterfaceName", want["NetworkInterfaceName"].(string))
	}
	if rapid.Bool().Draw(rt, "set description") {
		want["Description"] = rapid.SampledFrom([]string{"a < b & c", "\"quoted\"", "描述"}).Draw(rt, "description")
		pairs = append(pairs, "Description", want["Description"].(string))
	}
	tracking := slices.Clone(want["tracking"].([]any))
	for k, timeout := range []struct {
		name   string
		values []int
	}{
		{"TcpEstablishedTimeout", []int{30, 500, 910}}, {"TcpClosedAndTimeWaitTimeout", []int{3, 15}},
		{"UdpTimeout", []int{10, 100}},
	} {
		if rapid.Bool().Draw(rt, "set "+timeout.name) {
			tracking[k] = float64(rapid.SampledFrom(timeout.values).Draw(rt, timeout.name))
			pairs = append(pairs, "ConnectionTrackingConfiguration."+timeout.name, fmt.Sprint(tracking[k]))
		}
	}
	want["tracking"] = tracking
	if create || rapid.Bool().Draw(rt, "set groups") {
		all := rapid.Permutation([]any{"sg-main", "sg-more", "sg-small"}).Draw(rt, "groups")
		chosen := all[:rapid.IntRange(1, 3).Draw(rt, "how many groups")]
		want["groups"] = chosen
		for k, g := range chosen {
			pairs = append(pairs, groups+"."+strconv.Itoa(k+1), g.(string))
		}
	}
	return pairs, want
}

// fieldsFromReply returns the fields of an interface from its entry in a list and from the reply
// for it alone.
func fieldsFromReply(shown, attribute map[string]any) interfaceFields {
	got := interfaceFields(maps.Clone(shown))
	inner := func(field, list string) []any { return shown[field].(map[string]any)[list].([]any) }
	got["groups"] = shown["SecurityGroupIds"].(map[string]any)["SecurityGroupId"]
	tags := map[string]any{}
	for _, tag := range inner("Tags", "Tag") {
		tags[tag.(map[string]any)["TagKey"].(string)] = tag.(map[string]any)["TagValue"]
	}
	got["tags"] = tags
	if c, is := attribute["ConnectionTrackingConfiguration"].(map[string]any); is {
		got["tracking"] = []any{c["TcpEstablishedTimeout"], c["TcpClosedAndTimeWaitTimeout"], c["UdpTimeout"]}
	}
	var addresses []string
	var counts []int
	for _, part := range []struct{ field, list, value string }{
		{"PrivateIpSets", "PrivateIpSet", "PrivateIpAddress"}, {"Ipv6Sets", "Ipv6Set", "Ipv6Address"},
		{"Ipv4PrefixSets", "Ipv4PrefixSet", "Ipv4Prefix"}, {"Ipv6PrefixSets", "Ipv6PrefixSet", "Ipv6Prefix"},
	} {
		items := inner(part.field, part.list)
		counts = append(counts, len(items))
		for _, item := range items {
			addresses = append(addresses, item.(map[string]any)[part.value].(string))
		}
	}
	got["addresses"], got["counts"] = addresses, counts
	primaries := 0
	for _, a := range inner("Ipv6Sets", "Ipv6Set") {
		if a.(map[string]any)["Primary"].(bool) {
			primaries++
		}
	}
	got["primary IPv6"] = primaries == 1
	return got
}

// encodeJSON encodes a value as JSON, so that values can be compared.
func encodeJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// DescribeInstances shows the same addresses and prefixes of interfaces as
// DescribeNetworkInterfaces.
func TestInstancesShowPrefixesAndPrimaryIPv6(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(100).
		Instance("i-1", worldtest.Type("ecs.g7.4xlarge")), service.Options{})
	created := s.mustCall(t, "CreateNetworkInterface", creationPairs("vsw-h", "Ipv4PrefixCount", "1",
		"Ipv6AddressCount", "1", "EnablePrimaryIPv6", "true")...)
	id, _ := created.body["NetworkInterfaceId"].(string)
	if r := s.mustCall(t, "AssignIpv6Addresses", "NetworkInterfaceId", id, "Ipv6PrefixCount", "1"); r.code() != ok {
		t.Fatalf("got %v, want a success", r.body)
	}
	if r := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", id); r.code() != ok {
		t.Fatalf("got %v after %v, want a success", r.body, created.body)
	}
	instances := s.mustCall(t, "DescribeInstances",
		"InstanceIds", `["i-1"]`).body["Instances"].(map[string]any)["Instance"].([]any)
	attached := instances[0].(map[string]any)["NetworkInterfaces"].(map[string]any)["NetworkInterface"].([]any)
	shown := attached[1].(map[string]any)
	for _, field := range []string{"Ipv4PrefixSets", "Ipv6Sets", "PrivateIpSets"} {
		if encodeJSON(shown[field]) != encodeJSON(created.body[field]) {
			t.Errorf("%s: got %v, want %v", field, shown[field], created.body[field])
		}
	}
	if prefixes := describeInterface(t, s,
		id)["Ipv6PrefixSets"]; encodeJSON(shown["Ipv6PrefixSets"]) != encodeJSON(prefixes) {
		t.Errorf("got %v, want %v", shown["Ipv6PrefixSets"], prefixes)
	}
	if want := `{"Ipv4PrefixSet":[{"Ipv4Prefix":"10.0.0.16/28"}]}`; encodeJSON(shown["Ipv4PrefixSets"]) != want {
		t.Errorf("got %v, want %s", shown["Ipv4PrefixSets"], want)
	}
}
