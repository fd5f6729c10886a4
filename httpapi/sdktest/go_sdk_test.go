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
	drive(t, goSDK{})
	t.Run("blames the secret", testGoSDKBlamesTheSecret)
}

// The Go SDK compares the string to sign in the message with its own, byte by byte. When they agree it tells its user that the secret is wrong,
// when they differ that the SDK has a bug.
func testGoSDKBlamesTheSecret(t *testing.T) {
	t.Parallel()
	s := goSDK{}
	got := s.refusal(t, attachWithWrongSecret(t, s)).Recommend
	if want := "InvalidAccessKeySecret: Please check you AccessKeySecret"; got != want {
		t.Errorf("advice: got %q, want %q", got, want)
	}
}

// goSDK is github.com/aliyun/alibaba-cloud-sdk-go, the SDK that signs in V1.
type goSDK struct{}

// The SDK makes this table with its first client, without a lock, for all of them: so it is made before any test runs.
var _ = ecs.GetEndpointMap()

func (goSDK) client(t *testing.T, endpoint string, k key) client {
	t.Helper()
	c, err := ecs.NewClientWithAccessKey("cn-hangzhou", k.id, k.secret)
	if err != nil {
		t.Fatal(err)
	}
	c.Domain = endpoint
	c.SetNoProxy("127.0.0.1")
	c.SetReadTimeout(patience)
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

type goClient struct{ sdk *ecs.Client }

// do: the client of one product sends the requests of any, as long as its domain is set.
func (c goClient) do(request requests.AcsRequest, response responses.AcsResponse) error {
	return c.sdk.DoAction(request, response)
}
