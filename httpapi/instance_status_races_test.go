package httpapi_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// An infrastructure tool deletes a detached interface and its former instance at the same time.
// Both deletions succeed in either order, whether or not the end of the detach is already in the
// tables.
func TestConcurrentDeleteOfInterfaceAndFormerInstance(t *testing.T) {
	t.Parallel()
	const pairs = 40
	clock := newTestClock()
	s := serve(t, world().
		Instance("i-{n}", worldtest.Count(pairs)).
		NetworkInterface("eni-{n}", worldtest.Count(pairs), worldtest.AttachedTo("i-{n}")),
		service.Options{DetachDelay: time.Second, DeleteDelay: time.Second, Now: clock.now})
	for k := range pairs {
		id := strconv.Itoa(k + 1)
		if r := s.mustCall(t, "DetachNetworkInterface", "InstanceId", "i-"+id,
			"NetworkInterfaceId", "eni-"+id); r.code() != ok {
			t.Fatal(r)
		}
	}
	clock.advance(time.Second)
	expect(t, race(t, 2*pairs, func(k int) (string, error) {
		id := strconv.Itoa(k/2 + 1)
		if k%2 == 0 {
			r, err := s.call(t.Context(), "DeleteNetworkInterface", "NetworkInterfaceId", "eni-"+id)
			return r.code(), err
		}
		r, err := s.call(t.Context(), "DeleteInstance", "InstanceId", "i-"+id, "Force", "true")
		return r.code(), err
	}), map[string]int{ok: 2 * pairs})
	clock.advance(time.Second)
	if r := s.mustCall(t, "DescribeNetworkInterfaces"); r.body["TotalCount"] != 0.0 {
		t.Errorf("interfaces: got %v, want none", r.body["TotalCount"])
	}
	if r := s.mustCall(t, "DescribeInstances"); r.body["TotalCount"] != 0.0 {
		t.Errorf("instances: got %v, want none", r.body["TotalCount"])
	}
	expectNoDeadlocks(t, s)
}

// 32 callers run all actions that move resources, in a small VSwitch and a small group.
// Each refusal has a code below 500. All invariants hold during the run and after it.
func TestConcurrentActionsKeepInvariants(t *testing.T) {
	t.Parallel()
	const callers, operations = 32, 3200
	s := serve(t, world().
		Instance("i-{n}", worldtest.Count(12), worldtest.Type("ecs.g6.xlarge")).
		NetworkInterface("eni-{n}", worldtest.Count(24)), service.Options{
		AttachDelay: 2 * time.Millisecond, DetachDelay: 2 * time.Millisecond, DeleteDelay: 2 * time.Millisecond,
		CreateDelay: time.Millisecond, StartDelay: time.Millisecond, StopDelay: time.Millisecond,
	})
	// A /26 has 60 addresses, of which the world uses 36.
	if _, err := s.pool.Exec(t.Context(),
		`UPDATE vswitches SET cidr_block = '10.0.0.0/26' WHERE id = 'vsw-h'`); err != nil {
		t.Fatal(err)
	}

	var mu sync.Mutex
	instances, interfaces, stopped, attached := []string{}, []string{}, []string{"i-1"}, [][2]string{{"i-1", "eni-1"}}
	for n := range 12 {
		instances = append(instances, fmt.Sprintf("i-%d", n+1))
	}
	for n := range 24 {
		interfaces = append(interfaces, fmt.Sprintf("eni-%d", n+1))
	}
	pick := func(random *rand.Rand, ids *[]string) string {
		mu.Lock()
		defer mu.Unlock()
		return (*ids)[random.IntN(len(*ids))]
	}
	add := func(ids *[]string, id string) {
		mu.Lock()
		defer mu.Unlock()
		*ids = append(*ids, id)
	}
	// Deleted resources are no longer called, except the last three, so that most calls find their
	// resource.
	forget := func(ids *[]string, id string) {
		mu.Lock()
		defer mu.Unlock()
		if k := slices.Index(*ids, id); k >= 0 && len(*ids) > 3 {
			*ids = slices.Delete(*ids, k, k+1)
		}
	}
	newInstance := []string{"ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd", "InstanceType", "ecs.g6.xlarge",
		"VSwitchId", "vsw-h"}
	operation := func(random *rand.Rand) (name string, r reply, err error) {
		instance, eni := pick(random, &instances), pick(random, &interfaces)
		do := func(action string, pairs ...string) (string, reply, error) {
			r, err := s.call(t.Context(), action, pairs...)
			return action, r, err
		}
		switch random.IntN(16) {
		case 0:
			name, r, err = do("RunInstances", append(newInstance, "SecurityGroupId", "sg-small",
				"NetworkInterface.1.VSwitchId", "vsw-h", "NetworkInterface.1.SecurityGroupId", "sg-main")...)
		case 1:
			name, r, err = do("RunInstances", append(newInstance, "SecurityGroupId", "sg-main",
				"NetworkInterface.1.NetworkInterfaceId", eni)...)
		case 2:
			name, r, err = do("DeleteInstance", "InstanceId", instance, "Force", "true")
		case 3, 4:
			name, r, err = do("CreateNetworkInterface", "VSwitchId", "vsw-h", "SecurityGroupId", "sg-main",
				"DeleteOnRelease", strconv.FormatBool(random.IntN(2) == 0))
			if id, created := r.body["NetworkInterfaceId"].(string); created {
				add(&interfaces, id)
			}
		case 5:
			name, r, err = do("DeleteNetworkInterface", "NetworkInterfaceId", eni)
		case 6, 7, 8:
			name, r, err = do("AttachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni)
			if r.code() == ok {
				mu.Lock()
				attached = append(attached, [2]string{instance, eni})
				mu.Unlock()
			}
		case 9:
			mu.Lock()
			pair := attached[max(0, len(attached)-1-random.IntN(4))] // one of the latest
			mu.Unlock()
			instance, eni = pair[0], pair[1]
			name, r, err = do("DetachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni)
		case 10:
			name, r, err = do("AssignPrivateIpAddresses", "NetworkInterfaceId", eni,
				"SecondaryPrivateIpAddressCount", "1")
		case 11:
			name, r, err = do("AssignPrivateIpAddresses", "NetworkInterfaceId", eni, "Ipv4PrefixCount", "1")
		case 12:
			name, r, err = do("JoinSecurityGroup", "InstanceId", instance, "SecurityGroupId", "sg-small")
		case 13:
			name, r, err = do("ModifyNetworkInterfaceAttribute", "NetworkInterfaceId", eni,
				"SecurityGroupId.1", "sg-small", "SecurityGroupId.2", "sg-main")
		case 14:
			name, r, err = do([]string{"StopInstance", "StartInstance", "RebootInstance"}[random.IntN(3)],
				"InstanceId", instance)
			if name == "StopInstance" && r.code() == ok {
				add(&stopped, instance)
			}
		case 15:
			instance = pick(random, &stopped)
			name, r, err = do("ModifyInstanceSpec", "InstanceId", instance,
				"InstanceType", []string{"ecs.g6.large", "ecs.g6.2xlarge"}[random.IntN(2)])
		}
		switch r.code() {
		case "InvalidEcsId.NotFound", "InvalidInstanceId.NotFound":
			forget(&instances, instance)
			forget(&stopped, instance)
		case "InvalidEniId.NotFound":
			forget(&interfaces, eni)
		}
		if sets, ran := r.body["InstanceIdSets"].(map[string]any); ran {
			add(&instances, sets["InstanceIdSet"].([]any)[0].(string))
		}
		return name, r, err
	}

	total, succeeded := map[string]int{}, map[string]int{}
	var running atomic.Int64
	running.Store(callers)
	checks := 0
	expect(t, race(t, callers+1, func(k int) (string, error) {
		if k == callers {
			for ; running.Load() > 0; checks++ {
				checkInvariants(t, s.pool)
			}
			return ok, nil
		}
		defer running.Add(-1)
		random := rand.New(rand.NewPCG(7, uint64(k)))
		for range operations / callers {
			name, r, err := operation(random)
			if err != nil {
				return "", err
			}
			if r.status >= 500 {
				t.Errorf("%s: got %d %v, want a status below 500", name, r.status, r.body)
			}
			mu.Lock()
			total[name+" "+r.code()]++
			if r.code() == ok {
				succeeded[name]++
			}
			mu.Unlock()
		}
		return ok, nil
	}), map[string]int{ok: callers + 1})
	if checks == 0 {
		t.Error("got no check of the invariants during the run, want some")
	}
	for _, name := range []string{
		"RunInstances", "DeleteInstance", "CreateNetworkInterface", "DeleteNetworkInterface", "AttachNetworkInterface",
		"DetachNetworkInterface",
		"AssignPrivateIpAddresses", "JoinSecurityGroup", "ModifyNetworkInterfaceAttribute", "StopInstance",
		"ModifyInstanceSpec",
	} {
		if succeeded[name] == 0 {
			t.Errorf("%s: got no success among %v, want some", name, total)
		}
	}
	for answer := range maps.Keys(total) {
		if strings.HasSuffix(answer, "OperationConflict") {
			t.Errorf("%s: got %d, want none: a lock timed out, or an interface moved at each attempt", answer,
				total[answer])
		}
	}
	checkInvariants(t, s.pool)
	expectNoDeadlocks(t, s)
}

// An interface is attached after an action has read its instance and before it has locked it. The
// action reads again instead of answering a conflict.
func TestInterfaceAttachedBetweenReadAndLock(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s := serveOn(t, patient(t, pool), world().
		Instance("i-1", worldtest.Type("ecs.g6.8xlarge"), worldtest.Groups("sg-main", "sg-small")).
		NetworkInterface("eni-{n}", worldtest.Count(2)).
		NetworkInterface("eni-both", worldtest.Groups("sg-main", "sg-small")), service.Options{})
	for n, c := range []struct {
		eni, action string
		pairs       []string
	}{
		{"eni-1", "ModifyNetworkInterfaceAttribute", []string{"SecurityGroupId.1", "sg-small"}},
		{"eni-2", "JoinSecurityGroup", []string{"SecurityGroupId", "sg-small"}},
		{"eni-both", "LeaveSecurityGroup", []string{"SecurityGroupId", "sg-small"}},
	} {
		attach, err := pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = attach.Rollback(context.WithoutCancel(t.Context())) }()
		if _, err := attach.Exec(t.Context(), `
			WITH locked AS (SELECT * FROM network_interfaces WHERE id = $1 FOR NO KEY UPDATE)
			INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id,
			    instance_eni_quantity, device_index, status)
			SELECT n.account_id, n.id, i.id, n.vpc_id, n.zone_id, i.eni_quantity, $2, 'InUse'
			FROM locked n, instances i
			WHERE i.id = 'i-1'`, c.eni, n+1); err != nil {
			t.Fatal(err)
		}
		answer := make(chan string)
		go func() {
			r, err := s.call(t.Context(), c.action, also(c.pairs, "NetworkInterfaceId", c.eni)...)
			answer <- fmt.Sprint(r.code(), err)
		}()
		storetest.AwaitLockWaits(t, pool, 1)
		if err := attach.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := <-answer; got != fmt.Sprint(ok, nil) {
			t.Errorf("%s: got %s, want success", c.action, got)
		}
	}
	checkInvariants(t, pool)
}
