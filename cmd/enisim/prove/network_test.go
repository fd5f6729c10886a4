package prove

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// link forwards connections until it is cut.
type link struct{ *toxiproxy.Proxy }

// newLink returns a link from a free address, its Listen, to another address.
func newLink(t *testing.T, to string) *link {
	t.Helper()
	quiet := zerolog.Nop()
	proxies := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), quiet)
	c := &link{toxiproxy.NewProxy(proxies, "", freeAddress(t), to)}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// cut breaks all connections and accepts none for a while.
func (c *link) cut(ctx context.Context, lasts time.Duration) error {
	c.Stop()
	if err := sleep(ctx, lasts); err != nil {
		return err
	}
	return c.Start()
}

// The directions of a link.
const (
	upstream   = "upstream"   // requests
	downstream = "downstream" // answers
)

// dropOneWay drops all data in one direction for a while and then breaks all connections. The
// waiting side cannot know whether its request was lost or the answer.
func (c *link) dropOneWay(ctx context.Context, direction string, lasts time.Duration) error {
	if _, err := c.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type": "timeout", "stream": %q, `+
		`"attributes": {"timeout": 0}}`, direction))); err != nil {
		return err
	}
	err := sleep(ctx, lasts)
	c.Stop()
	c.Toxics.ResetToxics(ctx)
	return errors.Join(err, c.Start())
}

// freeAddress returns an address to listen on. It stays free while nothing listens there, because
// its port is outside the range for outgoing connections.
func freeAddress(t *testing.T) string {
	t.Helper()
	const first, ports = 20000, 10000
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(ports)))
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatalf("no free port on 127.0.0.1 from %d to %d", first, first+ports-1)
	return ""
}

// forwardToSocket forwards a free TCP address, which it returns, to a Unix socket. toxiproxy uses
// only TCP, and the private Postgres listens only on a Unix socket.
func forwardToSocket(t *testing.T, socket string) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go forward(from, socket)
		}
	}()
	return listener.Addr().String()
}

// forward copies a connection in both directions until one end is closed.
func forward(from net.Conn, socket string) {
	defer from.Close()
	to, err := new(net.Dialer).DialContext(context.Background(), "unix", socket)
	if err != nil {
		return // Postgres does not run now
	}
	defer to.Close()
	go func() {
		defer from.Close()
		defer to.Close()
		_, _ = io.Copy(from, to) // ends when either connection is closed
	}()
	_, _ = io.Copy(to, from)
}
