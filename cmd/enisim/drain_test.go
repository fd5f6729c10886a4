package main

import (
	"net"
	"testing"
)

// Accept closes the listener at the end of its time, and http.Server closes it at a stop: whoever comes second finds nothing wrong.
func TestListenerIsClosedByTwo(t *testing.T) {
	t.Parallel()
	listener, err := listen(t.Context(), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := listener.Close(); err != nil {
			t.Errorf("got %v, want no error", err)
		}
	}
}
