package sdktest

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"

	"enisim.alt/service/disturbance"
	"enisim.alt/testdata/scenarios"
)

// repeating makes a client wait only so long for an answer, and repeat a call without one, or one that
// failed in the server, at most so often. It has the retries of its SDK for that.
func repeating(c client, timeout time.Duration, repeats int) client {
	switch c := c.(type) {
	case goClient:
		c.sdk.SetReadTimeout(timeout)
		c.sdk.GetConfig().WithAutoRetry(repeats > 0).WithMaxRetryTime(repeats)
		return c
	case typeScriptClient:
		c.config.ReadTimeout = timeout.Milliseconds()
		if repeats == 0 {
			return c
		}
		c.config.RetryOptions = &retryOptions{
			Retryable: true,
			RetryCondition: []retryCondition{{
				MaxAttempts: 1 + repeats, Exception: []string{"RequestTimeoutError", "ServerError"},
				ErrorCode: []string{"ECONNRESET"},
			}},
			NoRetryCondition: []retryCondition{},
		}
		return c
	}
	panic("a client of an unknown SDK")
}

// eniStateCode is the answer to an attach of an interface that an earlier attempt has attached.
const eniStateCode = "InvalidOperation.InvalidEniState"

// With its retries, an SDK repeats an attach whose answer was lost, and reports the state that its own
// first attempt has brought about.
func testLostAttachIsRepeated(t *testing.T, s sdk) {
	for _, lose := range []string{disturbance.Lose500, disturbance.Lose503, disturbance.LoseReset} {
		server := serve(t, scenarios.Quickstart)
		fault, err := server.operator.AddFault(t.Context(), disturbance.Fault{
			Account: quickstartAccount, Action: "AttachNetworkInterface",
			When: disturbance.When{First: 1}, Do: disturbance.Do{Lose: lose},
		})
		if err != nil {
			t.Fatal(err)
		}
		c := s.client(t, server.endpoint, quickstartKey)
		_, err = attach(repeating(c, sdkTimeout, 3), freeInterface)
		if !isAPIError(err) || s.refusal(t, err).Code != eniStateCode {
			t.Errorf("%s: got %v of the repeated attach, want %s", lose, err, eniStateCode)
		}
		if counted, err := server.operator.Fault(t.Context(), fault.ID); err != nil || counted.Matched != 2 {
			t.Errorf("%s: got %d attempts, %v, want 2", lose, counted.Matched, err)
		}
		expectState(t, c, interfaceState{"Attaching", "i-web", 1})
	}
}

// isReadTimeout reports whether an SDK's error says that no answer came in time.
func isReadTimeout(err error) bool {
	if e, ok := errors.AsType[*typeScriptError](err); ok {
		return e.Name == "RequestTimeoutError" && strings.HasPrefix(e.Message, "ReadTimeout") && e.StatusCode == 0
	}
	// Without automatic retries, the Go SDK returns the error of net/http. With them, it has one of its own.
	if e, ok := errors.AsType[*sdkerrors.ClientError](err); ok {
		return e.ErrorCode() == sdkerrors.TimeoutErrorCode && strings.Contains(e.Message(), "Read timeout")
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// silence is a case of a fault that holds the answers of attaches back until the client gives up.
type silence struct {
	when            disturbance.When
	repeats         int // at most, by the SDK
	matched, struck int64
	expected        string // what the SDK reports
	isExpected      func(error) bool
}

// By default no SDK repeats a call whose answer does not come.
func testSilence(t *testing.T, s sdk) {
	silence{matched: 1, struck: 1, expected: "a timeout", isExpected: isReadTimeout}.test(t, s)
}

// With its retries, an SDK repeats the attach after its timeout. The second one is answered: with the
// state that the first one has brought about.
func testSilenceIsRepeated(t *testing.T, s sdk) {
	silence{
		when: disturbance.When{First: 1}, repeats: 1, matched: 2, struck: 1, expected: eniStateCode,
		isExpected: func(err error) bool { return isAPIError(err) && s.refusal(t, err).Code == eniStateCode },
	}.test(t, s)
}

// If the repeated attaches are not answered either, the SDK reports its timeout in the end.
func testSilenceLasts(t *testing.T, s sdk) {
	silence{repeats: 2, matched: 3, struck: 3, expected: "a timeout", isExpected: isReadTimeout}.test(t, s)
}

// test attaches with a client that gives up, and checks what its SDK reports, how often the fault has
// struck, and that the interface is attached. On a busy machine a client may also give up before its
// attach is committed, or before an answer that is not held back. So all is done again with longer
// timeouts, on new servers, before the test fails.
func (c silence) test(t *testing.T, s sdk) {
	for timeout := 500 * time.Millisecond; ; timeout *= 4 {
		problem := c.problem(t, s, timeout)
		if problem == "" {
			return
		}
		if timeout > sdkTimeout/4 {
			t.Fatal(problem)
		}
		t.Logf("with a timeout of %v: %s", timeout, problem)
	}
}

// problem attaches on a new server, and returns what is not as expected.
func (c silence) problem(t *testing.T, s sdk, timeout time.Duration) string {
	t.Helper()
	server := serve(t, scenarios.Quickstart)
	fault, err := server.operator.AddFault(t.Context(), disturbance.Fault{
		Account: quickstartAccount, Action: "AttachNetworkInterface", When: c.when,
		Do: disturbance.Do{Lose: disturbance.LoseSilence},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, attaching := attach(repeating(s.client(t, server.endpoint, quickstartKey), timeout, c.repeats), freeInterface)
	counted, err := server.operator.Fault(t.Context(), fault.ID)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := describeNetworkInterfaces(s.client(t, server.endpoint, quickstartKey), networkInterfaceQuery{
		RegionID: freeInterface.RegionID, NetworkInterfaceIDs: []string{freeInterface.NetworkInterfaceID},
	})
	if err != nil {
		t.Fatal(err)
	}
	found := reply.NetworkInterfaceSets.NetworkInterfaceSet
	switch {
	case !c.isExpected(attaching):
		return fmt.Sprintf("got %v (%T), want %s", attaching, attaching, c.expected)
	case counted.Matched != c.matched || counted.Struck != c.struck:
		return fmt.Sprintf("got %d attaches and %d struck, want %d and %d",
			counted.Matched, counted.Struck, c.matched, c.struck)
	case len(found) != 1 || found[0].Status != "Attaching" || found[0].InstanceId != freeInterface.InstanceID:
		return fmt.Sprintf("got %+v, want the interface on its way to %s", found, freeInterface.InstanceID)
	}
	return ""
}
