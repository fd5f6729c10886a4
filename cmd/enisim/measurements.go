package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"golang.org/x/sync/errgroup"

	"enisim.alt/httpapi/metrics"
	"enisim.alt/service"
)

// maxScrapeConnections is the maximum number of connections to the address of --metrics-listen.
const maxScrapeConnections = 16

// measurements are the metrics of a server, with the listener of --metrics-listen.
type measurements struct {
	metrics  *metrics.Metrics // nil: nothing is measured
	listener *drainListener   // nil: without an address of their own
}

// listenForScrapes makes the metrics of the server, and opens the port of --metrics-listen.
func (c *serveCommand) listenForScrapes(ctx context.Context) (*measurements, error) {
	if !c.Metrics {
		return &measurements{}, nil
	}
	build := readBuild()
	m := &measurements{metrics: metrics.New(metrics.Build{
		Version: build.Version, Commit: build.Commit, Schema: build.Schema,
	})}
	address, err := c.metricsAddress()
	if err != nil {
		return nil, usageError{err}
	}
	if address != nil {
		m.listener, err = listenOn(ctx, "--metrics-listen", address, maxScrapeConnections)
	}
	return m, err
}

// observer returns what receives the measurements of the service, or nil.
func (m *measurements) observer() *service.Observer {
	if m.metrics == nil {
		return nil
	}
	return m.metrics.Observer()
}

// close closes a listener that is not served.
func (m *measurements) close() error {
	if m.listener == nil {
		return nil
	}
	return m.listener.Close()
}

// banner returns the line with the address, or "".
func (m *measurements) banner() string {
	if m.listener == nil {
		return ""
	}
	return fmt.Sprintf("Metrics   http://%s/metrics\n", m.listener.Addr())
}

// serve answers scrapes on the address of their own until ctx ends.
func (m *measurements) serve(ctx context.Context, tasks *errgroup.Group, log *slog.Logger) {
	if m.listener == nil {
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.metrics.Handler())
	server := newServer(m.listener, mux, log)
	tasks.Go(func() error {
		if err := server.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	tasks.Go(func() error {
		<-ctx.Done()
		return m.listener.drain(ctx, server)
	})
}
