package main

import (
	"net"
	"testing"
)

// Accept closes the listener at its deadline, and http.Server closes it again when it stops. The
// second close is not an error.
func TestListenerClosesTwice(t *testing.T) {
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
