package httpapi

import (
	"strconv"
	"testing"
	"time"
)

var nonceStart = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// expectUse remembers a nonce and checks whether it was new.
func (m *nonceMemory) expectUse(t *testing.T, what, key, nonce string, sent, now time.Time, want nonceUse) {
	t.Helper()
	if got := m.remember(key, nonce, sent, now); got != want {
		t.Errorf("%s: got %d, want %d", what, got, want)
	}
}

// A nonce is kept while its request could be repeated, which is until its timestamp expires. For a
// timestamp in the future this is up to twice the time window.
func TestNonceIsKeptUntilItsTimestampExpires(t *testing.T) {
	t.Parallel()
	m := newNonceMemory(1000, 1000)
	for _, ahead := range []time.Duration{-timeWindow + time.Second, 0, timeWindow} {
		sent := nonceStart.Add(ahead)
		nonce := ahead.String()
		m.expectUse(t, nonce+", first", "k", nonce, sent, nonceStart, nonceIsNew)
		for at := nonceStart; !at.After(sent.Add(timeWindow)); at = at.Add(20 * time.Second) {
			m.expectUse(t, nonce+" again at "+at.String(), "k", nonce, sent, at, nonceWasUsed)
		}
		m.expectUse(t, "at the expiry", "k", nonce, sent, sent.Add(timeWindow), nonceWasUsed)
	}
	m.expectUse(t, "another key", "other", "0s", nonceStart, nonceStart, nonceIsNew)
	m.expectUse(t, "another nonce", "k", "1s", nonceStart, nonceStart, nonceIsNew)

	later := nonceStart.Add(2*timeWindow + 2*nonceSweep)
	m.expectUse(t, "later", "k", "later", later, later, nonceIsNew)
	if m.count != 1 || len(m.keys) != 1 {
		t.Errorf("after all timestamps but one have expired: got %d nonces of %d keys, want one", m.count, len(m.keys))
	}
}

// A key over its limit of nonces forgets the earliest and refuses their timestamps from then on. So
// none of its requests is accepted twice.
func TestKeyOverItsNonceLimitRejectsRepeats(t *testing.T) {
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
		m.expectUse(t, "a new request", "k", r.nonce, r.sent, now, nonceIsNew)
		accepted = append(accepted, r)
		if m.count > limit || m.count != len(m.keys["k"].sent) {
			t.Fatalf("got %d nonces, and a count of %d, want at most %d", len(m.keys["k"].sent), m.count, limit)
		}
	}
	now := nonceStart.Add(100 * time.Second)
	for _, r := range accepted {
		if m.remember("k", r.nonce, r.sent, now) == nonceIsNew {
			t.Fatalf("request %s of %v: got it accepted twice", r.nonce, r.sent)
		}
	}
	m.expectUse(t, "another key's old request", "other", "0", nonceStart, now, nonceIsNew)

	// If all nonces are of one second, all or none of them are forgotten.
	for i := range 3 * limit {
		m.remember("flood", strconv.Itoa(i), nonceStart, nonceStart)
	}
	for i := range 3 * limit {
		if m.remember("flood", strconv.Itoa(i), nonceStart, nonceStart) == nonceIsNew {
			t.Fatalf("nonce %d of one second: got it accepted twice", i)
		}
	}
}

// Many requests of one key do not evict the nonces of other keys.
func TestNonceLimitIsPerKey(t *testing.T) {
	t.Parallel()
	m := newNonceMemory(300, 250)
	m.expectUse(t, "the first", "victim", "n", nonceStart, nonceStart, nonceIsNew)
	for _, key := range []string{"a", "b", "c"} {
		for i := range 1000 {
			m.remember(key, strconv.Itoa(i), nonceStart.Add(time.Duration(i/10)*time.Second), nonceStart)
		}
	}
	if m.count > 300 {
		t.Errorf("got %d nonces, want at most 300", m.count)
	}
	m.expectUse(t, "the first nonce again", "victim", "n", nonceStart, nonceStart, nonceWasUsed)
	m.expectUse(t, "a new nonce", "victim", "m", nonceStart, nonceStart, nonceIsNew)
}

func BenchmarkNonces(b *testing.B) {
	m := newNonceMemory(maxNonces, maxNoncesPerKey)
	for i := 0; b.Loop(); i++ {
		now := nonceStart.Add(time.Duration(i) * 50 * time.Microsecond)
		m.remember("k", strconv.Itoa(i), now, now)
	}
}
