package store

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// The changes of a row are the fields whose values differ, by the names of the API: those of a new row
// have no value before, those of a deleted one none afterwards.
func TestChangesOfRows(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	due := now.Add(time.Minute)
	instance := Instance{
		AttachableInstance: AttachableInstance{ID: "i-1", ZoneID: "cn-hangzhou-h", Status: InstanceStopped},
		InstanceType:       "ecs.g7.large", Name: "web", Attributes: InstanceAttributes{UserData: "c2VjcmV0"},
	}
	starting := instance
	starting.Status, starting.NextStatus, starting.SettlesAt = InstanceStarting, new(InstanceRunning), &due
	starting.StartedAt = &now
	renamed := instance
	renamed.Name, renamed.Attributes.DeletionProtection, renamed.Attributes.UserData = "db", true, "bmV3"
	vpc := VPC{ID: "vpc-1", CIDRBlock: netip.MustParsePrefix("10.0.0.0/8"), AvailableAt: &due}
	stuck := vpc
	stuck.AvailableAt = new(Never)
	for _, c := range []struct {
		name string
		got  []Change
		want []Change
	}{
		{"the same", ChangesOf(&instance, &instance, now), nil},
		{"new", ChangesOf(nil, &instance, now), []Change{
			{Resource: "i-1", Field: "Status", To: "Stopped"},
			{Resource: "i-1", Field: "ZoneId", To: "cn-hangzhou-h"},
			{Resource: "i-1", Field: "InstanceType", To: "ecs.g7.large"},
			{Resource: "i-1", Field: "InstanceName", To: "web"},
			{Resource: "i-1", Field: "UserData", To: hiddenValue},
		}},
		{"starting", ChangesOf(&instance, &starting, now), []Change{
			{Resource: "i-1", Field: "Status", From: "Stopped", To: "Starting", Then: "Running", DueAt: &due},
			{Resource: "i-1", Field: "StartTime", To: "2026-11-22T10:00:00Z"},
		}},
		{"renamed", ChangesOf(&instance, &renamed, now), []Change{
			{Resource: "i-1", Field: "InstanceName", From: "web", To: "db"},
			{Resource: "i-1", Field: "UserData", To: hiddenValue},
			{Resource: "i-1", Field: "DeletionProtection", From: "false", To: "true"},
		}},
		{"pending", ChangesOf(nil, &vpc, now), []Change{
			{Resource: "vpc-1", Field: "Status", To: "Pending", Then: "Available", DueAt: &due},
			{Resource: "vpc-1", Field: "CidrBlock", To: "10.0.0.0/8"},
		}},
		{"pending for ever", ChangesOf(&vpc, &stuck, now), []Change{
			{Resource: "vpc-1", Field: "Status", From: "Pending", To: "Pending"},
		}},
		{"deleted", ChangesOf(&vpc, nil, due), []Change{
			{Resource: "vpc-1", Field: "Status", From: "Available", To: "Deleted"},
			{Resource: "vpc-1", Field: "CidrBlock", From: "10.0.0.0/8"},
		}},
		{"tags", TagChanges("i-1", map[string]string{"a": "1", "b": "2", "c": ""}, []string{"a", "c"},
			map[string]string{"b": "3", "c": "", "d": ""}), []Change{
			{Resource: "i-1", Field: "Tag", From: "a=1"},
			{Resource: "i-1", Field: "Tag", From: "b=2", To: "b=3"},
			{Resource: "i-1", Field: "Tag", To: "d="},
		}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: got\n%+v, want\n%+v", c.name, c.got, c.want)
		}
	}
}
