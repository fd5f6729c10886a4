package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// How a server stops: it accepts the connections that are already waiting, and then no more. It
// still answers requests on open connections, and asks each client with its answer to close the
// connection. After drainGrace it closes idle connections and waits up to drainTimeout for the
// requests that it has accepted.
const (
	drainAccept  = 10 * time.Millisecond
	drainGrace   = time.Second
	drainPoll    = 10 * time.Millisecond
	drainTimeout = 30 * time.Second
)

// drainListener is a listener that can stop accepting while the server continues with its
// connections. http.Server.Shutdown alone closes idle connections at once, even if a request is on
// its way.
type drainListener struct {
	*net.TCPListener
	open   atomic.Int64 // number of open connections
	limits *connections
	closed sync.Once
}

// Accept returns the next connection that is admitted. It ends at the deadline that drain sets.
func (d *drainListener) Accept() (net.Conn, error) {
	for {
		conn, err := d.TCPListener.Accept()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, errors.Join(net.ErrClosed, d.Close())
		}
		if err != nil {
			return nil, err
		}
		if admitted := d.limits.admit(conn); admitted != nil {
			return admitted, nil
		}
	}
}

// Close closes the listener once. Both Accept and http.Server close it.
func (d *drainListener) Close() (err error) {
	d.closed.Do(func() { err = d.TCPListener.Close() })
	return err
}

// trackState counts the open connections. It is the ConnState of a server.
func (d *drainListener) trackState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		d.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		d.open.Add(-1)
	case http.StateActive, http.StateIdle: // it stays open
	}
}

// drain stops a server without losing a request that it has accepted.
func (d *drainListener) drain(ctx context.Context, server *http.Server) error {
	// First accept the connections that are waiting, and then no more.
	if err := d.SetDeadline(time.Now().Add(drainAccept)); err != nil {
		return err
	}
	// Then wait until clients have closed their connections, because requests may still arrive on
	// them.
	grace := time.After(drainGrace)
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for waiting := true; waiting && d.open.Load() > 0; {
		select {
		case <-grace:
			waiting = false
		case <-poll.C:
		}
	}
	// Then close the idle connections and wait for the requests in progress.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	return server.Shutdown(ctx)
}
