package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/scenario"
	"enisim.alt/service/worldtest"
)

// Two scenarios are applied in turn to an account whose callers attach, detach and assign
// addresses. Callers always find the resources of both scenarios, and a reader sees one world or
// the other. The invariants hold after each apply, and at the end the account equals the last
// scenario.
func TestApplyUnderAttachTraffic(t *testing.T) {
	t.Parallel()
	const callers, rounds = 6, 10
	file := func(first, second, name string, groups ...string) string {
		return world().
			Instance("i-{n}", worldtest.Count(2), worldtest.Type("ecs.g6.xlarge")).
			NetworkInterface("eni-1", worldtest.AttachedTo(first)).
			NetworkInterface("eni-2", worldtest.AttachedTo(second), worldtest.Groups(groups...)).
			NetworkInterface("eni-free-{n}", worldtest.Count(4), worldtest.Groups("sg-small")).
			NetworkInterface("eni-named-{n}", worldtest.Count(3), worldtest.Set("name", name)).
			String()
	}
	files := []string{file("i-1", "i-2", "one", "sg-main", "sg-small"), file("i-2", "i-1", "two", "sg-small")}
	s := serve(t, scenarioText(files[0]), service.Options{AttachDelay: time.Millisecond, DetachDelay: time.Millisecond})

	var attached atomic.Int64
	stop := make(chan struct{})
	var traffic sync.WaitGroup
	for k := range callers {
		traffic.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(k)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				eni := []string{"eni-1", "eni-2", fmt.Sprintf("eni-free-%d", 1+random.IntN(4))}[random.IntN(3)]
				instance := fmt.Sprintf("i-%d", 1+random.IntN(2))
				var r reply
				var err error
				action := []string{"AttachNetworkInterface", "AttachNetworkInterface", "DetachNetworkInterface",
					"AssignPrivateIpAddresses"}[random.IntN(4)]
				if action == "AssignPrivateIpAddresses" {
					r, err = s.call(t.Context(), action, "NetworkInterfaceId", eni,
						"SecondaryPrivateIpAddressCount", "1")
				} else {
					r, err = s.call(t.Context(), action, "InstanceId", instance, "NetworkInterfaceId", eni)
				}
				if err != nil || r.status >= 500 || strings.Contains(r.code(), "NotFound") {
					t.Errorf("%s of %s: got %v (%v), want a reply below 500 that is not NotFound", action, eni, r, err)
				}
				if action == "AttachNetworkInterface" && r.code() == ok {
					attached.Add(1)
				}
			}
		})
	}
	traffic.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			r, err := s.call(t.Context(), "DescribeNetworkInterfaces", "NetworkInterfaceName", "one", "PageSize", "100")
			if total := r.body["TotalCount"]; err != nil || total != 0.0 && total != 3.0 {
				t.Errorf("interfaces named one: got %v (%v), want all three or none", total, err)
			}
		}
	})
	for round := range rounds {
		worldtest.Apply(t, s.store, time.Now(), files[round%2])
		checkInvariants(t, s.pool)
	}
	close(stop)
	traffic.Wait()
	if attached.Load() == 0 {
		t.Error("got no successful attach, want some: the traffic tests nothing")
	}

	worldtest.Apply(t, s.store, time.Now(), files[1])
	checkInvariants(t, s.pool)
	sc, err := scenario.Parse("last.yaml", []byte(files[1]))
	if err != nil {
		t.Fatal(err)
	}
	if diff, err := scenario.Diff(t.Context(), s.store, sc, time.Now()); err != nil || len(diff) > 0 {
		t.Errorf("at the end: got the differences %v (%v), want none from the last scenario", diff, err)
	}
	expectNoDeadlocks(t, s)
}
