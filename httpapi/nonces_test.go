package httpapi

import (
	"strconv"
	"testing"
	"time"
)

var nonceStart = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// use expects what becomes of a nonce.
func (m *nonceMemory) use(t *testing.T, what, key, nonce string, sent, now time.Time, want nonceUse) {
	t.Helper()
	if got := m.remember(key, nonce, sent, now); got != want {
		t.Errorf("%s: got %d, want %d", what, got, want)
	}
}

// A nonce is known as long as its request could be sent again: until the timestamp has run out, which for one from ahead is twice the window.
func TestNoncesAreKnownUntilTheirTimestampRunsOut(t *testing.T) {
	t.Parallel()
	m := newNonceMemory(1000, 1000)
	for _, ahead := range []time.Duration{-timeWindow + time.Second, 0, timeWindow} {
		sent := nonceStart.Add(ahead)
		nonce := ahead.String()
		m.use(t, nonce+", first", "k", nonce, sent, nonceStart, nonceIsNew)
		for at := nonceStart; !at.After(sent.Add(timeWindow)); at = at.Add(20 * time.Second) {
			m.use(t, nonce+" again at "+at.String(), "k", nonce, sent, at, nonceWasUsed)
		}
		m.use(t, "at the last moment", "k", nonce, sent, sent.Add(timeWindow), nonceWasUsed)
	}
	m.use(t, "another key", "other", "0s", nonceStart, nonceStart, nonceIsNew)
	m.use(t, "another nonce", "k", "1s", nonceStart, nonceStart, nonceIsNew)

	later := nonceStart.Add(2*timeWindow + 2*nonceSweep)
	m.use(t, "later", "k", "later", later, later, nonceIsNew)
	if m.count != 1 || len(m.keys) != 1 {
		t.Errorf("when all timestamps but one have run out, %d nonces of %d keys are remembered, want one", m.count, len(m.keys))
	}
}

// A key with more requests than its share forgets the earliest, and refuses their timestamps from then on: none of its requests is accepted twice.
func TestAKeyBeyondItsShareAcceptsNoRequestTwice(t *testing.T) {
	t.Parallel()
	const limit = 100
	m := newNonceMemory(1000, limit)
	type request struct {
		nonce string
		sent  time.Time
	}
	var accepted []request
	for i := range 1000 {
		now := nonceStart.Add(time.Duration(i) * time.Second / 10)
		r := request{strconv.Itoa(i), now.Truncate(time.Second)}
		m.use(t, "a request of now", "k", r.nonce, r.sent, now, nonceIsNew)
		accepted = append(accepted, r)
		if m.count > limit || m.count != len(m.keys["k"].sent) {
			t.Fatalf("%d nonces are remembered, and %d counted, want %d at most", len(m.keys["k"].sent), m.count, limit)
		}
	}
	now := nonceStart.Add(100 * time.Second)
	for _, r := range accepted {
		if m.remember("k", r.nonce, r.sent, now) == nonceIsNew {
			t.Fatalf("request %s of %v is accepted twice", r.nonce, r.sent)
		}
	}
	m.use(t, "another key's old request", "other", "0", nonceStart, now, nonceIsNew)

	// All of one second: nothing can be forgotten but all of it.
	for i := range 3 * limit {
		m.remember("flood", strconv.Itoa(i), nonceStart, nonceStart)
	}
	for i := range 3 * limit {
		if m.remember("flood", strconv.Itoa(i), nonceStart, nonceStart) == nonceIsNew {
			t.Fatalf("nonce %d of one second is accepted twice", i)
		}
	}
}

// A flood of one key's requests leaves the nonces of others where they are.
func TestAFloodOfNoncesIsOfOneKey(t *testing.T) {
	t.Parallel()
	m := newNonceMemory(300, 250)
	m.use(t, "the first", "victim", "n", nonceStart, nonceStart, nonceIsNew)
	for _, key := range []string{"a", "b", "c"} {
		for i := range 1000 {
			m.remember(key, strconv.Itoa(i), nonceStart.Add(time.Duration(i/10)*time.Second), nonceStart)
		}
	}
	if m.count > 300 {
		t.Errorf("%d nonces are remembered, want 300 at most", m.count)
	}
	m.use(t, "the first again, after the floods", "victim", "n", nonceStart, nonceStart, nonceWasUsed)
	m.use(t, "a new one, after the floods", "victim", "m", nonceStart, nonceStart, nonceIsNew)
}

func BenchmarkNonces(b *testing.B) {
	m := newNonceMemory(maxNonces, maxNoncesPerKey)
	for i := 0; b.Loop(); i++ {
		now := nonceStart.Add(time.Duration(i) * 50 * time.Microsecond)
		m.remember("k", strconv.Itoa(i), now, now)
	}
}
