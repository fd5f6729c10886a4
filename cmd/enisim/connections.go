package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits on connections, and on what the headers of requests hold in memory before their bodies are looked at. Of each connection the first bytes
// are not counted, so that ordinary headers are read whatever others send.
const (
	maxConnections    = 2048
	maxHeaders        = 8 << 20  // bytes, of all connections
	uncountedHeader   = 12 << 10 // bytes, of each connection
	headerLineCost    = 300      // bytes that a line takes beside its text
	maxHeaderLines    = 200
	maxHeaderCost     = maxHeaderBytes + 8<<10 + maxHeaderLines*headerLineCost
	refusedConnection = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)

// connections are those that a server has open. When there are too many, the one that has kept the server waiting for a request for longest makes
// room for a new one.
type connections struct {
	max, maxHeaders int

	mu      sync.Mutex
	open    map[*connection]struct{}
	headers int // bytes that headers hold, beyond what is not counted
}

func newConnections(limit, headers int) *connections {
	return &connections{max: limit, maxHeaders: headers, open: map[*connection]struct{}{}}
}

// connection is an open connection. What is read while no request is answered belongs to a header.
type connection struct {
	net.Conn
	all *connections

	// Under the mutex of all:
	answering int // requests
	since     time.Time
	cost      int // of the header that is read, or was read for the request that is answered
}

// admit takes in a connection, or returns nil for one that is refused.
func (s *connections) admit(conn net.Conn) net.Conn {
	c := &connection{Conn: conn, all: s, since: time.Now()}
	s.mu.Lock()
	var victim *connection
	refused := false
	if len(s.open) >= s.max {
		victim = s.longestWaiting()
		refused = victim == nil
	}
	if !refused {
		s.open[c] = struct{}{}
	}
	s.mu.Unlock()
	switch {
	case refused:
		_, _ = io.WriteString(conn, refusedConnection) // to a socket that is new: it has room
		_ = conn.Close()
		return nil
	case victim != nil:
		_ = victim.Close()
	}
	return c
}

// longestWaiting returns the connection that has been without a request for longest; one on which a header has begun goes before those that are idle.
func (s *connections) longestWaiting() *connection {
	var found *connection
	for c := range s.open {
		if c.answering > 0 {
			continue
		}
		if found == nil || (c.cost > 0) != (found.cost > 0) && c.cost > 0 || (c.cost > 0) == (found.cost > 0) && c.since.Before(found.since) {
			found = c
		}
	}
	return found
}

// Read reads, and ends the connection when its header, or all headers together, hold too much.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.all.count(c, n+headerLineCost*bytes.Count(p[:n], []byte("\n"))) {
		_, _ = io.WriteString(c.Conn, refusedConnection) // over TLS the client sees a broken connection
		return 0, io.EOF
	}
	return n, err
}

func (s *connections) count(c *connection, cost int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.answering > 0 {
		return true // a body, which has a budget of its own
	}
	before := max(c.cost-uncountedHeader, 0)
	c.cost += cost
	more := max(c.cost-uncountedHeader, 0) - before
	s.headers += more
	return c.cost <= maxHeaderCost && (more == 0 || s.headers <= s.maxHeaders)
}

// Close gives back what the connection holds.
func (c *connection) Close() error {
	c.all.mu.Lock()
	if _, open := c.all.open[c]; open {
		delete(c.all.open, c)
		c.release()
	}
	c.all.mu.Unlock()
	return c.Conn.Close()
}

// release is for the header of a request that is answered.
func (c *connection) release() {
	c.all.headers -= max(c.cost-uncountedHeader, 0)
	c.cost = 0
}

type connectionKey struct{}

// remember puts a connection into the context of its requests; it is the ConnContext of a server.
func (s *connections) remember(ctx context.Context, conn net.Conn) context.Context {
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secure.NetConn()
	}
	return context.WithValue(ctx, connectionKey{}, conn)
}

// handler marks connections as answering while a handler does.
func (s *connections) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, known := r.Context().Value(connectionKey{}).(*connection)
		if known {
			s.mu.Lock()
			c.answering++
			s.mu.Unlock()
			defer func() {
				s.mu.Lock()
				if c.answering--; c.answering == 0 {
					if _, open := s.open[c]; open {
						c.release()
					}
					c.since = time.Now()
				}
				s.mu.Unlock()
			}()
		}
		next.ServeHTTP(w, r)
	})
}
