package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// An interface that is attached before the deletion is released with the instance. A later attach
// finds no instance. No row of the instance remains.
func TestRaceOfAttachesAndDeleteInstance(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-old").
		Instance("i-1", worldtest.Type("ecs.ebmg6.26xlarge")).
		NetworkInterface("eni-{n}", worldtest.Count(40)),
		service.Options{DeleteDelay: time.Hour, AttachDelay: time.Hour})
	// the first nine are deleted with the instance
	s.exec(t, `UPDATE network_interfaces SET delete_on_release = (length(id) = 5)`)
	answers := race(t, 41, func(k int) (string, error) {
		if k == 20 {
			r, err := s.call(t.Context(), "DeleteInstance", "InstanceId", "i-1", "Force", "true")
			return "delete " + r.code(), err
		}
		r, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-1",
			"NetworkInterfaceId", fmt.Sprintf("eni-%d", k%20+k/21*20+1))
		return r.code(), err
	})
	attaches := answers[ok] + answers["InvalidEcsId.NotFound"] + answers["EniPerInstanceLimitExceeded"]
	if answers["delete "] != 1 || attaches != 40 {
		t.Errorf("answers: got %v, want one deletion, and attaches before or after it", answers)
	}
	t.Logf("answers: %v", answers)
	for name, sql := range map[string]string{
		"the instance": `SELECT count(*) FROM instances WHERE id = 'i-1'`,
		"interfaces on it": `
			SELECT count(*) FROM slots WHERE instance_id = 'i-1' OR network_interface_id = 'eni-1-primary'`,
		"released interfaces with a wrong status": `
			SELECT count(*) FROM whole_network_interfaces
			WHERE type = 'Secondary' AND status <> 'Available' AND NOT (status = 'Deleting' AND delete_on_release)`,
	} {
		if n := s.count(t, sql); n != 0 {
			t.Errorf("%s: got %d, want 0", name, n)
		}
	}
	checkInvariants(t, s.pool)
	expectNoDeadlocks(t, s)
}

// Attaches race with a change to a type with two slots. The change succeeds if at most one attach
// came before it.
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
		r, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-1",
			"NetworkInterfaceId", fmt.Sprintf("eni-%d", k))
		return r.code(), err
	})
	slots := 8
	if resized == ok {
		slots = 2
	}
	expect(t, answers, map[string]int{"resize " + resized: 1, ok: slots - 1, "EniPerInstanceLimitExceeded": 41 - slots})
	if resized != ok && resized != "InvalidOperation.EniCountExceeded" {
		t.Errorf("resize: got %q, want a success or InvalidOperation.EniCountExceeded", resized)
	}
	checkInvariants(t, s.pool)
	expectNoDeadlocks(t, s)
}

// One launch gets the interface, and the others have no effect. They use two VSwitches, so that the
// lock of a VSwitch does not serialize them.
func TestRaceOfLaunchesForOneInterface(t *testing.T) {
	t.Parallel()
	s := serve(t, ipv6World().
		NetworkInterface("eni-1"), service.Options{})
	expect(t, race(t, 30, func(k int) (string, error) {
		r, err := s.call(t.Context(), "RunInstances", "ImageId", "m-test", "InstanceType", "ecs.g6.large",
			"SecurityGroupId", "sg-main",
			"VSwitchId", []string{"vsw-h", "vsw-h2"}[k%2],
			"NetworkInterface.1.NetworkInterfaceId", "eni-1")
		return r.code(), err
	}), map[string]int{ok: 1, "InvalidOperation.InvalidNetworkInterfaceId": 29})
	if got := attachments(t, s.pool); len(got) != 1 || s.count(t, `SELECT count(*) FROM instances`) != 1 {
		t.Errorf("attachments: got %v, want only those of one instance", got)
	}
	checkInvariants(t, s.pool)
	expectNoDeadlocks(t, s)
}

// 20 launches of two instances, each with one more interface, compete for a group with a capacity
// of 8 instances, or for a quota of secondary interfaces.
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
				r, err := s.call(t.Context(), "RunInstances", "ImageId", "m-test", "InstanceType", "ecs.g6.large",
					"VSwitchId", "vsw-h",
					"SecurityGroupId", limit.group, "Amount", "2", "NetworkInterface.1.VSwitchId", "vsw-h")
				return r.code(), err
			}), map[string]int{ok: limit.fit, limit.code: 20 - limit.fit})
			if got, want := len(attachments(t, s.pool)), 2*limit.fit; got != want {
				t.Errorf("instances: got %d, want %d", got, want)
			}
			checkInvariants(t, s.pool)
			expectNoDeadlocks(t, s)
		})
	}
}

// Concurrent launches, detaches and deletions of instances that share interfaces, a VSwitch and a
// group keep all invariants, without a deadlock.
func TestConcurrentLaunchesAndDeletions(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		NetworkInterface("eni-{n}", worldtest.Count(8), worldtest.Groups("sg-small")),
		service.Options{DeleteDelay: time.Millisecond, DetachDelay: time.Millisecond})
	s.exec(t, `UPDATE network_interfaces SET delete_on_release = false`)
	answers := race(t, 10, func(k int) (string, error) {
		for round := range 12 {
			eni := fmt.Sprintf("eni-%d", (k+round)%8+1)
			r, err := s.call(t.Context(), "RunInstances", "ImageId", "m-test", "InstanceType", "ecs.g6.xlarge",
				"VSwitchId", "vsw-h", "SecurityGroupId", "sg-small",
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
				if r, err = s.call(t.Context(), "DetachNetworkInterface", "InstanceId", id,
					"NetworkInterfaceId", eni); err != nil || r.code() != ok {
					return "detach " + r.code(), err
				}
			}
			if r, err = s.call(t.Context(), "DeleteInstance", "InstanceId", id, "Force", "true"); err != nil ||
				r.code() != ok {
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
	expectNoDeadlocks(t, s)
}
