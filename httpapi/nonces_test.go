package httpapi

import (
	"strconv"
	"testing"
	"time"
)

func TestNonces(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	m := newNonceMemory(1000)
	if !m.remember("k", "n", start) {
		t.Error("a first use is refused")
	}
	if m.remember("k", "n", start.Add(nonceTime-time.Second)) {
		t.Error("a second use within the time is accepted")
	}
	if !m.remember("other", "n", start) || !m.remember("k", "m", start) || !m.remember("kn", "", start) {
		t.Error("another key's nonce, or another nonce, is refused")
	}
	if !m.remember("k", "n", start.Add(2*nonceTime)) {
		// Two generations later it is forgotten, or memory would grow for ever.
		t.Error("a use after twice the time is refused")
	}
}

// However many requests come, two generations are all that is kept, and the newest nonces are among them.
func TestNoncesAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	const most = 100
	m := newNonceMemory(most)
	for i := range 10 * most {
		if !m.remember("k", strconv.Itoa(i), now) {
			t.Fatalf("nonce %d is refused at its first use", i)
		}
		if got := len(m.young) + len(m.old); got > 2*most {
			t.Fatalf("after %d nonces %d are kept, want at most %d", i+1, got, 2*most)
		}
		if i >= most && m.remember("k", strconv.Itoa(i-most+1), now) {
			t.Fatalf("nonce %d is forgotten after %d newer ones", i-most+1, most-1)
		}
	}
}
