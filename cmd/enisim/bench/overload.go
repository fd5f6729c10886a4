package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
)

// overloadTable measures attaches and detaches that are due at a fixed rate, whether earlier ones
// were answered or not. The rates are multiples of what the server achieves with 64 clients. Above
// that the server must refuse requests early, so that the others are answered in time.
func (b *bench) overloadTable(ctx context.Context) (err error) {
	const (
		size          = 20_000
		closedClients = 64
		openClients   = 2000 // enough that one is free whenever a request is due
	)
	s, _, err := b.serveApplied(ctx, "overload", scaleWorld(size))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	// First measure the capacity.
	capacity, err := b.measure(ctx, s, closedClients,
		alternate(closedClients, size/2, 1, numberedID("i-spread-"), numberedID("eni-spread-")))
	if err != nil {
		return err
	}
	printHeading(fmt.Sprintf("Overload: attaches and detaches that are due at multiples of %.0f a second, which %d "+
		"clients get; latency from when each was due.", capacity.rate, closedClients),
		"due a second", "answered a second", "p50 / p99 / p99.9 ms of these", "refused a second",
		"p50 / p99 / p99.9 ms of these", "server MiB")
	printRow("capacity", formatRate(capacity.rate), capacity.latency.String(), "0", "", "")
	// Then measure each multiple of it. The latencies of answered and refused requests are kept
	// apart.
	for _, factor := range []float64{0.5, 1, 2, 4} {
		if err := b.detachAll(ctx, s.url); err != nil {
			return err
		}
		answered, refused := &latencies{}, &latencies{}
		plan := alternate(openClients, size/2, 1, numberedID("i-spread-"), numberedID("eni-spread-"))
		summary, err := load.Run{
			Targets: []load.Target{s.target}, Clients: openClients, Rate: factor * capacity.rate, Duration: b.length,
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
		memory, err := s.peakMemory()
		if err != nil {
			return err
		}
		b.recordMemory(memory)
		if factor == 4 {
			b.recordRatio("overload", "ops/s", summary.Rate(answered.count), summary.Rate(answered.count)/capacity.rate)
		}
		printRow(fmt.Sprintf("%.1f×: %.0f", factor, factor*capacity.rate), formatRate(summary.Rate(answered.count)),
			answered.String(),
			formatRate(summary.Rate(refused.count)), refused.String(), fmt.Sprintf("%.0f", memory))
	}
	return nil
}

// latencies collects the latencies of requests of many clients.
type latencies struct {
	mu    sync.Mutex
	all   *hdrhistogram.Histogram
	count int64
}

// add adds one latency.
func (l *latencies) add(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = hdrhistogram.New(1, time.Hour.Microseconds(), 3)
	}
	_ = l.all.RecordValue(max(took.Microseconds(), 1)) // no request takes an hour
	l.count++
}

// String returns the percentiles, or "" if there is no latency.
func (l *latencies) String() string {
	if l.count == 0 {
		return ""
	}
	return newPercentiles(l.all).String()
}
