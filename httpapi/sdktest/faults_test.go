package sdktest

import (
	"errors"
	"testing"
	"time"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"

	"enisim.alt/service/disturbance"
	"enisim.alt/testdata/scenarios"
)

const quickstartAccount = "1000000000000001"

// isAPIError reports whether an SDK's error is an answer of the API with a code.
func isAPIError(err error) bool {
	if e, ok := errors.AsType[*typeScriptError](err); ok {
		return e.StatusCode != 0
	}
	e, ok := errors.AsType[*sdkerrors.ServerError](err)
	return ok && e.ErrorCode() != ""
}

// Each kind of fault is seen by the user of an SDK as what it stands for: an API error, or a failed
// exchange. The attach is done unless the fault comes before it.
func testFaults(t *testing.T, s sdk) {
	for name, c := range map[string]struct {
		do       disturbance.Do
		code     string // of the API error
		broken   bool   // whether there is no readable answer
		attached bool
	}{
		"throttled":      {do: disturbance.Do{Answer: "Throttling"}, code: "Throttling"},
		"a conflict":     {do: disturbance.Do{Answer: "OperationConflict"}, code: "OperationConflict"},
		"late":           {do: disturbance.Do{Delay: disturbance.Duration(time.Millisecond)}, attached: true},
		"reset":          {do: disturbance.Do{Lose: disturbance.LoseReset}, broken: true, attached: true},
		"InternalError":  {do: disturbance.Do{Lose: disturbance.Lose500}, code: "InternalError", attached: true},
		"unavailable":    {do: disturbance.Do{Lose: disturbance.Lose503}, code: "ServiceUnavailable", attached: true},
		"truncated":      {do: disturbance.Do{Truncate: new(12)}, broken: true, attached: true},
		"half an answer": {do: disturbance.Do{Cut: new(12)}, broken: true, attached: true},
		"slow":           {do: disturbance.Do{Slow: disturbance.Duration(20 * time.Millisecond)}, attached: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, scenarios.Quickstart)
			fault, err := server.operator.AddFault(t.Context(), disturbance.Fault{
				Account: quickstartAccount, Action: "AttachNetworkInterface", Resource: "eni-free-*", Do: c.do,
			})
			if err != nil {
				t.Fatal(err)
			}
			client := s.client(t, server.endpoint, quickstartKey)
			_, err = attach(client, freeInterface)
			switch {
			case c.code != "":
				if got := s.refusal(t, err).Code; got != c.code {
					t.Errorf("got the code %q, want %q", got, c.code)
				}
			case c.broken:
				if err == nil || isAPIError(err) {
					t.Errorf("got %v, want an error that is no answer of the API", err)
				}
			case err != nil:
				t.Errorf("got %v, want no error", err)
			}
			// By default no SDK repeats a call, whatever became of the answer.
			if counted, err := server.operator.Fault(t.Context(), fault.ID); err != nil || counted.Matched != 1 ||
				counted.Struck != 1 {
				t.Errorf("got %d calls and %d struck, %v, want one", counted.Matched, counted.Struck, err)
			}
			if err := server.operator.RemoveFaults(t.Context(), quickstartAccount); err != nil {
				t.Error(err)
			}
			if c.attached {
				expectState(t, client, interfaceState{"Attaching", "i-web", 1})
			} else {
				expectState(t, client, interfaceState{Status: "Available"})
			}
			if _, err := server.operator.Fault(t.Context(), fault.ID); err == nil {
				t.Error("the removed fault is found, want no such fault")
			}
			if violations, err := server.operator.Verify(t.Context()); err != nil || len(violations) > 0 {
				t.Errorf("got the violations %v, %v, want none", violations, err)
			}
		})
	}
}
