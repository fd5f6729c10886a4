package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"enisim.alt/service"
)

// The bodies of requests stay within the budget of the server and the budget of their address, and
// release it. A small body is not counted.
func TestReadingBudget(t *testing.T) {
	t.Parallel()
	budget := newReadingBudget(280<<10, 200<<10)
	var all []*share
	from := func(address string) *share {
		s := budget.share(&http.Request{RemoteAddr: address + ":1234"})
		all = append(all, s)
		return s
	}
	allow := func([]byte) int { return largestBody }
	hold := func(s *share, bytes int) error {
		_, err := s.readBody(bodyOf(strings.NewReader(strings.Repeat("x", bytes))), allow)
		return err
	}
	read := 0
	for ; read < 20; read++ {
		if err := hold(from("10.0.0.1"), 60<<10); err != nil {
			if !errors.Is(err, service.ServiceUnavailable) {
				t.Fatal(err)
			}
			break
		}
	}
	if read < 2 || read > 5 {
		t.Errorf("got %d bodies of 60 KiB from one address, want at most 200 KiB", read)
	}
	if err := hold(from("10.0.0.1"), 4<<10); err != nil {
		t.Errorf("a small body over the budget of its address: got %v, want it read", err)
	}
	if err := hold(from("10.0.0.2"), 60<<10); err != nil {
		t.Errorf("a body from another address: got %v, want it read", err)
	}
	if err := hold(from("10.0.0.3"), 60<<10); !errors.Is(err, service.ServiceUnavailable) {
		t.Errorf("a body over the budget of the server: got %v, want %v", err, service.ServiceUnavailable)
	}
	for _, s := range all {
		s.release()
	}
	if budget.used != 0 || len(budget.byAddress) != 0 {
		t.Errorf("after all requests: got %d bytes of %d addresses, want none", budget.used, len(budget.byAddress))
	}
}

// bodyOf returns a request with a body of unknown length.
func bodyOf(body io.Reader) *http.Request {
	return &http.Request{Body: io.NopCloser(body), ContentLength: -1}
}

// A client that announces a large body and sends a part of it uses the budget of that part only.
func TestBodyCostsReceivedBytes(t *testing.T) {
	t.Parallel()
	budget := newReadingBudget(1<<20, 1<<20)
	s := budget.share(&http.Request{RemoteAddr: "10.0.0.1:1"})
	part := strings.NewReader(strings.Repeat("x", 1000))
	if _, err := s.readBody(bodyOf(iotest.TimeoutReader(iotest.OneByteReader(part))),
		func([]byte) int { return largestBody }); err == nil {
		t.Fatal("got no error for an unfinished body")
	}
	if s.cost > 8<<10 {
		t.Errorf("got %d bytes counted for a part of a body, want at most 8 KiB", s.cost)
	}
	if !s.unread {
		t.Error("got a reusable connection, want it closed because a part of the body was not read")
	}
}

// Only actions with UserData accept a large body. The Action may be in the body itself: it decides
// once it is read, and without it the body is too large.
func TestLargeBodiesAreForUserData(t *testing.T) {
	t.Parallel()
	names := withUserData(actionsByVersion())
	for _, name := range []string{"RunInstances", "CreateInstance", "ModifyInstanceAttribute"} {
		if !names[name] {
			t.Errorf("%s: got a limit of %d bytes, want the larger one of user data", name, largestBody)
		}
	}
	if names["DescribeInstances"] || len(names) > 5 {
		t.Errorf("got %v, want only the actions with user data", names)
	}
	long := strings.Repeat("x", 100<<10)
	for _, c := range []struct {
		query, action, body string
		tooLarge            bool
	}{
		{"Action=RunInstances", "", "UserData=" + long, false},
		{"", "RunInstances", "UserData=" + long, false},
		{"", "", "Action=RunInstances&UserData=" + long, false},
		{"", "", "UserData=" + long + "&Action=RunInstances", true},
		{"", "", "Action=DescribeInstances&UserData=" + long, true},
		{"Action=DescribeInstances", "", "Action=RunInstances&UserData=" + long, true},
		{"Action=RunInstances", "", "UserData=" + strings.Repeat("x", largestUserDataBody), true},
		{"", "", "Action=DescribeInstances&UserData=" + strings.Repeat("x", 60<<10), false},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/?"+c.query,
			bytes.NewReader([]byte(c.body)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if c.action != "" {
			request.Header.Set("X-Acs-Action", c.action)
		}
		in := &incoming{parameters: parameters{}, http: request}
		memory := newReadingBudget(maxReading, maxReading).share(request)
		if got := in.readParameters(memory, names); (got != nil) != c.tooLarge {
			t.Errorf("query %q, header %q, body %.40q of %d bytes: got %v, want too large: %t", c.query, c.action,
				c.body, len(c.body), got, c.tooLarge)
		}
	}
}
