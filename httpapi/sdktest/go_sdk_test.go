package sdktest

import (
	"errors"
	"testing"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"enisim/service/disturbance"
	"enisim/testdata/scenarios"
)

func TestGoSDK(t *testing.T) {
	t.Parallel()
	testSDK(t, goSDK{})
	t.Run("reports a wrong secret", testGoSDKReportsWrongSecret)
	t.Run("repeats a lost attach", testGoSDKRepeatsLostAttach)
	t.Run("reads the headers of a throttled call", testGoSDKReadsThrottlingHeaders)
}

// The Go SDK compares the string to sign in the message with its own. If they are equal, it reports
// a wrong secret, otherwise a bug of the SDK.
func testGoSDKReportsWrongSecret(t *testing.T) {
	t.Parallel()
	s := goSDK{}
	got := s.refusal(t, attachWithWrongSecret(t, s)).Recommend
	if want := "InvalidAccessKeySecret: Please check you AccessKeySecret"; got != want {
		t.Errorf("advice: got %q, want %q", got, want)
	}
}

// With its automatic retries, the SDK repeats an attach whose answer was lost, and reports the state
// that its own first attempt has brought about.
func testGoSDKRepeatsLostAttach(t *testing.T) {
	t.Parallel()
	for _, lose := range []string{disturbance.Lose500, disturbance.Lose503, disturbance.LoseReset} {
		server := serve(t, scenarios.Quickstart)
		fault, err := server.operator.AddFault(t.Context(), disturbance.Fault{
			Account: quickstartAccount, Action: "AttachNetworkInterface",
			When: disturbance.When{First: 1}, Do: disturbance.Do{Lose: lose},
		})
		if err != nil {
			t.Fatal(err)
		}
		client := goSDK{}.client(t, server.endpoint, quickstartKey).(goClient)
		client.sdk.GetConfig().WithAutoRetry(true).WithMaxRetryTime(3)
		_, err = attach(client, freeInterface)
		if got := (goSDK{}).refusal(t, err).Code; got != "InvalidOperation.InvalidEniState" {
			t.Errorf("%s: got the code %q of the repeated attach, want InvalidOperation.InvalidEniState", lose, got)
		}
		if counted, err := server.operator.Fault(t.Context(), fault.ID); err != nil || counted.Matched != 2 {
			t.Errorf("%s: got %d attempts, %v, want 2", lose, counted.Matched, err)
		}
		expectState(t, client, interfaceState{"Attaching", "i-web", 1})
	}
}

// goSDK is github.com/aliyun/alibaba-cloud-sdk-go, the SDK that signs with V1.
type goSDK struct{}

// The SDK fills this table at the first client, without a lock. So it is filled before the tests
// run.
var _ = ecs.GetEndpointMap()

func (goSDK) client(t *testing.T, endpoint string, k key) client {
	t.Helper()
	c, err := ecs.NewClientWithAccessKey("cn-hangzhou", k.id, k.secret)
	if err != nil {
		t.Fatal(err)
	}
	c.Domain = endpoint
	c.SetNoProxy("127.0.0.1")
	c.SetReadTimeout(sdkTimeout)
	return goClient{c}
}

func (goSDK) refusal(t *testing.T, err error) refusal {
	t.Helper()
	var e *sdkerrors.ServerError
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want a *errors.ServerError", err, err)
	}
	return refusal{e.HttpStatus(), e.ErrorCode(), e.Message(), e.RequestId(), e.HostId(), e.Recommend()}
}

// goClient is a client of the Go SDK. The client of one product can send requests of all products,
// because its domain is set.
type goClient struct{ sdk *ecs.Client }

func (c goClient) do(request requests.AcsRequest, response responses.AcsResponse) error {
	return c.sdk.DoAction(request, response)
}
