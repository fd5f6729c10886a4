package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

const (
	otherAccount = "1000000000000002"
	otherKey     = "LTAItest000000000002"
)

// openControl opens the control API of a server.
func openControl(o *httpapi.Options) { o.Control.Open = true }

// addFault adds a fault of the test's account, and returns its id.
func (s *server) addFault(t testing.TB, fault string) string {
	t.Helper()
	status, body, _ := s.control(t, controlRequest{
		method: "POST", path: "/faults", body: `{"account": "` + account + `", ` + fault + `}`,
	})
	if status != http.StatusCreated {
		t.Fatalf("a fault %s: got %d %s, want 201", fault, status, body)
	}
	return decodeJSON(t, body)["id"].(string)
}

// counts returns how many calls a fault has matched and struck.
func (s *server) counts(t testing.TB, id string) (matched, struck int) {
	t.Helper()
	status, body, _ := s.control(t, controlRequest{method: "GET", path: "/faults/" + id})
	if status != http.StatusOK {
		t.Fatalf("fault %s: got %d %s, want 200", id, status, body)
	}
	reply := decodeJSON(t, body)
	return int(reply["matched"].(float64)), int(reply["struck"].(float64))
}

// answerOf sends a request to attach eni-1 to i-1 with a plain client, which does not retry. It
// returns the status, the id of the fault, and what of the body arrived.
func answerOf(ctx context.Context, s *server) (status int, fault, body string, err error) {
	query := "Action=AttachNetworkInterface&Version=2014-05-26&Format=JSON&RegionId=cn-hangzhou&AccessKeyId=" +
		accessKey + "&InstanceId=i-1&NetworkInterfaceId=eni-1"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/", strings.NewReader(query))
	if err != nil {
		return 0, "", "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.Client().Do(request)
	if err != nil {
		return 0, "", "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header.Get("X-Enisim-Fault"), string(text), err
}

// Each kind of fault is seen by the client as it is meant. An attach is committed unless the fault
// answers before it.
func TestKindsOfFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		do       string
		status   int    // 0: no answer
		body     string // a part of what arrives
		broken   bool   // whether reading the answer fails
		attached bool
	}{
		{do: `{"answer": "Throttling.User"}`, status: 400, body: `"Code":"Throttling.User"`},
		{do: `{"answer": "InvalidOperation.InvalidEniState"}`, status: 400, body: `InvalidEniState`},
		{do: `{"answer": "EniPerInstanceLimitExceeded", "delay": "1ms"}`, status: 403, body: `EniPerInstance`},
		{do: `{"delay": "1ms"}`, status: 200, body: `"RequestId"`, attached: true},
		{do: `{"lose": "reset"}`, broken: true, attached: true},
		{do: `{"lose": "silence"}`, broken: true, attached: true},
		{do: `{"lose": "500"}`, status: 500, body: `"Code":"InternalError"`, attached: true},
		{do: `{"lose": "503", "delay": "1ms"}`, status: 503, body: `"Code":"ServiceUnavailable"`, attached: true},
		{do: `{"truncate": 12}`, status: 200, body: `{"RequestId"`, attached: true},
		{do: `{"truncate": 0}`, status: 200, body: ``, attached: true},
		{do: `{"cut": 5}`, status: 200, body: `{"Req`, broken: true, attached: true},
		{do: `{"cut": 100000}`, status: 200, body: `{"Req`, broken: true, attached: true},
		{do: `{"slow": "20ms"}`, status: 200, body: `"RequestId"`, attached: true},
	} {
		t.Run(c.do, func(t *testing.T) {
			t.Parallel()
			s := serve(t, world().Instance("i-1").NetworkInterface("eni-1"), service.Options{}, openControl)
			id := s.addFault(t, `"action": "AttachNetworkInterface", "do": `+c.do)
			ctx, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			type answer struct {
				status      int
				fault, body string
				err         error
			}
			answered := make(chan answer, 1)
			go func() {
				var a answer
				a.status, a.fault, a.body, a.err = answerOf(ctx, s)
				answered <- a
			}()
			if strings.Contains(c.do, "silence") { // the client gives up once the attach is committed
				// An answer before that is a failure, which is reported below.
				for len(answered) == 0 && attachments(t, s.pool)["i-1"] < 2 {
					runtime.Gosched()
				}
				giveUp()
			}
			got := <-answered
			status, fault, body, err := got.status, got.fault, got.body, got.err
			if status != c.status || !strings.Contains(body, c.body) || (err != nil) != c.broken {
				t.Errorf("got %d %q, error %v; want %d with %q, broken %v",
					status, body, err, c.status, c.body, c.broken)
			}
			if strings.Contains(c.do, "truncate") && body != c.body {
				t.Errorf("got the body %q, want exactly %q", body, c.body)
			}
			if status != 0 && fault != id {
				t.Errorf("got the header X-Enisim-Fault %q, want %q", fault, id)
			}
			if got := attachments(t, s.pool)["i-1"] == 2; got != c.attached {
				t.Errorf("attached: got %v, want %v", got, c.attached)
			}
			if matched, struck := s.counts(t, id); matched != 1 || struck != 1 {
				t.Errorf("got %d calls matched and %d struck, want 1 and 1", matched, struck)
			}
			checkInvariants(t, s.pool)
		})
	}
}

// The answer that a silent fault touched does not say so, but the count of the fault does.
func TestSilentFault(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-1").NetworkInterface("eni-1"), service.Options{}, openControl)
	id := s.addFault(t, `"silent": true, "do": {"answer": "Throttling"}`)
	status, fault, body, err := answerOf(t.Context(), s)
	if err != nil || status != http.StatusBadRequest || fault != "" || strings.Contains(body, id) {
		t.Errorf("got %d %s, X-Enisim-Fault %q, %v; want 400 that does not name the fault", status, body, fault, err)
	}
	if matched, struck := s.counts(t, id); matched != 1 || struck != 1 {
		t.Errorf("got %d calls matched and %d struck, want 1 and 1", matched, struck)
	}
}

// The same calls in the same order meet the same faults, on one server and on two of a database.
func TestSchedulesOfFaultsAreTheSame(t *testing.T) {
	t.Parallel()
	const calls = 40
	schedule := func(serverCount int) (codes []string) {
		pool := storetest.Pool(t)
		first := serveOn(t, pool, world(), service.Options{}, openControl)
		servers := []*server{first}
		first.addFault(t, `"action": "DescribeRegions", "when": {"from": 5, "to": 6}, "do": {"answer": "Throttling"}`)
		first.addFault(t, `"action": "Describe*", "when": {"probability": 0.4, "seed": 3},
			"do": {"answer": "Throttling.Api"}`)
		first.addFault(t, `"when": {"every": 7}, "do": {"answer": "ServiceUnavailable"}`)
		for len(servers) < serverCount {
			servers = append(servers, serveAgain(t, pool))
		}
		for n := range calls {
			action := []string{"DescribeRegions", "DescribeZones", "DescribeVpcs"}[n%3]
			r, _, err := servers[n%len(servers)].callOnce(t.Context(), action)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, r.code())
		}
		return codes
	}
	one, again, two := schedule(1), schedule(1), schedule(2)
	if !slices.Equal(one, again) || !slices.Equal(one, two) {
		t.Errorf("got the codes\n%q on one server,\n%q again and\n%q on two, want the same", one, again, two)
	}
	for _, code := range []string{"", "Throttling", "Throttling.Api", "ServiceUnavailable"} {
		if !slices.Contains(one, code) {
			t.Errorf("got the codes %q, want %q among them", one, code)
		}
	}
}

// Each matching call counts once, over all clients and servers, and exactly those are struck that the
// fault names. Another tenant meets none.
func TestFaultsUnderConcurrency(t *testing.T) {
	t.Parallel()
	const clients, callsEach = 32, 10
	pool := storetest.Pool(t)
	w := world().Account(otherAccount).AccessKey(otherKey, worldtest.Set("secret", "test-secret"))
	servers := []*server{serveOn(t, pool, w, service.Options{}, openControl)}
	id := servers[0].addFault(t, `"action": "DescribeVpcs", "when": {"every": 3}, "do": {"answer": "Throttling"}`)
	lost := servers[0].addFault(t, `"action": "DescribeZones", "when": {"from": 11, "to": 20}, "do": {"lose": "reset"}`)
	servers = append(servers, serveAgain(t, pool))
	var struck, broken, others atomic.Int64
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			s := servers[client%2]
			for range callsEach {
				// A call that is refused because the machine is busy has been counted too, so none is repeated.
				if r, _, err := s.callOnce(t.Context(), "DescribeVpcs"); err == nil && r.code() == "Throttling" {
					struck.Add(1)
				} else if err != nil || r.code() != "" && r.code() != "ServiceUnavailable" {
					t.Errorf("DescribeVpcs: got %v, %v, want 200 or Throttling", r, err)
				}
				if _, _, err := s.callOnce(t.Context(), "DescribeZones"); err != nil {
					broken.Add(1)
				}
				r, err := s.call(t.Context(), "DescribeVpcs", "AccessKeyId", otherKey)
				if err != nil || r.status != http.StatusOK {
					others.Add(1)
				}
			}
		})
	}
	group.Wait()
	const calls = clients * callsEach
	if got := struck.Load(); got != calls/3 {
		t.Errorf("got Throttling %d times of %d, want %d", got, calls, calls/3)
	}
	if got := broken.Load(); got != 10 {
		t.Errorf("lost %d answers, want exactly the 11th to the 20th", got)
	}
	if got := others.Load(); got != 0 {
		t.Errorf("%d calls of the other tenant failed, want none", got)
	}
	for fault, want := range map[string]int{id: calls / 3, lost: 10} {
		if m, n := servers[0].counts(t, fault); m != calls || n != want {
			t.Errorf("fault %s: got %d matched and %d struck, want %d and %d", fault, m, n, calls, want)
		}
	}
}

// serveAgain starts another server on a database that has its world.
func serveAgain(t testing.TB, pool *pgxpool.Pool) *server {
	t.Helper()
	return serveOn(t, pool, nil, service.Options{}, openControl)
}

// A NUL character, which the database cannot have, is refused in a rule. Nothing has it in its id.
func TestNULCharactersInDisturbances(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, openControl)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/faults", `{"account": "*", "resource": "a\u0000", "do": {"cut": 1}}`, 400, "resource holds a NUL"},
		{"POST", "/lifecycles",
			`{"account": "*", "transition": "Attaching", "resource": "\u0000", "lasts": {"never": true}}`,
			400, "resource holds a NUL"},
		{"POST", "/stock", `{"account": "*", "instance_type": "\u0000"}`, 400, "instance_type holds a NUL"},
		{"PUT", "/accounts/*/throttle", `{"limits": [{"per_second": 1, "region": "\u0000"}]}`, 400,
			"limits[0].region holds a NUL"},
		{"POST", "/lifecycles/release", `{"account": "` + account + `", "resource": "\u0000"}`,
			404, "has no interface"},
		{"GET", "/faults/%00", "", 404, "there is no fault"},
		{"DELETE", "/faults/%00", "", 404, "there is no fault"},
		{"GET", "/lifecycles/%00", "", 404, "there is no lifecycle"},
		{"DELETE", "/stock/%00", "", 404, "there is no stock"},
	} {
		status, body, _ := s.control(t, controlRequest{method: c.method, path: c.path, body: c.body})
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s %s: got %d %s, want %d with %q", c.method, c.path, c.body, status, body, c.status, c.want)
		}
	}
}
