package metrics

import (
	"fmt"
	"testing"
	"time"
)

// A request counts in the step of its time, and is forgotten after ten minutes.
func TestRecentRequestsAreOfTheLastMinutes(t *testing.T) {
	t.Parallel()
	r, start := new(recent), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for n := range 100 {
		r.add(start, OK, time.Duration(n)*time.Millisecond, false)
	}
	r.add(start.Add(RecentStep), "EniPerInstanceLimitExceeded", time.Millisecond, true)
	r.add(start.Add(RecentStep), "Throttling", time.Millisecond, false)

	steps := r.list(start.Add(RecentStep))
	if len(steps) != RecentBuckets {
		t.Fatalf("got %d steps, want %d", len(steps), RecentBuckets)
	}
	first, second := steps[RecentBuckets-2], steps[RecentBuckets-1]
	if first.Requests != 100 || first.Refusals != 0 || first.Failures != 0 || !first.Start.Equal(start) {
		t.Errorf("the first step is %+v, want 100 successful requests at %v", first, start)
	}
	if second.Requests != 2 || second.Refusals != 1 || second.Failures != 1 || second.Codes["Throttling"] != 1 {
		t.Errorf("the second step is %+v, want a refusal and a failure", second)
	}
	for _, p := range []struct {
		name      string
		got, want time.Duration
	}{{"median", first.Median, 49 * time.Millisecond}, {"P99", first.P99, 98 * time.Millisecond}} {
		if p.got < p.want || p.got > p.want*5/4 {
			t.Errorf("%s: got %v, want from %v to a quarter more", p.name, p.got, p.want)
		}
	}

	if all := Merged(steps); all.Requests != 102 || all.Refusals != 1 || all.Failures != 1 ||
		all.Median < 48*time.Millisecond || all.Median > 62*time.Millisecond {
		t.Errorf("all steps are %+v, want 102 requests with a median of some 49 ms", all)
	}

	// After ten minutes the same bucket begins anew.
	later := start.Add(RecentBuckets * RecentStep)
	if oldest := r.list(later)[RecentBuckets-1]; oldest.Requests != 0 {
		t.Errorf("ten minutes later: got %+v, want no requests", oldest)
	}
	r.add(later, OK, time.Second, false)
	r.add(start, OK, time.Second, false) // late, and forgotten
	if now := r.list(later)[RecentBuckets-1]; now.Requests != 1 {
		t.Errorf("ten minutes later: got %+v, want one request", now)
	}
}

// However many codes come, a bucket has no more than the known ones.
func TestRecentCodesAreBounded(t *testing.T) {
	t.Parallel()
	m := New(Build{})
	action := m.NewAction("ecs", "AttachNetworkInterface")
	for n := range 1000 {
		action.Failed(fmt.Sprint("Made.Up.", n), time.Millisecond, false)
	}
	codes := map[string]int64{}
	for _, step := range m.Recent(time.Now()) {
		for code, count := range step.Codes {
			codes[code] += count
		}
	}
	if len(codes) != 1 || codes[Other] != 1000 {
		t.Errorf("got the codes %v, want only %q, 1000 times", codes, Other)
	}
}
