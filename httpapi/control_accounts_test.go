package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/testdata/scenarios"
)

// tenantWorld returns a world of one account whose interfaces have its name.
func tenantWorld(name string, options ...worldtest.Option) *worldtest.World {
	return world(append(options, worldtest.Set("id", "whatever"))...).
		Instance("i-1").
		NetworkInterface("eni-{n}", worldtest.Count(2), worldtest.Set("name", name))
}

// createdAccount is the control API's answer to the creation of an account.
type createdAccount struct {
	ID, Name string
	Keys     []struct {
		ID, Secret string
		InScenario string `json:"in_scenario"`
		RAMUser    string `json:"ram_user"`
	}
}

// createAccount creates an account with the given fields of the request.
func (s *server) createAccount(t testing.TB, fields map[string]any) createdAccount {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	status, text, _ := s.control(t, controlRequest{method: "POST", path: "/accounts", body: string(body)})
	var created createdAccount
	if err := json.Unmarshal([]byte(text), &created); status != http.StatusCreated || err != nil || created.ID == "" ||
		len(created.Keys) == 0 {
		t.Fatalf("create an account: got %d %s, %v; want 201 with an id and a key", status, text, err)
	}
	return created
}

// An account is created with the quick-start scenario, reset and deleted. Secrets are shown once,
// and are not in the log.
func TestControlAccountLifecycle(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{}, withControl(httpapi.Control{Open: true}, log))
	created := s.createAccount(t, map[string]any{
		"name": "run 17", "quotas": map[string]int{"network_interfaces_per_region": 7}, "expires_in": "1h",
		"scenario": string(scenarios.Quickstart),
	})
	if created.Name != "run 17" || len(created.Keys) != 3 || created.Keys[0].InScenario != "" ||
		created.Keys[1].InScenario != "LTAIquickstart000001" || created.Keys[2].RAMUser != "attacher" {
		t.Errorf("got %+v, want the name, a new key and the two keys of the scenario", created)
	}
	expectInterfaces := func(want float64) {
		t.Helper()
		for _, key := range created.Keys {
			if r := s.mustCall(t, "DescribeNetworkInterfaces", "AccessKeyId", key.ID); r.body["TotalCount"] != want {
				t.Errorf("with key %s: got %d %v, want %v interfaces", key.ID, r.status, r.body, want)
			}
		}
	}
	expectInterfaces(15)
	reset, err := json.Marshal(map[string]string{"scenario": tenantWorld("web").String()})
	if err != nil {
		t.Fatal(err)
	}
	var answers strings.Builder
	path := "/accounts/" + created.ID
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
		interfaces         float64
	}{
		{"GET", "/accounts", "", 200, `{"id":"` + created.ID +
			`","name":"run 17","quotas":{"network_interfaces_per_region":7},"expires_at":"`, 15},
		{"GET", "/accounts", "", 200, `{"id":"` + account +
			`","name":"","quotas":{"network_interfaces_per_region":100},"created_at":"`, 15},
		{"POST", path + "/reset", "", 204, "", 0},
		{"POST", path + "/reset", string(reset), 204, "", 3},
		{"POST", path + "/reset", "{}", 204, "", 0},
	} {
		status, body, _ := s.control(t, controlRequest{method: step.method, path: step.path, body: step.body})
		if status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s %s: got %d %s, want %d and %q", step.method, step.path, status, body, step.status, step.want)
		}
		answers.WriteString(body)
		expectInterfaces(step.interfaces)
	}
	if status, body, _ := s.control(t, controlRequest{method: "DELETE", path: path}); status != 204 || body != "" {
		t.Errorf("delete: got %d %s, want 204", status, body)
	}
	for _, key := range created.Keys {
		if r := s.mustCall(t, "DescribeNetworkInterfaces",
			"AccessKeyId", key.ID); r.code() != "InvalidAccessKeyId.NotFound" {
			t.Errorf("after the deletion, with key %s: got %d %v, want an unknown key", key.ID, r.status, r.body)
		}
		if strings.Contains(answers.String(), key.Secret) || strings.Contains(log.String(), key.Secret) {
			t.Errorf("key %s: got the secret in a later answer or in the log, want it in neither", key.ID)
		}
	}
	if status, body, _ := s.control(t, controlRequest{method: "DELETE", path: path}); status != 404 ||
		!strings.Contains(body, "enisim account list") {
		t.Errorf("delete again: got %d %s, want 404", status, body)
	}
}

// An invalid request gets an error with a hint, changes nothing, and is not logged as an error of
// the server.
func TestControlAccountErrors(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{}, withControl(httpapi.Control{Open: true}, log))
	before := storetest.Owners(t, s.pool)
	for _, c := range []struct {
		name   string
		r      controlRequest
		status int
		want   string
	}{
		{"no body", controlRequest{method: "POST", path: "/accounts"}, 415, "application/json"},
		{"YAML", controlRequest{method: "POST", path: "/accounts", body: "enisim: 1",
			header: http.Header{"Content-Type": {"application/yaml"}}}, 415, "application/json"},
		{"an unknown field", controlRequest{method: "POST", path: "/accounts", body: `{"quota": 1}`}, 400, "quota"},
		{"an account that exists", controlRequest{method: "POST", path: "/accounts", body: `{"id": "` + account + `"}`},
			400, "enisim account reset"},
		{"a duration without a unit", controlRequest{method: "POST", path: "/accounts", body: `{"expires_in": "60"}`},
			400, "such as 30m"},
		{"a zero byte", controlRequest{method: "POST", path: "/accounts", body: `{"name": "\u0000"}`}, 400, "the name"},
		{"an empty scenario", controlRequest{method: "POST", path: "/accounts", body: `{"scenario": ""}`}, 400,
			"scenario:1:1: the file is empty"},
		{"an invalid scenario", controlRequest{method: "POST", path: "/accounts",
			body: `{"scenario": "enisim: 1\naccounts:\n  - {id: x, ziel: y}\n"}`}, 400, "scenario:3:13: unknown key"},
		{"a huge body", controlRequest{method: "POST", path: "/accounts", body: `{"scenario": "` +
			strings.Repeat("#", 32<<20) + `"}`}, 400, "too large"},
		{"reset of an unknown account", controlRequest{method: "POST", path: "/accounts/1000000000000009/reset"}, 404,
			"enisim account list"},
		{"reset with a form", controlRequest{method: "POST", path: "/accounts/" + account +
			"/reset", body: "scenario=", header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
			415, "application/json"},
		{"reset to an invalid scenario", controlRequest{method: "POST", path: "/accounts/" + account +
			"/reset", body: `{"scenario": "enisim: 2"}`}, 400, "version"},
		{"delete with an invalid id", controlRequest{method: "DELETE", path: "/accounts/1%00"}, 400, "16 digits"},
	} {
		status, body, _ := s.control(t, c.r)
		if text, _ := decodeJSON(t, body)["error"].(string); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: got %d %s, want %d and %q", c.name, status, body, c.status, c.want)
		}
	}
	if after := storetest.Owners(t, s.pool); !maps.EqualFunc(before, after,
		maps.Equal[map[string]int, map[string]int]) {
		t.Errorf("afterwards: got %v, want %v", after, before)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("got an operator's mistake logged as an error of the server: %s", log)
	}
}

// 16 workers create, use and delete 500 accounts with the same ids in them. No account sees
// another's resources, and no row of them remains.
func TestFiveHundredTenants(t *testing.T) {
	t.Parallel()
	const tenants, workers = 500, 16
	config, err := store.Config(storetest.URL(t)) // the pool of a server, large enough for all workers
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s := serveOn(t, pool, world(), service.Options{}, func(o *httpapi.Options) { o.Control.Open = true })
	before := storetest.Owners(t, s.pool)
	var next, used atomic.Int64
	race(t, workers, func(int) (string, error) {
		for k := next.Add(1); k <= tenants && !t.Failed(); k = next.Add(1) {
			name := fmt.Sprintf("run-%d", k)
			created := s.createAccount(t, map[string]any{"scenario": tenantWorld(name).String()})
			useTenant(t, s, created, name)
			if status, body, _ := s.control(t, controlRequest{method: "DELETE", path: "/accounts/" +
				created.ID}); status != http.StatusNoContent {
				t.Errorf("%s, delete: got %d %s, want 204", name, status, body)
			}
			if r := s.mustCall(t, "DescribeInstances",
				"AccessKeyId", created.Keys[0].ID); r.code() != "InvalidAccessKeyId.NotFound" {
				t.Errorf("%s, after its deletion: got %d %v, want an unknown key", name, r.status, r.body)
			}
			used.Add(1)
		}
		return ok, nil
	})
	if used.Load() != tenants {
		t.Errorf("got %d tenants created, used and deleted, want %d", used.Load(), tenants)
	}
	if after := storetest.Owners(t, s.pool); !maps.EqualFunc(before, after,
		maps.Equal[map[string]int, map[string]int]) {
		t.Errorf("afterwards: got %v, want %v", after, before)
	}
	expectNoDeadlocks(t, s)
}

// useTenant attaches an interface of a tenant and checks all its interfaces.
func useTenant(t *testing.T, s *server, created createdAccount, name string) {
	t.Helper()
	key := created.Keys[rand.IntN(len(created.Keys))].ID
	if r := s.mustCall(t, "AttachNetworkInterface", "AccessKeyId", key, "InstanceId", "i-1",
		"NetworkInterfaceId", "eni-1"); r.status != http.StatusOK {
		t.Errorf("%s, attach: got %d %v, want a success", name, r.status, r.body)
	}
	r := s.mustCall(t, "DescribeNetworkInterfaces", "AccessKeyId", key)
	text, err := json.Marshal(r.body)
	if err != nil {
		t.Error(err)
	}
	sets, _ := r.body["NetworkInterfaceSets"].(map[string]any)
	list, _ := sets["NetworkInterfaceSet"].([]any)
	var attached []string
	for _, entry := range list {
		n, _ := entry.(map[string]any)
		if n["OwnerId"] != created.ID {
			t.Errorf("%s: got an interface of %v, want only those of %s", name, n["OwnerId"], created.ID)
		}
		if n["InstanceId"] == "i-1" {
			attached = append(attached, fmt.Sprint(n["NetworkInterfaceId"]))
		}
	}
	slices.Sort(attached)
	if r.body["TotalCount"] != 3.0 || strings.Count(string(text), `"`+name+`"`) != 2 ||
		!slices.Equal(attached, []string{"eni-1", "eni-1-primary"}) {
		t.Errorf("%s: got %s, want its three interfaces, with eni-1 and the primary one attached", name, text)
	}
}

// Callers attach and detach while their account is reset, deleted and created again. Each reply is
// one of the contract, and the invariants hold.
func TestAccountsChangeUnderTraffic(t *testing.T) {
	t.Parallel()
	const callers, rounds = 4, 5
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{AttachDelay: time.Millisecond, DetachDelay: time.Millisecond},
		withControl(httpapi.Control{Open: true}, log))
	const id = "1000000000000042"
	var key atomic.Value
	createAgain := func() {
		key.Store(s.createAccount(t, map[string]any{"id": id, "scenario": tenantWorld("web").String()}).Keys[0].ID)
	}
	createAgain()
	reset, err := json.Marshal(map[string]string{"scenario": tenantWorld("web").String()})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	counts := map[string]int{}
	var traffic sync.WaitGroup
	stop := make(chan struct{})
	for k := range callers {
		traffic.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				action := []string{"AttachNetworkInterface", "DetachNetworkInterface",
					"DescribeNetworkInterfaces"}[rand.IntN(3)]
				pairs := []string{"AccessKeyId", key.Load().(string)}
				if action != "DescribeNetworkInterfaces" {
					pairs = append(pairs, "InstanceId", "i-1", "NetworkInterfaceId", fmt.Sprintf("eni-%d", 1+k%2))
				}
				r, err := s.call(t.Context(), action, pairs...)
				mu.Lock()
				if counts[r.code()]++; err != nil || r.status >= 500 {
					t.Errorf("%s: got %d %v, %v; want a reply of the contract", action, r.status, r.body, err)
				}
				mu.Unlock()
			}
		})
	}
	for range rounds {
		for _, r := range []controlRequest{
			{method: "POST", path: "/accounts/" + id + "/reset", body: string(reset)},
			{method: "POST", path: "/accounts/" + id + "/reset"},
			{method: "POST", path: "/accounts/" + id + "/reset", body: string(reset)},
			{method: "DELETE", path: "/accounts/" + id},
		} {
			if status, body, _ := s.control(t, r); status != http.StatusNoContent {
				t.Errorf("%s %s: got %d %s, want 204", r.method, r.path, status, body)
			}
		}
		createAgain()
	}
	close(stop)
	traffic.Wait()
	allowed := []string{
		ok, "InvalidOperation.InvalidEniState", "InvalidParameter.EniNotBelongEcs", "EniPerInstanceLimitExceeded",
		"InvalidEcsId.NotFound", "InvalidEniId.NotFound", "InvalidAccessKeyId.NotFound", "OperationConflict",
	}
	for code, n := range counts {
		if !slices.Contains(allowed, code) {
			t.Errorf("got %d times %q, want only codes of attaches, detaches and deleted accounts", n, code)
		}
	}
	for _, code := range []string{ok, "InvalidAccessKeyId.NotFound"} {
		if counts[code] == 0 {
			t.Errorf("got the answers %v, want some %q", counts, code)
		}
	}
	t.Logf("answers: %v", counts)
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("got errors of the server in the log, want none: %s", log)
	}
	checkInvariants(t, s.pool)
	expectNoDeadlocks(t, s)
}

// An exported world can be applied to another account. It excludes the secrets of its keys.
func TestControlExportsAnAccount(t *testing.T) {
	t.Parallel()
	s := serve(t, fullWorld(), service.Options{}, func(o *httpapi.Options) { o.Control.Open = true })
	if r := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1",
		"NetworkInterfaceId", "eni-1"); r.code() != ok {
		t.Fatal(r)
	}
	export := func(id string) string {
		t.Helper()
		status, body, _ := s.control(t, controlRequest{method: "GET", path: "/accounts/" + id + "/scenario"})
		text, _ := decodeJSON(t, body)["scenario"].(string)
		if status != http.StatusOK || text == "" {
			t.Fatalf("export %s: got %d %s, want 200 with a scenario", id, status, body)
		}
		return text
	}
	first := export(account)
	if strings.Contains(first, "access_keys") || !strings.Contains(first, "attached_to: i-1") {
		t.Errorf("got\n%s\nwant the attachment, and no access key", first)
	}
	created := s.createAccount(t, map[string]any{"scenario": first})
	_, got, _ := strings.Cut(export(created.ID), created.ID+`"`)
	if _, want, _ := strings.Cut(first, account+`"`); got != want {
		t.Errorf("export of the new account: got\n%s\nwant\n%s", got, want)
	}
	for id, want := range map[string]int{"1999999999999999": http.StatusNotFound, "x": http.StatusBadRequest} {
		if status, body, _ := s.control(t, controlRequest{method: "GET", path: "/accounts/" + id +
			"/scenario"}); status != want {
			t.Errorf("export of account %s: got %d %s, want %d", id, status, body, want)
		}
	}
}
