package httpapi_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// addStock adds a rule on the stock of the test's account, and returns its id.
func (s *server) addStock(t testing.TB, rule string) string {
	t.Helper()
	return s.addStockOf(t, account, rule)
}

// addStockOf adds a rule on the stock of an account, or of every account.
func (s *server) addStockOf(t testing.TB, owner, rule string) string {
	t.Helper()
	status, body, _ := s.control(t, controlRequest{
		method: "POST", path: "/stock", body: `{"account": "` + owner + `", ` + rule + `}`,
	})
	if status != http.StatusCreated {
		t.Fatalf("a rule %s: got %d %s, want 201", rule, status, body)
	}
	return decodeJSON(t, body)["id"].(string)
}

// taken returns how many instances were taken from a rule on the stock.
func (s *server) taken(t testing.TB, id string) int {
	t.Helper()
	status, body, _ := s.control(t, controlRequest{method: "GET", path: "/stock/" + id})
	if status != http.StatusOK {
		t.Fatalf("the rule %s: got %d %s, want 200", id, status, body)
	}
	return int(decodeJSON(t, body)["taken"].(float64))
}

// instanceIn returns the parameters of a new instance.
func instanceIn(vswitch, instanceType string, more ...string) []string {
	return append([]string{
		"ImageId", "m-test", "InstanceType", instanceType, "VSwitchId", vswitch, "SecurityGroupId", "sg-main",
	}, more...)
}

// stockWorld is the usual world and another account with the same resources.
func stockWorld() *worldtest.World {
	return world().
		Instance("i-economy", worldtest.Type("ecs.g6.large"), worldtest.Status("Stopped"),
			worldtest.Set("stopped_mode", "StopCharging")).
		Instance("i-kept", worldtest.Type("ecs.g6.large"), worldtest.Status("Stopped"),
			worldtest.Set("stopped_mode", "KeepCharging")).
		Account(otherAccount).
		AccessKey(otherKey).
		VPC("vpc-main", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-main")
}

// What is sold out is refused for each request that needs it, with the code of the rule where the
// action has it. Other types, zones and accounts are not affected, and without the rule everything
// is in stock.
func TestSoldOut(t *testing.T) {
	t.Parallel()
	s := serve(t, stockWorld(), service.Options{}, openControl)
	id := s.addStock(t, `"zone": "cn-hangzhou-h", "instance_type": "ecs.g6.large"`)
	zone := s.addStock(t, `"zone": "cn-hangzhou-i", "answer": "Zone.NotOnSale"`)
	s.addStock(t, `"instance_type": "ecs.t*", "answer": "InvalidResourceType.NotSupported"`)

	sold := instanceIn("vsw-h", "ecs.g6.large")
	s.expectCode(t, "OperationDenied.NoStock", "RunInstances", sold...)
	s.expectCode(t, "OperationDenied.NoStock", "CreateInstance", sold...)
	s.expectCode(t, "OperationDenied.NoStock", "RunInstances", also(sold, "DryRun", "true")...)
	s.expectCode(t, "OperationDenied.NoStock", "RunInstances", also(sold, "Amount", "3", "MinAmount", "1")...)
	s.expectCode(t, "Zone.NotOnSale", "RunInstances", instanceIn("vsw-i", "ecs.g6.large")...)
	s.expectCode(t, "Zone.NotOnSale", "CreateInstance", instanceIn("vsw-i", "ecs.g6.xlarge")...)
	s.expectCode(t, "InvalidResourceType.NotSupported", "RunInstances", instanceIn("vsw-h", "ecs.t6-c1m1.large")...)
	notSupported := s.expectCode(t, "InvalidResourceType.NotSupported", "CreateInstance",
		instanceIn("vsw-h", "ecs.t6-c1m1.large")...)
	if text := notSupported.body["Message"]; notSupported.status != http.StatusForbidden ||
		text != "This resource type is not supported; please try other resource types." {
		t.Errorf("got %d and the message %q, want 403 and that of a type that is not sold", notSupported.status, text)
	}
	s.expectCode(t, "OperationDenied.NoStock", "StartInstance", "InstanceId", "i-economy")
	s.expectCode(t, "OperationDenied.NoStock", "ModifyInstanceSpec",
		"InstanceId", "i-economy", "InstanceType", "ecs.t6-c1m1.large")

	s.expectCode(t, ok, "RunInstances", instanceIn("vsw-h", "ecs.g6.xlarge")...)
	s.expectCode(t, ok, "StartInstance", "InstanceId", "i-kept")
	s.expectCode(t, ok, "ModifyInstanceSpec", "InstanceId", "i-economy", "InternetMaxBandwidthOut", "5")
	s.expectCode(t, ok, "RunInstances", also(sold, "AccessKeyId", otherKey)...)

	for _, path := range []string{"/stock/" + id, "/stock/" + zone} {
		status, body, _ := s.control(t, controlRequest{method: "DELETE", path: path})
		if status != http.StatusNoContent {
			t.Errorf("DELETE %s: got %d %s, want 204", path, status, body)
		}
	}
	s.expectCode(t, ok, "RunInstances", sold...)
	s.expectCode(t, ok, "CreateInstance", instanceIn("vsw-i", "ecs.g6.large")...)
	s.expectCode(t, ok, "StartInstance", "InstanceId", "i-economy")
	s.expectCode(t, "InvalidResourceType.NotSupported", "RunInstances", instanceIn("vsw-h", "ecs.t6-c1m1.large")...)
	path := "/stock?account=" + account
	if status, body, _ := s.control(t, controlRequest{method: "DELETE", path: path}); status != http.StatusNoContent {
		t.Errorf("DELETE %s: got %d %s, want 204", path, status, body)
	}
	s.expectCode(t, ok, "RunInstances", instanceIn("vsw-h", "ecs.t6-c1m1.large")...)
	checkInvariants(t, s.pool)
}

// Each creation, start after a stop without charge, and change of type takes one of what is left.
// Nothing else does, and a refusal takes nothing.
func TestStockCountsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	s := serve(t, stockWorld(), service.Options{}, openControl)
	id := s.addStock(t, `"instance_type": "ecs.g6.*", "left": 6`)
	zone := s.addStock(t, `"zone": "cn-hangzhou-h", "left": 100`)
	for _, c := range []struct {
		code, action string
		pairs        []string
		taken        int
	}{
		{ok, "RunInstances", instanceIn("vsw-h", "ecs.g6.large", "Amount", "2"), 2},
		{"DryRunOperation", "RunInstances", instanceIn("vsw-h", "ecs.g6.large", "DryRun", "true"), 2},
		{"InvalidSecurityGroupId.NotFound", "RunInstances",
			instanceIn("vsw-h", "ecs.g6.large", "SecurityGroupId", "sg-none"), 2},
		{"OperationDenied.NoStock", "RunInstances", instanceIn("vsw-h", "ecs.g6.large", "Amount", "5"), 2},
		{ok, "CreateInstance", instanceIn("vsw-h", "ecs.g6.large", "ClientToken", "once"), 3},
		{ok, "CreateInstance", instanceIn("vsw-h", "ecs.g6.large", "ClientToken", "once"), 3},
		{"DryRunOperation", "StartInstance", []string{"InstanceId", "i-economy", "DryRun", "true"}, 3},
		{ok, "StartInstance", []string{"InstanceId", "i-economy"}, 4},
		{ok, "ModifyInstanceSpec", []string{"InstanceId", "i-kept", "InstanceType", "ecs.g6.xlarge"}, 5},
		{ok, "ModifyInstanceSpec", []string{"InstanceId", "i-kept", "InstanceType", "ecs.g6.xlarge"}, 5},
		{ok, "StartInstance", []string{"InstanceId", "i-kept"}, 5},
		{ok, "RunInstances", instanceIn("vsw-h", "ecs.g7.large"), 5},
		{ok, "RunInstances", instanceIn("vsw-h", "ecs.g6.large", "Amount", "4", "MinAmount", "1"), 6},
		{"OperationDenied.NoStock", "RunInstances", instanceIn("vsw-h", "ecs.g6.large"), 6},
	} {
		s.expectCode(t, c.code, c.action, c.pairs...)
		if got := s.taken(t, id); got != c.taken {
			t.Errorf("after %s %v: got %d taken, want %d", c.action, c.pairs, got, c.taken)
		}
	}
	if got := s.taken(t, zone); got != 7 {
		t.Errorf("taken from the zone: got %d, want 7", got)
	}
	checkInvariants(t, s.pool)
}

// Of 64 callers of two servers, exactly as many get an instance as are left, also if each wants two
// of them, and if they are of 16 accounts, which share no other lock.
func TestRaceForStock(t *testing.T) {
	t.Parallel()
	const accounts = 16
	for name, c := range map[string]struct {
		owner             string
		left, amount, fit int
	}{
		"one each":    {account, 5, 1, 5},
		"two each":    {account, 9, 2, 4},
		"16 accounts": {"*", 9, 2, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := patient(t, storetest.Pool(t))
			w := stockWorld()
			for k := range accounts {
				w = w.Account(fmt.Sprintf("10000000000001%02d", k)).AccessKey(fmt.Sprintf("LTAIracer%02d", k)).
					VPC("vpc-main", "10.0.0.0/8").
					VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
					SecurityGroup("sg-main")
			}
			first := serveOn(t, pool, w, service.Options{}, openControl)
			servers := []*server{first, serveAgain(t, pool)}
			before := first.count(t, `SELECT count(*) FROM instances`)
			id := first.addStockOf(t, c.owner, fmt.Sprintf(`"instance_type": "ecs.g6.*", "left": %d`, c.left))
			expect(t, race(t, 64, func(k int) (string, error) {
				vswitch, amount := []string{"vsw-h", "vsw-i"}[k/2%2], strconv.Itoa(c.amount)
				action, pairs := "RunInstances", instanceIn(vswitch, "ecs.g6.large", "Amount", amount)
				if c.amount == 1 && k%3 == 0 {
					action, pairs = "CreateInstance", instanceIn("vsw-h", "ecs.g6.xlarge")
				}
				if c.owner == "*" {
					pairs = instanceIn("vsw-h", "ecs.g6.large", "Amount", amount, "AccessKeyId",
						fmt.Sprintf("LTAIracer%02d", k%accounts))
				}
				r, err := servers[k%2].call(t.Context(), action, pairs...)
				return r.code(), err
			}), map[string]int{ok: c.fit, "OperationDenied.NoStock": 64 - c.fit})
			made := first.count(t, `SELECT count(*) FROM instances`) - before
			if want := c.fit * c.amount; made != want || first.taken(t, id) != want {
				t.Errorf("got %d instances and %d taken, want %d", made, first.taken(t, id), want)
			}
			checkInvariants(t, pool)
			expectNoDeadlocks(t, first)
		})
	}
}

// A wrong rule is refused with what is wrong and what was meant.
func TestWrongStock(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, openControl)
	for _, c := range []struct{ body, want string }{
		{`{}`, "16 digits"},
		{`{"account": "1000000000000009"}`, "no account"},
		{`{"account": "` + account + `", "zones": "cn-hangzhou-h"}`, `did you mean \"zone\"?`},
		{`{"account": "` + account + `", "answer": "OperationDenied.NoStocks"}`,
			`did you mean \"OperationDenied.NoStock\"?`},
		{`{"account": "` + account + `", "left": -1}`, "from 0"},
		{`{"account": "` + account + `", "left": "three"}`, "left is a whole number"},
		{`{"account": "` + account + `", "id": "stock-mine"}`, "leave id out"},
	} {
		status, body, _ := s.control(t, controlRequest{method: "POST", path: "/stock", body: c.body})
		if status < 400 || status > 404 || !strings.Contains(body, c.want) {
			t.Errorf("%s: got %d %s, want a refusal with %q", c.body, status, body, c.want)
		}
	}
}
