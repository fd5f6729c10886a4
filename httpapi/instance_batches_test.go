package httpapi_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// batchWorld has three instances of each status, with a secondary interface and two free slots on each running
// one.
func batchWorld() *worldtest.World {
	return worldtest.New(account).AccessKey(accessKey, worldtest.Set("secret", "test-secret")).
		VPC("vpc-main", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-main").
		Instance("i-running-{n}", worldtest.Type("ecs.g6.2xlarge"), worldtest.Count(3)).
		Instance("i-stopped-{n}", worldtest.Type("ecs.g6.large"), worldtest.Status("Stopped"), worldtest.Count(3)).
		NetworkInterface("eni-{n}", worldtest.AttachedTo("i-running-{n}"), worldtest.Count(3))
}

// instanceStatuses returns the status of each instance.
func instanceStatuses(t *testing.T, s *server) map[string]string {
	t.Helper()
	statuses := map[string]string{}
	reply := s.mustCall(t, "DescribeInstanceStatus", "PageSize", "50")
	for _, item := range reply.body["InstanceStatuses"].(map[string]any)["InstanceStatus"].([]any) {
		i := item.(map[string]any)
		statuses[i["InstanceId"].(string)] = i["Status"].(string)
	}
	return statuses
}

// Instances are started, stopped and restarted all together, or those of them that can be.
func TestInstancesChangeTheirPowerStateTogether(t *testing.T) {
	t.Parallel()
	s := serve(t, batchWorld(), service.Options{})
	batch := func(ids ...string) (pairs []string) {
		for k, id := range ids {
			pairs = append(pairs, "InstanceId."+strconv.Itoa(k+1), id)
		}
		return pairs
	}
	// One that cannot be started keeps the others from being started.
	s.expectCode(t, "IncorrectInstanceStatus", "StartInstances", batch("i-stopped-1", "i-running-1")...)
	s.expectCode(t, "InvalidInstanceId.NotFound", "StartInstances", batch("i-stopped-1", "i-none")...)
	if got := instanceStatuses(t, s)["i-stopped-1"]; got != "Stopped" {
		t.Errorf("after refused batches: got %s, want Stopped", got)
	}
	// In the other mode they are started one by one.
	reply := s.mustCall(t, "StartInstances",
		append(batch("i-stopped-1", "i-running-1", "i-none", "i-stopped-2"), "BatchOptimization", "SuccessFirst")...)
	var got []string
	for _, item := range reply.body["InstanceResponses"].(map[string]any)["InstanceResponse"].([]any) {
		r := item.(map[string]any)
		got = append(got, r["InstanceId"].(string)+" "+r["Code"].(string)+" "+r["PreviousStatus"].(string)+" "+
			r["CurrentStatus"].(string))
	}
	if want := []string{
		"i-stopped-1 200 Stopped Running", "i-running-1 IncorrectInstanceStatus Running Running",
		"i-none InvalidInstanceId.NotFound  ", "i-stopped-2 200 Stopped Running",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s.expectCode(t, ok, "StopInstances", batch("i-running-1", "i-stopped-1")...)
	s.expectCode(t, ok, "RebootInstances", batch("i-running-2", "i-running-3")...)
	want := map[string]string{
		"i-running-1": "Stopped", "i-running-2": "Running", "i-running-3": "Running",
		"i-stopped-1": "Stopped", "i-stopped-2": "Running", "i-stopped-3": "Stopped",
	}
	for id, status := range instanceStatuses(t, s) {
		if status != want[id] {
			t.Errorf("%s: got %s, want %s", id, status, want[id])
		}
	}
}

// Of deletions of the same instances in opposite orders, one succeeds and the others find nothing. Interfaces
// that are attached meanwhile, and outlive their instance, stay on none that is gone.
func TestInstancesAreDeletedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	s := serve(t, batchWorld().NetworkInterface("eni-free-{n}", worldtest.Count(12),
		worldtest.Set("delete_on_release", false)), service.Options{})
	s.expectCode(t, "IncorrectInstanceStatus", "DeleteInstances", "InstanceId.1", "i-stopped-1",
		"InstanceId.2", "i-running-1")
	ids := []string{"i-running-1", "i-running-2", "i-running-3", "i-stopped-1"}
	var mu sync.Mutex
	codes := map[string]int{}
	var calling sync.WaitGroup
	for k := range 4 {
		calling.Go(func() {
			order := slices.Clone(ids)
			if k%2 == 1 {
				slices.Reverse(order)
			}
			pairs := []string{"Force", "true"}
			for n, id := range order {
				pairs = append(pairs, "InstanceId."+strconv.Itoa(n+1), id)
			}
			r, err := s.call(t.Context(), "DeleteInstances", pairs...)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			codes[r.code()]++
		})
		for n := range 3 {
			calling.Go(func() {
				if _, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", ids[n], "NetworkInterfaceId",
					"eni-free-"+strconv.Itoa(3*k+n+1)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	calling.Wait()
	if codes[ok] != 1 || codes["InvalidInstanceId.NotFound"] != 3 {
		t.Errorf("got %v, want one success and three times InvalidInstanceId.NotFound", codes)
	}
	if got := instanceStatuses(t, s); len(got) != 2 {
		t.Errorf("got %v, want the two instances that no request named", got)
	}
	for k := range 12 {
		id := "eni-free-" + strconv.Itoa(k+1)
		if n := describeInterface(t, s, id); n["Status"] != "Available" {
			t.Errorf("%s: got %v, want Available", id, n["Status"])
		}
	}
	checkInvariants(t, s.pool)
}
