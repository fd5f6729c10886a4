package main

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAttach measures a server process with a private Postgres, every commit durable, over HTTP: each caller attaches an interface of its own to an
// instance of its own, so that it meets no other's locks, and takes it off again. One operation is one attach or detach; the percentiles are the attaches' alone.
func BenchmarkAttach(b *testing.B) {
	server := start(b, "--data-dir", dataDir(b), "--scenario", file(b, worldOf(64, "ecs.g6.large", 64)), "--attach-delay", "0", "--detach-delay", "0", "--log-level", "error")
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
			latencies := make([][]time.Duration, callers)
			var next atomic.Int64
			var workers sync.WaitGroup
			b.ResetTimer()
			for k := range callers {
				workers.Go(func() {
					for next.Add(2) <= int64(b.N)+1 {
						started := time.Now()
						for _, action := range []string{"AttachNetworkInterface", "DetachNetworkInterface"} {
							if status, err := callOverHTTP(b.Context(), client, server.endpoint, action, fmt.Sprintf("i-%d", k+1), fmt.Sprintf("eni-%d", k+1)); status != http.StatusOK {
								b.Errorf("%s: got status %d, %v", action, status, err)
								return
							}
							if action == "AttachNetworkInterface" {
								latencies[k] = append(latencies[k], time.Since(started))
							}
						}
					}
				})
			}
			workers.Wait()
			b.StopTimer()
			all := slices.Concat(latencies...)
			slices.Sort(all)
			if len(all) == 0 {
				return
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "attach-p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "attach-p99-ms")
		})
	}
}
