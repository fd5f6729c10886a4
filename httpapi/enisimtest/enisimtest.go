package enisimtest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/metrics"
	"enisim.alt/migrations"
	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/testdata/scenarios"
)

// startTimeout is the timeout of each operation while a server starts or ends.
const startTimeout = 2 * time.Minute

// Server is a running simulator. It is safe for concurrent use.
type Server struct {
	// Endpoint is host:port, what SDKs call the endpoint or domain. It speaks plain HTTP.
	Endpoint string
	// URL is the same with a scheme. Beneath it are the control API, /_enisim/, and /metrics, open.
	URL string
	// AccessKeyID and AccessKeySecret are the first usable key of an account itself in the
	// scenario: active and without expiry. Both are "" if there is none.
	AccessKeyID, AccessKeySecret string

	t         testing.TB
	accountID string // of AccessKeyID
	operator  *operator.Operator
}

// Option changes how a server starts.
type Option func(*options) error

type options struct {
	name    string
	text    []byte
	service service.Options
}

// Scenario starts with the world of a scenario file. Without it, or ScenarioText, it is the
// quick-start one.
func Scenario(path string) Option {
	return func(o *options) (err error) {
		o.name = path
		o.text, err = os.ReadFile(path)
		return err
	}
}

// ScenarioText starts with the world of a scenario.
func ScenarioText(text string) Option {
	return func(o *options) error {
		o.name, o.text = "scenario", []byte(text)
		return nil
	}
}

// Delay sets the duration of every transition: Attaching, Detaching, Deleting, Pending, Starting,
// Stopping. Without it transitions take no time: an attached interface is InUse at once.
func Delay(d time.Duration) Option {
	return func(o *options) error {
		if d < 0 {
			return fmt.Errorf("a delay of %v: give one that is not negative", d)
		}
		o.service.AttachDelay, o.service.DetachDelay, o.service.DeleteDelay = d, d, d
		o.service.CreateDelay, o.service.StartDelay, o.service.StopDelay = d, d, d
		return nil
	}
}

// Start starts a server. A failure ends the test, and says what to do about it.
func Start(t testing.TB, with ...Option) *Server {
	t.Helper()
	s, err := start(t, with)
	if err != nil {
		t.Fatalf("enisimtest: %v", err)
	}
	return s
}

func start(t testing.TB, with []Option) (*Server, error) {
	o := options{name: "quickstart.yaml", text: scenarios.Quickstart}
	for _, change := range with {
		if err := change(&o); err != nil {
			return nil, err
		}
	}
	sc, err := scenario.Parse(o.name, o.text)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	url, err := newDatabase(ctx, t)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	st, err := store.Open(ctx, url, log)
	if err != nil {
		return nil, err
	}
	t.Cleanup(st.Close)
	if _, err := scenario.Apply(ctx, st, sc, time.Now()); err != nil {
		return nil, err
	}
	o.service.OnlyServer, o.service.Refusals = true, service.AllRefusals
	measured := metrics.New(metrics.Build{Version: "enisimtest", Schema: migrations.Newest()})
	o.service.Observe = measured.Observer()
	simulated := service.New(st, o.service)
	s := &Server{t: t, operator: operator.New(simulated)}
	listening := httptest.NewServer(
		httpapi.New(simulated, httpapi.Options{Log: log, Control: httpapi.Control{Open: true}, Metrics: measured}),
	)
	t.Cleanup(listening.Close)
	s.URL = listening.URL
	s.Endpoint = strings.TrimPrefix(s.URL, "http://")
	if k := firstKey(sc); k != nil {
		s.AccessKeyID, s.AccessKeySecret, s.accountID = k.ID, k.Secret, k.AccountID
	}
	return s, nil
}

// firstKey returns the default key of a test, or nil if there is none.
func firstKey(sc *scenario.Scenario) *store.AccessKey {
	for i := range sc.World().AccessKeys {
		k := &sc.World().AccessKeys[i]
		if k.RAMUserName == nil && k.SecurityToken == nil && k.ExpiresAt == nil && k.Status == "Active" {
			return k
		}
	}
	return nil
}

// newDatabase creates a database with the schema for the duration of a test, and returns its
// address.
func newDatabase(ctx context.Context, t testing.TB) (string, error) {
	pg, err := acquirePostgres(ctx)
	if err != nil {
		return "", err
	}
	cleanup(t, "leave Postgres", releasePostgres)
	name := newName()
	if err := store.CreateDatabase(ctx, pg.url, name, pg.original); err != nil {
		return "", fmt.Errorf("make a database: %w", err)
	}
	cleanup(t, "drop the database", func(ctx context.Context) error { return store.DropDatabase(ctx, pg.url, name) })
	return pg.database(name)
}

// cleanup runs fn after the test, whose context has ended by then.
func cleanup(t testing.TB, what string, fn func(context.Context) error) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		if err := fn(ctx); err != nil {
			t.Errorf("enisimtest: %s: %v", what, err)
		}
	})
}

// Run runs the tests of a package with one Postgres, and returns the exit code: see the package's
// documentation.
func Run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if _, err := acquirePostgres(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "enisimtest:", err)
		return 1
	}
	code := m.Run()
	ctx, cancel = context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := releasePostgres(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "enisimtest:", err)
		return max(code, 1)
	}
	return code
}
