package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// changeClock changes the clock of the test's account, and returns what it shows.
func (s *server) changeClock(t testing.TB, change string) (now time.Time) {
	t.Helper()
	status, body, _ := s.control(t, controlRequest{
		method: "POST", path: "/accounts/" + account + "/clock", body: change,
	})
	if status != http.StatusOK {
		t.Fatalf("clock %s: got %d %s, want 200", change, status, body)
	}
	return timeIn(t, decodeJSON(t, body)["now"])
}

func timeIn(t testing.TB, value any) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, fmt.Sprint(value))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// clockWorld has two instances and two free interfaces in each of two accounts.
func clockWorld() *worldtest.World {
	return world().Instance("i-{n}", worldtest.Count(2)).NetworkInterface("eni-1").NetworkInterface("eni-2").
		Account(otherAccount).AccessKey(otherKey, worldtest.Set("secret", "test-secret")).
		VPC("vpc-main", "10.0.0.0/8").VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").SecurityGroup("sg-main").
		Instance("i-{n}", worldtest.Count(2)).NetworkInterface("eni-1").NetworkInterface("eni-2")
}

// serveWithClock starts the only server of a database. Real time stands still until the test advances
// it.
func serveWithClock(t *testing.T) (*server, *testClock) {
	t.Helper()
	realTime := newTestClock()
	return serve(t, clockWorld(), service.Options{
		Now: realTime.now, OnlyServer: true,
		AttachDelay: attachDelay, DetachDelay: attachDelay, DeleteDelay: deleteDelay,
	}, openControl), realTime
}

// mustSucceed calls an action and ends the test if it is refused.
func (s *server) mustSucceed(t testing.TB, action string, pairs ...string) reply {
	t.Helper()
	r := s.mustCall(t, action, pairs...)
	if r.status != http.StatusOK {
		t.Fatalf("%s %q: got %v, want 200", action, pairs, r)
	}
	return r
}

// described returns an interface as its account sees it, or nil if there is none.
func (s *server) described(t testing.TB, key, id string) map[string]any {
	t.Helper()
	r := s.mustSucceed(t, "DescribeNetworkInterfaces", "AccessKeyId", key, "NetworkInterfaceId.1", id)
	found := r.body["NetworkInterfaceSets"].(map[string]any)["NetworkInterfaceSet"].([]any)
	if len(found) == 0 {
		return nil
	}
	return found[0].(map[string]any)
}

// createInterface creates an interface, and returns its id and its time of creation.
func (s *server) createInterface(t testing.TB, pairs ...string) (id string, created time.Time) {
	t.Helper()
	r := s.mustSucceed(t, "CreateNetworkInterface",
		append([]string{"VSwitchId", "vsw-h", "SecurityGroupId", "sg-main"}, pairs...)...)
	id = r.body["NetworkInterfaceId"].(string)
	return id, timeIn(t, s.described(t, accessKey, id)["CreationTime"])
}

// expectStatus reports an error unless an interface has a status.
func (s *server) expectStatus(t testing.TB, when, key, id, want string) {
	t.Helper()
	got, _ := s.described(t, key, id)["Status"].(string)
	if got != want {
		t.Errorf("%s: got %s of %s %q, want %q", when, id, key, got, want)
	}
}

// A test steps through the transitions of an account without waiting, to the microsecond. What is
// created has the account's time. The same steps of another account in real time change nothing.
func TestClockStepsThroughTransitions(t *testing.T) {
	t.Parallel()
	s, _ := serveWithClock(t)
	both := []string{accessKey, otherKey}
	onInstance := []string{"InstanceId", "i-1", "NetworkInterfaceId", "eni-1"}
	for _, key := range both {
		s.mustSucceed(t, "AttachNetworkInterface", append(onInstance, "AccessKeyId", key)...)
	}
	s.changeClock(t, fmt.Sprintf(`{"advance": "%v"}`, attachDelay-tick))
	s.expectStatus(t, "just before the attach is due", accessKey, "eni-1", "Attaching")
	s.changeClock(t, fmt.Sprintf(`{"advance": "%v"}`, tick))
	s.expectStatus(t, "when the attach is due", accessKey, "eni-1", "InUse")
	s.expectStatus(t, "beside it", otherKey, "eni-1", "Attaching")

	// Actions decide by the account's time, as reads do.
	r := s.mustCall(t, "DetachNetworkInterface", append(onInstance, "AccessKeyId", otherKey)...)
	if r.status == http.StatusOK {
		t.Errorf("a detach in the other account: got %v, want it refused while the interface is Attaching", r)
	}
	s.mustSucceed(t, "DetachNetworkInterface", onInstance...)
	s.expectStatus(t, "after the detach", accessKey, "eni-1", "Detaching")
	s.changeClock(t, fmt.Sprintf(`{"advance": "%v"}`, attachDelay))
	s.expectStatus(t, "when the detach is due", accessKey, "eni-1", "Available")
	s.mustSucceed(t, "DeleteNetworkInterface", "NetworkInterfaceId", "eni-1")
	s.expectStatus(t, "after the deletion", accessKey, "eni-1", "Deleting")
	now := s.changeClock(t, fmt.Sprintf(`{"advance": "%v"}`, deleteDelay))
	s.expectStatus(t, "when the deletion is due", accessKey, "eni-1", "")
	if _, created := s.createInterface(t); !created.Equal(now.Truncate(time.Second)) {
		t.Errorf("got the creation time %v, want the account's time %v", created, now)
	}
	checkInvariants(t, s.pool)
}

// A frozen account stays as it is, for ever. When it is resumed, what was due goes on.
func TestFrozenClock(t *testing.T) {
	t.Parallel()
	s, realTime := serveWithClock(t)
	s.changeClock(t, `{"freeze": true}`)
	for _, key := range []string{accessKey, otherKey} {
		s.mustSucceed(t, "AttachNetworkInterface",
			"InstanceId", "i-1", "NetworkInterfaceId", "eni-1", "AccessKeyId", key)
	}
	realTime.advance(10 * 365 * 24 * time.Hour)
	s.expectStatus(t, "ten years later", accessKey, "eni-1", "Attaching")
	s.expectStatus(t, "ten years later", otherKey, "eni-1", "InUse")
	s.changeClock(t, `{"freeze": false}`)
	realTime.advance(attachDelay - tick)
	s.expectStatus(t, "resumed, just before it is due", accessKey, "eni-1", "Attaching")
	realTime.advance(tick)
	s.expectStatus(t, "resumed, when it is due", accessKey, "eni-1", "InUse")
}

// A clock at a rate of ten makes eleven seconds of 1.1 s, and returns to real time when it is reset.
func TestClockAtARate(t *testing.T) {
	t.Parallel()
	s, realTime := serveWithClock(t)
	s.changeClock(t, `{"rate": 10}`)
	s.mustSucceed(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	realTime.advance(attachDelay/10 - tick)
	s.expectStatus(t, "just before it is due", accessKey, "eni-1", "Attaching")
	realTime.advance(tick)
	s.expectStatus(t, "when it is due", accessKey, "eni-1", "InUse")
	// A reset is the one step back: what began in the account's future is due when real time gets there.
	s.changeClock(t, `{"advance": "1h"}`)
	s.mustSucceed(t, "AttachNetworkInterface", "InstanceId", "i-2", "NetworkInterfaceId", "eni-2")
	if now := s.changeClock(t, `{"reset": true}`); !now.Equal(realTime.now()) {
		t.Errorf("after a reset: got %v, want real time %v", now, realTime.now())
	}
	realTime.advance(time.Hour)
	s.expectStatus(t, "an hour after the reset", accessKey, "eni-2", "Attaching")
	realTime.advance(time.Minute)
	s.expectStatus(t, "later", accessKey, "eni-2", "InUse")
}

// A ClientToken returns its first answer for a day of the account's time, in lanes and in
// transactions of their own.
func TestClientTokensLiveByTheClock(t *testing.T) {
	t.Parallel()
	s, realTime := serveWithClock(t)
	s.changeClock(t, `{"freeze": true}`)
	create := func() [2]string {
		eni, _ := s.createInterface(t, "ClientToken", "once")
		group := s.mustSucceed(t, "CreateSecurityGroup", "VpcId", "vpc-main", "ClientToken", "once")
		return [2]string{eni, group.body["SecurityGroupId"].(string)}
	}
	first := create()
	realTime.advance(48 * time.Hour)
	if again := create(); again != first {
		t.Errorf("two real days later: got %v, want the first answers %v", again, first)
	}
	s.changeClock(t, fmt.Sprintf(`{"advance": "%v"}`, 24*time.Hour+tick))
	if again := create(); again[0] == first[0] || again[1] == first[1] {
		t.Errorf("a day of the account later: got %v after %v, want other resources", again, first)
	}
}

// All servers of a database agree on the time of an account at once: each second request goes to the
// other server, while the account is advanced a hundred times. A third server that starts afterwards
// finds the clock as it was.
func TestServersAgreeOnTheTimeOfAnAccount(t *testing.T) {
	t.Parallel()
	const steps = 100
	pool := storetest.Pool(t)
	options := service.Options{AttachDelay: steps * time.Second}
	servers := []*server{
		serveOn(t, pool, clockWorld(), options, openControl), serveOn(t, pool, nil, options, openControl),
	}
	// First freeze the account, while both servers remember that it has no clock. Requests of other
	// clients make them look it up again and again.
	stop := make(chan struct{})
	var group sync.WaitGroup
	for _, s := range servers {
		s.mustSucceed(t, "DescribeVpcs")
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if r, err := s.call(t.Context(), "DescribeVpcs"); err != nil || r.status != http.StatusOK {
					t.Errorf("a request beside: got %v, %v", r, err)
					return
				}
			}
		})
	}
	start := servers[0].changeClock(t, `{"freeze": true}`)
	servers[1].mustSucceed(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	for step := 1; step <= steps; step++ {
		changing, asking := servers[step%2], servers[(step+1)%2]
		now := changing.changeClock(t, `{"advance": "1s"}`)
		if want := start.Add(time.Duration(step) * time.Second); !now.Equal(want) {
			t.Fatalf("step %d: got %v, want %v", step, now, want)
		}
		want := "Attaching"
		if step == steps {
			want = "InUse"
		}
		asking.expectStatus(t, fmt.Sprint("step ", step), accessKey, "eni-1", want)
		id, created := asking.createInterface(t)
		if !created.Equal(now.Truncate(time.Second)) {
			t.Fatalf("step %d: got the creation time %v, want %v", step, created, now)
		}
		asking.mustSucceed(t, "DeleteNetworkInterface", "NetworkInterfaceId", id)
	}
	close(stop)
	group.Wait()
	// Then start a third one. Then return to real time, which all follow at once.
	third := serveOn(t, pool, nil, options, openControl)
	third.expectStatus(t, "after a restart", accessKey, "eni-1", "InUse")
	_, body, _ := third.control(t, controlRequest{method: "GET", path: "/accounts/" + account + "/clock"})
	if want := start.Add(steps * time.Second); !timeIn(t, decodeJSON(t, body)["now"]).Equal(want) ||
		!strings.Contains(body, `"rate":1,"frozen":true`) {
		t.Errorf("after a restart: got %s, want %v, frozen", body, want)
	}
	third.changeClock(t, `{"reset": true}`)
	for k, s := range servers {
		if _, created := s.createInterface(t); time.Since(created) > time.Minute {
			t.Errorf("server %d after a reset: got the creation time %v, want real time", k, created)
		}
	}
	checkInvariants(t, pool)
}

// The control API refuses what makes no sense, with what was meant.
func TestClockRequestsAreChecked(t *testing.T) {
	t.Parallel()
	s, _ := serveWithClock(t)
	for _, c := range []struct {
		account, change string
		status          int
		want            string
	}{
		{account, `{"advance": "-1s"}`, 400, "time never runs backwards"},
		{account, `{"advanse": "1s"}`, 400, "advance"},
		{account, `{}`, 400, "one of advance, freeze, rate and reset"},
		{"1000000000000009", `{"freeze": true}`, 404, "there is no account 1000000000000009"},
		{"12", `{"freeze": true}`, 400, "16 digits"},
	} {
		status, body, _ := s.control(t, controlRequest{
			method: "POST", path: "/accounts/" + c.account + "/clock", body: c.change,
		})
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: got %d %s, want %d with %q", c.change, status, body, c.status, c.want)
		}
	}
}
