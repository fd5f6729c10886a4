package load

import (
	"strings"
	"testing"
	"time"
)

// Without a terminal, progress is a line every ten seconds with what happened since the last one.
func TestProgressInLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := NewProgress(&out, time.Minute, 0)
	for second := range 25 {
		p.Show(Interval{At: time.Duration(second+1) * time.Second, Length: time.Second, Actions: []Point{
			{Action: "a", OK: 100, P99: 2 * time.Millisecond, Max: 3 * time.Millisecond},
			{Action: "b", OK: 50, Refused: 7, Unknown: 1, P99: time.Millisecond,
				Max: time.Duration(second) * time.Second},
		}})
	}
	p.End()
	want := "10s 158/s, p99 up to 2ms, max 9s, 1500 ok, 70 refused, 10 unknown\n20s 158/s, p99 up to 2ms, max 19s, " +
		"1500 ok, 70 refused, 10 unknown\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
