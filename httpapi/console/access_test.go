package console

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A session ends at its time, and with the token that signed it.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	a := newAccess("a token", nil)
	for _, c := range []struct {
		name  string
		value string
		want  bool
	}{
		{"a session", a.newSession(time.Now().Add(time.Hour)), true},
		{"one that has ended", a.newSession(time.Now().Add(-time.Second)), false},
		{"one of another token", newAccess("another token", nil).newSession(time.Now().Add(time.Hour)), false},
		{"no session", "", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, Prefix, nil)
		r.AddCookie(&http.Cookie{Name: cookieName, Value: c.value})
		if got := a.isSignedIn(r); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		if newAccess("", nil).isSignedIn(r) {
			t.Errorf("%s: a console without a token has no sessions", c.name)
		}
	}
}

// Two servers with the same token accept each other's sessions and forms.
func TestSessionsAreOfAllServers(t *testing.T) {
	t.Parallel()
	one, other := newAccess("a token", nil), newAccess("a token", nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, Prefix, nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: one.newSession(time.Now().Add(time.Hour))})
	if !other.isSignedIn(r) || other.formToken(r) != one.formToken(r) {
		t.Error("a session of one server is none of the other")
	}
}
