package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
	worlds "enisim.alt/store/world"
)

const (
	account   = "1000000000000001"
	accessKey = "LTAItest000000000001"
)

// world returns a world of one account: its key, a VPC with a VSwitch in each of two zones, and two
// security groups. A test adds its own resources. The options are those of the account.
func world(options ...worldtest.Option) *worldtest.World {
	return worldtest.New(account, options...).
		AccessKey(accessKey, worldtest.Set("secret", "test-secret")).
		VPC("vpc-main", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		VSwitch("vsw-i", "cn-hangzhou-i", "10.1.0.0/16").
		SecurityGroup("sg-main").
		SecurityGroup("sg-small", worldtest.Set("instance_limit", 8))
}

// scenarioText is a world that is written as a scenario.
type scenarioText string

func (t scenarioText) String() string { return string(t) }

// server is the API on a database of its own.
type server struct {
	*httptest.Server
	service *service.Service
	store   *store.Store
	pool    *pgxpool.Pool
}

// serve starts the API with a world in its database: a worldtest.World, or a scenarioText.
func serve(t testing.TB, w fmt.Stringer, options service.Options, change ...func(*httpapi.Options)) *server {
	t.Helper()
	return serveOn(t, storetest.Pool(t), w, options, change...)
}

// serveOn starts the API on a given database. If w is nil, the database has its world already.
func serveOn(t testing.TB, pool *pgxpool.Pool, w fmt.Stringer, options service.Options,
	change ...func(*httpapi.Options)) *server {
	t.Helper()
	st := store.New(pool, slog.New(slog.DiscardHandler))
	if w != nil {
		worldtest.Apply(t, st, time.Now(), w.String())
	}
	svc := service.New(st, options)
	o := httpapi.Options{Log: slog.New(slog.DiscardHandler), Signature: httpapi.IdentifyOnly}
	for _, f := range change {
		f(&o)
	}
	s := &server{httptest.NewServer(httpapi.New(svc, o)), svc, st, pool}
	s.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 100 // the races call from many goroutines
	t.Cleanup(s.Close)
	return s
}

// reply is the status and the JSON body of a response.
type reply struct {
	status int
	body   map[string]any
}

// code returns the code of the API error, or "" for a success.
func (r reply) code() string {
	code, _ := r.body["Code"].(string)
	return code
}

// call sends an action as the test's account. Like an SDK, it retries a refusal because of too many
// waiting requests after the time in Retry-After. Such a request had no effect, and races of many
// callers meet it on a busy machine. After a minute the refusal is the result.
func (s *server) call(ctx context.Context, action string, pairs ...string) (reply, error) {
	for deadline := time.Now().Add(time.Minute); ; {
		r, retryAfter, err := s.callOnce(ctx, action, pairs...)
		if err != nil || r.code() != "ServiceUnavailable" || time.Now().After(deadline) {
			return r, err
		}
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return r, nil
		}
	}
}

// callOnce sends an action once. retryAfter is the delay that a refused client must wait.
func (s *server) callOnce(ctx context.Context, action string, pairs ...string) (r reply, retryAfter time.Duration,
	err error) {
	query := url.Values{"Action": {action}, "Version": {httpapi.VersionOf(action)}, "Format": {"JSON"},
		"AccessKeyId": {accessKey}, "RegionId": {"cn-hangzhou"}}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/", strings.NewReader(query.Encode()))
	if err != nil {
		return reply{}, 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.Client().Do(request)
	if err != nil {
		return reply{}, 0, err
	}
	defer response.Body.Close()
	r = reply{status: response.StatusCode}
	if seconds := response.Header.Get("Retry-After"); seconds != "" {
		if retryAfter, err = time.ParseDuration(seconds + "s"); err != nil {
			return reply{}, 0, err
		}
	}
	return r, retryAfter, json.NewDecoder(response.Body).Decode(&r.body)
}

// mustCall calls an action and ends the test if there is no reply.
func (s *server) mustCall(t testing.TB, action string, pairs ...string) reply {
	t.Helper()
	r, err := s.call(t.Context(), action, pairs...)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return r
}

// attachments returns the number of interfaces of each instance, from the tables.
func attachments(t testing.TB, pool *pgxpool.Pool) map[string]int {
	t.Helper()
	rows, err := pool.Query(t.Context(),
		`SELECT instance_id, count(*)::int FROM slots GROUP BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	var instance string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&instance, &n},
		func() error { out[instance] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// checkInvariants recomputes all invariants from the tables and reports violations. It may run in
// any goroutine.
func checkInvariants(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	violations, err := worlds.Verify(t.Context(), store.New(pool, slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Error(err)
	}
	for _, v := range violations {
		t.Errorf("got a violation of %s: account %s: %s", v.Invariant, v.AccountID, v.What)
	}
}

// get returns the headers and the body of the reply to a GET.
func get(t testing.TB, s *httptest.Server, target string) (http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Header, body
}
