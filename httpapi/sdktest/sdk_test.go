package sdktest

import (
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
)

// sdk is one of the vendor's SDKs.
type sdk interface {
	// client makes a client for an endpoint, host:port, as a user of the SDK would.
	client(t *testing.T, endpoint string, k key) client
	// refusal is what the SDK's error object says of an API error.
	refusal(t *testing.T, err error) refusal
}

// key is an access key.
type key struct{ id, secret string }

// client is an SDK's client. Replies are in the types of the Go SDK, whichever SDK read them.
type client interface {
	AttachNetworkInterface(attachment) (*ecs.AttachNetworkInterfaceResponse, error)
	DetachNetworkInterface(attachment) (*ecs.DetachNetworkInterfaceResponse, error)
	DescribeNetworkInterfaces(networkInterfaceQuery) (*ecs.DescribeNetworkInterfacesResponse, error)
	DescribeInstances(instanceQuery) (*ecs.DescribeInstancesResponse, error)
}

// Requests. In JSON they are what the constructors of the TypeScript SDK's requests take. What is empty is not sent.
type (
	attachment struct {
		RegionID           string `json:"regionId"`
		InstanceID         string `json:"instanceId,omitempty"`
		NetworkInterfaceID string `json:"networkInterfaceId,omitempty"`
	}
	networkInterfaceQuery struct {
		RegionID            string   `json:"regionId"`
		NetworkInterfaceIDs []string `json:"networkInterfaceId,omitempty"`
		Type                string   `json:"type,omitempty"`
		page
	}
	instanceQuery struct {
		RegionID    string `json:"regionId"`
		InstanceIDs string `json:"instanceIds,omitempty"` // a JSON array: the SDKs leave it to their user
		page
	}
	page struct {
		PageNumber int    `json:"pageNumber,omitempty"`
		PageSize   int    `json:"pageSize,omitempty"`
		MaxResults int    `json:"maxResults,omitempty"`
		NextToken  string `json:"nextToken,omitempty"`
	}
)

// refusal is an API error as a user of an SDK can take it apart.
type refusal struct {
	Status    int
	Code      string
	Message   string
	RequestID string
	HostID    string
	Recommend string
}

// drive runs every test that all SDKs have to pass.
func drive(t *testing.T, s sdk) {
	for name, test := range map[string]func(*testing.T, sdk){
		"attach and detach":        testAttachAndDetach,
		"read a network interface": testReadNetworkInterface,
		"read an instance":         testReadInstance,
		"page through interfaces":  testPageThroughInterfaces,
		"page through instances":   testPageThroughInstances,
		"refusals":                 testRefusals,
		"wrong secret":             testWrongSecret,
		"database that went away":  testUnavailable,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}
