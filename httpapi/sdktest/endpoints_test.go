package sdktest

import (
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/location"

	"enisim.alt/service/worldtest"
)

// The endpoint of ECS that Location names is the server itself: a client that is sent there is answered.
func TestTheEndpointOfLocationAnswers(t *testing.T) {
	t.Parallel()
	k := key{"LTAIendpoints", "endpoints-secret"}
	s := serve(t, []byte(worldtest.New("1000000000000001").
		AccessKey(k.id, worldtest.Set("secret", k.secret)).String()))
	asked := location.CreateDescribeEndpointsRequest()
	asked.Id, asked.ServiceCode, asked.Type = "cn-hangzhou", "ecs", "openAPI"
	found := location.CreateDescribeEndpointsResponse()
	if err := (goSDK{}).client(t, s.endpoint, k).do(asked, found); err != nil {
		t.Fatal(err)
	}
	if len(found.Endpoints.Endpoint) != 1 || !found.Success {
		t.Fatalf("got %+v, want one endpoint", found)
	}
	regions := ecs.CreateDescribeRegionsResponse()
	err := (goSDK{}).client(t, found.Endpoints.Endpoint[0].Endpoint, k).do(ecs.CreateDescribeRegionsRequest(), regions)
	if err != nil || len(regions.Regions.Region) == 0 {
		t.Errorf("%s: got %v %v, want the regions", found.Endpoints.Endpoint[0].Endpoint, err, regions)
	}
}
