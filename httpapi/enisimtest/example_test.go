package enisimtest_test

import (
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"enisim.alt/httpapi/enisimtest"
)

func TestAttach(t *testing.T) {
	t.Parallel()
	server := enisimtest.Start(t, enisimtest.Scenario("testdata/world.yaml"))
	client, err := ecs.NewClientWithAccessKey("cn-hangzhou", server.AccessKeyID, server.AccessKeySecret)
	if err != nil {
		t.Fatal(err)
	}
	client.Domain = server.Endpoint
	request := ecs.CreateAttachNetworkInterfaceRequest()
	request.InstanceId, request.NetworkInterfaceId = "i-web", "eni-free"
	if _, err := client.AttachNetworkInterface(request); err != nil {
		t.Error(err)
	}
}
