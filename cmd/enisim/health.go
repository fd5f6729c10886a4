package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthCommand is the health check of container images without a shell, which can run only the
// binary. It has the server's flags, so both can use one environment.
type healthCommand struct {
	tlsFlags
	Listen  string        `default:"127.0.0.1:8080" help:"Address that the server listens on."`
	Timeout time.Duration `default:"2s" min:"1ns" help:"How long to wait for the answer."`
}

// Help returns the text of --help.
func (*healthCommand) Help() string {
	return `Example:

    enisim health --listen 127.0.0.1:8080`
}

// Run runs the command.
func (c *healthCommand) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: give it as host:port, such as 127.0.0.1:8080", c.Listen)
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1" // a server that listens on all addresses listens here too
	}
	scheme := "http://"
	if c.enabled() {
		scheme = "https://"
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	// The certificate may be for another name of the server, and the request contains nothing
	// secret.
	response, err := client(true).Do(request)
	if err != nil {
		return fmt.Errorf("not ready: %s", networkCause(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: /readyz answers %s", response.Status)
	}
	return nil
}
