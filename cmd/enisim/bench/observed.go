package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// scrapeEvery is the time between two scrapes of a measured server. Prometheus scrapes less often.
const scrapeEvery = time.Second

// observedTable measures what it costs attaches that the server observes them.
func (b *bench) observedTable(ctx context.Context) (err error) {
	const clients = 64
	// Three servers on the same database take turns, so that all meet the same state of the machine.
	url, err := b.database(ctx, "observed")
	if err != nil {
		return err
	}
	with, err := b.serveWorld(ctx, url, "observed.yaml", loadWorld())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, with.stop()) }()
	measured, err := b.serve(ctx, url, "--no-events")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, measured.stop()) }()
	without, err := b.serve(ctx, url, unobserved...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, without.stop()) }()
	servers := []struct {
		name   string
		server *server
		beside func(context.Context, *server) error
	}{
		{"nothing", without, func(context.Context, *server) error { return nil }},
		{"metrics, and a scrape each second", measured, scrapeOften},
		{"metrics, events and why", with, scrapeOften},
	}
	postgres, err := findPostmaster(ctx, url)
	if err != nil {
		return err
	}
	rates, costs := make([][]float64, len(servers)), make([][]float64, len(servers))
	for range b.sizes.rounds {
		for n, observed := range servers {
			besideCtx, stop := context.WithCancel(ctx)
			done := make(chan error, 1)
			go func() { done <- observed.beside(besideCtx, observed.server) }()
			rate, cost, err := b.measureCost(ctx, observed.server, postgres, clients)
			stop()
			if err := errors.Join(err, <-done); err != nil {
				return fmt.Errorf("%s: %w", observed.name, err)
			}
			rates[n], costs[n] = append(rates[n], rate), append(costs[n], cost)
		}
	}
	printHeading(fmt.Sprintf("What is observed: attach and detach in turn by %d clients, the median of %d rounds. The "+
		"processor time is that of the server and of Postgres.", clients, b.sizes.rounds),
		"observed", "operations a second", "to nothing", "µs of processor time each", "to nothing")
	off, offCost := median(rates[0]), median(costs[0])
	for n, observed := range servers {
		rate, cost := median(rates[n]), median(costs[n])
		printRow(observed.name, formatRate(rate), formatRatio(rate/off), formatRate(cost), formatRatio(cost/offCost))
	}
	on := median(rates[len(rates)-1])
	b.recordRatio("observed", "ops/s", on, on/off)
	return nil
}

// scrapeOften scrapes a server until ctx ends.
func scrapeOften(ctx context.Context, s *server) error {
	for ctx.Err() == nil {
		if err := scrape(ctx, s); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(scrapeEvery):
		}
	}
	return nil
}

// scrape reads the metrics of a server once.
func scrape(ctx context.Context, s *server) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.target.Endpoint+"/metrics", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("scrape: status %d", response.StatusCode)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
