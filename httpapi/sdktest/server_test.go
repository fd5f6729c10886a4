package sdktest

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim/httpapi"
	"enisim/service"
	"enisim/service/scenario"
	"enisim/store"
	"enisim/store/storetest"
)

const (
	// requestID is what every reply of the server carries.
	requestID = "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"
	// transition is how long each transient status lasts.
	transition = time.Second
	// patience is how long an SDK waits for an answer. Their defaults, down to 3 s, are short for a test machine under load.
	patience = time.Minute
)

// server is a running server on a database of its own.
type server struct {
	endpoint string // host:port
	clock    *clock
	pool     *pgxpool.Pool
}

// serve starts a server with a scenario in its database. It demands signatures, as it does by default.
func serve(t *testing.T, text []byte) *server {
	t.Helper()
	s := &server{clock: &clock{now: time.Now()}, pool: storetest.Pool(t)}
	log := slog.New(slog.DiscardHandler)
	st := store.New(s.pool, log)
	sc, err := scenario.Parse("scenario.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), st, sc, s.clock.read()); err != nil {
		t.Fatal(err)
	}
	simulated := service.New(st, service.Options{
		AttachDelay: transition, DetachDelay: transition, DeleteDelay: transition,
		CreateDelay: transition, StartDelay: transition, StopDelay: transition, Now: s.clock.read,
	})
	listening := httptest.NewServer(httpapi.New(simulated, httpapi.Options{Log: log, NewRequestID: func() string { return requestID }}))
	t.Cleanup(listening.Close)
	s.endpoint = strings.TrimPrefix(listening.URL, "http://")
	return s
}

// clock is the time in the simulated world: it stands still unless a test moves it.
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
