package metrics

import (
	"testing"
	"time"
)

// BenchmarkRequest measures what a successful request that leads a batch alone costs.
func BenchmarkRequest(b *testing.B) {
	m := New(Build{})
	observer, action := m.Observer(), m.NewAction("ecs", "AttachNetworkInterface")
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			observer.Batch(1)
			observer.QueueWait(3 * time.Microsecond)
			observer.LockWait(700 * time.Microsecond)
			observer.CommitTime(900 * time.Microsecond)
			action.Succeeded(2 * time.Millisecond)
		}
	})
}
