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

// Limits on connections, and on the memory that the headers of requests take before their bodies
// are read. The first bytes of each connection are not counted, so ordinary headers are read
// whatever other clients send.
const (
	maxConnections    = 2048
	maxHeaders        = 8 << 20  // bytes, of all connections
	uncountedHeader   = 12 << 10 // bytes, of each connection
	headerLineCost    = 300      // bytes that a line takes in addition to its text
	maxHeaderLines    = 200
	maxHeaderCost     = maxHeaderBytes + 8<<10 + maxHeaderLines*headerLineCost
	refusedConnection = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n" +
		"Content-Length: 0\r\n\r\n"
)

// connections are the open connections of a server. When there are too many, the one that has been
// without a request for the longest time is closed for a new one.
type connections struct {
	max, maxHeaders int

	mu      sync.Mutex
	open    map[*connection]struct{}
	headers int // bytes of all headers beyond uncountedHeader
}

// newConnections returns an empty set with a limit on connections and on the bytes of headers.
func newConnections(limit, headers int) *connections {
	return &connections{max: limit, maxHeaders: headers, open: map[*connection]struct{}{}}
}

// connection is an open connection. Bytes that are read while no request is active belong to a
// header.
type connection struct {
	net.Conn
	owner *connections

	// Protected by the mutex of owner:
	activeRequests int
	idleSince      time.Time
	headerCost     int // of the current header, or of the header of the active request
}

// admit adds a connection. It returns nil if the connection is refused.
func (s *connections) admit(conn net.Conn) net.Conn {
	c := &connection{Conn: conn, owner: s, idleSince: time.Now()}
	// First decide under the lock. A refused or replaced connection is closed after it, because
	// closing takes the lock too.
	s.mu.Lock()
	var victim *connection
	refused := false
	if len(s.open) >= s.max {
		victim = s.longestIdle()
		refused = victim == nil
	}
	if !refused {
		s.open[c] = struct{}{}
	}
	s.mu.Unlock()
	switch {
	case refused:
		_, _ = io.WriteString(conn, refusedConnection) // the write does not block, because the socket's buffer is empty
		_ = conn.Close()
		return nil
	case victim != nil:
		_ = victim.Close()
	}
	return c
}

// longestIdle returns the connection that has been without a request for the longest time.
// Connections with an unfinished header come before idle ones. The caller holds the lock.
func (s *connections) longestIdle() *connection {
	var found *connection
	for c := range s.open {
		if c.activeRequests > 0 {
			continue
		}
		if found == nil || (c.headerCost > 0) != (found.headerCost > 0) && c.headerCost > 0 ||
			(c.headerCost > 0) == (found.headerCost > 0) && c.idleSince.Before(found.idleSince) {
			found = c
		}
	}
	return found
}

// Read reads from the connection, and ends it when its header, or all headers together, are too
// large.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.owner.countHeader(c, n+headerLineCost*bytes.Count(p[:n], []byte("\n"))) {
		_, _ = io.WriteString(c.Conn, refusedConnection) // with TLS the client sees a broken connection
		return 0, io.EOF
	}
	return n, err
}

// countHeader adds to the cost of a header, and reports whether all limits are kept.
func (s *connections) countHeader(c *connection, cost int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.activeRequests > 0 {
		return true // a body, which has its own limit
	}
	before := max(c.headerCost-uncountedHeader, 0)
	c.headerCost += cost
	more := max(c.headerCost-uncountedHeader, 0) - before
	s.headers += more
	return c.headerCost <= maxHeaderCost && (more == 0 || s.headers <= s.maxHeaders)
}

// SetLinger sets what happens to unsent data when the connection closes, as net.TCPConn does. With 0
// the connection is reset.
func (c *connection) SetLinger(seconds int) error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.SetLinger(seconds)
	}
	return nil
}

// Close removes the connection and releases the cost of its header.
func (c *connection) Close() error {
	c.owner.mu.Lock()
	if _, open := c.owner.open[c]; open {
		delete(c.owner.open, c)
		c.releaseHeader()
	}
	c.owner.mu.Unlock()
	return c.Conn.Close()
}

// releaseHeader releases the cost of the current header. The caller holds the lock.
func (c *connection) releaseHeader() {
	c.owner.headers -= max(c.headerCost-uncountedHeader, 0)
	c.headerCost = 0
}

// connectionKey is the key of a connection in the context of its requests.
type connectionKey struct{}

// connContext adds a connection to the context of its requests. It is the ConnContext of a server.
func (s *connections) connContext(ctx context.Context, conn net.Conn) context.Context {
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secure.NetConn()
	}
	return context.WithValue(ctx, connectionKey{}, conn)
}

// handler marks the connection of a request as active while the next handler runs. After that, its
// header no longer takes memory.
func (s *connections) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, known := r.Context().Value(connectionKey{}).(*connection)
		if known {
			s.mu.Lock()
			c.activeRequests++
			s.mu.Unlock()
			defer func() {
				s.mu.Lock()
				if c.activeRequests--; c.activeRequests == 0 {
					if _, open := s.open[c]; open {
						c.releaseHeader()
					}
					c.idleSince = time.Now()
				}
				s.mu.Unlock()
			}()
		}
		next.ServeHTTP(w, r)
	})
}
