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

// shows fails the test unless a reply of an action has a text.
func (s *server) shows(t *testing.T, text, action string, pairs ...string) {
	t.Helper()
	reply, _ := json.Marshal(s.mustCall(t, action, pairs...).body)
	if !strings.Contains(string(reply), text) {
		t.Errorf("%s: got %s, want %s", action, reply, text)
	}
}

// What is set of an instance is shown where the API shows it.
func TestSettingsOfInstancesAreShown(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, world().Instance("i-1"), service.Options{Now: clock.now})
	of := []string{"InstanceIds", `["i-1"]`}
	s.mustCall(t, "AttachInstanceRamRole", "InstanceIds", `["i-1"]`, "RamRoleName", "reader")
	s.shows(t, `"RamRoleName":"reader"`, "DescribeInstanceRamRole", of...)
	s.mustCall(t, "DetachInstanceRamRole", "InstanceIds", `["i-1"]`)
	s.shows(t, `"RamRoleName":""`, "DescribeInstanceRamRole", of...)
	s.mustCall(t, "ModifyInstanceMetadataOptions", "InstanceId", "i-1", "HttpTokens", "required",
		"HttpPutResponseHopLimit", "5")
	s.shows(t, `"HttpPutResponseHopLimit":5,"HttpTokens":"required"`, "DescribeInstances", of...)
	at := clock.now().Add(time.Hour).UTC()
	s.mustCall(t, "ModifyInstanceAutoReleaseTime", "InstanceId", "i-1", "AutoReleaseTime",
		at.Format("2006-01-02T15:04:05Z"))
	s.shows(t, `"AutoReleaseTime":"`+at.Format("2006-01-02T15:04Z")+`"`, "DescribeInstances", of...)
	s.mustCall(t, "ModifyInstanceAutoReleaseTime", "InstanceId", "i-1")
	s.shows(t, `"AutoReleaseTime":""`, "DescribeInstances", of...)
	s.mustCall(t, "ModifyInstanceChargeType", of...)
	s.shows(t, `"InstanceChargeType":"PrePaid"`, "DescribeInstances", of...)
	s.shows(t, `"InstanceChargeType":"PrePaid"`, "DescribeInstanceAttribute", "InstanceId", "i-1")
	s.mustCall(t, "ModifyInstanceAutoRenewAttribute", "InstanceId", "i-1", "AutoRenew", "true")
	s.shows(t, `"Duration":1,"InstanceId":"i-1","PeriodUnit":"Month","RenewalStatus":"AutoRenewal"`,
		"DescribeInstanceAutoRenewAttribute", "RenewalStatus", "AutoRenewal")
	s.shows(t, `"TotalCount":0`, "DescribeInstanceAutoRenewAttribute", "RenewalStatus", "Normal")
	s.mustCall(t, "ModifyInstanceChargeType", "InstanceIds", `["i-1"]`, "InstanceChargeType", "PostPaid")
	s.shows(t, `"TotalCount":0`, "DescribeInstanceAutoRenewAttribute", "RenewalStatus", "AutoRenewal")
}

// A time of release lies between half an hour and three years from the account's time on.
func TestBoundsOfReleaseTimes(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, world().Instance("i-1"), service.Options{Now: clock.now})
	base := clock.now().UTC().Truncate(time.Minute)
	for at, want := range map[time.Time]string{
		base.Add(29 * time.Minute):                 "InvalidAutoReleaseTime.Malformed",
		base.Add(32 * time.Minute):                 ok,
		base.AddDate(3, 0, 0).Add(-time.Minute):    ok,
		base.AddDate(3, 0, 0).Add(2 * time.Minute): "InvalidAutoReleaseTime.Malformed",
	} {
		r := s.mustCall(t, "ModifyInstanceAutoReleaseTime", "InstanceId", "i-1", "AutoReleaseTime",
			at.Format("2006-01-02T15:04:05Z"))
		if r.code() != want {
			t.Errorf("%s after the current time: got %v, want %q", at.Sub(base), r, want)
		}
	}
	r := s.mustCall(t, "ModifyInstanceAutoReleaseTime", "InstanceId", "i-1", "AutoReleaseTime", "tomorrow")
	if r.code() != "InvalidAutoReleaseTime.Malformed" {
		t.Errorf("got %v, want a malformed time", r)
	}
}

// One of two roles wins the race for all instances, whatever the order of the lists, without a deadlock. The
// calls with the other role fail for each instance.
func TestRaceOfRAMRoles(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-{n}", worldtest.Count(2)), service.Options{})
	counts := race(t, 30, func(k int) (string, error) {
		ids := []string{`["i-1","i-2"]`, `["i-2","i-1"]`}[k/2%2]
		r, err := s.call(t.Context(), "AttachInstanceRamRole", "InstanceIds", ids, "RamRoleName",
			[]string{"reader", "writer"}[k%2])
		return fmt.Sprint(r.body["RamRoleName"], " ", r.body["FailCount"]), err
	})
	if counts["reader 0"] == 15 {
		expect(t, counts, map[string]int{"reader 0": 15, "writer 2": 15})
	} else {
		expect(t, counts, map[string]int{"writer 0": 15, "reader 2": 15})
	}
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}
