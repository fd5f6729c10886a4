package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"enisim.alt/service/operator"
	"enisim.alt/service/worldtest"
)

// startEvents starts a server, and returns its endpoint and the RequestId of a refused detach.
func startEvents(t *testing.T) (endpoint, refused string) {
	t.Helper()
	world := worldtest.New("1000000000000001").AccessKey("LTAIevents").
		VPC("vpc-main", "10.0.0.0/8").VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").SecurityGroup("sg-main").
		Instance("i-1").NetworkInterface("eni-{n}", worldtest.Count(2))
	server := start(t, "--data-dir", dataDir(t), "--scenario", file(t, world.String()))
	attachmentCall(t, server.endpoint, "AttachNetworkInterface", "eni-1")
	return server.endpoint, attachmentCall(t, server.endpoint, "DetachNetworkInterface", "eni-2")
}

// attachmentCall sends an action on i-1 and an interface, and returns its RequestId.
func attachmentCall(t *testing.T, endpoint, action, eni string) (requestID string) {
	t.Helper()
	text, _, _ := output(t, "call", "--endpoint", endpoint, "--access-key-id", "LTAIevents", "--access-key-secret", "s",
		action, "--RegionId", "cn-hangzhou", "--InstanceId", "i-1", "--NetworkInterfaceId", eni)
	var answer struct {
		RequestID string `json:"RequestId"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%s: %s: %v", action, text, err)
	}
	return answer.RequestID
}

// enisim events prints a line or a JSON object of each event, and enisim why explains a refusal.
func TestEventsAndWhy(t *testing.T) {
	t.Parallel()
	endpoint, refused := startEvents(t)
	for _, c := range []struct {
		args []string
		want []string // in the output, or in the message of an error
		exit int
	}{
		{[]string{"events", "--eni", "eni-1"}, []string{"AttachNetworkInterface  OK", "eni-1 InstanceId ->i-1"}, 0},
		{[]string{"events", "--instance", "i-1", "--refusals"},
			[]string{"DetachNetworkInterface  Invalid", refused}, 0},
		{[]string{"events", "--account", "1000000000000001", "--after", "0", "--limit", "1"}, []string{"1  "}, 0},
		{[]string{"events", "--eni", "eni-1", "--instance", "i-1"}, []string{"give one of --eni"}, 2},
		{[]string{"events", "--after", "yesterday"}, []string{"is not a cursor"}, 1},
		{[]string{"events", "--limit", "1001"}, []string{"from 1 to 1000"}, 1},
		{[]string{"why", refused}, []string{"The rule saw:", "NetworkInterfaceStatus: Available", "To succeed: "}, 0},
		{[]string{"why", "--json", refused}, []string{`"hint": "`, `"NetworkInterfaceStatus": "Available"`}, 0},
		{[]string{"why", "unknown"}, []string{"there is no record of a request"}, 1},
	} {
		stdout, stderr, exit := output(t, append(c.args, "--endpoint", endpoint)...)
		for _, want := range c.want {
			if exit != c.exit || !strings.Contains(stdout+stderr, want) {
				t.Errorf("%v: got exit %d, %s%s, want exit %d and %q", c.args, exit, stdout, stderr, c.exit, want)
			}
		}
	}
	stdout, _, _ := output(t, "events", "--json", "--eni", "eni-1", "--endpoint", endpoint)
	var event operator.Event
	if err := json.Unmarshal([]byte(stdout), &event); err != nil || strings.Count(stdout, "\n") != 1 ||
		event.Action != "AttachNetworkInterface" || len(event.Changes) < 3 {
		t.Errorf("--json: got %s, %v, want an object on one line", stdout, err)
	}
}

// enisim events --follow prints what happens after it has begun.
func TestEventsAreFollowed(t *testing.T) {
	t.Parallel()
	endpoint, refused := startEvents(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	follow := program(ctx, "events", "--follow", "--after", "1", "--endpoint", endpoint, "--json")
	follow.Stderr = nil
	lines, wait := linesOf(t, follow)
	var seen []string
	next := func() {
		var event operator.Event
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &event) != nil {
			t.Fatalf("got %q after %v, want an event", lines.Text(), seen)
		}
		seen = append(seen, event.RequestID)
	}
	next()
	next()
	if seen[1] != refused {
		t.Errorf("got the requests %v, want the refused one second", seen)
	}
	detach := attachmentCall(t, endpoint, "DetachNetworkInterface", "eni-1")
	if next(); seen[2] != detach {
		t.Errorf("got the requests %v, want the detach %s third", seen, detach)
	}
	cancel()
	wait()
}

// linesOf starts a program, and returns the lines that it prints. wait waits until it has ended.
func linesOf(t *testing.T, cmd *exec.Cmd) (lines *bufio.Scanner, wait func()) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return bufio.NewScanner(out), func() { _ = cmd.Wait() } // it was stopped
}
