package enisimtest_test

import (
	"errors"
	"testing"

	alierrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"enisim.alt/httpapi/enisimtest"
)

// A test sees what has happened on its server, and why a request was refused.
func TestEvents(t *testing.T) {
	t.Parallel()
	server := enisimtest.Start(t)
	client := newClient(t, server)
	attach(t, client, "eni-free-1")
	got := server.Events(t, enisimtest.EventQuery{Resource: "eni-free-1"})
	if len(got) != 1 || got[0].Action != "AttachNetworkInterface" || got[0].Outcome != "OK" ||
		server.Why(t, got[0].RequestID).RequestID != got[0].RequestID {
		t.Errorf("got %+v, want the attach", got)
	}
	request := ecs.CreateAttachNetworkInterfaceRequest()
	request.InstanceId, request.NetworkInterfaceId = "i-web", "eni-free-2"
	_, err := client.AttachNetworkInterface(request)
	var refused *alierrors.ServerError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a refusal", err)
	}
	why := server.Why(t, refused.RequestId())
	if why.Why == nil || why.Why.Rule != "EniPerInstanceLimitExceeded" || len(why.Why.Holders) != 2 {
		t.Errorf("got %+v, want a refusal by the limit with two holders", why)
	}
	if got := server.Events(t, enisimtest.EventQuery{Refusals: true}); len(got) != 1 {
		t.Errorf("got %+v, want the refusal", got)
	}
}
