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

	"enisim/httpapi"
	"enisim/service"
	"enisim/service/worldtest"
	"enisim/store"
	"enisim/store/storetest"
	"enisim/testdata/scenarios"
)

// tenant is a scenario of one account, whose interfaces bear its name.
func tenant(name string, options ...worldtest.Option) *worldtest.World {
	return world(append(options, worldtest.Set("id", "whatever"))...).
		Instance("i-1").
		NetworkInterface("eni-{n}", worldtest.Count(2), worldtest.Set("name", name))
}

// madeAccount is what the control API tells of a new account.
type madeAccount struct {
	ID, Name string
	Keys     []struct {
		ID, Secret string
		InScenario string `json:"in_scenario"`
		RAMUser    string `json:"ram_user"`
	}
}

// makeAccount makes an account with the content of a scenario.
func (s *server) makeAccount(t testing.TB, fields map[string]any) madeAccount {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	status, text, _ := s.control(t, controlRequest{method: "POST", path: "/accounts", body: string(body)})
	var made madeAccount
	if err := json.Unmarshal([]byte(text), &made); status != http.StatusCreated || err != nil || made.ID == "" || len(made.Keys) == 0 {
		t.Fatalf("create an account: got %d %s, %v; want 201 with an id and a key", status, text, err)
	}
	return made
}

// An account's life through the control API, with the quick-start scenario as it is in its file.
func TestControlOfAccounts(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{}, withControl(httpapi.Control{Open: true}, log))
	made := s.makeAccount(t, map[string]any{
		"name": "run 17", "quotas": map[string]int{"network_interfaces_per_region": 7}, "expires_in": "1h", "scenario": string(scenarios.Quickstart),
	})
	if made.Name != "run 17" || len(made.Keys) != 3 || made.Keys[0].InScenario != "" || made.Keys[1].InScenario != "LTAIquickstart000001" || made.Keys[2].RAMUser != "attacher" {
		t.Errorf("got %+v, want the name, a key of its own and the scenario's two", made)
	}
	interfaces := func(want float64) {
		t.Helper()
		for _, key := range made.Keys {
			if r := s.mustCall(t, "DescribeNetworkInterfaces", "AccessKeyId", key.ID); r.body["TotalCount"] != want {
				t.Errorf("with key %s: got %d %v, want %v interfaces", key.ID, r.status, r.body, want)
			}
		}
	}
	interfaces(15)
	reset, err := json.Marshal(map[string]string{"scenario": tenant("web").String()})
	if err != nil {
		t.Fatal(err)
	}
	var answers strings.Builder
	path := "/accounts/" + made.ID
	for _, step := range []struct {
		method, path, body string
		status             int
		says               string
		interfaces         float64
	}{
		{"GET", "/accounts", "", 200, `{"id":"` + made.ID + `","name":"run 17","quotas":{"network_interfaces_per_region":7},"expires_at":"`, 15},
		{"GET", "/accounts", "", 200, `{"id":"` + account + `","name":"","quotas":{"network_interfaces_per_region":100},"created_at":"`, 15},
		{"POST", path + "/reset", "", 204, "", 0},
		{"POST", path + "/reset", string(reset), 204, "", 3},
		{"POST", path + "/reset", "{}", 204, "", 0},
	} {
		status, body, _ := s.control(t, controlRequest{method: step.method, path: step.path, body: step.body})
		if status != step.status || !strings.Contains(body, step.says) {
			t.Errorf("%s %s: got %d %s, want %d and %q", step.method, step.path, status, body, step.status, step.says)
		}
		answers.WriteString(body)
		interfaces(step.interfaces)
	}
	if status, body, _ := s.control(t, controlRequest{method: "DELETE", path: path}); status != 204 || body != "" {
		t.Errorf("delete: got %d %s, want 204", status, body)
	}
	for _, key := range made.Keys {
		if r := s.mustCall(t, "DescribeNetworkInterfaces", "AccessKeyId", key.ID); r.code() != "InvalidAccessKeyId.NotFound" {
			t.Errorf("afterwards with key %s: got %d %v, want it unknown", key.ID, r.status, r.body)
		}
		if strings.Contains(answers.String(), key.Secret) || strings.Contains(log.String(), key.Secret) {
			t.Errorf("the secret of key %s is told again, or in the log", key.ID)
		}
	}
	if status, body, _ := s.control(t, controlRequest{method: "DELETE", path: path}); status != 404 || !strings.Contains(body, "enisim account list") {
		t.Errorf("delete again: got %d %s, want 404", status, body)
	}
}

func TestControlOfAccountsRefusals(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{}, withControl(httpapi.Control{Open: true}, log))
	before := storetest.Owners(t, s.pool)
	for _, c := range []struct {
		name string
		r    controlRequest
		want int
		says string
	}{
		{"no body", controlRequest{method: "POST", path: "/accounts"}, 415, "application/json"},
		{"YAML as it is", controlRequest{method: "POST", path: "/accounts", body: "enisim: 1", header: http.Header{"Content-Type": {"application/yaml"}}}, 415, "application/json"},
		{"an unknown field", controlRequest{method: "POST", path: "/accounts", body: `{"quota": 1}`}, 400, "quota"},
		{"an account that exists", controlRequest{method: "POST", path: "/accounts", body: `{"id": "` + account + `"}`}, 400, "enisim account reset"},
		{"a duration without a unit", controlRequest{method: "POST", path: "/accounts", body: `{"expires_in": "60"}`}, 400, "such as 30m"},
		{"a zero byte", controlRequest{method: "POST", path: "/accounts", body: `{"name": "\u0000"}`}, 400, "the name"},
		{"an empty scenario", controlRequest{method: "POST", path: "/accounts", body: `{"scenario": ""}`}, 400, "scenario:1:1: the file is empty"},
		{"a scenario that is wrong", controlRequest{method: "POST", path: "/accounts", body: `{"scenario": "enisim: 1\naccounts:\n  - {id: x, ziel: y}\n"}`}, 400, "scenario:3:13: unknown key"},
		{"a huge body", controlRequest{method: "POST", path: "/accounts", body: `{"scenario": "` + strings.Repeat("#", 32<<20) + `"}`}, 400, "too large"},
		{"reset what is none", controlRequest{method: "POST", path: "/accounts/1000000000000009/reset"}, 404, "enisim account list"},
		{"reset with a form", controlRequest{method: "POST", path: "/accounts/" + account + "/reset", body: "scenario=", header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}, 415, "application/json"},
		{"reset to a scenario that is wrong", controlRequest{method: "POST", path: "/accounts/" + account + "/reset", body: `{"scenario": "enisim: 2"}`}, 400, "version"},
		{"delete what is no account", controlRequest{method: "DELETE", path: "/accounts/1%00"}, 400, "16 digits"},
	} {
		status, body, _ := s.control(t, c.r)
		if text, _ := decoded(t, body)["error"].(string); status != c.want || !strings.Contains(text, c.says) {
			t.Errorf("%s: got %d %s, want %d and %q", c.name, status, body, c.want, c.says)
		}
	}
	if after := storetest.Owners(t, s.pool); !maps.EqualFunc(before, after, maps.Equal[map[string]int, map[string]int]) {
		t.Errorf("afterwards: got %v, want %v", after, before)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("an operator's mistake is logged as ours: %s", log)
	}
}

// 500 accounts with the same ids in them are made, used and deleted by 16 workers at once. None sees another's, and nothing is left of them.
func TestFiveHundredTenants(t *testing.T) {
	t.Parallel()
	const tenants, workers = 500, 16
	config, err := store.Config(storetest.URL(t)) // a pool as a server's own, which no worker waits for
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
			made := s.makeAccount(t, map[string]any{"scenario": tenant(name).String()})
			useTenant(t, s, made, name)
			if status, body, _ := s.control(t, controlRequest{method: "DELETE", path: "/accounts/" + made.ID}); status != http.StatusNoContent {
				t.Errorf("%s, delete: got %d %s, want 204", name, status, body)
			}
			if r := s.mustCall(t, "DescribeInstances", "AccessKeyId", made.Keys[0].ID); r.code() != "InvalidAccessKeyId.NotFound" {
				t.Errorf("%s, deleted: got %d %v, want its key unknown", name, r.status, r.body)
			}
			used.Add(1)
		}
		return ok, nil
	})
	if used.Load() != tenants {
		t.Errorf("got %d tenants made, used and deleted, want %d", used.Load(), tenants)
	}
	if after := storetest.Owners(t, s.pool); !maps.EqualFunc(before, after, maps.Equal[map[string]int, map[string]int]) {
		t.Errorf("afterwards: got %v, want %v", after, before)
	}
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// useTenant attaches an interface of a tenant and looks at all that it has.
func useTenant(t *testing.T, s *server, made madeAccount, name string) {
	t.Helper()
	key := made.Keys[rand.IntN(len(made.Keys))].ID
	if r := s.mustCall(t, "AttachNetworkInterface", "AccessKeyId", key, "InstanceId", "i-1", "NetworkInterfaceId", "eni-1"); r.status != http.StatusOK {
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
		if n["OwnerId"] != made.ID {
			t.Errorf("%s: got an interface of %v, want only those of %s", name, n["OwnerId"], made.ID)
		}
		if n["InstanceId"] == "i-1" {
			attached = append(attached, fmt.Sprint(n["NetworkInterfaceId"]))
		}
	}
	slices.Sort(attached)
	if r.body["TotalCount"] != 3.0 || strings.Count(string(text), `"`+name+`"`) != 2 || !slices.Equal(attached, []string{"eni-1", "eni-1-primary"}) {
		t.Errorf("%s: got %s, want its own three interfaces, of which eni-1 and the primary one are attached", name, text)
	}
}

// Callers attach and detach while their account is reset, deleted and made again. Each gets an answer of the contract, and the promises hold.
func TestAccountsChangeUnderTraffic(t *testing.T) {
	t.Parallel()
	const callers, rounds = 4, 5
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{AttachDelay: time.Millisecond, DetachDelay: time.Millisecond}, withControl(httpapi.Control{Open: true}, log))
	const id = "1000000000000042"
	var key atomic.Value
	remake := func() {
		key.Store(s.makeAccount(t, map[string]any{"id": id, "scenario": tenant("web").String()}).Keys[0].ID)
	}
	remake()
	reset, err := json.Marshal(map[string]string{"scenario": tenant("web").String()})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	counts := map[string]int{}
	var calling sync.WaitGroup
	over := make(chan struct{})
	for k := range callers {
		calling.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				action := []string{"AttachNetworkInterface", "DetachNetworkInterface", "DescribeNetworkInterfaces"}[rand.IntN(3)]
				pairs := []string{"AccessKeyId", key.Load().(string)}
				if action != "DescribeNetworkInterfaces" {
					pairs = append(pairs, "InstanceId", "i-1", "NetworkInterfaceId", fmt.Sprintf("eni-%d", 1+k%2))
				}
				r, err := s.call(t.Context(), action, pairs...)
				mu.Lock()
				if counts[r.code()]++; err != nil || r.status >= 500 {
					t.Errorf("%s: got %d %v, %v; want an answer of the contract", action, r.status, r.body, err)
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
		remake()
	}
	close(over)
	calling.Wait()
	allowed := []string{
		ok, "InvalidOperation.InvalidEniState", "InvalidParameter.EniNotBelongEcs", "EniPerInstanceLimitExceeded",
		"InvalidEcsId.NotFound", "InvalidEniId.NotFound", "InvalidAccessKeyId.NotFound", "OperationConflict",
	}
	for code, n := range counts {
		if !slices.Contains(allowed, code) {
			t.Errorf("got %d times %q, want only what callers of an account that comes and goes may get", n, code)
		}
	}
	for _, code := range []string{ok, "InvalidAccessKeyId.NotFound"} {
		if counts[code] == 0 {
			t.Errorf("no %q among %v: the traffic tests nothing", code, counts)
		}
	}
	t.Logf("answers: %v", counts)
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("the log has failures of ours: %s", log)
	}
	checkInvariants(t, s.pool)
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// An account's world goes out as a scenario, which another account takes. The secrets of its keys stay.
func TestControlExportsAnAccount(t *testing.T) {
	t.Parallel()
	s := serve(t, whole(), service.Options{}, func(o *httpapi.Options) { o.Control.Open = true })
	if r := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1"); r.code() != ok {
		t.Fatal(r)
	}
	export := func(id string) string {
		t.Helper()
		status, body, _ := s.control(t, controlRequest{method: "GET", path: "/accounts/" + id + "/scenario"})
		text, _ := decoded(t, body)["scenario"].(string)
		if status != http.StatusOK || text == "" {
			t.Fatalf("export %s: got %d %s, want 200 with a scenario", id, status, body)
		}
		return text
	}
	first := export(account)
	if strings.Contains(first, "access_keys") || !strings.Contains(first, "attached_to: i-1") {
		t.Errorf("got\n%s\nwant the attachment, and no access key", first)
	}
	made := s.makeAccount(t, map[string]any{"scenario": first})
	_, got, _ := strings.Cut(export(made.ID), made.ID+`"`)
	if _, want, _ := strings.Cut(first, account+`"`); got != want {
		t.Errorf("the other account: got\n%s\nwant\n%s", got, want)
	}
	for id, want := range map[string]int{"1999999999999999": http.StatusNotFound, "x": http.StatusBadRequest} {
		if status, body, _ := s.control(t, controlRequest{method: "GET", path: "/accounts/" + id + "/scenario"}); status != want {
			t.Errorf("of %s: got %d %s, want %d", id, status, body, want)
		}
	}
}
