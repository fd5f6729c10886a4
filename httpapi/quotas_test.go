package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// setQuotas changes quotas of the test's account by a PATCH, in JSON.
func (s *server) setQuotas(t testing.TB, quotas string) {
	t.Helper()
	status, body, _ := s.control(t, controlRequest{
		method: "PATCH", path: "/accounts/" + account, body: `{"quotas": {` + quotas + `}}`,
	})
	if status != http.StatusOK {
		t.Fatalf("quotas %s: got %d %s, want 200", quotas, status, body)
	}
}

// The quotas of an account are set one by one or all at once, shown, and reset.
func TestQuotasOfAnAccount(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, openControl)
	path := "/accounts/" + account + "/quotas"
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", path, "", 200, `{"network_interfaces_per_region":100}`},
		{"PATCH", "/accounts/" + account, `{"quotas": {"instances_per_region": 4}}`, 200,
			`"quotas":{"network_interfaces_per_region":100,"instances_per_region":4}`},
		{"PATCH", "/accounts/" + account,
			`{"quotas": {"network_interfaces_per_region": 9, "ipv6_per_network_interface": 0}}`, 200,
			`"quotas":{"network_interfaces_per_region":9,"instances_per_region":4,"ipv6_per_network_interface":0}`},
		{"GET", "/accounts", "", 200,
			`"quotas":{"network_interfaces_per_region":9,"instances_per_region":4,"ipv6_per_network_interface":0}`},
		{"PUT", path, `{"security_groups_per_network_interface": 3, "private_ipv4_per_network_interface": 5}`, 200,
			`{"network_interfaces_per_region":100,"security_groups_per_network_interface":3,` +
				`"private_ipv4_per_network_interface":5}`},
		{"DELETE", path, "", 204, ""},
		{"GET", path, "", 200, `{"network_interfaces_per_region":100}`},

		{"PUT", path, `{"instances": 3}`, 400, `unknown key \"instances\"`},
		{"PUT", path, `{"instances_per_region": -1}`, 400,
			"instances per region is a number from 0 to 2147483647, got -1"},
		{"PUT", path, `{"security_groups_per_network_interface": 0}`, 400, "from 1 to"},
		{"PATCH", "/accounts/" + account, `{"quotas": {"private_ipv4_per_network_interface": 0}}`, 400, "from 1 to"},
		{"GET", "/accounts/1000000000000009/quotas", "", 404, "1000000000000009"},
		{"PUT", "/accounts/1000000000000009/quotas", "{}", 404, "1000000000000009"},
		{"DELETE", "/accounts/123/quotas", "", 400, "16 digits"},
		{"POST", "/accounts", `{"quotas": {"instances_per_region": 7, "ipv6_per_network_interface": 2}}`, 201,
			`"quotas":{"network_interfaces_per_region":100,"instances_per_region":7,"ipv6_per_network_interface":2}`},
		{"POST", "/accounts", `{"quotas": {"ipv6_per_network_interface": -2}}`, 400, "from 0 to"},
	} {
		status, body, _ := s.control(t, controlRequest{method: c.method, path: c.path, body: c.body})
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s %s: got %d %s, want %d and %s", c.method, c.path, c.body, status, body, c.status, c.want)
		}
	}
}

// Of 64 callers of two servers, as many create instances as the quota of the region allows. It is
// raised, lowered and raised again while they call. Neither instances of another region nor those of
// another account count.
func TestRaceForInstanceQuota(t *testing.T) {
	t.Parallel()
	pool := patient(t, storetest.Pool(t))
	first := serveOn(t, pool, stockWorld(), service.Options{}, openControl) // with two instances
	first.setQuotas(t, `"instances_per_region": 5`)
	servers := []*server{first, serveAgain(t, pool)}
	create := func(k int) (string, error) {
		action, amount := "RunInstances", []string{"Amount", fmt.Sprint(1 + k%2)}
		if k%3 == 0 {
			action, amount = "CreateInstance", nil
		}
		vswitch := []string{"vsw-h", "vsw-i"}[k/2%2]
		r, err := servers[k%2].call(t.Context(), action, instanceIn(vswitch, "ecs.g6.large", amount...)...)
		return r.code(), err
	}
	count := func() int {
		return first.count(t, `SELECT count(*) FROM instances WHERE account_id = '`+account+`'`)
	}
	checkAnswers := func(got map[string]int) {
		t.Helper()
		if len(got) > 2 || got[ok]+got["QuotaExceed.ElasticQuota"] != 64 {
			t.Errorf("got %v, want successes and QuotaExceed.ElasticQuota only", got)
		}
	}
	checkAnswers(race(t, 64, create))
	if got := count(); got != 5 {
		t.Fatalf("instances: got %d, want 5", got)
	}
	// Then it changes while they call. In the end they have created all that it allows.
	var changes sync.WaitGroup
	changes.Go(func() {
		for _, n := range []int{7, 3, 12} {
			first.setQuotas(t, fmt.Sprintf(`"instances_per_region": %d`, n))
		}
	})
	checkAnswers(race(t, 64, create))
	changes.Wait()
	checkAnswers(race(t, 64, create))
	if got := count(); got != 12 {
		t.Errorf("instances: got %d, want 12", got)
	}
	// A deletion frees its place at once. With a MinAmount, as many are created as fit.
	first.expectCode(t, ok, "DeleteInstance", "InstanceId", "i-kept")
	first.expectCode(t, ok, "RunInstances", instanceIn("vsw-h", "ecs.g6.large", "Amount", "9", "MinAmount", "1")...)
	first.expectCode(t, "QuotaExceed.ElasticQuota", "CreateInstance", instanceIn("vsw-h", "ecs.g6.large")...)
	first.expectCode(t, ok, "RunInstances", instanceIn("vsw-h", "ecs.g6.large", "AccessKeyId", otherKey)...)
	if got := count(); got != 12 {
		t.Errorf("instances: got %d, want 12", got)
	}
	checkInvariants(t, pool)
	expectNoDeadlocks(t, first)
}

// The quota of interfaces is changed while callers of two servers create interfaces, also by launches.
func TestInterfaceQuotaChangesUnderTraffic(t *testing.T) {
	t.Parallel()
	pool := patient(t, storetest.Pool(t))
	first := serveOn(t, pool, world(), service.Options{}, openControl)
	first.setQuotas(t, `"network_interfaces_per_region": 4, "instances_per_region": 100`)
	servers := []*server{first, serveAgain(t, pool)}
	create := func(k int) (string, error) {
		action, pairs := "CreateNetworkInterface", []string{"VSwitchId", "vsw-h", "SecurityGroupId", "sg-main"}
		if k%4 == 0 {
			action, pairs = "RunInstances", instanceIn("vsw-h", "ecs.g6.large", "NetworkInterface.1.VSwitchId", "vsw-h")
		}
		r, err := servers[k%2].call(t.Context(), action, pairs...)
		return r.code(), err
	}
	expect(t, race(t, 64, create), map[string]int{ok: 4, "MaxEniCountExceeded": 60})
	var changes sync.WaitGroup
	changes.Go(func() {
		for _, n := range []int{6, 0, 9} {
			first.setQuotas(t, fmt.Sprintf(`"network_interfaces_per_region": %d`, n))
		}
	})
	race(t, 64, create)
	changes.Wait()
	race(t, 64, create)
	if got := first.count(t, `SELECT count(*) FROM network_interfaces WHERE type = 'Secondary'`); got != 9 {
		t.Errorf("interfaces: got %d, want 9", got)
	}
	checkInvariants(t, pool)
	expectNoDeadlocks(t, first)
}

// groupWorld has twelve groups, an interface on an instance and a free one, and another account with
// the same groups.
func groupWorld() *worldtest.World {
	groups := func(w *worldtest.World) *worldtest.World {
		for k := range 12 {
			w = w.SecurityGroup(fmt.Sprintf("sg-%d", k+1))
		}
		return w
	}
	return groups(groups(addressWorld()).
		Account(otherAccount).
		AccessKey(otherKey).
		VPC("vpc-main", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16"))
}

// groups returns a list of n groups as parameters.
func groups(name string, n int) (pairs []string) {
	for k := range n {
		pairs = append(pairs, fmt.Sprintf("%s.%d", name, k+1), fmt.Sprintf("sg-%d", k+1))
	}
	return pairs
}

// The quota of groups limits each call that puts an interface into groups, in both directions.
func TestQuotaOfGroups(t *testing.T) {
	t.Parallel()
	s := serve(t, groupWorld(), service.Options{}, openControl)
	newInterface := func(n int) []string { return also(groups("SecurityGroupIds", n), "VSwitchId", "vsw-h") }
	for _, quota := range []int{10, 3, 12} {
		if quota != 10 { // the documented one
			s.setQuotas(t, fmt.Sprintf(`"security_groups_per_network_interface": %d`, quota))
		}
		for n, code := range map[int]string{quota: ok, quota + 1: "JoinedGroupLimitExceed"} {
			if n > 12 {
				continue // there are no more groups
			}
			s.expectCode(t, code, "CreateNetworkInterface", newInterface(n)...)
			s.expectCode(t, code, "ModifyNetworkInterfaceAttribute",
				also(groups("SecurityGroupId", n), "NetworkInterfaceId", "eni-free")...)
			s.expectCode(t, code, "ModifyInstanceAttribute",
				also(groups("SecurityGroupIds", n), "InstanceId", "i-hot")...)
			s.expectCode(t, code, "RunInstances", also(groups("SecurityGroupIds", n), "ImageId", "m-test",
				"InstanceType", "ecs.six.test", "VSwitchId", "vsw-h")...)
		}
	}
	s.setQuotas(t, `"security_groups_per_network_interface": 2`)
	s.expectCode(t, ok, "CreateNetworkInterface", also(newInterface(4), "AccessKeyId", otherKey)...)
	s.expectCode(t, "JoinedGroupLimitExceed", "CreateNetworkInterface", newInterface(4)...)
	checkInvariants(t, s.pool)
}

// Of 24 callers of two servers that each let an interface join another group, as many succeed as the
// quota leaves.
func TestRaceForGroupQuota(t *testing.T) {
	t.Parallel()
	for _, joins := range [][]string{{"NetworkInterfaceId", "eni-free"}, {"InstanceId", "i-hot"}} {
		t.Run(joins[0], func(t *testing.T) {
			t.Parallel()
			pool := patient(t, storetest.Pool(t))
			first := serveOn(t, pool, groupWorld(), service.Options{}, openControl)
			first.setQuotas(t, `"security_groups_per_network_interface": 6`) // one is taken
			servers := []*server{first, serveAgain(t, pool)}
			expect(t, race(t, 12, func(k int) (string, error) {
				r, err := servers[k%2].call(t.Context(), "JoinSecurityGroup",
					also(joins, "SecurityGroupId", fmt.Sprintf("sg-%d", k+1))...)
				return r.code(), err
			}), map[string]int{ok: 5, "InstanceSecurityGroupLimitExceeded": 7})
			checkInvariants(t, pool)
			expectNoDeadlocks(t, first)
		})
	}
}

// 40 callers of two servers assign one address or prefix each. Exactly as many succeed as the quota
// leaves, on an interface that is attached or free.
func TestRaceForAddressQuotaOfAccount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		eni, action, quota string
		one, prefix        []string
		free               int
		refusal            string
	}{
		{"eni-hot", "AssignPrivateIpAddresses", `"private_ipv4_per_network_interface": 4`,
			[]string{"SecondaryPrivateIpAddressCount", "1"}, []string{"Ipv4PrefixCount", "1"}, 3,
			"MaxEniPrivateIpsCountExceeded"},
		{"eni-free", "AssignPrivateIpAddresses", `"private_ipv4_per_network_interface": 4`,
			[]string{"SecondaryPrivateIpAddressCount", "1"}, []string{"Ipv4PrefixCount", "1"}, 3,
			"MaxEniPrivateIpsCountExceeded"},
		{"eni-hot", "AssignIpv6Addresses", `"ipv6_per_network_interface": 3`,
			[]string{"Ipv6AddressCount", "1"}, []string{"Ipv6PrefixCount", "1"}, 3, "MaxEniIpv6IpsCountExceeded"},
		{"eni-free", "AssignIpv6Addresses", `"ipv6_per_network_interface": 12`,
			[]string{"Ipv6AddressCount", "1"}, []string{"Ipv6PrefixCount", "1"}, 12, "MaxEniIpv6IpsCountExceeded"},
		{"eni-free", "AssignIpv6Addresses", `"ipv6_per_network_interface": 0`,
			[]string{"Ipv6AddressCount", "1"}, []string{"Ipv6PrefixCount", "1"}, 0, "MaxEniIpv6IpsCountExceeded"},
	} {
		t.Run(fmt.Sprint(c.eni, " ", c.quota), func(t *testing.T) {
			t.Parallel()
			pool := patient(t, storetest.Pool(t))
			first := serveOn(t, pool, addressWorld(), service.Options{}, openControl)
			first.setQuotas(t, c.quota)
			servers := []*server{first, serveAgain(t, pool)}
			want := map[string]int{c.refusal: 40 - c.free}
			if c.free > 0 {
				want[ok] = c.free
			}
			expect(t, race(t, 40, func(k int) (string, error) {
				pairs := c.one
				if k%2 == 0 {
					pairs = c.prefix
				}
				for {
					r, err := servers[k/2%2].call(t.Context(), c.action,
						also([]string{"NetworkInterfaceId", c.eni}, pairs...)...)
					if r.code() != "Operation.Conflict" { // another change was in progress: clients retry
						return r.code(), err
					}
				}
			}), want)
			if got := addressesOf(t, first, c.eni); len(got) != c.free+1 { // and the primary IPv4 address
				t.Errorf("got %d addresses and prefixes %v, want %d", len(got), got, c.free+1)
			}
			checkInvariants(t, pool)
			expectNoDeadlocks(t, first)
		})
	}
}

// The quotas of addresses limit new interfaces too, alone and with an instance.
func TestAddressQuotaOfNewInterfaces(t *testing.T) {
	t.Parallel()
	s := serve(t, addressWorld(), service.Options{}, openControl)
	newInterface := func(more ...string) []string {
		return append([]string{"VSwitchId", "vsw-h", "SecurityGroupId", "sg-main"}, more...)
	}
	launch := func(more ...string) []string { return instanceIn("vsw-h", "ecs.six.test", more...) }
	s.setQuotas(t, `"private_ipv4_per_network_interface": 4, "ipv6_per_network_interface": 2`)
	for _, c := range []struct {
		code, action string
		pairs        []string
	}{
		{ok, "CreateNetworkInterface", newInterface("SecondaryPrivateIpAddressCount", "3")},
		{"MaxEniPrivateIpsCountExceeded", "CreateNetworkInterface",
			newInterface("SecondaryPrivateIpAddressCount", "4")},
		{"MaxEniPrivateIpsCountExceeded", "CreateNetworkInterface", newInterface("Ipv4PrefixCount", "4")},
		{ok, "CreateNetworkInterface", newInterface("Ipv6AddressCount", "2")},
		{"InvalidParameter", "CreateNetworkInterface", newInterface("Ipv6AddressCount", "3")},
		{"InvalidParameter", "CreateNetworkInterface", newInterface("Ipv6PrefixCount", "3")},
		{ok, "RunInstances", launch("NetworkInterface.1.SecondaryPrivateIpAddressCount", "3")},
		{"InvalidOperation.Ipv4CountExceeded", "RunInstances",
			launch("NetworkInterface.1.SecondaryPrivateIpAddressCount", "4")},
		{ok, "RunInstances", launch("Ipv6AddressCount", "2")},
		{"InvalidOperation.Ipv6CountExceeded", "RunInstances", launch("Ipv6AddressCount", "3")},
		// An interface that has more already may be launched and attached with them.
		{ok, "RunInstances", launch("NetworkInterface.1.NetworkInterfaceId", "eni-1")},
		{ok, "AttachNetworkInterface", []string{"InstanceId", "i-2", "NetworkInterfaceId", "eni-2"}},
		{"MaxEniPrivateIpsCountExceeded", "AssignPrivateIpAddresses",
			[]string{"NetworkInterfaceId", "eni-3", "SecondaryPrivateIpAddressCount", "1"}},
	} {
		s.expectCode(t, c.code, c.action, c.pairs...)
	}
	s.setQuotas(t, `"private_ipv4_per_network_interface": 100`)
	s.expectCode(t, ok, "CreateNetworkInterface", newInterface("SecondaryPrivateIpAddressCount", "60")...)
	s.expectCode(t, ok, "AssignPrivateIpAddresses",
		"NetworkInterfaceId", "eni-3", "SecondaryPrivateIpAddressCount", "60")
	checkInvariants(t, s.pool)
}
