package sdktest

import (
	"errors"
	"testing"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
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

func (c goClient) AttachNetworkInterface(a attachment) (*ecs.AttachNetworkInterfaceResponse, error) {
	request := ecs.CreateAttachNetworkInterfaceRequest()
	request.RegionId = a.RegionID
	request.InstanceId = a.InstanceID
	request.NetworkInterfaceId = a.NetworkInterfaceID
	return c.sdk.AttachNetworkInterface(request)
}

func (c goClient) DetachNetworkInterface(a attachment) (*ecs.DetachNetworkInterfaceResponse, error) {
	request := ecs.CreateDetachNetworkInterfaceRequest()
	request.RegionId = a.RegionID
	request.InstanceId = a.InstanceID
	request.NetworkInterfaceId = a.NetworkInterfaceID
	return c.sdk.DetachNetworkInterface(request)
}

func (c goClient) DescribeNetworkInterfaces(q networkInterfaceQuery) (*ecs.DescribeNetworkInterfacesResponse, error) {
	request := ecs.CreateDescribeNetworkInterfacesRequest()
	request.RegionId = q.RegionID
	request.NetworkInterfaceId = &q.NetworkInterfaceIDs
	request.Type = q.Type
	request.PageNumber, request.PageSize = integer(q.PageNumber), integer(q.PageSize)
	request.MaxResults, request.NextToken = integer(q.MaxResults), q.NextToken
	return c.sdk.DescribeNetworkInterfaces(request)
}

func (c goClient) DescribeInstances(q instanceQuery) (*ecs.DescribeInstancesResponse, error) {
	request := ecs.CreateDescribeInstancesRequest()
	request.RegionId = q.RegionID
	request.InstanceIds = q.InstanceIDs
	request.PageNumber, request.PageSize = integer(q.PageNumber), integer(q.PageSize)
	request.MaxResults, request.NextToken = integer(q.MaxResults), q.NextToken
	return c.sdk.DescribeInstances(request)
}

// integer is a number as the Go SDK's requests hold it: "" is not sent.
func integer(n int) requests.Integer {
	if n == 0 {
		return ""
	}
	return requests.NewInteger(n)
}
