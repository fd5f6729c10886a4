package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"enisim.alt/store/storetest"
)

// 1,000 connections that send one byte a second, half of them in the header and half in the body,
// do not block other clients.
func TestSlowClientsDoNotStopOthers(t *testing.T) {
	t.Parallel()
	const slowClients, bytesEach, minAnswers = 1000, 3, 100
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if files.Cur < slowClients+500 {
		t.Skipf("%d open files are allowed, too few for %d connections: raise ulimit -n", files.Cur, slowClients)
	}
	server := start(t, "--database-url", storetest.URL(t), "--scenario", file(t, crashWorld), "--attach-delay", "0",
		"--detach-delay", "0")
	address := strings.TrimPrefix(server.endpoint, "http://")

	var connected, finished sync.WaitGroup
	var failed atomic.Int64
	connected.Add(slowClients)
	for i := range slowClients {
		finished.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
			if err != nil {
				failed.Add(1)
				connected.Done()
				return
			}
			defer conn.Close()
			begin := "POST / HTTP/1.1\r\nHost: " + address + "\r\n"
			if i%2 == 0 {
				begin += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
			}
			_, err = io.WriteString(conn, begin)
			connected.Done()
			pace := time.NewTicker(time.Second)
			defer pace.Stop()
			for n := 0; n < bytesEach && err == nil; n++ {
				<-pace.C
				_, err = io.WriteString(conn, "x")
			}
			if err != nil {
				failed.Add(1)
			}
		})
	}
	connected.Wait()
	done := make(chan struct{})
	go func() {
		finished.Wait()
		close(done)
	}()

	client := &http.Client{}
	answered := 0
	for slow := true; slow || answered < minAnswers; {
		for _, action := range []string{"AttachNetworkInterface", "DetachNetworkInterface"} {
			if status, err := callOverHTTP(t.Context(), client, server.endpoint, action, "i-1",
				"eni-1"); status != http.StatusOK {
				t.Fatalf("after %d answers, %s: got %d, %v; want 200", answered, action, status, err)
			}
			answered++
		}
		select {
		case <-done:
			slow = false
		default:
		}
	}
	if n := failed.Load(); n != 0 {
		t.Errorf("%d of the slow connections failed, want none", n)
	}
	t.Logf("%d answers beside %d slow connections", answered, slowClients)
}

// A client that never finishes a header is disconnected, and one whose header is too large is
// refused.
func TestHeaderLimits(t *testing.T) {
	t.Parallel()
	server := start(t, "--database-url", storetest.URL(t))
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(server.endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * readHeaderTimeout)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: enisim\r\n"); err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct{ size, want int }{
		{maxHeaderBytes * 3 / 4, http.StatusBadRequest}, // read, and refused because it has no Action
		{maxHeaderBytes * 2, http.StatusRequestHeaderFieldsTooLarge},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			server.endpoint+"/?Long="+strings.Repeat("a", c.size), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatalf("a query of %d bytes: %v", c.size, err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		if response.StatusCode != c.want {
			t.Errorf("a query of %d bytes: got %s, want %d", c.size, response.Status, c.want)
		}
	}

	if _, err := io.ReadAll(conn); err != nil { // ends when the server closes the connection
		t.Errorf("a header that does not end: got %v, want the connection closed within %v", err, readHeaderTimeout)
	}
}
