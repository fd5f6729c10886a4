package sdktest

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

const (
	// requestID is the RequestId of all replies.
	requestID = "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"
	// transition is the duration of each transient status.
	transition = time.Second
	// sdkTimeout is the SDKs' timeout for a reply. Their defaults, down to 3 s, are too short for a
	// loaded machine.
	sdkTimeout = time.Minute
)

// server is a running server on a database of its own.
type server struct {
	endpoint string // host:port
	clock    *clock
	pool     *pgxpool.Pool
	operator *operator.Operator
}

// serve starts a server with a scenario in its database. It verifies signatures, as by default.
func serve(t *testing.T, text []byte, change ...func(*server, *service.Options)) *server {
	t.Helper()
	s := &server{clock: &clock{now: time.Now()}, pool: storetest.Pool(t)}
	log := slog.New(slog.DiscardHandler)
	st := store.New(s.pool, log)
	worldtest.Apply(t, st, s.clock.read(), string(text))
	options := service.Options{
		AttachDelay: transition, DetachDelay: transition, DeleteDelay: transition,
		CreateDelay: transition, StartDelay: transition, StopDelay: transition, Now: s.clock.read,
	}
	for _, f := range change {
		f(s, &options)
	}
	simulated := service.New(st, options)
	s.operator = operator.New(simulated)
	listening := httptest.NewServer(httpapi.New(simulated,
		httpapi.Options{Log: log, NewRequestID: func() string { return requestID }}))
	t.Cleanup(listening.Close)
	s.endpoint = strings.TrimPrefix(listening.URL, "http://")
	return s
}

// serveWorld starts a server with a built world.
func serveWorld(t *testing.T, w *worldtest.World) *server {
	t.Helper()
	return serve(t, []byte(w.String()))
}

// clock is the server's clock. It stands still until a test advances it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}
