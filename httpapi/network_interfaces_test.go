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

	"enisim/service"
	"enisim/service/worldtest"
)

// quotaWorld is world with a quota of secondary interfaces.
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

// plain are the parameters of the plainest creation.
func plain(vswitch string, more ...string) []string {
	return append([]string{"VSwitchId", vswitch, "SecurityGroupId", "sg-main"}, more...)
}

// only is the one interface of a list.
func only(t testing.TB, s *server, id string) map[string]any {
	t.Helper()
	found := sets(t, s.mustCall(t, "DescribeNetworkInterfaces", "NetworkInterfaceId.1", id))
	if len(found) != 1 {
		t.Fatalf("%s: got %d interfaces, want it", id, len(found))
	}
	return found[0].(map[string]any)
}

// sets are the interfaces of a reply.
func sets(t testing.TB, r reply) []any {
	t.Helper()
	list, is := r.body["NetworkInterfaceSets"].(map[string]any)
	if !is {
		t.Fatalf("got %v, want a list", r.body)
	}
	return list["NetworkInterfaceSet"].([]any)
}

// A /26 gives out 60 addresses; ten are taken. Of 200 who want one at once 50 get one, each another.
func TestRaceForTheAddressesOfAVSwitch(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(1000).
		NetworkInterface("eni-{n}", worldtest.Count(10), worldtest.In("vsw-60")), service.Options{})
	created := make([]reply, 200)
	expect(t, race(t, len(created), func(k int) (code string, err error) {
		created[k], err = s.call(t.Context(), "CreateNetworkInterface", plain("vsw-60")...)
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
	if n := len(sets(t, listed)); n != 60 {
		t.Errorf("got %d interfaces in the VSwitch, want 60", n)
	}
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// The quota counts secondary interfaces of one region, whatever VSwitch they are in and whether they are attached; not primary ones.
func TestRaceForTheQuota(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(12).
		Instance("i-{n}", worldtest.Count(5)).
		NetworkInterface("eni-{n}", worldtest.Count(2)).
		NetworkInterface("eni-on-{n}", worldtest.Count(2), worldtest.AttachedTo("i-{n}")).
		Region("cn-beijing").
		VPC("vpc-north", "10.0.0.0/8").
		VSwitch("vsw-north", "cn-beijing-a", "10.0.0.0/16").
		SecurityGroup("sg-north").
		NetworkInterface("eni-north-{n}", worldtest.Count(12), worldtest.In("vsw-north"), worldtest.Groups("sg-north")), service.Options{})
	vswitches := []string{"vsw-h", "vsw-60"}
	expect(t, race(t, 40, func(k int) (string, error) {
		r, err := s.call(t.Context(), "CreateNetworkInterface", plain(vswitches[k%2])...)
		return r.code(), err
	}), map[string]int{ok: 8, "MaxEniCountExceeded": 32})
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// One token from 20 callers makes one interface, and each of them is told of it.
func TestRaceForOneClientToken(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(100), service.Options{})
	answers := make([]reply, 20)
	request := plain("vsw-h", "ClientToken", "mine", "Ipv6AddressCount", "1")
	expect(t, race(t, len(answers), func(k int) (code string, err error) {
		answers[k], err = s.call(t.Context(), "CreateNetworkInterface", request...)
		return answers[k].code(), err
	}), map[string]int{ok: 20})
	for _, r := range answers {
		delete(r.body, "RequestId")
		if fmt.Sprint(r.body) != fmt.Sprint(answers[0].body) {
			t.Errorf("got %v and %v, want one answer", r.body, answers[0].body)
		}
	}
	if r := s.mustCall(t, "CreateNetworkInterface", also(request, "Description", "another")...); r.code() != "IdempotentParameterMismatch" {
		t.Errorf("another request with the token: got %v", r.body)
	}
	if n := len(sets(t, s.mustCall(t, "DescribeNetworkInterfaces"))); n != 1 {
		t.Errorf("got %d interfaces, want one", n)
	}
}

// A request that was refused uses up its token, as captured: a repeat is told so, also when what was in the way has gone, and another request with the token is
// another request. With a new token it succeeds, and so does a request whose refusal time alone lifts, or whose token is as old as tokens get.
func TestAFailedCreationUsesUpItsToken(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, quotaWorld(100).
		NetworkInterface("eni-{n}", worldtest.Count(4), worldtest.In("vsw-4")), service.Options{CreateDelay: time.Hour, Now: clock.now})
	request := plain("vsw-4", "ClientToken", "mine")
	if r := s.mustCall(t, "CreateNetworkInterface", request...); r.code() != "InvalidVSwitchId.IpNotEnough" {
		t.Fatalf("without an address: got %v", r.body)
	}
	if r := s.mustCall(t, "DeleteNetworkInterface", "NetworkInterfaceId", "eni-3"); r.code() != ok {
		t.Fatalf("delete: got %v", r.body)
	}
	if r := s.mustCall(t, "CreateNetworkInterface", request...); r.status != 403 || r.code() != "IdempotentFailed" {
		t.Errorf("repeated: got %d %v, want 403 IdempotentFailed", r.status, r.body)
	}
	if r := s.mustCall(t, "CreateNetworkInterface", also(request, "Description", "another")...); r.code() != "IdempotentParameterMismatch" {
		t.Errorf("another request with the token: got %v", r.body)
	}

	vpc := s.mustCall(t, "CreateVpc", "CidrBlock", "172.16.0.0/12").body["VpcId"]
	clock.advance(time.Hour)
	made := s.mustCall(t, "CreateVSwitch", "VpcId", fmt.Sprint(vpc), "ZoneId", "cn-hangzhou-h", "CidrBlock", "172.16.0.0/24").body["VSwitchId"]
	group := s.mustCall(t, "CreateSecurityGroup", "VpcId", fmt.Sprint(vpc)).body["SecurityGroupId"]
	early := []string{"VSwitchId", fmt.Sprint(made), "SecurityGroupId", fmt.Sprint(group), "ClientToken", "early"}
	if r := s.mustCall(t, "CreateNetworkInterface", early...); r.code() != "IncorrectVSwitchStatus" {
		t.Errorf("in a VSwitch that is Pending: got %v", r.body)
	}
	clock.advance(time.Hour)
	if r := s.mustCall(t, "CreateNetworkInterface", early...); r.code() != ok {
		t.Errorf("repeated when it is Available: got %v", r.body)
	}

	clock.advance(24 * time.Hour)
	first, second := s.mustCall(t, "CreateNetworkInterface", request...), s.mustCall(t, "CreateNetworkInterface", request...)
	if first.code() != ok || first.body["PrivateIpAddress"] != "10.2.0.3" || second.body["NetworkInterfaceId"] != first.body["NetworkInterfaceId"] {
		t.Errorf("with the address of the deleted one: got %v, then %v, want it twice", first.body, second.body)
	}
}

// An interface is Deleting for the delay, however often it is deleted; then it is gone, and its address and its place are another's.
func TestDeletedInterfacesGoAfterTheDelay(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, quotaWorld(4).
		NetworkInterface("eni-{n}", worldtest.Count(4), worldtest.In("vsw-4")), service.Options{DeleteDelay: time.Hour, Now: clock.now})
	status := func() any {
		list := sets(t, s.mustCall(t, "DescribeNetworkInterfaces", "NetworkInterfaceId.1", "eni-2"))
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
		r := s.mustCall(t, "CreateNetworkInterface", plain("vsw-4")...)
		if r.code() != wantCreate || (wantCreate == ok && r.body["PrivateIpAddress"] != "10.2.0.2") {
			t.Errorf("%s: create: got %v, want %q with the address of the one that is gone", when, r.body, wantCreate)
		}
	}
	want("before", "Available", ok, "MaxEniCountExceeded")
	want("right after", "Deleting", ok, "MaxEniCountExceeded")
	clock.advance(time.Hour - time.Millisecond)
	want("just before its end", "Deleting", ok, "MaxEniCountExceeded")
	clock.advance(time.Millisecond)
	want("at its end", "gone", "InvalidEniId.NotFound", ok)
}

// An attach and a delete of one interface at once: one of them gets it.
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
					t.Errorf("eni-%d: attach got %q and delete %q", k/2+1, attach, remove)
				}
			}
			if got := attachments(t, s.pool)["i-1"] - 1; got != attached {
				t.Errorf("the instance holds %d interfaces beside its primary one, want %d", got, attached)
			}
			if n := deadlocks(t, s); n != 0 {
				t.Errorf("deadlocks: got %d, want 0", n)
			}
		})
	}
}

// A group that takes 8 instances has none. 32 instances want to join it with an interface: by a change of its groups, or by its attach.
func TestRaceForTheLastCapacityOfAGroupByModify(t *testing.T) {
	t.Parallel()
	for name, modifiers := range map[string]int{"changes": 32, "changes and attaches": 16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, quotaWorld(100).
				Instance("i-{n}", worldtest.Count(32)).
				NetworkInterface("eni-{n}", worldtest.Count(32), worldtest.Groups("sg-small")), service.Options{})
			var pairs [][]string
			for k := range 32 {
				pairs = append(pairs, []string{"InstanceId", fmt.Sprintf("i-%d", k+1), "NetworkInterfaceId", fmt.Sprintf("eni-%d", k+1)})
			}
			for k := range modifiers { // these are on their instances already, in another group
				for _, r := range []reply{
					s.mustCall(t, "ModifyNetworkInterfaceAttribute", also(pairs[k], "SecurityGroupId.1", "sg-main")...),
					s.mustCall(t, "AttachNetworkInterface", pairs[k]...),
				} {
					if r.code() != ok {
						t.Fatalf("got %v", r.body)
					}
				}
			}
			expect(t, race(t, 32, func(k int) (string, error) {
				if k < modifiers {
					r, err := s.call(t.Context(), "ModifyNetworkInterfaceAttribute", also(pairs[k], "SecurityGroupId.1", "sg-small", "SecurityGroupId.2", "sg-more")...)
					return r.code(), err
				}
				r, err := s.call(t.Context(), "AttachNetworkInterface", pairs[k]...)
				return r.code(), err
			}), map[string]int{ok: 8, "SecurityGroupInstanceLimitExceed": 24})
			checkInvariants(t, s.pool)
			if n := deadlocks(t, s); n != 0 {
				t.Errorf("deadlocks: got %d, want 0", n)
			}
		})
	}
}

// What decides a change beside what the golden files show.
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
		{"queues by the config", "eni-running", "NetworkInterfaceTrafficConfig.QueueNumber", "2", "InvalidOperation.InvalidEniState"},
		{"queues on a stopped instance", "eni-stopped", "QueueNumber", "2", ok},
		{"the name of one on its way", "eni-attaching", "NetworkInterfaceName", "late", "InvalidOperation.InvalidEniState"},
		{"a full group, free", "eni-free", "SecurityGroupId.1", "sg-small", ok},
		{"a full group, attached", "eni-running", "SecurityGroupId.1", "sg-small", "SecurityGroupInstanceLimitExceed"},
		{"a full group that its instance is in", "eni-in", "SecurityGroupId.1", "sg-small", ok},
		{"primary IPv6 without IPv6", "eni-free", "EnablePrimaryIPv6", "true", "InvalidParameter"},
		{"the name of a primary one", "eni-running-primary", "NetworkInterfaceName", "first", ok},
		{"the release of a primary one", "eni-running-primary", "DeleteOnRelease", "false", "InvalidOperation.PrimaryEniOnlySupportModifyNameAndDesc"},
	} {
		if r := s.mustCall(t, "ModifyNetworkInterfaceAttribute", "NetworkInterfaceId", c.eni, c.parameter, c.value); r.code() != c.want {
			t.Errorf("%s: got %v, want %q", c.name, r.body, c.want)
		}
	}
}

// wanted is an interface as a client remembers it: what it sent, by the names of the replies.
type wanted map[string]any

// Whatever valid interface is created, and however it is changed, each reply shows what was sent, and reading changes nothing.
func TestInterfacesReadBack(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(100_000), service.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		var named []string // far above what the VSwitch gives of its own accord
		pairs, want := drawSettings(rt, wanted{
			"DeleteOnRelease": true, "SourceDestCheck": false, "QueueNumber": 0, "NetworkInterfaceName": "", "Description": "",
			"tracking": []any{910.0, 3.0, 30.0}, "groups": []any{"sg-main"},
		}, "SecurityGroupIds", true)
		pairs = append(pairs, "VSwitchId", "vsw-h")
		ipv4, ipv6, prefixes4, prefixes6 := 1, 0, 0, 0
		kind := func(what string) int { return rapid.IntRange(0, 2).Draw(rt, what) } // none, named, counted
		if rapid.Bool().Draw(rt, "primary address") {
			pairs, named = append(pairs, "PrimaryIpAddress", "10.0.100.1"), append(named, "10.0.100.1")
			want["PrivateIpAddress"] = "10.0.100.1"
		}
		several := kind("secondary addresses")
		switch several {
		case 1:
			pairs, named, ipv4 = append(pairs, "PrivateIpAddress.1", "10.0.100.3", "PrivateIpAddress.2", "10.0.100.2"), append(named, "10.0.100.2", "10.0.100.3"), 3
		case 2:
			pairs, ipv4 = append(pairs, "SecondaryPrivateIpAddressCount", "3"), 4
		}
		several6 := kind("IPv6")
		switch several6 {
		case 1:
			pairs, named, ipv6 = append(pairs, "Ipv6Address.1", "2001:DB8:0:100::0:1"), append(named, "2001:db8:0:100::1"), 1
		case 2:
			pairs, ipv6 = append(pairs, "Ipv6AddressCount", "2"), 2
		}
		if ipv6 > 0 && rapid.Bool().Draw(rt, "primary IPv6") {
			pairs, want["primary IPv6"] = append(pairs, "EnablePrimaryIPv6", "true"), true
		}
		without := func(addresses, prefixes int) int { // an interface is created with either
			if addresses > 0 {
				return 0
			}
			return prefixes
		}
		switch without(several, kind("/28")) {
		case 1:
			pairs, named, prefixes4 = append(pairs, "Ipv4Prefix.1", "10.0.200.16/28"), append(named, "10.0.200.16/28"), 1
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
		defer func() { // so that the next draw finds its addresses free
			if r := s.mustCall(t, "DeleteNetworkInterface", "NetworkInterfaceId", id); r.code() != ok {
				rt.Errorf("delete: got %v", r.body)
			}
		}()
		check := func(what string, want wanted, primary string) {
			shown := only(t, s, id)
			if again := only(t, s, id); spelled(again) != spelled(shown) {
				rt.Errorf("%s: read twice: got\n%s and\n%s", what, spelled(shown), spelled(again))
			}
			attribute := s.mustCall(t, "DescribeNetworkInterfaceAttribute", "NetworkInterfaceId", id, "Attribute", "connectionTrackingConfiguration").body
			for field, value := range shown {
				if field != "Attachment" && spelled(attribute[field]) != spelled(value) {
					rt.Errorf("%s: %s: the list has %v, the attribute %v", what, field, value, attribute[field])
				}
			}
			got := readBack(shown, attribute)
			for field, value := range want {
				if spelled(got[field]) != spelled(value) {
					rt.Errorf("%s %v: %s: got %v, want %v", what, pairs, field, got[field], value)
				}
			}
			addresses := got["addresses"].([]string)
			for _, a := range named {
				if !slices.Contains(addresses, a) {
					rt.Errorf("%s: got %v, want %s among them", what, addresses, a)
				}
			}
			if got, want := fmt.Sprint(got["counts"]), fmt.Sprint([]int{ipv4, ipv6, prefixes4, prefixes6}); got != want {
				rt.Errorf("%s %v: got %s addresses and prefixes, want %s", what, pairs, got, want)
			}
			if primary != "" && shown["PrivateIpAddress"] != primary {
				rt.Errorf("%s: got the primary address %v, want %s for life", what, shown["PrivateIpAddress"], primary)
			}
		}
		shown := only(t, s, id)
		for field, value := range created.body {
			if other, both := shown[field]; both && field != "PrivateIpSets" && spelled(other) != spelled(value) {
				rt.Errorf("%s: created %v, described %v", field, value, other)
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
			if r := s.mustCall(t, "ModifyNetworkInterfaceAttribute", append(change, "NetworkInterfaceId", id)...); r.code() != ok {
				rt.Fatalf("modify %v: got %v", change, r.body)
			}
			want = after
			check(fmt.Sprintf("modify %v", change), want, created.body["PrivateIpAddress"].(string))
		}
	})
}

// drawSettings draws parameters that a creation and a change have in common, and what is wanted with them.
func drawSettings(rt *rapid.T, before wanted, groups string, create bool) ([]string, wanted) {
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
		name := rapid.SampledFrom([]string{"QueueNumber", "NetworkInterfaceTrafficConfig.QueueNumber"}).Draw(rt, "queues by")
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
		{"TcpEstablishedTimeout", []int{30, 500, 910}}, {"TcpClosedAndTimeWaitTimeout", []int{3, 15}}, {"UdpTimeout", []int{10, 100}},
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

// readBack is an interface of a list, and of the reply for it alone, in the form of wanted.
func readBack(shown, attribute map[string]any) wanted {
	got := wanted(maps.Clone(shown))
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

func spelled(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// An instance shows the addresses and prefixes of its interfaces as the list of interfaces does.
func TestInstancesShowPrefixesAndPrimaryIPv6(t *testing.T) {
	t.Parallel()
	s := serve(t, quotaWorld(100).
		Instance("i-1", worldtest.Type("ecs.g7.4xlarge")), service.Options{})
	created := s.mustCall(t, "CreateNetworkInterface", plain("vsw-h", "Ipv4PrefixCount", "1", "Ipv6AddressCount", "1", "EnablePrimaryIPv6", "true")...)
	id, _ := created.body["NetworkInterfaceId"].(string)
	if r := s.mustCall(t, "AssignIpv6Addresses", "NetworkInterfaceId", id, "Ipv6PrefixCount", "1"); r.code() != ok {
		t.Fatalf("got %v", r.body)
	}
	if r := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", id); r.code() != ok {
		t.Fatalf("got %v after %v", r.body, created.body)
	}
	instances := s.mustCall(t, "DescribeInstances", "InstanceIds", `["i-1"]`).body["Instances"].(map[string]any)["Instance"].([]any)
	held := instances[0].(map[string]any)["NetworkInterfaces"].(map[string]any)["NetworkInterface"].([]any)
	shown := held[1].(map[string]any)
	for _, field := range []string{"Ipv4PrefixSets", "Ipv6Sets", "PrivateIpSets"} {
		if spelled(shown[field]) != spelled(created.body[field]) {
			t.Errorf("%s: got %v, want %v", field, shown[field], created.body[field])
		}
	}
	if prefixes := only(t, s, id)["Ipv6PrefixSets"]; spelled(shown["Ipv6PrefixSets"]) != spelled(prefixes) {
		t.Errorf("got %v, want %v", shown["Ipv6PrefixSets"], prefixes)
	}
	if want := `{"Ipv4PrefixSet":[{"Ipv4Prefix":"10.0.0.16/28"}]}`; spelled(shown["Ipv4PrefixSets"]) != want {
		t.Errorf("got %v, want %s", shown["Ipv4PrefixSets"], want)
	}
}
