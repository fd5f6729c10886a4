package httpapi_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

const livePath = "/console/accounts/" + account + "/instances/i-free/live"

// openStream opens a stream of the console. The test closes it at its end.
func openStream(ctx context.Context, t testing.TB, client *http.Client, address string) (
	status int, header http.Header, body io.ReadCloser,
) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, browserTimeout) // then the stream ends, and the test fails
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response.StatusCode, response.Header, response.Body
}

// awaitChange reads a stream until it says that its page has changed. It reports false at its end.
func awaitChange(t testing.TB, stream *bufio.Reader) bool {
	t.Helper()
	for {
		line, err := stream.ReadString('\n')
		switch {
		case err != nil:
			return false
		case strings.HasPrefix(line, "event: changed"):
			return true
		}
	}
}

// A stream lives on beyond the server's limits for short requests. It says when the page changes by a
// request, and when it changes with the time. The time of the account stands still in between, because a
// stream on a busy machine may look at the page only after both changes.
func TestConsoleStreamOutlivesTheTimeoutsOfRequests(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{AttachDelay: 2 * time.Second})
	limited := httptest.NewUnstartedServer(s.Config.Handler)
	limited.Config.ReadTimeout, limited.Config.WriteTimeout = time.Second, time.Second
	limited.Start()
	t.Cleanup(limited.Close)

	_, header, body := openStream(t.Context(), t, limited.Client(), limited.URL+livePath)
	if got := header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("got the type %q", got)
	}
	stream := bufio.NewReader(body)
	if !awaitChange(t, stream) {
		t.Fatal("the stream ended before it had said anything")
	}
	s.changeClock(t, `{"freeze": true}`)
	if got, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-free", "NetworkInterfaceId",
		"eni-1"); err != nil || got.code() != "" {
		t.Fatalf("got %v %v, want a success", got, err)
	}
	if !awaitChange(t, stream) {
		t.Fatal("the stream ended before it had said that the interface is Attaching")
	}
	s.changeClock(t, `{"advance": "1m"}`)
	if !awaitChange(t, stream) {
		t.Fatal("the stream ended before it had said that the interface is InUse")
	}
}

// A server has a limited number of streams. Others are refused until one ends. All end when the server is
// about to stop.
func TestConsoleStreamsAreBounded(t *testing.T) {
	t.Parallel()
	st := store.New(storetest.Pool(t), slog.New(slog.DiscardHandler))
	api := httpapi.New(service.New(st, service.Options{}), httpapi.Options{
		Log: slog.New(slog.DiscardHandler), Control: httpapi.Control{Open: true},
	})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	const maxStreams = 64 // docs/limits.md
	var streams []io.ReadCloser
	first, endFirst := context.WithCancel(t.Context())
	defer endFirst()
	for n := range maxStreams {
		ctx := t.Context()
		if n == 0 {
			ctx = first
		}
		status, _, body := openStream(ctx, t, server.Client(), server.URL+"/console/live")
		streams = append(streams, body)
		if status != http.StatusOK {
			t.Fatalf("stream %d: got %d", n, status)
		}
	}
	status, header, _ := openStream(t.Context(), t, server.Client(), server.URL+"/console/live")
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("one more: got %d, want 503 with Retry-After", status)
	}
	// When one ends, another one is let in.
	endFirst()
	streams[0].Close()
	for deadline := time.Now().Add(time.Minute); ; {
		status, _, body := openStream(t.Context(), t, server.Client(), server.URL+"/console/live")
		if status == http.StatusOK {
			streams[0] = body
			break
		}
		body.Close()
		if time.Now().After(deadline) {
			t.Fatal("the place of a stream that has ended is not free")
		}
	}
	api.Drain()
	for n, body := range streams {
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Errorf("stream %d does not end well: %v", n, err)
		}
	}
}
