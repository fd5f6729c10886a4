package load

import (
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"enisim.alt/cmd/enisim/history"
)

// BenchmarkLoad measures the cost of a request for the client. A stub server in another process
// answers at once, and only the processor time of this process counts. The plan is that of the
// command line; the history benchmark also writes a history.
func BenchmarkLoad(b *testing.B) {
	world := World{}
	place := Place{VPC: "vpc-1", Zone: "cn-hangzhou-h"}
	for n := range 100 {
		world.Instances = append(world.Instances,
			Instance{ID: fmt.Sprintf("i-bp1abcd12345678%04d", n), Place: place, Limit: 8, Held: 1})
	}
	for n := range 700 {
		world.Interfaces = append(world.Interfaces,
			Interface{ID: fmt.Sprintf("eni-bp1abcd12345678%04d", n), Place: place})
	}
	target := Target{Endpoint: startStubServer(b), Region: "cn-hangzhou", AccessKeyID: "testid",
		AccessKeySecret: "testsecret", Timeout: 10 * time.Second}
	for _, c := range []struct {
		name   string
		change func(*Run)
	}{
		{"closed", func(*Run) {}},
		{"history", func(r *Run) { r.History = history.NewWriter(io.Discard, history.Header{}) }},
		{"v3", func(r *Run) { r.Targets[0].SignatureV3 = true }},
	} {
		b.Run(c.name, func(b *testing.B) {
			plan, err := NewPlan(world, PlanOptions{Clients: 64, Mix: usualMix, Cell: 4, Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			run := Run{Targets: []Target{target}, Clients: 64, Requests: int64(b.N), Plan: plan}
			c.change(&run)
			b.ReportAllocs()
			before := processorTime(b)
			summary, err := run.Do(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if total := summary.Total(); total.Count() != int64(b.N) || total.OK != int64(b.N) {
				b.Fatalf("got %d operations, %d ok, want %d", total.Count(), total.OK, b.N)
			}
			spent := processorTime(b) - before
			b.ReportMetric(float64(b.N)/spent.Seconds(), "requests/s/core")
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// processorTime returns the processor time of this process on all cores, in user and system mode.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
