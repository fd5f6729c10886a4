package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"enisim/service"
	"enisim/service/worldtest"
)

// An attach before the deletion goes with the instance, one after it finds none. Nothing of the instance is left.
func TestRaceOfAttachesAndDeleteInstance(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-old").
		Instance("i-1", worldtest.Type("ecs.ebmg6.26xlarge")).
		NetworkInterface("eni-{n}", worldtest.Count(40)), service.Options{DeleteDelay: time.Hour, AttachDelay: time.Hour})
	s.exec(t, `UPDATE network_interfaces SET delete_on_release = (length(id) = 5)`) // the first nine go with their instance
	answers := race(t, 41, func(k int) (string, error) {
		if k == 20 {
			r, err := s.call(t.Context(), "DeleteInstance", "InstanceId", "i-1", "Force", "true")
			return "delete " + r.code(), err
		}
		r, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", fmt.Sprintf("eni-%d", k%20+k/21*20+1))
		return r.code(), err
	})
	if answers["delete "] != 1 || answers[ok]+answers["InvalidEcsId.NotFound"]+answers["EniPerInstanceLimitExceeded"] != 40 {
		t.Errorf("answers: got %v, want one deletion, and attaches that came before or after it", answers)
	}
	t.Logf("answers: %v", answers)
	for what, sql := range map[string]string{
		"the instance":            `SELECT count(*) FROM instances WHERE id = 'i-1'`,
		"interfaces that name it": `SELECT count(*) FROM network_interfaces WHERE instance_id = 'i-1' OR id = 'eni-1-primary'`,
		"interfaces that should be there": `
			SELECT count(*) FROM network_interfaces
			WHERE type = 'Secondary' AND status <> 'Available' AND NOT (status = 'Deleting' AND delete_on_release)`,
	} {
		if n := s.count(t, sql); n != 0 {
			t.Errorf("%s: got %d, want 0", what, n)
		}
	}
	checkInvariants(t, s.pool)
	noDeadlocks(t, s)
}

// Attaches and a change to a type with two places: either the change comes first, or after one attach at most.
func TestRaceOfAttachesAndModifyInstanceSpec(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-1", worldtest.Type("ecs.g6.4xlarge"), worldtest.Status("Stopped")).
		NetworkInterface("eni-{n}", worldtest.Count(40)), service.Options{AttachDelay: time.Hour})
	var resized string
	answers := race(t, 41, func(k int) (string, error) {
		if k == 0 {
			r, err := s.call(t.Context(), "ModifyInstanceSpec", "InstanceId", "i-1", "InstanceType", "ecs.g6.large")
			resized = r.code()
			return "resize " + resized, err
		}
		r, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", fmt.Sprintf("eni-%d", k))
		return r.code(), err
	})
	places := 8
	if resized == ok {
		places = 2
	}
	expect(t, answers, map[string]int{"resize " + resized: 1, ok: places - 1, "EniPerInstanceLimitExceeded": 41 - places})
	if resized != ok && resized != "InvalidOperation.EniCountExceeded" {
		t.Errorf("resize: got %q, want a success or InvalidOperation.EniCountExceeded", resized)
	}
	checkInvariants(t, s.pool)
	noDeadlocks(t, s)
}

// One interface goes onto one new instance, and the other launches leave nothing. They are in two VSwitches, so that not the lock of one keeps order.
func TestRaceOfLaunchesForOneInterface(t *testing.T) {
	t.Parallel()
	s := serve(t, ipv6World().
		NetworkInterface("eni-1"), service.Options{})
	expect(t, race(t, 30, func(k int) (string, error) {
		r, err := s.call(t.Context(), "RunInstances", "ImageId", "m-test", "InstanceType", "ecs.g6.large", "SecurityGroupId", "sg-main",
			"VSwitchId", []string{"vsw-h", "vsw-h2"}[k%2],
			"NetworkInterface.1.NetworkInterfaceId", "eni-1")
		return r.code(), err
	}), map[string]int{ok: 1, "InvalidOperation.InvalidNetworkInterfaceId": 29})
	if got := attachments(t, s.pool); len(got) != 1 || s.count(t, `SELECT count(*) FROM instances`) != 1 {
		t.Errorf("attachments: got %v, want 2 of the one instance", got)
	}
	checkInvariants(t, s.pool)
	noDeadlocks(t, s)
}

// A group that takes 8 instances, and an account that may have 10 secondary interfaces: 20 launches of two instances at once, each with one interface.
func TestRaceOfLaunchesForCapacity(t *testing.T) {
	t.Parallel()
	for _, limit := range []struct {
		group string
		quota int
		code  string
		fit   int // launches of two instances
	}{
		{"sg-small", 100, "SecurityGroupInstanceLimitExceed", 4},
		{"sg-main", 11, "MaxEniCountExceeded", 5},
	} {
		t.Run(limit.code, func(t *testing.T) {
			t.Parallel()
			s := serve(t, world(), service.Options{})
			s.exec(t, fmt.Sprintf(`UPDATE accounts SET network_interfaces_per_region = %d`, limit.quota))
			expect(t, race(t, 20, func(int) (string, error) {
				r, err := s.call(t.Context(), "RunInstances", "ImageId", "m-test", "InstanceType", "ecs.g6.large", "VSwitchId", "vsw-h",
					"SecurityGroupId", limit.group, "Amount", "2", "NetworkInterface.1.VSwitchId", "vsw-h")
				return r.code(), err
			}), map[string]int{ok: limit.fit, limit.code: 20 - limit.fit})
			if got, want := len(attachments(t, s.pool)), 2*limit.fit; got != want {
				t.Errorf("instances: got %d, want %d", got, want)
			}
			checkInvariants(t, s.pool)
			noDeadlocks(t, s)
		})
	}
}

// Launches, deletions and attaches of instances that share interfaces, a VSwitch and a group keep every invariant, without a deadlock.
func TestStormOfLives(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		NetworkInterface("eni-{n}", worldtest.Count(8), worldtest.Groups("sg-small")), service.Options{DeleteDelay: time.Millisecond, DetachDelay: time.Millisecond})
	s.exec(t, `UPDATE network_interfaces SET delete_on_release = false`)
	answers := race(t, 10, func(k int) (string, error) {
		for round := range 12 {
			eni := fmt.Sprintf("eni-%d", (k+round)%8+1)
			r, err := s.call(t.Context(), "RunInstances", "ImageId", "m-test", "InstanceType", "ecs.g6.xlarge", "VSwitchId", "vsw-h", "SecurityGroupId", "sg-small",
				"NetworkInterface.1.NetworkInterfaceId", eni, "NetworkInterface.2.VSwitchId", "vsw-h")
			if err != nil {
				return "", err
			}
			switch r.code() {
			case ok:
			case "InvalidOperation.InvalidNetworkInterfaceId", "SecurityGroupInstanceLimitExceed":
				continue
			default:
				return r.code(), nil
			}
			id := r.body["InstanceIdSets"].(map[string]any)["InstanceIdSet"].([]any)[0].(string)
			if round%2 == 0 {
				if r, err = s.call(t.Context(), "DetachNetworkInterface", "InstanceId", id, "NetworkInterfaceId", eni); err != nil || r.code() != ok {
					return "detach " + r.code(), err
				}
			}
			if r, err = s.call(t.Context(), "DeleteInstance", "InstanceId", id, "Force", "true"); err != nil || r.code() != ok {
				return "delete " + r.code(), err
			}
		}
		return ok, nil
	})
	expect(t, answers, map[string]int{ok: 10})
	if n := s.count(t, `SELECT count(*) FROM instances`); n != 0 {
		t.Errorf("instances: got %d, want 0", n)
	}
	checkInvariants(t, s.pool)
	noDeadlocks(t, s)
}
