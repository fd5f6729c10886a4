package sdktest

import (
	"errors"
	"testing"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
)

func TestGoSDK(t *testing.T) {
	t.Parallel()
	testSDK(t, goSDK{})
	t.Run("reports a wrong secret", testGoSDKReportsWrongSecret)
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
