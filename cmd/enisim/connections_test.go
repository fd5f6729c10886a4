package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// limitedServer starts a server with limits on connections and on bytes of headers. Its handler
// answers requests of /wait when the test closes answer, and other paths at once.
func limitedServer(t *testing.T, maxConnections, headers int) (
	address string, limits *connections, answer chan struct{},
) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &drainListener{TCPListener: listener.(*net.TCPListener), limits: newConnections(maxConnections, headers)}
	answer = make(chan struct{})
	server := &http.Server{
		ConnState:   d.trackState,
		ConnContext: d.limits.connContext,
		Handler: d.limits.handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/wait" {
				<-answer
			}
		})),
		MaxHeaderBytes: maxHeaderBytes,
	}
	go func() { _ = server.Serve(d) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String(), d.limits, answer
}

// dial opens a connection and sends a text on it.
func dial(t *testing.T, address, text string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// statusOf reads the status of an answer; 0 for a connection that is closed without an answer.
func statusOf(t *testing.T, conn net.Conn) int {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		var broken net.Error
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &broken) {
			t.Fatal(err)
		}
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

const get = "GET / HTTP/1.1\r\nHost: enisim\r\n\r\n"

// With too many connections, the one with an unfinished header is closed for a new one. A
// connection with an active request is not.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	address, limits, answer := limitedServer(t, 3, maxHeaders)
	waiting := dial(t, address, "GET /wait HTTP/1.1\r\nHost: enisim\r\n\r\n")
	idle := dial(t, address, get)
	if got := statusOf(t, idle); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	slow := dial(t, address, "GET / HTTP/1.1\r\n")
	for limits.slowest() == nil { // until its data has arrived
		if t.Context().Err() != nil {
			t.Fatal("got no slow connection at the server before the test ended")
		}
	}
	if got := statusOf(t, dial(t, address, get)); got != 200 {
		t.Errorf("one more connection: got %d, want 200", got)
	}
	if got := statusOf(t, slow); got != 0 {
		t.Errorf("the slow connection: got %d, want it closed", got)
	}
	if _, err := io.WriteString(idle, get); err != nil || statusOf(t, idle) != 200 {
		t.Errorf("the idle connection: got error %v or no answer, want it open while a header is unfinished", err)
	}
	close(answer)
	if got := statusOf(t, waiting); got != 200 {
		t.Errorf("the active request: got %d, want 200", got)
	}
}

// slowest returns a connection with an unfinished header.
func (s *connections) slowest() *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		if c.activeRequests == 0 && c.headerCost > 0 && c.headerCost < 2*headerLineCost {
			return c
		}
	}
	return nil
}

// When every connection has an active request, a new one is refused and told to retry.
func TestBusyConnectionsAreNotClosed(t *testing.T) {
	t.Parallel()
	address, limits, answer := limitedServer(t, 1, maxHeaders)
	waiting := dial(t, address, "GET /wait HTTP/1.1\r\nHost: enisim\r\n\r\n")
	for !limits.hasActiveRequest() {
		if t.Context().Err() != nil {
			t.Fatal("got no active request at the server before the test ended")
		}
	}
	if got := statusOf(t, dial(t, address, "")); got != http.StatusServiceUnavailable {
		t.Errorf("one more connection: got %d, want 503", got)
	}
	close(answer)
	if got := statusOf(t, waiting); got != 200 {
		t.Errorf("the active request: got %d, want 200", got)
	}
}

// hasActiveRequest reports whether any connection has an active request.
func (s *connections) hasActiveRequest() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		if c.activeRequests > 0 {
			return true
		}
	}
	return false
}

// The headers of all connections together have a limit, and so does the number of lines of each.
// Ordinary headers are still read, and what they took is released.
func TestHeaderMemoryLimit(t *testing.T) {
	t.Parallel()
	const budget = 50 << 10
	address, limits, _ := limitedServer(t, 1000, budget)
	unfinished := "GET / HTTP/1.1\r\nHost: enisim\r\nLong: " + strings.Repeat("x", 30<<10)
	first, second := dial(t, address, unfinished), dial(t, address, unfinished)
	dial(t, address, unfinished)
	dial(t, address, unfinished)
	if got := statusOf(t, dial(t, address, get)); got != 200 {
		t.Errorf("an ordinary request at the same time: got %d, want 200", got)
	}
	if got := statusOf(t, dial(t, address,
		"GET / HTTP/1.1\r\nHost: enisim\r\n"+strings.Repeat("a: b\r\n", 3*maxHeaderLines+1000))); got == 200 {
		t.Error("got 200 for a header of very many lines, want it refused")
	}
	_ = first.Close()
	_ = second.Close()
	for limits.held() > budget {
		if t.Context().Err() != nil {
			t.Fatalf("got %d bytes of headers, want at most %d", limits.held(), budget)
		}
	}
}

// held returns the bytes of headers that are counted.
func (s *connections) held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers
}
