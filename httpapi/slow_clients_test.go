package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"

	"enisim/service"
)

// A client that does not finish its request holds a connection of its own, and none to the database: with more of them than the database has
// connections, others are answered.
func TestHalfSentRequestsHoldNoDatabaseConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	slow := make([]*halfSent, int(s.pool.Config().MaxConns)*3)
	for i := range slow {
		slow[i] = sendHalf(t, s)
	}
	for range 10 {
		if got := s.pool.Stat().AcquiredConns(); got != 0 {
			t.Fatalf("while %d requests are half sent, %d connections to the database are in use, want 0", len(slow), got)
		}
		if r := s.mustCall(t, "DescribeInstances"); r.status != http.StatusOK {
			t.Fatalf("while %d requests are half sent, another one: got %d %v, want 200", len(slow), r.status, r.body)
		}
	}
	for _, h := range slow {
		if status := h.finish(t); status != http.StatusOK {
			t.Errorf("a slow request, once it is complete: got %d, want 200", status)
		}
	}
}

// halfSent is a request whose handler waits for the second half of the body.
type halfSent struct {
	conn  net.Conn
	reply *bufio.Reader
	rest  string
}

// sendHalf starts a request. That the server asks for its body says that the handler is reading it.
func sendHalf(t *testing.T, s *server) *halfSent {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	h := &halfSent{conn: conn, reply: bufio.NewReader(conn)}
	body := url.Values{
		"Action": {"DescribeInstances"}, "Version": {"2014-05-26"}, "AccessKeyId": {accessKey}, "RegionId": {"cn-hangzhou"},
	}.Encode()
	h.send(t, fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		s.Listener.Addr(), len(body)))
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if got, err := h.reply.ReadString('\n'); got != want || err != nil {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	h.send(t, body[:len(body)/2])
	h.rest = body[len(body)/2:]
	return h
}

func (h *halfSent) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(h.conn, text); err != nil {
		t.Fatal(err)
	}
}

// finish sends the rest and returns the status of the answer.
func (h *halfSent) finish(t *testing.T) int {
	t.Helper()
	h.send(t, h.rest)
	response, err := http.ReadResponse(h.reply, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
