package load

import (
	"strings"
	"testing"
	"time"

	"enisim.alt/cmd/enisim/history"
)

// testSummary is a run of ten seconds: attaches of 1 to 100 ms, one of them refused, and 100
// detaches of 1 ms, one of them unknown.
func testSummary() *Summary {
	r := newRecorder(time.Now())
	for ms := range 100 {
		result := Result{Operation: Operation{Action: history.Attach}, Outcome: history.OK,
			Latency: time.Duration(ms+1) * time.Millisecond}
		if ms == 0 {
			result.Outcome, result.Code = history.Fail, "EniPerInstanceLimitExceeded"
		}
		r.add(result, r.started.Add(time.Second))
		result = Result{Operation: Operation{Action: history.Detach}, Outcome: history.OK, Latency: time.Millisecond}
		if ms == 0 {
			result.Outcome, result.Code = history.Unknown, "</script><b>"
		}
		r.add(result, r.started.Add(10*time.Second))
	}
	r.endInterval(r.started.Add(10 * time.Second))
	return r.summary()
}

// A threshold compares a metric of all actions or of one with a value.
func TestThresholds(t *testing.T) {
	t.Parallel()
	for text, broken := range map[string]bool{
		"attach.p50>49ms":     true,
		"attach.p50>51ms":     false,
		"attach.max>=100ms":   true,
		"attach.max>101ms":    false,
		"p99.9>90ms":          true,
		"detach.p99>1.1ms":    false,
		"detach.p100 > 0.9ms": true,
		"detach.max<0.9ms":    false,
		"rate<20.1/s":         true,
		"rate<19.9/s":         false,
		"attach.rate<=10/s":   true,
		"errors>1":            true,
		"errors>2":            false,
		"errors>0.9%":         true,
		"errors>1%":           false,
		"attach.errors>=1%":   true,
		"unknown>0":           true,
		"attach.unknown>0":    false,
		"detach.refused>0":    false,
		"refused>0":           true,
		"describe.p99>1h":     true, // there were no describes
	} {
		var threshold Threshold
		if err := threshold.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, was := threshold.Broken(testSummary()); got != broken || was == "" {
			t.Errorf("%s: got broken=%v (%s), want %v", text, got, was, broken)
		}
	}
}

// The error of an invalid threshold shows the grammar.
func TestInvalidThresholds(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "p99", "p99>", "p99>50", "p99=50ms", "p101>50ms", "p>1ms", "99>1ms", "p99>-1ms", "reboot.p99>1ms",
		"attach>1", "rate<1000", "rate<fast/s", "errors>1s", "errors>x%",
		"errors>NaN", "max>1ms,p99>1ms",
	} {
		if err := new(Threshold).UnmarshalText([]byte(text)); err == nil ||
			!strings.Contains(err.Error(), "[ACTION.]METRIC OPERATOR VALUE") {
			t.Errorf("%q: got %v, want the grammar", text, err)
		}
	}
}

// The table of a run has a row for each action and each code.
func TestPrint(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := testSummary().Print(&out); err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"action count rate p50 p90 p99 p99.9 max ok refused unknown",
		"AttachNetworkInterface 100 10.0/s 50ms 90ms 99ms 100ms 100ms 99 1 0",
		"DetachNetworkInterface 100 10.0/s 1ms 1ms 1ms 1ms 1ms 99 0 1",
		"all 200 20.0/s 1ms 80.1ms 98ms 100ms 100ms 198 1 1",
		"",
		"action code count",
		"AttachNetworkInterface EniPerInstanceLimitExceeded 1",
		"DetachNetworkInterface </script><b> 1",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
