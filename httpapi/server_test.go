package httpapi_test

import (
	"context"
	"encoding/json"
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

	"enisim/httpapi"
	"enisim/service"
	"enisim/service/scenario"
	"enisim/store"
	"enisim/store/storetest"
	worlds "enisim/store/world"
)

const (
	account   = "1000000000000001"
	accessKey = "LTAItest000000000001"
)

// world is a scenario of one account in one region: the account's key, a VPC, a VSwitch in each of two zones, and what a test adds.
func world(more string) string {
	return `
enisim: 1
accounts:
  - id: "` + account + `"
    access_keys: [{id: ` + accessKey + `, secret: test-secret}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            vswitches:
              - {id: vsw-h, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}
              - {id: vsw-i, zone: cn-hangzhou-i, cidr_block: 10.1.0.0/16}
            security_groups: [{id: sg-main}, {id: sg-small, instance_limit: 8}]
` + more
}

// server is the API on a database of its own.
type server struct {
	*httptest.Server
	service *service.Service
	store   *store.Store
	pool    *pgxpool.Pool
}

// serve starts the API with a scenario in its database.
func serve(t testing.TB, text string, options service.Options, change ...func(*httpapi.Options)) *server {
	t.Helper()
	return serveOn(t, storetest.Pool(t), text, options, change...)
}

func serveOn(t testing.TB, pool *pgxpool.Pool, text string, options service.Options, change ...func(*httpapi.Options)) *server {
	t.Helper()
	st := store.New(pool, slog.New(slog.DiscardHandler))
	apply(t, st, time.Now(), text)
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

func apply(t testing.TB, st *store.Store, now time.Time, text string) {
	t.Helper()
	sc, err := scenario.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), st, sc, now); err != nil {
		t.Fatal(err)
	}
}

// reply is what came back: the status and the JSON body.
type reply struct {
	status int
	body   map[string]any
}

// code is the API error, or "" for a success.
func (r reply) code() string {
	code, _ := r.body["Code"].(string)
	return code
}

// call sends an action as the test's account. Like an SDK it sends again, after the time that Retry-After names, what is refused because too many of the
// account's requests are waiting: on a busy machine a race of many callers meets that, and nothing of such a request has been done. After a minute it is
// the answer.
func (s *server) call(ctx context.Context, action string, pairs ...string) (reply, error) {
	for giveUp := time.Now().Add(time.Minute); ; {
		r, retryAfter, err := s.callOnce(ctx, action, pairs...)
		if err != nil || r.code() != "ServiceUnavailable" || time.Now().After(giveUp) {
			return r, err
		}
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return r, nil
		}
	}
}

// callOnce sends an action once. retryAfter is what the server asks a client that it refuses to wait.
func (s *server) callOnce(ctx context.Context, action string, pairs ...string) (r reply, retryAfter time.Duration, err error) {
	query := url.Values{"Action": {action}, "Version": {httpapi.VersionOf(action)}, "Format": {"JSON"}, "AccessKeyId": {accessKey}, "RegionId": {"cn-hangzhou"}}
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

// mustCall is call where not getting an answer ends the test.
func (s *server) mustCall(t testing.TB, action string, pairs ...string) reply {
	t.Helper()
	r, err := s.call(t.Context(), action, pairs...)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return r
}

// attachments reads how many interfaces each instance holds, as the tables say.
func attachments(t testing.TB, pool *pgxpool.Pool) map[string]int {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT instance_id, count(*)::int FROM network_interfaces WHERE instance_id IS NOT NULL GROUP BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	var instance string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&instance, &n}, func() error { out[instance] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// checkInvariants has every promise derived anew from the tables. It may run beside other goroutines.
func checkInvariants(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	broken, err := worlds.Verify(t.Context(), store.New(pool, slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Error(err)
	}
	for _, v := range broken {
		t.Errorf("invariant broken: %s: account %s: %s", v.Invariant, v.AccountID, v.What)
	}
}

// get reads what a server answers to a GET.
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
