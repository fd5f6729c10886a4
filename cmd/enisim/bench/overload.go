package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"enisim/cmd/enisim/history"
	"enisim/cmd/enisim/load"
)

// overloadTable measures attaches and detaches that come at a rate, whether earlier ones were answered or not: at what the server does
// with 64 clients, and at multiples of it. What is too much has to be refused soon, so that what is accepted is answered in time.
func (b *bench) overloadTable(ctx context.Context) (err error) {
	const (
		size   = 20_000
		closed = 64
		open   = 2000 // clients, so that none is missing when a request is due
	)
	s, _, err := b.serveApplied(ctx, "overload", scaleWorld(size))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	most, err := b.measure(ctx, s, closed, turns(closed, size/2, 1, numbered("i-spread-"), numbered("eni-spread-")))
	if err != nil {
		return err
	}
	heading(fmt.Sprintf("Overload: attaches and detaches that are due at multiples of %.0f a second, which %d clients get; latency from when each was due.", most.rate, closed),
		"due a second", "answered a second", "p50 / p99 / p99.9 ms of these", "refused a second", "p50 / p99 / p99.9 ms of these", "server MiB")
	row("capacity", rate(most.rate), most.latency.String(), "0", "", "")
	for _, times := range []float64{0.5, 1, 2, 4} {
		if err := b.forget(ctx, s.url); err != nil {
			return err
		}
		answered, refused := &latencies{}, &latencies{}
		plan := turns(open, size/2, 1, numbered("i-spread-"), numbered("eni-spread-"))
		summary, err := load.Run{
			Targets: []load.Target{s.target}, Clients: open, Rate: times * most.rate, Duration: b.length,
			Plan: func(client int) load.Next {
				next := plan(client)
				return func(last load.Result) (load.Operation, bool) {
					switch last.Outcome {
					case "":
					case history.OK:
						answered.add(last.Latency)
					default:
						refused.add(last.Latency)
					}
					return next(last)
				}
			},
		}.Do(ctx)
		if err != nil {
			return err
		}
		memory, err := s.memory()
		if err != nil {
			return err
		}
		row(fmt.Sprintf("%.1f×: %.0f", times, times*most.rate), rate(summary.Rate(answered.count)), answered.String(),
			rate(summary.Rate(refused.count)), refused.String(), fmt.Sprintf("%.0f", memory))
	}
	return nil
}

// latencies collects how long requests took, from many clients at a time.
type latencies struct {
	mu    sync.Mutex
	all   *hdrhistogram.Histogram
	count int64
}

func (l *latencies) add(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = hdrhistogram.New(1, time.Hour.Microseconds(), 3)
	}
	_ = l.all.RecordValue(max(took.Microseconds(), 1)) // no request takes an hour
	l.count++
}

func (l *latencies) String() string {
	if l.count == 0 {
		return ""
	}
	return percentilesOf(l.all).String()
}
