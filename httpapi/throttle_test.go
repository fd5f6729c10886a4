package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
	"enisim.alt/testdata/contract"
)

// serveThrottled starts a server with the control API, whose throttles follow the returned clock, in
// nanoseconds since the golden time.
func serveThrottled(t *testing.T) (*server, *atomic.Int64) {
	t.Helper()
	passed := &atomic.Int64{}
	return serve(t, world(), service.Options{
		RealNow: func() time.Time { return goldenTime.Add(time.Duration(passed.Load())) },
	}, withControl(httpapi.Control{Open: true}, &safeBuffer{})), passed
}

// putThrottle sets the throttle of the test's account through the control API.
func (s *server) putThrottle(t *testing.T, body string) {
	t.Helper()
	status, reply, _ := s.control(t, controlRequest{
		method: http.MethodPut, path: "/accounts/" + account + "/throttle", body: body,
	})
	if status != http.StatusOK {
		t.Fatalf("set the throttle: got %d %s, want 200", status, reply)
	}
}

// shownThrottle returns the throttle of the test's account as the control API shows it.
func (s *server) shownThrottle(t *testing.T) (throttle operator.Throttle) {
	t.Helper()
	status, reply, _ := s.control(t, controlRequest{method: http.MethodGet, path: "/accounts/" + account + "/throttle"})
	if status != http.StatusOK {
		t.Fatalf("show the throttle: got %d %s, want 200", status, reply)
	}
	if err := json.Unmarshal([]byte(reply), &throttle); err != nil {
		t.Fatal(err)
	}
	return throttle
}

const describeTarget = "/?Version=2014-05-26&RegionId=cn-hangzhou&Action=DescribeVSwitches&AccessKeyId=" + accessKey

// A refused call has the headers of all kinds of clients, in both formats. An allowed one has none.
func TestThrottledRepliesHaveTheHeadersThatClientsRead(t *testing.T) {
	t.Parallel()
	s, passed := serveThrottled(t)
	s.putThrottle(t, `{"limits": [{
		"action": "DescribeVSwitches", "region": "*", "per_second": 0.5, "burst": 2, "answer": "Throttling.User"}]}`)
	names := []string{"X-Ratelimit-User-Api", "X-Ratelimit-User", "X-Acs-Retry-After"}
	headers := func(header http.Header) (values []string) {
		for _, name := range names {
			values = append(values, header.Get(name))
		}
		return values
	}
	for range 2 {
		header, body := get(t, s.Server, describeTarget)
		if got := headers(header); fmt.Sprint(got) != "[  ]" || !strings.Contains(string(body), "<VSwitches>") {
			t.Errorf("an allowed call: got %q and %s, want a list without these headers", got, body)
		}
	}
	passed.Add(int64(250*time.Millisecond) + 1)
	for _, format := range []string{"XML", "JSON"} {
		header, body := get(t, s.Server, describeTarget+"&Format="+format)
		limit := "Limit:2,Remain:0,TimeLeft:1750,Reset:3750"
		if got, want := headers(header), []string{limit, limit, "1750"}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("a refused call in %s: got %q, want %q", format, got, want)
		}
		if code, message := readError(t, body); code != "Throttling.User" ||
			message != "Request was denied due to user flow control." {
			t.Errorf("a refused call in %s: got %s: %s", format, code, message)
		}
	}
	passed.Add(int64(1750 * time.Millisecond))
	if _, body := get(t, s.Server, describeTarget); !strings.Contains(string(body), "<VSwitches>") {
		t.Errorf("after the time in the headers: got %s, want a list", body)
	}
	if got := s.shownThrottle(t); got.Matched != 5 || got.Struck != 2 {
		t.Errorf("got %d calls and %d refused ones, want 5 and 2", got.Matched, got.Struck)
	}
}

// A call is throttled after its identity and its action are known, and before the action looks at
// its parameters. Faults are not asked about a throttled call.
func TestPlaceOfThrottlesAmongTheChecks(t *testing.T) {
	t.Parallel()
	s, _ := serveThrottled(t)
	s.putThrottle(t, `{"limits": [{"per_second": 0.001, "burst": 1}]}`)
	fault, err := operator.New(s.service).AddFault(t.Context(), disturbance.Fault{
		Account: account, Do: disturbance.Do{Answer: "InternalError"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		parameters []string
	}{
		{"unknown key", "InvalidAccessKeyId.NotFound", []string{"AccessKeyId", "LTAInobody"}},
		{"unknown action", "InvalidAction.NotFound", []string{"Action", "DescribeNothing"}},
		{"allowed", "InternalError", nil}, // by the fault
		{"throttled, with a wrong parameter", "Throttling", []string{"PageSize", "-1"}},
		{"unknown action, again", "InvalidAction.NotFound", []string{"Action", "DescribeNothing"}},
	} {
		if r := s.mustCall(t, "DescribeVSwitches", c.parameters...); r.code() != c.want {
			t.Errorf("%s: got %d %q, want %q", c.name, r.status, r.code(), c.want)
		}
	}
	if got := s.shownThrottle(t); got.Matched != 2 || got.Struck != 1 {
		t.Errorf("got %d calls and %d refused ones, want 2 and 1", got.Matched, got.Struck)
	}
	counted, err := operator.New(s.service).Fault(t.Context(), fault.ID)
	if err != nil {
		t.Fatal(err)
	}
	if counted.Matched != 1 {
		t.Errorf("calls that the fault was asked about: got %d, want 1", counted.Matched)
	}
}

// The preset limits each action. STS allows 100 calls at once, by its documented limit.
func TestRealisticThrottle(t *testing.T) {
	t.Parallel()
	s, _ := serveThrottled(t)
	s.putThrottle(t, `{"preset": "realistic", "limits": [{"action": "CreateVpc", "per_second": 1}]}`)
	shown := s.shownThrottle(t)
	if got, want := len(shown.Effective), len(contract.Actions())+1; got != want {
		t.Errorf("limits: got %d, want %d: one for each action, and the own one", got, want)
	}
	if len(shown.Limits) != 1 || shown.Preset != "realistic" {
		t.Errorf("got %+v, want the preset and the own limit as they were set", shown)
	}
	for k := range 101 {
		want := ""
		if k == 100 {
			want = "Throttling.User"
		}
		if r := s.mustCall(t, "GetCallerIdentity"); r.code() != want {
			t.Fatalf("call %d: got %d %q, want %q", k+1, r.status, r.code(), want)
		}
	}
	if r := s.mustCall(t, "DescribeVSwitches"); r.code() != "" {
		t.Errorf("another action: got %q, want no error", r.code())
	}
}

// A throttle is set, replaced, shown and removed. A wrong one is refused with what was meant.
func TestControlThrottle(t *testing.T) {
	t.Parallel()
	s, _ := serveThrottled(t)
	const path = "/accounts/" + account + "/throttle"
	for k, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", path, "", http.StatusNotFound, "account " + account + " has no throttle"},
		{"DELETE", path, "", http.StatusOK, "{}"},
		{"PUT", path, `{"limits": [{"action": "Attach*", "per_second": 5, "burst": 10}]}`, http.StatusOK,
			`"matched":0,"struck":0`},
		{"PUT", path, `{"limits": [{"per_second": 2.5}]}`, http.StatusOK,
			`"limits":[{"per_second":2.5}],` +
				`"effective":[{"per":"account","per_second":2.5,"burst":3,"answer":"Throttling"}]`},
		{"GET", path, "", http.StatusOK, `"account":"` + account + `","limits":[{"per_second":2.5}]`},
		{"DELETE", path, "", http.StatusOK, "{}"},
		{"GET", path, "", http.StatusNotFound, "has no throttle"},
		{"PUT", "/accounts/*/throttle", `{"preset": "realistic"}`, http.StatusOK, `"account":"*","preset":"realistic"`},
		{"GET", "/accounts/%2A/throttle", "", http.StatusOK, `"account":"*"`},
		{"PUT", "/accounts/1000000000000009/throttle", `{"preset": "realistic"}`, http.StatusNotFound,
			"1000000000000009"},
		{"PUT", "/accounts/42/throttle", `{"preset": "realistic"}`, http.StatusBadRequest, "16 digits"},
		{"PUT", path, `{"limit": []}`, http.StatusBadRequest, `unknown key \"limit\": did you mean \"limits\"?`},
		{"PUT", path, `{"limits": [{"per_secnd": 1}]}`, http.StatusBadRequest, `did you mean \"per_second\"?`},
		{"PUT", path, `{"preset": "realistc"}`, http.StatusBadRequest, `did you mean \"realistic\"?`},
		{"PUT", path, `{"limits": [{"per_second": 1}, {"action": "AttachNetworkInterfaces", "per_second": 1}]}`,
			http.StatusBadRequest,
			`limits[1].action: there is no \"AttachNetworkInterfaces\" (did you mean \"AttachNetworkInterface\"?)`},
	} {
		status, body, _ := s.control(t, controlRequest{method: step.method, path: step.path, body: step.body})
		if status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("step %d, %s %s %s: got %d %s, want %d with %s",
				k+1, step.method, step.path, step.body, status, body, step.status, step.want)
		}
	}
}
