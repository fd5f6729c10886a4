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

// How a server stops: it takes in the connections that are already waiting and listens no more; answers what still comes on open connections, and
// asks each client with its answer to close; after drainGrace it closes the connections that say nothing, and waits up to drainTimeout for
// the requests that it has taken in.
const (
	drainAccept  = 10 * time.Millisecond
	drainGrace   = time.Second
	drainPoll    = 10 * time.Millisecond
	drainTimeout = 30 * time.Second
)

// drainable is a listener that can stop listening while the server goes on with the connections it has. http.Server.Shutdown alone closes idle
// connections at once, also one on which a request is on its way.
type drainable struct {
	*net.TCPListener
	open   atomic.Int64 // connections
	limits *connections
	closed sync.Once
}

// Accept ends for good at the deadline that drain sets.
func (d *drainable) Accept() (net.Conn, error) {
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

// Close closes once: Accept and http.Server both close what the other may have closed a moment before.
func (d *drainable) Close() (err error) {
	d.closed.Do(func() { err = d.TCPListener.Close() })
	return err
}

// count follows the connections of a server; it is its ConnState.
func (d *drainable) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		d.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		d.open.Add(-1)
	}
}

// drain stops a server so that no request that it has taken in is lost.
func (d *drainable) drain(ctx context.Context, server *http.Server) error {
	if err := d.SetDeadline(time.Now().Add(drainAccept)); err != nil {
		return err
	}
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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	return server.Shutdown(ctx)
}
