package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"enisim.alt/testdata/scenarios"
)

// largeWorld returns a scenario with the given number of instances and of secondary interfaces on
// each.
func largeWorld(instances, each int) string {
	const perVSwitch = 15_000 // instances, with up to three secondary interfaces
	var vswitches strings.Builder
	for i := range (instances-1)/perVSwitch + 1 {
		fmt.Fprintf(&vswitches, "              - {id: vsw-%d, zone: cn-hangzhou-h, cidr_block: 10.%d.0.0/16}\n", i+1, i)
	}
	return fmt.Sprintf(`enisim: 1
accounts:
  - id: "1000000000000001"
    access_keys: [{id: LTAIlarge, secret: s}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            security_groups: [{id: sg-main, type: enterprise, instance_limit: 1000000}]
            vswitches:
%s
        instances:
          - {id: "i-{n:06}", count: %d, type: ecs.g6.2xlarge, vswitch: "vsw-{n/%d}", security_groups: [sg-main]}
        network_interfaces:
          - {id: "eni-{n:06}", count: %d, vswitch: "vsw-{n/%d}", security_groups: [sg-main], attached_to: "i-{n/%d:06}"}
`, vswitches.String(), instances, perVSwitch, instances*each, perVSwitch*each, each)
}

// BenchmarkLargeWorld applies 100,000 instances with 300,000 and 400,000 interfaces, the primary
// ones included. It does so as a command, by a server at its start, and by a running server through
// the control API. It reports the peak memory of the process that applied.
func BenchmarkLargeWorld(b *testing.B) {
	for _, each := range []int{2, 3} {
		text := largeWorld(100_000, each)
		path := file(b, text)
		b.Run(fmt.Sprintf("interfaces=%d/by=command", 100_000*(each+1)), func(b *testing.B) {
			for b.Loop() {
				cmd := program(b.Context(), "scenario", "apply", path, "--data-dir", emptyDataDir(b))
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
				reportPeak(b, cmd.ProcessState)
			}
		})
		b.Run(fmt.Sprintf("interfaces=%d/by=serve", 100_000*(each+1)), func(b *testing.B) {
			for b.Loop() {
				server := start(b, "--data-dir", emptyDataDir(b), "--scenario", path)
				server.end(b, syscall.SIGTERM)
				reportPeak(b, server.cmd.ProcessState)
			}
		})
		b.Run(fmt.Sprintf("interfaces=%d/by=control", 100_000*(each+1)), func(b *testing.B) {
			for b.Loop() {
				server := start(b, "--data-dir", emptyDataDir(b), "--no-quickstart")
				createAccount(b, server.endpoint, text)
				server.end(b, syscall.SIGTERM)
				reportPeak(b, server.cmd.ProcessState)
			}
		})
	}
}

// BenchmarkSmallWorld applies the quick-start world beside a running server. It does so as a
// command, from the start of its process to its end, and through the control API as a new account.
func BenchmarkSmallWorld(b *testing.B) {
	dir := dataDir(b)
	server := start(b, "--data-dir", dir, "--no-quickstart")
	path := file(b, string(scenarios.Quickstart))
	empty := file(b, "enisim: 1\naccounts: [{id: \"1000000000000001\"}]\n")
	b.Run("by=command", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			apply(b, dir, empty)
			b.StartTimer()
			apply(b, dir, path)
		}
	})
	b.Run("by=control", func(b *testing.B) {
		for b.Loop() {
			createAccount(b, server.endpoint, string(scenarios.Quickstart))
		}
	})
}

func apply(b *testing.B, dir, path string) {
	b.Helper()
	if out, err := program(b.Context(), "scenario", "apply", path, "--data-dir", dir).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
}

// createAccount creates an account with a scenario through the control API.
func createAccount(b *testing.B, endpoint, text string) {
	b.Helper()
	body, err := json.Marshal(map[string]string{"scenario": text})
	if err != nil {
		b.Fatal(err)
	}
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, endpoint+"/_enisim/accounts",
		bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		b.Fatalf("create an account: got status %d", response.StatusCode)
	}
}

// reportPeak reports the peak memory of a process that has ended.
func reportPeak(b *testing.B, process *os.ProcessState) {
	b.Helper()
	b.ReportMetric(float64(process.SysUsage().(*syscall.Rusage).Maxrss)/1024, "peak-MiB")
}
