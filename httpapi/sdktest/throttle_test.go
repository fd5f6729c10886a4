package sdktest

import (
	"errors"
	"slices"
	"testing"
	"time"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/testdata/scenarios"
)

// withThrottleClock makes the throttles of a server follow its clock.
func withThrottleClock(s *server, o *service.Options) { o.RealNow = s.clock.read }

// throttle limits the descriptions of interfaces to a burst of one.
func (s *server) throttle(t *testing.T, perSecond float64, answer string) {
	t.Helper()
	s.limit(t, disturbance.Limit{
		Action: "DescribeNetworkInterfaces", PerSecond: perSecond, Burst: 1, Answer: answer,
	})
}

// limit replaces the throttle of the account.
func (s *server) limit(t *testing.T, limits ...disturbance.Limit) {
	t.Helper()
	if _, err := s.operator.SetThrottle(t.Context(), quickstartAccount,
		disturbance.Throttle{Limits: limits}); err != nil {
		t.Fatal(err)
	}
}

// expectCounts compares how many calls the throttle was asked about and has refused.
func (s *server) expectCounts(t *testing.T, matched, struck int64) {
	t.Helper()
	shown, err := s.operator.Throttle(t.Context(), quickstartAccount)
	if err != nil {
		t.Fatal(err)
	}
	if shown.Matched != matched || shown.Struck != struck {
		t.Errorf("got %d calls and %d refused ones, want %d and %d", shown.Matched, shown.Struck, matched, struck)
	}
}

func describeFree(c client) error {
	_, err := describeNetworkInterfaces(c, networkInterfaceQuery{RegionID: "cn-hangzhou"})
	return err
}

// The user of an SDK sees each of the three answers as an API error, and by default no SDK repeats
// the call.
func testThrottles(t *testing.T, s sdk) {
	server := serve(t, scenarios.Quickstart, withThrottleClock)
	c := s.client(t, server.endpoint, quickstartKey)
	for answer, message := range map[string]string{
		disturbance.ThrottlingPlain: "Request was denied due to request throttling.",
		disturbance.ThrottlingUser:  "Request was denied due to user flow control.",
		disturbance.ThrottlingAPI:   "Request was denied due to api flow control.",
	} {
		server.throttle(t, 0.5, answer)
		if err := describeFree(c); err != nil {
			t.Fatalf("%s: the first call: got %v, want no error", answer, err)
		}
		got := s.refusal(t, describeFree(c))
		if got.Status != 400 || got.Code != answer || got.Message != message || got.Recommend == "" {
			t.Errorf("got %+v, want 400 %s: %s, with a recommendation", got, answer, message)
		}
		server.expectCounts(t, 2, 1)
	}
	describeInstance := func() error {
		_, err := describeInstances(c, instanceQuery{RegionID: "cn-hangzhou", InstanceIDs: `["i-web"]`})
		return err
	}
	// A limit of the account is one for all actions, and the other ones are for each action or region.
	for name, limited := range map[string]struct {
		limit   disturbance.Limit
		refused bool
	}{
		"account":        {disturbance.Limit{}, true},
		"action":         {disturbance.Limit{Action: "Describe*"}, false},
		"all actions":    {disturbance.Limit{Action: "Describe*", Per: disturbance.PerAccount}, true},
		"region":         {disturbance.Limit{Region: "cn-hangzhou", Per: disturbance.PerAccount}, true},
		"another region": {disturbance.Limit{Region: "cn-beijing", Per: disturbance.PerAccount}, false},
	} {
		limited.limit.PerSecond, limited.limit.Burst = 0.5, 1
		server.limit(t, limited.limit)
		if err := describeFree(c); err != nil {
			t.Fatalf("%s: the first call: got %v, want no error", name, err)
		}
		err := describeInstance()
		if got := err != nil && s.refusal(t, err).Code == disturbance.ThrottlingPlain; got != limited.refused {
			t.Errorf("%s: got %v of another action, want it throttled: %v", name, err, limited.refused)
		}
	}
}

// The Go SDK does not repeat a throttled call, even with its automatic retries: these are for
// failures of the server. Its error has the headers, and a call after their time succeeds.
func testGoSDKReadsThrottlingHeaders(t *testing.T) {
	t.Parallel()
	server := serve(t, scenarios.Quickstart, withThrottleClock)
	server.throttle(t, 0.5, disturbance.ThrottlingUser)
	c := goSDK{}.client(t, server.endpoint, quickstartKey).(goClient)
	c.sdk.GetConfig().WithAutoRetry(true).WithMaxRetryTime(3)
	if err := describeFree(c); err != nil {
		t.Fatal(err)
	}
	refused, ok := errors.AsType[*sdkerrors.ServerError](describeFree(c))
	if !ok {
		t.Fatal("got no refusal of the second call, want one")
	}
	for name, want := range map[string]string{
		"X-Ratelimit-User-Api": "Limit:1,Remain:0,TimeLeft:2000,Reset:2000",
		"X-Ratelimit-User":     "Limit:1,Remain:0,TimeLeft:2000,Reset:2000",
		"X-Acs-Retry-After":    "2000",
	} {
		if got := refused.RespHeaders[name]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	server.expectCounts(t, 2, 1)
	server.clock.advance(2 * time.Second)
	if err := describeFree(c); err != nil {
		t.Errorf("after 2 s: got %v, want no error", err)
	}
}

// With its retries, the TypeScript SDK waits as long as the headers say, and the repeated call
// succeeds. The throttle follows real time here, because the SDK does.
func testTypeScriptRepeatsThrottledCall(t *testing.T, s *typeScriptSDK) {
	server := serve(t, scenarios.Quickstart)
	server.throttle(t, 0.5, disturbance.ThrottlingUser)
	c := s.client(t, server.endpoint, quickstartKey).(typeScriptClient)
	c.config.RetryOptions = &retryOptions{
		Retryable: true,
		RetryCondition: []retryCondition{
			{MaxAttempts: 3, Exception: []string{"ThrottlingError"}, ErrorCode: []string{}},
		},
		NoRetryCondition: []retryCondition{},
	}
	first := time.Now()
	for range 2 {
		if err := describeFree(c); err != nil {
			t.Fatalf("got %v, want no error", err)
		}
	}
	const wait = 2 * time.Second
	if took := time.Since(first); took < wait {
		t.Errorf("two calls took %v, want at least %v", took, wait)
	}
	shown, err := server.operator.Throttle(t.Context(), quickstartAccount)
	if err != nil {
		t.Fatal(err)
	}
	// A timer of Node may end a millisecond early, and on a busy machine the second call may be late.
	if shown.Matched-shown.Struck != 2 || shown.Struck > 2 {
		t.Errorf("got %d calls and %d refused ones, want two that succeed and at most two that do not",
			shown.Matched, shown.Struck)
	}
}
