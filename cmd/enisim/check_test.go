package main

import (
	"os"
	"strings"
	"testing"
)

const (
	historyStart = `{"enisim_history":1}
{"type":"instance","id":"i-1","limit":2,"held":1}
{"type":"interface","id":"eni-1"}
{"type":"interface","id":"eni-2"}
{"type":"invoke","op":1,"client":1,"time":1000,"action":"AttachNetworkInterface","instance":"i-1","interface":"eni-1"}
{"type":"ok","op":1,"time":2000}
{"type":"invoke","op":2,"client":2,"time":3000,"action":"AttachNetworkInterface","instance":"i-1","interface":"eni-2"}
`
	linearizableHistory = historyStart + `{"type":"fail","op":2,"time":4000,"code":"EniPerInstanceLimitExceeded"}
`
	contradictoryHistory = historyStart + `{"type":"ok","op":2,"time":4000}
`
)

// The exit code is the verdict, and a contradiction is printed and drawn beside the history.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, history string
		args          []string
		exit          int
		want          string // in stdout or stderr
	}{
		{"linearizable", linearizableHistory, nil, 0,
			"linearizable: 2 operations (1 ok, 1 refused, 0 of unknown outcome) on 2 interfaces and 1 instances"},
		{"not linearizable", contradictoryHistory, nil, exitFailure,
			"No order of them explains op 2. It would have needed eni-2 free and a place on i-1 " +
				"at one moment of its call."},
		{"no history", contradictoryHistory + "{}\n", nil, exitUsage,
			":9: type is missing; it is instance, interface, quota, vswitch, invoke, ok, fail or unknown"},
		{"server with delays", historyStart + `{"type":"invoke","op":3,"time":3000,` +
			`"action":"DescribeNetworkInterfaces","interface":"eni-2"}
{"type":"ok","op":3,"time":4000,"status":"Attaching","instance":"i-1"}
`, nil, exitUsage, "serve --attach-delay 0 --detach-delay 0"},
		{"timeout", linearizableHistory, []string{"--timeout", "1ns"}, exitUndecided,
			"undecided within 1ns; allow more with --timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := file(t, c.history)
			stdout, stderr, exit := output(t, append([]string{"check", path}, c.args...)...)
			if exit != c.exit || !strings.Contains(stdout+stderr, c.want) {
				t.Errorf("got exit code %d and\n%s%s\nwant %d and in it\n%s", exit, stdout, stderr, c.exit, c.want)
			}
			drawing, err := os.ReadFile(path + ".html")
			if drawn := err == nil && len(drawing) > 0; drawn != (c.exit == exitFailure) {
				t.Errorf("drawing beside the history: got %v (%v), want %v", drawn, err, c.exit == exitFailure)
			}
		})
	}
	if _, stderr, exit := output(t, "check", "/nowhere"); exit != exitUsage ||
		!strings.Contains(stderr, "no such file") {
		t.Errorf("missing file: got exit code %d, %s; want no such file", exit, stderr)
	}
}
