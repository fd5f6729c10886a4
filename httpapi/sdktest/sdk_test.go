package sdktest

import (
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
)

// sdk is one of the vendor's SDKs.
type sdk interface {
	// client returns a client for an endpoint, host:port.
	client(t *testing.T, endpoint string, k key) client
	// refusal returns the API error that is in the error object of the SDK.
	refusal(t *testing.T, err error) refusal
}

// key is an access key.
type key struct{ id, secret string }

// client is a client of an SDK for one caller at a time. Its requests and replies have the types of
// the Go SDK, whichever SDK sends and reads them.
type client interface {
	do(requests.AcsRequest, responses.AcsResponse) error
}

// These are the most frequent requests of the tests.
type (
	attachment            struct{ RegionID, InstanceID, NetworkInterfaceID string }
	networkInterfaceQuery struct {
		RegionID            string
		NetworkInterfaceIDs []string
		Type                string
		page
	}
	instanceQuery struct {
		RegionID    string
		InstanceIDs string // a JSON array, which users of the SDKs encode themselves
		page
	}
	page struct {
		PageNumber, PageSize int
		MaxResults           int
		NextToken            string
	}
)

// attach attaches an interface.
func attach(c client, a attachment) (*ecs.AttachNetworkInterfaceResponse, error) {
	request, response := ecs.CreateAttachNetworkInterfaceRequest(), ecs.CreateAttachNetworkInterfaceResponse()
	request.RegionId, request.InstanceId, request.NetworkInterfaceId = a.RegionID, a.InstanceID, a.NetworkInterfaceID
	return response, c.do(request, response)
}

// detach detaches an interface.
func detach(c client, a attachment) (*ecs.DetachNetworkInterfaceResponse, error) {
	request, response := ecs.CreateDetachNetworkInterfaceRequest(), ecs.CreateDetachNetworkInterfaceResponse()
	request.RegionId, request.InstanceId, request.NetworkInterfaceId = a.RegionID, a.InstanceID, a.NetworkInterfaceID
	return response, c.do(request, response)
}

func describeNetworkInterfaces(c client, q networkInterfaceQuery) (*ecs.DescribeNetworkInterfacesResponse, error) {
	response := ecs.CreateDescribeNetworkInterfacesResponse()
	return response, c.do(q.request(), response)
}

func describeInstances(c client, q instanceQuery) (*ecs.DescribeInstancesResponse, error) {
	response := ecs.CreateDescribeInstancesResponse()
	return response, c.do(q.request(), response)
}

func (q networkInterfaceQuery) request() *ecs.DescribeNetworkInterfacesRequest {
	request := ecs.CreateDescribeNetworkInterfacesRequest()
	request.RegionId = q.RegionID
	request.NetworkInterfaceId = &q.NetworkInterfaceIDs
	request.Type = q.Type
	request.PageNumber, request.PageSize = integer(q.PageNumber), integer(q.PageSize)
	request.MaxResults, request.NextToken = integer(q.MaxResults), q.NextToken
	return request
}

func (q instanceQuery) request() *ecs.DescribeInstancesRequest {
	request := ecs.CreateDescribeInstancesRequest()
	request.RegionId = q.RegionID
	request.InstanceIds = q.InstanceIDs
	request.PageNumber, request.PageSize = integer(q.PageNumber), integer(q.PageSize)
	request.MaxResults, request.NextToken = integer(q.MaxResults), q.NextToken
	return request
}

// integer returns a number as the Go SDK's requests have it. 0 is not sent.
func integer(n int) requests.Integer {
	if n == 0 {
		return ""
	}
	return requests.NewInteger(n)
}

// refusal is an API error as the SDK's user gets it.
type refusal struct {
	Status    int
	Code      string
	Message   string
	RequestID string
	HostID    string
	Recommend string
}

// testSDK runs the tests that all SDKs must pass.
func testSDK(t *testing.T, s sdk) {
	for name, test := range map[string]func(*testing.T, sdk){
		"attach and detach":             testAttachAndDetach,
		"read a network interface":      testReadNetworkInterface,
		"read an instance":              testReadInstance,
		"page through interfaces":       testPageThroughInterfaces,
		"page through instances":        testPageThroughInstances,
		"refusals":                      testRefusals,
		"lifecycle, twice":              testLifecycle,
		"sixteen concurrent lifecycles": testConcurrentLifecycles,
		"wrong secret":                  testWrongSecret,
		"lost database":                 testUnavailable,
		"faults":                        testFaults,
		"lost attach is repeated":       testLostAttachIsRepeated,
		"silence":                       testSilence,
		"silence is repeated":           testSilenceIsRepeated,
		"silence lasts":                 testSilenceLasts,
		"lifecycles":                    testLifecycles,
		"transitions":                   testTransitions,
		"throttles":                     testThrottles,
		"trunks":                        testTrunks,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}
