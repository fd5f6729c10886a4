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

// cable carries connections, until it is cut.
type cable struct{ *toxiproxy.Proxy }

// newCable leads from a free address, its Listen, to another one.
func newCable(t *testing.T, to string) *cable {
	t.Helper()
	quiet := zerolog.Nop()
	c := &cable{toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), quiet), "", freeAddress(t), to)}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// cut breaks all connections, and takes none for a while.
func (c *cable) cut(ctx context.Context, lasts time.Duration) error {
	c.Stop()
	if err := wait(ctx, lasts); err != nil {
		return err
	}
	return c.Start()
}

// The ways along a cable.
const (
	there = "upstream"   // what asks
	back  = "downstream" // what answers
)

// silence loses what goes one way for a while, and then breaks all connections: who waits for an answer cannot tell whether it was the question that was lost.
func (c *cable) silence(ctx context.Context, way string, lasts time.Duration) error {
	if _, err := c.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type": "timeout", "stream": %q, "attributes": {"timeout": 0}}`, way))); err != nil {
		return err
	}
	err := wait(ctx, lasts)
	c.Stop()
	c.Toxics.ResetToxics(ctx)
	return errors.Join(err, c.Start())
}

// freeAddress finds an address to listen on that stays free while nobody does: its port is not of those that the system gives to outgoing connections.
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

// bridge leads from a free TCP address, which it returns, to a Unix socket: a toxiproxy speaks TCP only, and the private Postgres does not.
func bridge(t *testing.T, socket string) string {
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
			go cross(from, socket)
		}
	}()
	return listener.Addr().String()
}

// cross carries a connection until one of its ends is closed.
func cross(from net.Conn, socket string) {
	defer from.Close()
	to, err := new(net.Dialer).DialContext(context.Background(), "unix", socket)
	if err != nil {
		return // Postgres is away
	}
	defer to.Close()
	go func() {
		defer from.Close()
		defer to.Close()
		_, _ = io.Copy(from, to) // ends with a connection, whichever way
	}()
	_, _ = io.Copy(to, from)
}
