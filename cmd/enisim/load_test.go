package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/service/worldtest"
)

// outcomeKey is the result of an operation: its action, and the code of a refusal.
type outcomeKey struct{ action, code string }

// The table of a load, its history and the server's log contain the same requests.
func TestLoadCountsWhatTheServerDid(t *testing.T) {
	t.Parallel()
	dir, into := dataDir(t), t.TempDir()
	server := start(t, "--data-dir", dir, "--scenario", file(t, worldOf(10, "ecs.g6.large", 30).String()),
		"--attach-delay", "0", "--detach-delay", "0", "--log-format", "json")
	out, errOut, exit := output(t, "load", "--endpoint", server.endpoint, "--access-key-id", "LTAIcrash",
		"--access-key-secret", "s",
		"--clients", "8", "--requests", "1000", "--seed", "1", "--zipf", "0.5",
		"--history", filepath.Join(into, "history.jsonl"), "--report", filepath.Join(into, "report.html"),
		"--fail-if", "unknown>0", "--fail-if", "attach.p99>1m")
	if exit != 0 || !strings.Contains(errOut, "10 instances, 30 interfaces; attach=45,detach=45,describe=10, zipf "+
		"0.5, --seed 1") {
		t.Fatalf("got %q, %q, exit code %d; want a summary and 0", out, errOut, exit)
	}
	server.end(t, syscall.SIGTERM)

	logged := countLoggedOutcomes(t, server)
	logged[outcomeKey{history.Describe, ""}]-- // the describe of Discover
	recorded := map[outcomeKey]int{}
	attached := 0
	for _, o := range readHistory(t, filepath.Join(into, "history.jsonl")).Operations {
		recorded[outcomeKey{o.Action, o.Code}]++
		switch {
		case o.Outcome == history.OK && o.Action == history.Attach:
			attached++
		case o.Outcome == history.OK && o.Action == history.Detach:
			attached--
		}
	}
	for key, n := range recorded {
		if logged[key] != n {
			t.Errorf("%v: got %d in the history and %d in the server's log, want the same", key, n, logged[key])
		}
		if row := fmt.Sprintf("%s %s %d", key.action, key.code, n); key.code != "" && !containsRow(out, row) {
			t.Errorf("got the summary %s, want the row %q in it", out, row)
		}
	}
	if recorded[outcomeKey{history.Attach, ""}] == 0 || recorded[outcomeKey{history.Detach, ""}] == 0 ||
		recorded[outcomeKey{history.Describe, ""}] == 0 {
		t.Errorf("got %v, want all three actions done", recorded)
	}
	if now := len(attachedInterfaces(t, dir)); now != attached {
		t.Errorf("got %d attached interfaces by the history and %d in the tables, want the same", attached, now)
	}
	if !containsRow(out, "all 1000") {
		t.Errorf("got %s, want 1000 requests in all", out)
	}
	page, err := os.ReadFile(filepath.Join(into, "report.html"))
	if err != nil || !strings.Contains(string(page), "Latency of AttachNetworkInterface") {
		t.Errorf("got %d bytes, %v, want a report", len(page), err)
	}
}

// containsRow reports whether a table has a row with these first words.
func containsRow(table, row string) bool {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(strings.Join(strings.Fields(line), " ")+" ", row+" ") {
			return true
		}
	}
	return false
}

// countLoggedOutcomes counts the requests in the log of a server that has ended.
func countLoggedOutcomes(t *testing.T, server *process) map[outcomeKey]int {
	t.Helper()
	counts := map[outcomeKey]int{}
	lines := bufio.NewScanner(server.log)
	for lines.Scan() {
		var line struct{ Msg, Action, Code string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Action != "" {
			counts[outcomeKey{line.Action, line.Code}]++
		}
	}
	return counts
}

func readHistory(t *testing.T, path string) *history.History {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	h, err := history.Read(path, file)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The server is killed during a load. Requests without an answer are unknown, requests that were
// never sent are counted separately, and the history is complete.
func TestLoadWhileServerIsKilled(t *testing.T) {
	t.Parallel()
	const before, after = 300, 100
	server := start(t, "--data-dir", dataDir(t), "--scenario", file(t, worldOf(10, "ecs.g6.large", 30).String()),
		"--attach-delay", "0", "--detach-delay", "0")
	target := load.Target{Endpoint: server.endpoint, Region: "cn-hangzhou", AccessKeyID: "LTAIcrash",
		AccessKeySecret: "s", Timeout: 10 * time.Second}
	world, err := load.Discover(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	const clients = 8
	plan, err := load.NewPlan(world,
		load.PlanOptions{Clients: clients, Mix: load.Mix{Attach: 1, Detach: 1}, Cell: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var ended, lost atomic.Int64
	kill := make(chan struct{})
	watched := func(client int) load.Next {
		next := plan(client)
		return func(last load.Result) (load.Operation, bool) {
			if last.Outcome != "" && ended.Add(1) == before {
				close(kill)
			}
			if last.Outcome == history.Unknown && lost.Add(1) >= after {
				return load.Operation{}, false
			}
			return next(last)
		}
	}
	go func() {
		<-kill
		server.end(t, syscall.SIGKILL)
	}()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	writer := history.NewWriter(file, history.Header{})
	world.Tell(writer)
	summary, err := load.Run{Targets: []load.Target{target}, Clients: clients, Plan: watched,
		History: writer}.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	file.Close()

	recorded := map[history.Outcome]int64{}
	unsent := int64(0)
	h := readHistory(t, path)
	for _, o := range h.Operations {
		if o.Ended <= o.Invoked {
			t.Errorf("got %+v, want an end after its begin", o)
		}
		if o.Code == load.NotConnected {
			unsent++
			continue
		}
		recorded[o.Outcome]++
	}
	total := summary.Total()
	if total.OK != recorded[history.OK] || total.Refused != recorded[history.Fail] ||
		total.Unknown != recorded[history.Unknown]+unsent || total.Codes[load.NotConnected] != unsent {
		t.Errorf("got %+v, and %v in the history; want the same", total, recorded)
	}
	if total.OK == 0 || total.Codes[load.ConnectionLost] == 0 || unsent == 0 {
		t.Errorf("got %+v, want some OK, some lost at the kill, and some not sent", total.Codes)
	}
	if len(h.Instances) != 10 || len(h.Interfaces) != 30 || h.Instances[0].Limit != 2 || h.Instances[0].Held != 1 {
		t.Errorf("got %d instances, the first %+v, and %d interfaces; want 10 with 2 places and a primary "+
			"interface, and 30", len(h.Instances), h.Instances[0], len(h.Interfaces))
	}
}

// A load with a scenario uses its own account, which is deleted even if a threshold failed.
func TestLoadScenario(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	dir := dataDir(t)
	server := start(t, "--data-dir", dir, "--no-quickstart", "--control-token", token, "--attach-delay", "0",
		"--detach-delay", "0")
	args := []string{"load", "--endpoint", server.endpoint,
		"--scenario", file(t, worldOf(4, "ecs.g6.large", 4).String()),
		"--requests", "50", "--clients", "2", "--rate", "1000", "--signature", "v3"}
	out, errOut, exit := output(t,
		append(args, "--control-token", token, "--fail-if", "rate>0/s", "--fail-if", "unknown>0")...)
	if exit != exitFailure || !containsRow(out, "all 50") || !strings.Contains(errOut, "failed: rate>0/s: it was ") ||
		strings.Contains(errOut, "failed: unknown") {
		t.Errorf("got %q, %q, exit code %d; want 50 requests, and one violated threshold", out, errOut, exit)
	}
	if list, _, _ := output(t, "account", "list", "--data-dir",
		dir); len(strings.Split(strings.TrimSpace(list), "\n")) != 1 {
		t.Errorf("got %q, want no account left", list)
	}
	if out, errOut, exit := output(t,
		append(args, "--control-token", token, "--history", "/dev/full")...); exit != exitFailure || !containsRow(out,
		"all 50") || !strings.Contains(errOut, "the history breaks off") {
		t.Errorf("with a full disk: got %q, %q, exit code %d; want the summary and the error", out,
			errOut, exit)
	}
	if _, errOut, exit := output(t, args...); exit != exitFailure || !strings.Contains(errOut, "--control-token") {
		t.Errorf("without the token: got %q, exit code %d; want a request for the token", errOut, exit)
	}
	if _, errOut, exit := output(t, "load", "--endpoint", server.endpoint); exit != exitFailure ||
		!strings.Contains(errOut, "InvalidAccessKeyId.NotFound") {
		t.Errorf("with an unknown key: got %q, exit code %d; want the API's error", errOut, exit)
	}
}

// Calls of unknown outcome end a run with exit code 1, unless they are allowed by a flag or limited
// by a threshold. One of the two endpoints does not exist.
func TestLoadWithUnknownOutcomes(t *testing.T) {
	t.Parallel()
	server := start(t, "--data-dir", dataDir(t), "--attach-delay", "0", "--detach-delay", "0")
	for _, c := range []struct {
		flags []string
		exit  int
		want  string
	}{
		{nil, exitFailure, "failed: unknown>0: it was "},
		{[]string{"--allow-unknown"}, 0, ""},
		{[]string{"--fail-if", "unknown>20"}, 0, ""},
		{[]string{"--fail-if", "unknown>=1"}, exitFailure, "failed: unknown>=1: it was "},
		{[]string{"--fail-if", "errors>20"}, 0, ""},
		{[]string{"--fail-if", "p99>1h"}, exitFailure, "--allow-unknown"},
	} {
		args := append([]string{"load", "--endpoint", server.endpoint, "--endpoint", "127.0.0.1:1", "--clients", "2",
			"--requests", "20"}, c.flags...)
		out, errOut, exit := output(t, args...)
		if exit != c.exit || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: got %q, %q, exit code %d; want %d and %q", c.flags, out, errOut, exit, c.exit, c.want)
		}
	}
}

// A file that cannot be written is reported before the first request, even if there is no server. A
// writable file is not changed by this check.
func TestLoadUnwritableFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, flag := range []string{"--report", "--history"} {
		for _, path := range []string{folder, filepath.Join(folder, "nowhere", "file")} {
			_, errOut, exit := output(t, "load", "--endpoint", "127.0.0.1:1", flag, path)
			if exit != exitUsage || !strings.Contains(errOut, flag+" "+path+" cannot be written") {
				t.Errorf("%s %s: got %q, exit code %d; want it refused", flag, path, errOut, exit)
			}
		}
	}
	kept, missing := filepath.Join(folder, "kept"), filepath.Join(folder, "new")
	if err := os.WriteFile(kept, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut, exit := output(t, "load", "--endpoint", "127.0.0.1:1", "--report", kept, "--history",
		missing); exit != exitFailure {
		t.Errorf("got %q, exit code %d; want an error because there is no server", errOut, exit)
	}
	if content, err := os.ReadFile(kept); err != nil || string(content) != "kept" {
		t.Errorf("got %q, %v; want the old report kept until there is a new one", content, err)
	}
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("got %v, want no history, because no request was sent", err)
	}
}

// An interrupted run prints its results so far and ends with its own exit code. Its account is
// deleted.
func TestLoadInterrupted(t *testing.T) {
	t.Parallel()
	dir, into := dataDir(t), t.TempDir()
	server := start(t, "--data-dir", dir, "--no-quickstart", "--attach-delay", "0", "--detach-delay", "0")
	cmd := program(t.Context(), "load", "--endpoint", server.endpoint, "--scenario",
		file(t, worldOf(4, "ecs.g6.large", 4).String()), "--clients", "2", "--duration", "1h",
		"--report", filepath.Join(into, "report.html"), "--history", filepath.Join(into, "run.history"))
	var out strings.Builder
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var messages strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		fmt.Fprintln(&messages, lines.Text())
		if strings.Contains(lines.Text(), "--seed") { // the load has started
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // how it ended is in ProcessState
	if exit := cmd.ProcessState.ExitCode(); exit != exitInterrupted ||
		!strings.Contains(messages.String(), "enisim: interrupted after ") ||
		!strings.Contains(out.String(), "action") {
		t.Errorf("got %q, %q, exit code %d; want the table, the interruption, and %d", &out, &messages, exit,
			exitInterrupted)
	}
	page, err := os.ReadFile(filepath.Join(into, "report.html"))
	if err != nil || !strings.Contains(string(page), "interrupted") {
		t.Errorf("got %d bytes, %v, want a report that shows the interruption", len(page), err)
	}
	readHistory(t, filepath.Join(into, "run.history"))
	if list, _, _ := output(t, "account", "list", "--data-dir",
		dir); len(strings.Split(strings.TrimSpace(list), "\n")) != 1 {
		t.Errorf("got %q, want no account left", list)
	}
}

func TestLoadOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"--fail-if p99=1s", "[ACTION.]METRIC OPERATOR VALUE"},
		{"--mix describe=1 --fail-if attach.p99>1s", "no such action"},
		{"--mix reboot=1", "attach=45,detach=45,describe=10"},
		{"--clients 0", "--clients"},
		{"--rate=-1", "--rate"},
		{"--duration=-1s", "--duration"},
		{"--timeout 0", "--timeout"},
		{"--requests=-1", "--requests"},
		{"--zipf=-1", "--zipf"},
		{"--cell=-1", "--cell"},
		{"--signature v2", "--signature"},
		{"--report both --history both", "two files"},
	} {
		if out, errOut, exit := output(t, append([]string{"load"}, strings.Fields(c.args)...)...); exit != exitUsage ||
			!strings.Contains(out+errOut, c.want) {
			t.Errorf("%s: got %q, exit code %d; want %q and %d", c.args, errOut, exit, c.want, exitUsage)
		}
	}
	if _, errOut, exit := output(t, "load", "--endpoint", "127.0.0.1:1"); exit != exitFailure ||
		!strings.Contains(errOut, "enisim serve") {
		t.Errorf("without a server: got %q, exit code %d; want how to start one", errOut, exit)
	}
}

// Discover lists all interfaces that a plan may move, over several pages. The others are counted as
// held.
func TestDiscover(t *testing.T) {
	t.Parallel()
	server := start(t, "--data-dir", dataDir(t), "--scenario", file(t, worldtest.New("1000000000000001",
		worldtest.Set("quotas", map[string]int{"network_interfaces_per_region": 10000})).
		AccessKey("LTAIcrash").
		VPC("vpc-main", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		VSwitch("vsw-i", "cn-hangzhou-i", "10.1.0.0/16").
		SecurityGroup("sg-main").
		Instance("i-{n:03}", worldtest.Count(110)).
		Instance("i-busy", worldtest.Type("ecs.g6.8xlarge"), worldtest.In("vsw-i")).
		Instance("i-stopped", worldtest.In("vsw-i"), worldtest.Status("Stopped")).
		Instance("i-starting", worldtest.In("vsw-i"), worldtest.Status("Starting")).
		NetworkInterface("eni-{n:03}", worldtest.Count(510)).
		NetworkInterface("eni-on", worldtest.In("vsw-i"), worldtest.AttachedTo("i-busy")).
		NetworkInterface("eni-attaching", worldtest.In("vsw-i"), worldtest.AttachedTo("i-busy"),
			worldtest.Status("Attaching")).
		NetworkInterface("eni-deleting", worldtest.In("vsw-i"), worldtest.Status("Deleting")).
		NetworkInterface("eni-service", worldtest.In("vsw-i"), worldtest.AttachedTo("i-busy"),
			worldtest.Set("service_managed", true)).
		NetworkInterface("eni-on-starting", worldtest.In("vsw-i"), worldtest.AttachedTo("i-starting")).
		String()))
	world, err := load.Discover(t.Context(), load.Target{Endpoint: server.endpoint, Region: "cn-hangzhou",
		AccessKeyID: "LTAIcrash", AccessKeySecret: "s", Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	h, i := load.Place{VPC: "vpc-main", Zone: "cn-hangzhou-h"}, load.Place{VPC: "vpc-main", Zone: "cn-hangzhou-i"}
	var want load.World
	for n := range 110 {
		want.Instances = append(want.Instances,
			load.Instance{ID: fmt.Sprintf("i-%03d", n+1), Place: h, Limit: 2, Held: 1})
	}
	want.Instances = append(want.Instances, load.Instance{ID: "i-busy", Place: i, Limit: 8, Held: 3},
		load.Instance{ID: "i-stopped", Place: i, Limit: 2, Held: 1})
	for n := range 510 {
		want.Interfaces = append(want.Interfaces, load.Interface{ID: fmt.Sprintf("eni-%03d", n+1), Place: h})
	}
	want.Interfaces = append(want.Interfaces, load.Interface{ID: "eni-on", Place: i, Instance: "i-busy"})
	if !reflect.DeepEqual(world, want) {
		t.Errorf("got %+v, want %+v", world, want)
	}
}
