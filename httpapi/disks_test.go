package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// diskState returns the status of a disk, its instance and its device, or "" if there is no such disk.
func (s *server) diskState(t *testing.T, id string) string {
	t.Helper()
	var found struct {
		Disks struct {
			Disk []struct{ Status, InstanceId, Device string }
		}
	}
	r := s.mustCall(t, "DescribeDisks", "DiskIds", `["`+id+`"]`)
	text, _ := json.Marshal(r.body)
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Disks.Disk) == 0 {
		return ""
	}
	d := found.Disks.Disk[0]
	return strings.TrimSpace(d.Status + " " + d.InstanceId + " " + d.Device)
}

// expectDisk compares the status of a disk, its instance and its device.
func (s *server) expectDisk(t *testing.T, id, want string) {
	t.Helper()
	if got := s.diskState(t, id); got != want {
		t.Errorf("disk %s: got %q, want %q", id, got, want)
	}
}

// One of 40 concurrent attaches of a disk to different instances succeeds.
func TestRaceForOneDisk(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-{n}", worldtest.Count(40)).Disk("d-1", "cn-hangzhou-h"), service.Options{})
	expect(t, race(t, 40, func(k int) (string, error) {
		r, err := s.call(t.Context(), "AttachDisk", "DiskId", "d-1", "InstanceId", fmt.Sprintf("i-%d", k+1))
		return r.code(), err
	}), map[string]int{ok: 1, "IncorrectDiskStatus": 39})
	checkInvariants(t, s.pool)
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// 16 of 30 disks that are attached to an instance at the same time are on it.
func TestRaceForTheSlotsOfAnInstance(t *testing.T) {
	t.Parallel()
	w := world().Instance("i-1")
	for k := range 30 {
		w.Disk(fmt.Sprintf("d-%d", k), "cn-hangzhou-h")
	}
	s := serve(t, w, service.Options{})
	expect(t, race(t, 30, func(k int) (string, error) {
		r, err := s.call(t.Context(), "AttachDisk", "DiskId", fmt.Sprintf("d-%d", k), "InstanceId", "i-1")
		return r.code(), err
	}), map[string]int{ok: 16, "InstanceDiskLimitExceeded": 14})
	checkInvariants(t, s.pool)
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// Attaches, detaches, changes and deletions of the same disks and instances do not wait for each other in a
// circle.
func TestRaceOfAllChangesOfDisks(t *testing.T) {
	t.Parallel()
	w := world().Instance("i-{n}", worldtest.Count(4))
	for k := range 4 {
		w.Disk(fmt.Sprintf("d-%d", k+1), "cn-hangzhou-h")
	}
	s := serve(t, w, service.Options{})
	race(t, 60, func(k int) (string, error) {
		disk, instance := fmt.Sprintf("d-%d", k%4+1), fmt.Sprintf("i-%d", k/4%4+1)
		action, pairs := "AttachDisk", []string{"DiskId", disk, "InstanceId", instance}
		switch k % 6 {
		case 1:
			action = "DetachDisk"
		case 2:
			action, pairs = "ModifyDiskAttribute", []string{"DiskIds.1", "d-4", "DiskIds.2", "d-1", "DiskIds.3",
				"d-2", "DiskName", "renamed"}
		case 3:
			action, pairs = "ResizeDisk", []string{"DiskId", disk, "NewSize", fmt.Sprint(100 + k)}
		case 4:
			action, pairs = "TagResources", []string{"ResourceType", "disk", "ResourceId.1", "d-2", "ResourceId.2",
				"d-1", "Tag.1.Key", "k"}
		case 5:
			if k > 40 {
				action, pairs = "DeleteInstance", []string{"InstanceId", instance, "Force", "true"}
			}
		}
		r, err := s.call(t.Context(), action, pairs...)
		return r.code(), err
	})
	checkInvariants(t, s.pool)
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// A disk is created, attached and detached after the delays. Its slot is free for another one when it has
// left, although its row is still there.
func TestDiskTransitions(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, world().Instance("i-1").Disk("d-other", "cn-hangzhou-h"), service.Options{
		Now: clock.now, CreateDelay: time.Second, AttachDelay: 2 * time.Second, DetachDelay: 3 * time.Second,
	})
	call := func(action, want string, pairs ...string) reply {
		t.Helper()
		r := s.mustCall(t, action, pairs...)
		if r.code() != want {
			t.Errorf("%s: got %v, want %q", action, r, want)
		}
		return r
	}
	id, _ := call("CreateDisk", ok, "ZoneId", "cn-hangzhou-h", "Size", "20").body["DiskId"].(string)
	on := []string{"DiskId", id, "InstanceId", "i-1"}
	s.expectDisk(t, id, "Creating")
	call("AttachDisk", "IncorrectDiskStatus", on...)
	clock.advance(time.Second)
	call("CreateDisk", "MissingParameter", "ZoneId", "cn-hangzhou-h")
	call("AttachDisk", "IncorrectDiskStatus", "DiskId", "d-1", "InstanceId", "i-1") // the system disk
	call("DeleteDisk", "IncorrectDiskStatus", "DiskId", "d-1")
	s.expectDisk(t, id, "Available")
	call("AttachDisk", ok, on...)
	s.expectDisk(t, id, "Attaching i-1 /dev/xvdb")
	call("DetachDisk", "IncorrectDiskStatus", on...)
	clock.advance(2 * time.Second)
	s.expectDisk(t, id, "In_use i-1 /dev/xvdb")
	call("DeleteDisk", "IncorrectDiskStatus", "DiskId", id)
	call("DetachDisk", ok, on...)
	s.expectDisk(t, id, "Detaching i-1 /dev/xvdb")
	call("AttachDisk", "InvalidDevice.InUse", "DiskId", "d-other", "InstanceId", "i-1", "Device", "/dev/xvdb")
	clock.advance(3*time.Second - tick)
	s.expectDisk(t, id, "Detaching i-1 /dev/xvdb")
	clock.advance(tick)
	s.expectDisk(t, id, "Available")
	// Over the row of the first one:
	call("AttachDisk", ok, "DiskId", "d-other", "InstanceId", "i-1", "Device", "/dev/xvdb")
	s.expectDisk(t, "d-other", "Attaching i-1 /dev/xvdb")
	call("AttachDisk", ok, on...)
	s.expectDisk(t, id, "Attaching i-1 /dev/xvdc")
	clock.advance(2 * time.Second)
	call("DetachDisk", ok, on...)
	clock.advance(3 * time.Second)
	call("DeleteDisk", ok, "DiskId", id)
	s.expectDisk(t, id, "")
	call("DeleteDisk", ok, "DiskId", id) // which is ignored
	checkInvariants(t, s.pool)
}

// The deletion of an instance deletes its data disks, except those without DeleteWithInstance and those that
// are leaving. These are Available.
func TestDisksOfADeletedInstance(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-1", worldtest.Set("data_disks", []map[string]any{
		{"id": "d-goes"}, {"id": "d-stays", "delete_with_instance": false},
	})).Disk("d-leaving", "", worldtest.AttachedTo("i-1"), worldtest.Status("Detaching")), service.Options{})
	if r := s.mustCall(t, "DeleteInstance", "InstanceId", "i-1", "Force", "true"); r.code() != ok {
		t.Fatal(r)
	}
	for id, want := range map[string]string{"d-goes": "", "d-stays": "Available", "d-leaving": "Available", "d-1": ""} {
		s.expectDisk(t, id, want)
	}
	events := strings.Join(recordedEvents(t, s.pool), "\n")
	for _, want := range []string{`"to": "Deleted"`, `"resource": "d-goes"`, `"resource": "d-stays"`} {
		if !strings.Contains(events, want) {
			t.Errorf("events: got no %s in\n%s", want, events)
		}
	}
	checkInvariants(t, s.pool)
}
