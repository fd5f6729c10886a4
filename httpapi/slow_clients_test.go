package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"

	"enisim.alt/service"
)

// A client with an unfinished request uses a connection of its own, but none to the database. So
// other clients are answered even if more requests are unfinished than there are database
// connections.
func TestPartialRequestsHoldNoDatabaseConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	slow := make([]*partialRequest, int(s.pool.Config().MaxConns)*3)
	for i := range slow {
		slow[i] = sendPartial(t, s)
	}
	for range 10 {
		if got := s.pool.Stat().AcquiredConns(); got != 0 {
			t.Fatalf("with %d unfinished requests: got %d database connections in use, want 0", len(slow), got)
		}
		if r := s.mustCall(t, "DescribeInstances"); r.status != http.StatusOK {
			t.Fatalf("a request beside %d unfinished ones: got %d %v, want 200", len(slow), r.status, r.body)
		}
	}
	for _, h := range slow {
		if status := h.finish(t); status != http.StatusOK {
			t.Errorf("a completed slow request: got %d, want 200", status)
		}
	}
}

// partialRequest is a request whose handler waits for the second half of the body.
type partialRequest struct {
	conn  net.Conn
	reply *bufio.Reader
	rest  string
}

// sendPartial sends the first half of a request. The reply "100 Continue" shows that the handler is
// reading the body.
func sendPartial(t *testing.T, s *server) *partialRequest {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	h := &partialRequest{conn: conn, reply: bufio.NewReader(conn)}
	body := url.Values{
		"Action": {"DescribeInstances"}, "Version": {"2014-05-26"}, "AccessKeyId": {accessKey},
		"RegionId": {"cn-hangzhou"},
	}.Encode()
	h.send(t, fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", s.Listener.Addr(), len(body)))
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if got, err := h.reply.ReadString('\n'); got != want || err != nil {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	h.send(t, body[:len(body)/2])
	h.rest = body[len(body)/2:]
	return h
}

func (h *partialRequest) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(h.conn, text); err != nil {
		t.Fatal(err)
	}
}

// finish sends the rest and returns the status of the answer.
func (h *partialRequest) finish(t *testing.T) int {
	t.Helper()
	h.send(t, h.rest)
	response, err := http.ReadResponse(h.reply, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
