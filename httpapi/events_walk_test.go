package httpapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/store/storetest"
)

// unchanging are the golden cases of successes that change nothing: a repeat with the same ClientToken.
var unchanging = []string{"by-the-same-token", "repeated"}

// changingCases are calls that change something, of actions whose golden cases change nothing.
var changingCases = map[string]goldenCase{
	"RebootInstance":  {name: "changing", pairs: instanceRequest("i-running"), in: startingSlowly},
	"RebootInstances": {name: "changing", pairs: batchRequest("i-running"), in: startingSlowly},
	"RevokeSecurityGroup": {
		name: "changing", pairs: groupRequest("sg-main", "SecurityGroupRuleId.1", "sgr-1"), in: withRules},
	"RevokeSecurityGroupEgress": {
		name: "changing", pairs: groupRequest("sg-main", "SecurityGroupRuleId.1", "sgr-3"), in: withRules},
}

// startingSlowly makes a server whose instances are Starting for a second.
func startingSlowly(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{StartDelay: time.Second}, "")
	return server
}

// Each action that writes records one event for a call that changes something, with its RequestId, and
// no secret. A repeat records none. The test takes the actions from their table, and a call of each from
// its golden files, so an action that forgets its event fails it.
func TestEachWritingActionRecordsItsEvent(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	shared := newSharedWorlds(t)
	var mu sync.Mutex
	recording := map[string]bool{} // product:action
	t.Run("actions", func(t *testing.T) {
		for action, cases := range goldenCases {
			if readsOnly.MatchString(action) {
				continue
			}
			t.Run(action, func(t *testing.T) {
				t.Parallel()
				worlds := map[string]*goldenWorld{}
				if changing, found := changingCases[action]; found {
					changing.world = cases[0].world
					cases = []goldenCase{changing}
				}
				for _, c := range cases {
					if c.isRefused() {
						continue
					}
					if worlds[c.world] == nil {
						worlds[c.world] = &goldenWorld{t: t, scenario: c.world, shared: shared}
					}
					if recordsEvent(t, worlds[c.world], action, c) {
						mu.Lock()
						recording[ramProduct(action, c)+":"+action] = true
						mu.Unlock()
					}
				}
			})
		}
	})
	for _, name := range httpapi.ActionNames() {
		_, action, _ := strings.Cut(name, ":")
		if !readsOnly.MatchString(action) && !recording[name] && action != "UnTagResources" { // another spelling
			t.Errorf("%s: no golden case of it has recorded an event", name)
		}
	}
}

// ramProduct returns the product of a golden case, as RAM policies name it.
func ramProduct(action string, c goldenCase) string {
	version := c.version
	if version == "" {
		version = httpapi.VersionOf(action)
	}
	return productOf[version]
}

// recordsEvent sends a golden case, and reports whether it has recorded an event as it must.
func recordsEvent(t *testing.T, g *goldenWorld, action string, c goldenCase) bool {
	t.Helper()
	in := c.in
	if in == nil {
		in = ordinary
	}
	server := in(g)
	before := recordedEvents(t, g.pools[server])
	reply := goldenReply(t, server, action, "json", c)
	if !strings.HasPrefix(reply, "200 ") {
		t.Fatalf("%s: got %s, want a success", c.name, reply)
	}
	events := recordedEvents(t, g.pools[server])[len(before):]
	if slices.Contains(unchanging, c.name) {
		if len(events) != 0 {
			t.Errorf("%s: got %q, want no event", c.name, events)
		}
		return false
	}
	if len(events) != 1 {
		t.Errorf("%s: got %d events, want one: %s", c.name, len(events), events)
		return false
	}
	type change struct{ Resource, Field string }
	var event struct {
		Request string `json:"request_id"`
		Action  string
		Outcome string
		Caller  string
		Changes []change
	}
	if err := json.Unmarshal([]byte(events[0]), &event); err != nil {
		t.Fatal(err)
	}
	isIncomplete := func(c change) bool { return c.Resource == "" || c.Field == "" }
	if event.Request != goldenRequestID || event.Action != action || event.Outcome != "OK" || event.Caller == "" ||
		len(event.Changes) == 0 || slices.ContainsFunc(event.Changes, isIncomplete) {
		t.Errorf("%s: got %s, want a change by %s", c.name, events[0], action)
	}
	for _, secret := range secretsOf(c, reply) {
		if strings.Contains(events[0], secret) {
			t.Errorf("%s: got %s, which has the secret %q", c.name, events[0], secret)
		}
	}
	return true
}

// recordedEvents returns all events of a database as JSON, in their order.
func recordedEvents(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT (to_jsonb(e) || jsonb_build_object('changes', e.changes::jsonb))::text FROM events e ORDER BY number`)
	if err != nil {
		t.Fatal(err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return events
}

var secretField = regexp.MustCompile(`"(?:AccessKeySecret|SecurityToken|PrivateKeyBody)":"([^"]+)"`)

// secretsOf returns the secrets of a request and its answer.
func secretsOf(c goldenCase, reply string) (secrets []string) {
	for k := 0; k+1 < len(c.pairs); k += 2 {
		if slices.Contains([]string{"Password", "UserData", "ClientToken"}, c.pairs[k]) {
			secrets = append(secrets, c.pairs[k+1])
		}
	}
	for _, match := range secretField.FindAllStringSubmatch(reply, -1) {
		secrets = append(secrets, match[1])
	}
	return secrets
}

// An action that only reads records nothing.
func TestReadingActionsRecordNoEvents(t *testing.T) {
	t.Parallel()
	shared := newSharedWorlds(t)
	g := &goldenWorld{t: t, shared: shared}
	server := ordinary(g)
	before := recordedEvents(t, g.pools[server])
	for action, cases := range goldenCases {
		if !readsOnly.MatchString(action) {
			continue
		}
		for _, c := range cases {
			if !c.isRefused() && c.in == nil && c.world == "" {
				goldenReply(t, server, action, "json", c)
			}
		}
	}
	if events := recordedEvents(t, g.pools[server])[len(before):]; len(events) > 0 {
		t.Errorf("got %s, want no event", events)
	}
}

// operations returns the events of operators' commands as JSON, in their order.
func (s *server) operations(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(recordedEvents(t, s.pool), func(event string) bool {
		return !strings.Contains(event, `"caller": "operator"`)
	})
}

// unrecorded are the control calls that change nothing.
var unrecorded = map[string]string{
	"POST /scenario/diff":            "it only compares",
	"POST /accounts/{account}/reset": "the account is as empty as its scenario",
	"DELETE /stock":                  "there is none left",
	"DELETE /faults":                 "there are none left",
	"DELETE /lifecycles":             "there are none of the account",
}

// checkOperations checks that a control call that changes something has recorded one event, without the
// secrets of its answer, and another call none.
func checkOperations(t *testing.T, operation string, events []string, answer string) {
	t.Helper()
	want := 1
	if strings.HasPrefix(operation, "GET ") || unrecorded[operation] != "" {
		want = 0
	}
	if len(events) != want {
		t.Errorf("%s: got the events %q, want %d", operation, events, want)
		return
	}
	for _, event := range events {
		if strings.Contains(event, `"request_id": ""`) || strings.Contains(event, `"action": ""`) ||
			strings.Contains(event, `"changes": []`) {
			t.Errorf("%s: got %s, want a request, an action and changes", operation, event)
		}
		for _, match := range secretOfKey.FindAllStringSubmatch(answer, -1) {
			if strings.Contains(event, match[1]) {
				t.Errorf("%s: got %s, which has the secret %s", operation, event, match[1])
			}
		}
	}
}

var secretOfKey = regexp.MustCompile(`"(?:secret|security_token)":"([^"]+)"`)
