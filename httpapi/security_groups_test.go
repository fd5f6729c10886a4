package httpapi_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// listItems returns the items of a list in a reply, as in listItems(r, "Permissions",
// "Permission").
func listItems(r reply, outer, inner string) []map[string]any {
	wrapper, _ := r.body[outer].(map[string]any)
	items, _ := wrapper[inner].([]any)
	var out []map[string]any
	for _, item := range items {
		out = append(out, item.(map[string]any))
	}
	return out
}

// expectCode calls an action and ends the test unless the reply has the code; "" is a success.
func (s *server) expectCode(t failer, code, action string, pairs ...string) reply {
	t.Helper()
	r, err := s.call(t.Context(), action, pairs...)
	if err != nil || r.code() != code {
		t.Fatalf("%s %v: got %v, want %q (%v)", action, pairs, r.body, code, err)
	}
	return r
}

// failer is implemented by a test and by a draw of a property.
type failer interface {
	Helper()
	Context() context.Context
	Fatalf(format string, args ...any)
}

// ruleRequest is a rule as a request has it.
type ruleRequest struct {
	direction   string
	request     map[string]string
	description string
}

// key returns the fields of a rule, with the defaults of omitted parameters.
func (r ruleRequest) key() string {
	policy := cmp.Or(r.request["Policy"], "accept")
	return fmt.Sprint(r.direction, " ", strings.ToUpper(r.request["IpProtocol"]), " ", r.request["PortRange"], " ",
		r.request["SourcePortRange"], " ",
		strings.ToUpper(policy[:1])+strings.ToLower(policy[1:]), " ", cmp.Or(r.request["Priority"], "1"), " ",
		cmp.Or(r.request["NicType"], "intranet"), " ",
		r.request["SourceCidrIp"], " ", r.request["Ipv6SourceCidrIp"], " ", r.request["SourceGroupId"], " ",
		r.request["DestCidrIp"], " ", r.request["Ipv6DestCidrIp"], " ", r.request["DestGroupId"])
}

// ruleKey returns the same fields of a rule in a reply.
func ruleKey(p map[string]any) string {
	var values []string
	for _, field := range []string{"Direction", "IpProtocol", "PortRange", "SourcePortRange", "Policy", "Priority",
		"NicType",
		"SourceCidrIp", "Ipv6SourceCidrIp", "SourceGroupId", "DestCidrIp", "Ipv6DestCidrIp", "DestGroupId"} {
		values = append(values, fmt.Sprint(p[field]))
	}
	return strings.Join(values, " ")
}

// drawRule draws one of few different rules, so that some are equal.
func drawRule(t *rapid.T) ruleRequest {
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	r := ruleRequest{direction: pick("direction", "ingress", "egress"), request: map[string]string{
		"IpProtocol": pick("protocol", "tcp", "TCP", "Udp", "icmp", "ALL", "47"),
		"Policy":     pick("policy", "", "accept", "Accept", "DROP"),
		"Priority":   pick("priority", "", "1", "100"),
		"NicType":    pick("NIC", "", "intranet"),
	}}
	r.request["PortRange"] = "-1/-1"
	if p := strings.ToUpper(r.request["IpProtocol"]); p == "TCP" || p == "UDP" {
		r.request["PortRange"] = pick("ports", "22/22", "1/65535")
		r.request["SourcePortRange"] = pick("source ports", "", "1/65535")
	}
	source, dest := "Source", "Dest"
	if r.direction == "egress" {
		source, dest = dest, source
	}
	switch pick("peer", "IPv4", "IPv6", "group") {
	case "IPv4":
		r.request[source+"CidrIp"] = pick("block", "0.0.0.0/0", "10.0.0.1")
		r.request[dest+"CidrIp"] = pick("own block", "", "10.0.0.0/8")
	case "IPv6":
		r.request["Ipv6"+source+"CidrIp"] = "::/0"
	case "group":
		r.request[source+"GroupId"] = "sg-small"
	}
	r.description = pick("description", "", "why & <what>")
	return r
}

// pairs returns the parameters of a rule: Permissions.N, or the old form if n is 0.
func (r ruleRequest) pairs(n int) []string {
	var out []string
	prefix := ""
	if n > 0 {
		prefix = "Permissions." + strconv.Itoa(n) + "."
	}
	for name, value := range r.request {
		out = append(out, prefix+name, value)
	}
	return append(out, prefix+"Description", r.description)
}

// Authorized rules are shown once each, with their first description. Reading changes nothing, and
// revoked rules are no longer shown.
func TestRulesReadBack(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	action := map[string]string{"ingress": "SecurityGroup", "egress": "SecurityGroupEgress"}
	rapid.Check(t, func(rt *rapid.T) {
		group := s.expectCode(rt, ok, "CreateSecurityGroup", "VpcId", "vpc-main").body["SecurityGroupId"].(string)
		show := func() (shown map[string]string, ids map[string]string) {
			shown, ids = map[string]string{}, map[string]string{}
			for _, p := range listItems(s.expectCode(rt, ok, "DescribeSecurityGroupAttribute",
				"SecurityGroupId", group), "Permissions", "Permission") {
				if _, twice := shown[ruleKey(p)]; twice {
					rt.Errorf("got a rule twice: %s", ruleKey(p))
				}
				shown[ruleKey(p)] = p["Description"].(string)
				ids[ruleKey(p)] = p["SecurityGroupRuleId"].(string)
			}
			return shown, ids
		}
		want := map[string]string{}
		drawn := rapid.SliceOfN(rapid.Custom(drawRule), 1, 8).Draw(rt, "rules")
		directions := map[string][]ruleRequest{}
		for _, r := range drawn {
			directions[r.direction] = append(directions[r.direction], r)
			if _, found := want[r.key()]; !found {
				want[r.key()] = r.description
			}
		}
		for direction, rules := range directions {
			pairs := []string{"SecurityGroupId", group}
			if rapid.Bool().Draw(rt, "one by one") {
				for _, r := range rules {
					s.expectCode(rt, ok, "Authorize"+action[direction], also(pairs, r.pairs(0)...)...)
				}
				continue
			}
			for k, r := range rules {
				pairs = append(pairs, r.pairs(k+1)...)
			}
			s.expectCode(rt, ok, "Authorize"+action[direction], pairs...)
		}
		got, ids := show()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Errorf("got  %v\nwant %v", got, want)
		}
		if again, _ := show(); fmt.Sprint(again) != fmt.Sprint(got) {
			rt.Errorf("read again: got %v, want %v", again, got)
		}
		if counted := listItems(s.expectCode(rt, ok, "DescribeSecurityGroups", "SecurityGroupId", group),
			"SecurityGroups", "SecurityGroup")[0]; counted["RuleCount"] != float64(len(want)) {
			rt.Errorf("RuleCount: got %v, want %d", counted["RuleCount"], len(want))
		}
		for _, r := range drawn {
			pairs := r.pairs(0)
			if id := ids[r.key()]; id != "" && rapid.Bool().Draw(rt, "by id") {
				pairs = []string{"SecurityGroupRuleId.1", id}
				delete(ids, r.key())
			}
			s.expectCode(rt, ok, "Revoke"+action[r.direction], also(pairs, "SecurityGroupId", group)...)
			ids[r.key()] = ""
		}
		if left, _ := show(); len(left) != 0 {
			rt.Errorf("after all revocations: got %v, want none", left)
		}
		s.expectCode(rt, ok, "DeleteSecurityGroup", "SecurityGroupId", group)
	})
}

// A group that is in use is not deleted, and each kind of use has its own message. An interface
// uses its group until its deletion has ended.
func TestDeleteSecurityGroupDependencies(t *testing.T) {
	t.Parallel()
	start := time.Now()
	now := start
	s := serve(t, world().
		NetworkInterface("eni-leaving", worldtest.Groups("sg-small"), worldtest.Status("Deleting"),
			worldtest.Set("settles_in", "1h")), service.Options{Now: func() time.Time { return now }})
	message := func(id string) any {
		t.Helper()
		return s.expectCode(t, "DependencyViolation", "DeleteSecurityGroup", "SecurityGroupId", id).body["Message"]
	}
	now = start.Add(time.Hour - time.Minute)
	if got, want := message("sg-small"), "There is still instance(s) in the specified security group."; got != want {
		t.Errorf("with a member: got %q, want %q", got, want)
	}
	now = start.Add(time.Hour + time.Minute)
	for action, peer := range map[string]string{"SecurityGroup": "SourceGroupId",
		"SecurityGroupEgress": "DestGroupId"} {
		pairs := []string{"SecurityGroupId", "sg-main", "IpProtocol", "all", "PortRange", "-1/-1", peer, "sg-small"}
		s.expectCode(t, ok, "Authorize"+action, pairs...)
		if got, want := message("sg-small"),
			"The specified security group has been authorized in another one."; got != want {
			t.Errorf("named by a rule of Authorize%s: got %q, want %q", action, got, want)
		}
		s.expectCode(t, ok, "Revoke"+action, pairs...)
	}
	// A rule of the group itself does not prevent its deletion.
	s.expectCode(t, ok, "AuthorizeSecurityGroup", "SecurityGroupId", "sg-small", "IpProtocol", "all",
		"PortRange", "-1/-1", "SourceGroupId", "sg-small")
	s.expectCode(t, ok, "DeleteSecurityGroup", "SecurityGroupId", "sg-small")
	s.expectCode(t, "InvalidSecurityGroup.NotFound", "DeleteSecurityGroup", "SecurityGroupId", "sg-small")
	if n := listItems(s.expectCode(t, ok, "DescribeSecurityGroups"), "SecurityGroups", "SecurityGroup"); len(n) != 1 {
		t.Errorf("remaining groups: got %v, want sg-main", n)
	}
}

// With 92 groups and a quota of 100, 8 of 24 callers create one.
func TestRaceForSecurityGroupQuota(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	if _, err := s.pool.Exec(t.Context(), `
		INSERT INTO security_groups (account_id, id, vpc_id, region_id, instance_limit, created_at)
		SELECT $1, 'sg-more-' || n, 'vpc-main', 'cn-hangzhou', 1, '2026-11-22' FROM generate_series(1, 90) n`,
		account); err != nil {
		t.Fatal(err)
	}
	expect(t, race(t, 24, func(int) (string, error) {
		r, err := s.call(t.Context(), "CreateSecurityGroup", "VpcId", "vpc-main")
		return r.code(), err
	}), map[string]int{ok: 8, "QuotaExceed.SecurityGroup": 16})
	expectNoDeadlocks(t, s)
}

// 16 concurrent calls with one ClientToken create one group.
func TestRaceForOneSecurityGroupToken(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	var ids sync.Map
	expect(t, race(t, 16, func(int) (string, error) {
		r, err := s.call(t.Context(), "CreateSecurityGroup", "VpcId", "vpc-main", "ClientToken", "once")
		ids.Store(r.body["SecurityGroupId"], true)
		return r.code(), err
	}), map[string]int{ok: 16})
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if r := s.expectCode(t, ok, "DescribeSecurityGroups"); n != 1 || r.body["TotalCount"] != float64(3) {
		t.Errorf("got %d ids and %v groups, want 1 and 3", n, r.body["TotalCount"])
	}
}

// A group has 190 of 200 rules: of 16 callers that add two each, 5 succeed.
func TestRaceForSecurityGroupRuleQuota(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	for k := range 190 {
		action, peer := "AuthorizeSecurityGroup", "SourceCidrIp"
		if k%2 == 0 {
			action, peer = "AuthorizeSecurityGroupEgress", "DestCidrIp"
		}
		s.expectCode(t, ok, action, "SecurityGroupId", "sg-main", "IpProtocol", "tcp",
			"PortRange", fmt.Sprintf("%d/%d", k+1, k+1), peer, "10.0.0.0/8")
	}
	expect(t, race(t, 16, func(k int) (string, error) {
		r, err := s.call(t.Context(), "AuthorizeSecurityGroup", "SecurityGroupId", "sg-main",
			"Permissions.1.IpProtocol", "udp", "Permissions.1.PortRange", fmt.Sprintf("%d/%d", k+1, k+1),
			"Permissions.1.SourceGroupId", "sg-main",
			"Permissions.2.IpProtocol", "udp", "Permissions.2.PortRange", fmt.Sprintf("%d/%d", k+1, k+1),
			"Permissions.2.SourceGroupId", "sg-small")
		return r.code(), err
	}), map[string]int{ok: 5, "AuthorizationLimitExceed": 11})
	// A repeat of an existing rule does not count.
	s.expectCode(t, ok, "AuthorizeSecurityGroupEgress", "SecurityGroupId", "sg-main", "IpProtocol", "tcp",
		"PortRange", "1/1", "DestCidrIp", "10.0.0.0/8")
	expectNoDeadlocks(t, s)
}

// Joins of instances, joins of interfaces and attaches compete for the last capacity of a group
// with 7 of 8 instances.
func TestRaceOfJoinsForLastCapacityOfGroup(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-in-{n}", worldtest.Count(7), worldtest.Groups("sg-small")).
		Instance("i-{n}", worldtest.Count(48)).
		NetworkInterface("eni-on-{n}", worldtest.Count(32), worldtest.AttachedTo("i-{n}")).
		NetworkInterface("eni-{n}", worldtest.Count(16), worldtest.Groups("sg-small")).
		NetworkInterface("eni-free"), service.Options{AttachDelay: time.Hour})
	answers := race(t, 48, func(k int) (string, error) {
		var r reply
		var err error
		switch k % 3 {
		case 0:
			r, err = s.call(t.Context(), "JoinSecurityGroup", "InstanceId", fmt.Sprintf("i-%d", k/3+1),
				"SecurityGroupId", "sg-small")
		case 1:
			r, err = s.call(t.Context(), "JoinSecurityGroup", "NetworkInterfaceId", fmt.Sprintf("eni-on-%d", 16+k/3+1),
				"SecurityGroupId", "sg-small")
		case 2:
			r, err = s.call(t.Context(), "AttachNetworkInterface", "InstanceId", fmt.Sprintf("i-%d", 32+k/3+1),
				"NetworkInterfaceId", fmt.Sprintf("eni-%d", k/3+1))
		}
		return r.code(), err
	})
	full := answers["SecurityGroupInstanceLimitExceeded"] + answers["SecurityGroupInstanceLimitExceed"]
	if answers[ok] != 1 || full != 47 || answers["SecurityGroupInstanceLimitExceeded"] < 31 {
		t.Errorf("answers: got %v, want one success and 47 times a full group", answers)
	}
	checkInvariants(t, s.pool)
	// A free interface uses no capacity.
	s.expectCode(t, ok, "JoinSecurityGroup", "NetworkInterfaceId", "eni-free", "SecurityGroupId", "sg-small")
	g := listItems(s.expectCode(t, ok, "DescribeSecurityGroups", "SecurityGroupId", "sg-small"), "SecurityGroups",
		"SecurityGroup")[0]
	if g["EcsCount"] != float64(8) || g["AvailableInstanceAmount"] != float64(0) {
		t.Errorf("the full group: got %v, want 8 instances and no capacity", g)
	}
	expectNoDeadlocks(t, s)
}

// An instance leaves a full group through one interface while it attaches another interface in that
// group, and another instance wants the capacity. The attach relies on the leaving interface, so
// the two must not overlap: one of the instances gets the capacity.
func TestRaceOfLeaveAttachAndJoin(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-in-{n}", worldtest.Count(7), worldtest.Groups("sg-small")).
		Instance("i-leaves", worldtest.Groups("sg-main", "sg-small")).
		Instance("i-joins").
		NetworkInterface("eni-1", worldtest.Groups("sg-small")), service.Options{})
	leave := []string{"LeaveSecurityGroup", "InstanceId", "i-leaves", "SecurityGroupId", "sg-small"}
	attach := []string{"AttachNetworkInterface", "InstanceId", "i-leaves", "NetworkInterfaceId", "eni-1"}
	join := []string{"JoinSecurityGroup", "InstanceId", "i-joins", "SecurityGroupId", "sg-small"}
	for round := range 40 {
		answers := s.callTogether(t, leave, attach, join)
		checkInvariants(t, s.pool)
		switch {
		case slices.Equal(answers, []string{ok, ok, "SecurityGroupInstanceLimitExceeded"}):
			s.expectCode(t, ok, "DetachNetworkInterface", attach[1:]...)
		case slices.Equal(answers, []string{ok, "SecurityGroupInstanceLimitExceed", ok}):
			s.expectCode(t, ok, "LeaveSecurityGroup", join[1:]...)
		default:
			t.Fatalf("round %d: got %q, want one of the two instances in the group", round, answers)
		}
		s.expectCode(t, ok, "JoinSecurityGroup", leave[1:]...)
	}
	expectNoDeadlocks(t, s)
}

// callTogether sends calls that start together, and returns their codes.
func (s *server) callTogether(t *testing.T, calls ...[]string) []string {
	t.Helper()
	answers := make([]string, len(calls))
	race(t, len(calls), func(k int) (string, error) {
		r, err := s.call(t.Context(), calls[k][0], calls[k][1:]...)
		if answers[k] = r.code(); err != nil {
			answers[k] = err.Error()
		}
		return answers[k], err
	})
	return answers
}

// A group is deleted while interfaces join it and a rule of another group refers to it. Either all
// of these calls find it, or none does. A group with a member is not deleted, whatever the member
// does.
func TestRaceOfDeleteAndJoin(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-1").
		NetworkInterface("eni-1"), service.Options{})
	deleted, kept := 0, 0
	for round := range 60 {
		group := s.expectCode(t, ok, "CreateSecurityGroup", "VpcId", "vpc-main").body["SecurityGroupId"].(string)
		deleteGroup := []string{"DeleteSecurityGroup", "SecurityGroupId", group}
		join := []string{"JoinSecurityGroup", "SecurityGroupId", group, "InstanceId", "i-1"}
		joinENI := []string{"JoinSecurityGroup", "SecurityGroupId", group, "NetworkInterfaceId", "eni-1"}
		authorize := []string{"AuthorizeSecurityGroup", "SecurityGroupId", "sg-main", "IpProtocol", "all",
			"PortRange", "-1/-1", "SourceGroupId", group}
		attach := []string{"AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1"}

		calls := [][]string{deleteGroup, authorize, join, joinENI}
		notFound := []string{ok, "InvalidSourceGroupId.NotFound", "InvalidSecurityGroupId.NotFound",
			"InvalidSecurityGroupId.NotFound"}
		if round%3 == 1 { // fewer, so that the deletion comes first more often
			calls, notFound = calls[:2], notFound[:2]
		}
		if round%3 == 2 {
			s.expectCode(t, ok, joinENI[0], joinENI[1:]...)
			calls, notFound = [][]string{deleteGroup, attach}, nil
		}
		answers := s.callTogether(t, calls...)
		inUse := append([]string{"DependencyViolation"}, make([]string, len(calls)-1)...)
		switch {
		case slices.Equal(answers, notFound):
			deleted++
			continue
		case slices.Equal(answers, inUse):
			kept++
		default:
			t.Fatalf("round %d: got %q, want %q or %q", round, answers, notFound, inUse)
		}
		undo := map[string]string{"AuthorizeSecurityGroup": "RevokeSecurityGroup",
			"JoinSecurityGroup":      "LeaveSecurityGroup",
			"AttachNetworkInterface": "DetachNetworkInterface"}
		for _, call := range calls[1:] {
			s.expectCode(t, ok, undo[call[0]], call[1:]...)
		}
		if round%3 == 2 {
			s.expectCode(t, ok, "LeaveSecurityGroup", joinENI[1:]...)
		}
		s.expectCode(t, ok, deleteGroup[0], deleteGroup[1:]...)
	}
	t.Logf("deleted %d, kept %d", deleted, kept)
	expectNoDeadlocks(t, s)
}

// A change sets the given attributes and keeps the others.
func TestModifySecurityGroup(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	read := func() string {
		t.Helper()
		body := s.expectCode(t, ok, "DescribeSecurityGroupAttribute", "SecurityGroupId", "sg-main").body
		return fmt.Sprint(body["SecurityGroupName"], "|", body["Description"], "|", body["InnerAccessPolicy"])
	}
	for _, step := range []struct {
		action, parameter, value, want string
	}{
		{"ModifySecurityGroupAttribute", "SecurityGroupName", "web", "web||Accept"},
		{"ModifySecurityGroupPolicy", "InnerAccessPolicy", "drop", "web||Drop"},
		{"ModifySecurityGroupAttribute", "Description", "of the web", "web|of the web|Drop"},
		{"ModifySecurityGroupPolicy", "InnerAccessPolicy", "Accept", "web|of the web|Accept"},
		{"ModifySecurityGroupAttribute", "SecurityGroupName", "shop", "shop|of the web|Accept"},
	} {
		s.expectCode(t, ok, step.action, "SecurityGroupId", "sg-main", step.parameter, step.value)
		if got := read(); got != step.want {
			t.Errorf("after %s=%s: got %q, want %q", step.parameter, step.value, got, step.want)
		}
	}
}

// Each filter selects the matching groups, and both kinds of paging return each group once.
func TestDescribeSecurityGroups(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		VPC("vpc-other", "172.16.0.0/12").
		SecurityGroup("sg-a", worldtest.Set("name", "alpha"), worldtest.Set("type", "enterprise"),
			worldtest.Set("tags", map[string]any{"team": "net", "stage": "test"})).
		SecurityGroup("sg-b", worldtest.Set("name", "beta"), worldtest.Set("tags", map[string]any{"team": "web"})).
		SecurityGroup("sg-c", worldtest.Set("name", "beta")), service.Options{})
	if _, err := s.pool.Exec(t.Context(),
		`UPDATE security_groups SET resource_group_id = 'rg-1' WHERE id = 'sg-c'`); err != nil {
		t.Fatal(err)
	}
	ids := func(r reply) string {
		var out []string
		for _, g := range listItems(r, "SecurityGroups", "SecurityGroup") {
			out = append(out, g["SecurityGroupId"].(string))
		}
		return strings.Join(out, " ")
	}
	for _, f := range []struct {
		want  string
		pairs []string
	}{
		{"sg-a sg-b sg-c sg-main sg-small", nil},
		{"sg-b", []string{"SecurityGroupId", "sg-b"}},
		{"sg-a sg-main", []string{"SecurityGroupIds", `["sg-main","sg-a","sg-none"]`}},
		{"", []string{"SecurityGroupId", "sg-b", "SecurityGroupIds", `["sg-a"]`}},
		{"sg-a sg-b sg-c", []string{"VpcId", "vpc-other"}},
		{"sg-b sg-c", []string{"SecurityGroupName", "beta"}},
		{"sg-a", []string{"SecurityGroupType", "enterprise"}},
		{"sg-c", []string{"ResourceGroupId", "rg-1"}},
		{"sg-a sg-b", []string{"Tag.1.Key", "team"}},
		{"sg-a", []string{"Tag.1.Key", "team", "Tag.1.Value", "net", "Tag.2.Key", "stage"}},
		{"sg-a sg-b sg-c sg-main sg-small", []string{"NetworkType", "vpc", "ServiceManaged", "false"}},
		{"", []string{"NetworkType", "classic"}},
		{"", []string{"ServiceManaged", "true"}},
	} {
		r := s.expectCode(t, ok, "DescribeSecurityGroups", f.pairs...)
		if got := ids(r); got != f.want || r.body["TotalCount"] != float64(len(strings.Fields(f.want))) {
			t.Errorf("%v: got %q of %v, want %q", f.pairs, got, r.body["TotalCount"], f.want)
		}
	}
	var byNumber, byToken []string
	for page := 1; page <= 3; page++ {
		byNumber = append(byNumber, ids(s.expectCode(t, ok, "DescribeSecurityGroups", "PageSize", "2",
			"PageNumber", strconv.Itoa(page))))
	}
	for token := ""; len(byToken) < 5; {
		r := s.expectCode(t, ok, "DescribeSecurityGroups", "MaxResults", "2", "NextToken", token)
		byToken = append(byToken, ids(r))
		if token = r.body["NextToken"].(string); token == "" {
			break
		}
	}
	if want := []string{"sg-a sg-b", "sg-c sg-main", "sg-small"}; !slices.Equal(byNumber, want) ||
		!slices.Equal(byToken, want) {
		t.Errorf("pages: got %q by number and %q by token, want %q", byNumber, byToken, want)
	}
}

// The rules of a group are listed in pages, each rule once.
func TestSecurityGroupRulePages(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	for k := range 25 {
		s.expectCode(t, ok, "AuthorizeSecurityGroup", "SecurityGroupId", "sg-main", "IpProtocol", "tcp",
			"PortRange", fmt.Sprintf("%d/%d", k+1, k+1), "SourceCidrIp", "10.0.0.0/8")
	}
	var sizes []int
	seen := map[string]bool{}
	for token := ""; len(sizes) < 5; {
		r := s.expectCode(t, ok, "DescribeSecurityGroupAttribute", "SecurityGroupId", "sg-main", "MaxResults", "10",
			"NextToken", token)
		rules := listItems(r, "Permissions", "Permission")
		sizes = append(sizes, len(rules))
		for _, rule := range rules {
			seen[ruleKey(rule)] = true
		}
		if token = r.body["NextToken"].(string); token == "" {
			break
		}
	}
	if !slices.Equal(sizes, []int{10, 10, 5}) || len(seen) != 25 {
		t.Errorf("got pages of %v with %d rules, want 10, 10 and 5 with 25", sizes, len(seen))
	}
}

// A rule that is modified keeps its id and the values that the request does not name. A source replaces all
// sources. One that is named by its values gets a description only.
func TestARuleIsModified(t *testing.T) {
	t.Parallel()
	s := serve(t, worldtest.New(account).AccessKey(accessKey, worldtest.Set("secret", "test-secret")).
		VPC("vpc-main", "10.0.0.0/8").SecurityGroup("sg-other").
		SecurityGroup("sg-main", worldtest.Set("rules", []map[string]any{
			{"id": "sgr-1", "ip_protocol": "TCP", "port_range": "22/22", "source_cidr_ip": "10.0.0.0/8",
				"description": "ssh"},
		})), service.Options{})
	rule := func() string {
		t.Helper()
		reply := s.mustCall(t, "DescribeSecurityGroupAttribute", "SecurityGroupId", "sg-main")
		r := reply.body["Permissions"].(map[string]any)["Permission"].([]any)[0].(map[string]any)
		return fmt.Sprint(r["SecurityGroupRuleId"], r["IpProtocol"], r["PortRange"], r["SourceCidrIp"],
			r["SourceGroupId"], r["Policy"], r["Priority"], r["Description"])
	}
	modify := func(want string, pairs ...string) {
		t.Helper()
		s.expectCode(t, ok, "ModifySecurityGroupRule", append([]string{"SecurityGroupId", "sg-main"}, pairs...)...)
		if got := rule(); got != want {
			t.Errorf("%v: got %s, want %s", pairs, got, want)
		}
	}
	modify(fmt.Sprint("sgr-1", "TCP", "80/443", "10.0.0.0/8", "", "Accept", 5, "ssh"),
		"SecurityGroupRuleId", "sgr-1", "PortRange", "80/443", "Priority", "5")
	modify(fmt.Sprint("sgr-1", "TCP", "80/443", "", "sg-other", "Drop", 5, "web"),
		"SecurityGroupRuleId", "sgr-1", "SourceGroupId", "sg-other", "Policy", "drop", "Description", "web")
	modify(fmt.Sprint("sgr-1", "TCP", "80/443", "", "sg-other", "Drop", 5, "of the web"),
		"IpProtocol", "tcp", "PortRange", "80/443", "SourceGroupId", "sg-other", "Policy", "drop", "Priority", "5",
		"Description", "of the web")
	s.expectCode(t, "InvalidParam.PortRange", "ModifySecurityGroupRule", "SecurityGroupId", "sg-main",
		"SecurityGroupRuleId", "sgr-1", "IpProtocol", "ICMP") // the ports stay
}
