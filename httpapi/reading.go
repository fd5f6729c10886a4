package httpapi

import (
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"enisim.alt/service"
)

// Limits on the bodies of requests, in bytes.
const (
	largestBody         = 64 << 10 // of an action
	largestUserDataBody = 1 << 20  // of an action that takes user data
	maxControlBodyBytes = 1 << 20  // of the control API, where it has no scenario
)

// Limits on the memory of all requests together. A small request, as nearly all are, is not
// counted, so that it is answered even if others use up the memory.
const (
	maxReading           = 24 << 20 // bytes, of all requests
	maxReadingPerAddress = 16 << 20 // bytes, of the requests from one address
	maxControlReading    = 20 << 20 // bytes, of all requests to the control API, which have a budget of their own
	uncounted            = 16 << 10 // bytes, of each request
	parameterCost        = 400      // bytes that a parameter takes beside its text
)

// readingBudget is the memory that all requests together may use.
type readingBudget struct {
	total, perAddress int

	mu        sync.Mutex
	used      int
	byAddress map[string]int // only those that hold something
}

func newReadingBudget(total, perAddress int) *readingBudget {
	return &readingBudget{total: total, perAddress: perAddress, byAddress: map[string]int{}}
}

func (b *readingBudget) acquire(address string, bytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+bytes > b.total || b.byAddress[address]+bytes > b.perAddress {
		return false
	}
	b.used += bytes
	b.byAddress[address] += bytes
	return true
}

func (b *readingBudget) release(address string, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= bytes
	if b.byAddress[address] -= bytes; b.byAddress[address] == 0 {
		delete(b.byAddress, address)
	}
}

// share is the part of the budget that one request uses.
type share struct {
	budget  *readingBudget
	address string
	cost    int  // of the request
	taken   int  // of the budget
	unread  bool // a part of the body was not read, so the connection cannot be used again
}

// share returns a new, empty share for a request. Its release must be called when the request is
// answered.
func (b *readingBudget) share(r *http.Request) *share {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	return &share{budget: b, address: address}
}

// grow adds bytes that a request is about to use.
func (s *share) grow(bytes int) error {
	s.cost += bytes
	more := s.cost - uncounted - s.taken
	if more <= 0 {
		return nil
	}
	if !s.budget.acquire(s.address, more) {
		return service.ServiceUnavailable
	}
	s.taken += more
	return nil
}

func (s *share) release() {
	if s.taken > 0 {
		s.budget.release(s.address, s.taken)
		s.taken = 0
	}
}

// errTooLarge is returned for a body that exceeds its limit.
var errTooLarge = errors.New("the body is too large")

// readBody reads the body of a request, and counts its bytes as they arrive: an announced length
// costs nothing. allowed returns the maximum size of the body, given what has arrived so far.
func (s *share) readBody(r *http.Request, allowed func(soFar []byte) int) (_ []byte, err error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	defer func() { s.unread = err != nil }()
	first := 4 << 10
	if r.ContentLength > 0 {
		first = int(min(r.ContentLength+1, int64(first))) // with a byte in which to see the end
	}
	var buffer []byte
	limit := allowed(nil)
	for {
		if len(buffer) > limit {
			if limit = allowed(buffer); len(buffer) > limit {
				return buffer, errTooLarge
			}
		}
		if len(buffer) == cap(buffer) {
			size := min(max(2*cap(buffer), first), limit+1)
			if err := s.grow(size - cap(buffer)); err != nil {
				return buffer, err
			}
			buffer = append(make([]byte, 0, size), buffer...)
		}
		n, err := r.Body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case errors.Is(err, io.EOF) && len(buffer) > limit:
			return buffer, errTooLarge
		case errors.Is(err, io.EOF):
			return buffer, nil
		case err != nil:
			return buffer, err
		}
	}
}

// withUserData returns the names of the actions that take user data, whose bodies may be larger.
func withUserData(all map[string]map[string]action) map[string]bool {
	names := map[string]bool{}
	for _, product := range all {
		for name, act := range product {
			if takesUserData(act.request) {
				names[name] = true
			}
		}
	}
	return names
}

func takesUserData(request reflect.Type) bool {
	for _, field := range parameterFields(request) {
		if field.name == "UserData" {
			return true
		}
	}
	return false
}

// actionIn returns the Action of a form of which only a part has arrived, or "" if the Action has
// not.
func actionIn(form []byte) string {
	for pair := range strings.SplitSeq(string(form), "&") {
		if name, isAction := strings.CutPrefix(pair, "Action="); isAction {
			return name
		}
	}
	return ""
}
