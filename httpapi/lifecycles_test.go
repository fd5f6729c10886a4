package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"enisim.alt/service"
)

// Attaches that are stuck, or that fail on the way, are the same after a restart, and follow the clock
// of the account, which is stepped before it and after it.
func TestStuckAndFailingAttachesAcrossARestart(t *testing.T) {
	t.Parallel()
	s, realTime := serveWithClock(t)
	for resource, course := range map[string]string{
		"eni-1": `"lasts": {"never": true}`,
		"eni-2": `"lasts": {"fixed": "1h"}, "fails": {"probability": 1}`,
	} {
		status, body, _ := s.control(t, controlRequest{
			method: "POST", path: "/lifecycles",
			body: fmt.Sprintf(`{"account": %q, "transition": "Attaching", "resource": %q, %s}`,
				account, resource, course),
		})
		if status != http.StatusCreated {
			t.Fatalf("lifecycle of %s: got %d %s, want 201", resource, status, body)
		}
	}
	s.changeClock(t, `{"freeze": true}`)
	s.mustSucceed(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	s.mustSucceed(t, "AttachNetworkInterface", "InstanceId", "i-2", "NetworkInterfaceId", "eni-2")
	before := s.changeClock(t, `{"advance": "30m"}`)
	s.Close()

	s = serveOn(t, s.pool, nil, service.Options{
		Now: realTime.now, OnlyServer: true, AttachDelay: attachDelay, DetachDelay: attachDelay,
	}, openControl)
	if now := s.changeClock(t, fmt.Sprintf(`{"advance": "%v"}`, 30*time.Minute-tick)); !now.Equal(
		before.Add(30*time.Minute - tick)) {
		t.Errorf("after the restart: got the time %v, want half an hour after %v", now, before)
	}
	s.expectStatus(t, "just before it falls back", accessKey, "eni-2", "Attaching")
	s.changeClock(t, fmt.Sprintf(`{"advance": "%v"}`, tick))
	s.expectStatus(t, "when it falls back", accessKey, "eni-2", "Available")
	s.expectStatus(t, "beside it", accessKey, "eni-1", "Attaching")
	s.changeClock(t, `{"advance": "8760h"}`)
	s.expectStatus(t, "a year later", accessKey, "eni-1", "Attaching")
	if status, body, _ := s.control(t, controlRequest{
		method: "POST", path: "/lifecycles/release", body: fmt.Sprintf(`{"account": %q, "resource": "eni-1"}`, account),
	}); status != http.StatusOK {
		t.Errorf("release: got %d %s, want 200", status, body)
	}
	s.expectStatus(t, "released", accessKey, "eni-1", "InUse")
	checkInvariants(t, s.pool)
}
