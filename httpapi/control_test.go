package httpapi_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/scenario"
)

const controlToken = "a-token-for-this-test-only"

// controlRequest is a request to the control API.
type controlRequest struct {
	method, path, body string
	header             http.Header
	host               string // "": the server's address
}

// control sends a control request and returns the reply.
func (s *server) control(t testing.TB, r controlRequest) (status int, body string, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), r.method, s.URL+"/_enisim"+r.path,
		strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if r.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(request.Header, r.header)
	request.Host = r.host
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

// decodeJSON decodes a JSON object.
func decodeJSON(t testing.TB, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("got %q, want JSON: %v", text, err)
	}
	return out
}

// withControl sets the access to the control API and the log.
func withControl(access httpapi.Control, log io.Writer) func(*httpapi.Options) {
	return func(o *httpapi.Options) {
		o.Control = access
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	}
}

// A key is created, listed, disabled and deleted. Its secret is only in the reply to its creation,
// and never in the log.
func TestControlKeyLifecycle(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{}, withControl(httpapi.Control{Open: true}, log))
	status, body, header := s.control(t, controlRequest{method: "POST", path: "/keys", body: `{"account": "` + account +
		`", "temporary": true, "expires_in": "1h"}`})
	created := decodeJSON(t, body)
	id, _ := created["id"].(string)
	if status != http.StatusCreated || id == "" || created["account"] != account || created["status"] != "Active" ||
		created["temporary"] != true || created["expires_at"] == nil {
		t.Fatalf("create: got %d %s, want 201 and an active temporary key", status, body)
	}
	if got := header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a reply with a secret: got Cache-Control %q, want no-store", got)
	}
	secrets := []string{"test-secret"} // of the world's own key
	for _, name := range []string{"secret", "security_token"} {
		secret, _ := created[name].(string)
		if secret == "" {
			t.Fatalf("create: got no %s in %s", name, body)
		}
		secrets = append(secrets, secret)
	}

	identify := func() error {
		_, err := s.service.Identify(t.Context(), id)
		return err
	}
	if err := identify(); err != nil {
		t.Errorf("the new key: got %v, want no error", err)
	}
	var answers strings.Builder
	for _, step := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/keys?account=" + account, http.StatusOK, `"id":"` + id + `"`},
		{"GET", "/keys", http.StatusOK, `"id":"` + accessKey + `"`},
		{"GET", "/keys?account=1000000000000009", http.StatusOK, `{"keys":[]}`},
		{"POST", "/keys/" + id + "/disable", http.StatusOK, `"status":"Inactive"`},
		{"POST", "/keys/" + id + "/disable", http.StatusOK, `"status":"Inactive"`},
		{"DELETE", "/keys/" + id, http.StatusNoContent, ""},
		{"DELETE", "/keys/" + id, http.StatusNotFound, "no access key"},
		{"POST", "/keys/" + id + "/disable", http.StatusNotFound, "no access key"},
	} {
		status, body, header := s.control(t, controlRequest{method: step.method, path: step.path})
		if status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s %s: got %d %s, want %d and %q", step.method, step.path, status, body, step.status, step.want)
		}
		if requestID := header.Get("X-Acs-Request-Id"); requestID == "" || strings.Count(log.String(), requestID) != 1 {
			t.Errorf("%s %s: got RequestId %q in %d lines of the log, want 1", step.method, step.path, requestID,
				strings.Count(log.String(), requestID))
		}
		answers.WriteString(body)
	}
	if err := identify(); err == nil {
		t.Error("the deleted key: got no error, want an unknown key")
	}
	for _, secret := range secrets {
		if strings.Contains(answers.String(), secret) {
			t.Errorf("got the secret %q in a later answer, want it in none: %s", secret, &answers)
		}
		if strings.Contains(log.String(), secret) {
			t.Errorf("got the secret %q in the log, want it absent: %s", secret, log)
		}
	}
}

// An invalid request gets a JSON error with a hint, and changes nothing.
func TestControlErrors(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{}, withControl(httpapi.Control{Open: true}, log))
	valid := `{"account": "` + account + `"}`
	for _, c := range []struct {
		name   string
		r      controlRequest
		status int
		want   string
	}{
		{"a form", controlRequest{method: "POST", path: "/keys", body: valid,
			header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}, 415, "application/json"},
		{"plain text", controlRequest{method: "POST", path: "/keys", body: valid,
			header: http.Header{"Content-Type": {"text/plain"}}}, 415, "application/json"},
		{"no body", controlRequest{method: "POST", path: "/keys"}, 415, "application/json"},
		{"an empty body", controlRequest{method: "POST", path: "/keys",
			header: http.Header{"Content-Type": {"application/json"}}}, 400, "EOF"},
		{"broken JSON", controlRequest{method: "POST", path: "/keys", body: `{"account"`}, 400, "JSON"},
		{"two values", controlRequest{method: "POST", path: "/keys", body: valid + valid}, 400, "more than one value"},
		{"text after the value", controlRequest{method: "POST", path: "/keys", body: valid + "x"}, 400, "JSON"},
		{"an unknown field", controlRequest{method: "POST", path: "/keys", body: `{"acount": "1"}`}, 400, "acount"},
		{"a huge body", controlRequest{method: "POST", path: "/keys", body: `{"account": "` +
			strings.Repeat("1", 1<<20) + `"}`}, 400, "too large"},
		{"a zero byte", controlRequest{method: "POST", path: "/keys", body: `{"account": "1\u0000"}`}, 400,
			"16 digits"},
		{"no account", controlRequest{method: "POST", path: "/keys", body: `{}`}, 400, "16 digits"},
		{"an unknown account", controlRequest{method: "POST", path: "/keys", body: `{"account": "1000000000000009"}`},
			404, "enisim scenario apply"},
		{"a duration without a unit", controlRequest{method: "POST", path: "/keys", body: `{"account": "` + account +
			`", "expires_in": "60"}`}, 400, "such as 30m"},
		{"an unknown path", controlRequest{method: "GET", path: "/locks"}, 404, "docs/control-api.md"},
		{"another method", controlRequest{method: "PATCH", path: "/keys"}, 404, "docs/control-api.md"},
		{"a zero byte in the path", controlRequest{method: "DELETE", path: "/keys/LTAI%00"}, 404, "no access key"},
	} {
		status, body, header := s.control(t, c.r)
		reply := decodeJSON(t, body)
		if text, _ := reply["error"].(string); status != c.status || !strings.Contains(text, c.want) ||
			reply["request_id"] != header.Get("X-Acs-Request-Id") {
			t.Errorf("%s: got %d %s, want %d, %q and the RequestId of the header", c.name, status, body, c.status,
				c.want)
		}
	}
	if keys, err := operator.New(s.service).AccessKeys(t.Context(), ""); err != nil || len(keys) != 1 {
		t.Errorf("afterwards: got %+v, %v; want only the key of the world", keys, err)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("got an operator's mistake logged as an error of the server: %s", log)
	}
}

// A control API with a token accepts requests with exactly this token, and does not log it.
func TestControlToken(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world(), service.Options{}, withControl(httpapi.Control{Token: controlToken, Open: true}, log))
	for _, c := range []struct {
		authorization string
		status        int
	}{
		{"", 401},
		{"Bearer", 401},
		{"Bearer ", 401},
		{"Bearer " + controlToken[1:], 401},
		{"Bearer " + controlToken + "x", 401},
		{"Basic " + controlToken, 401},
		{controlToken, 401},
		{"Bearer " + controlToken, 200},
		{"bearer " + controlToken, 200},
	} {
		// with a token, any host name is allowed
		r := controlRequest{method: "GET", path: "/keys", host: "enisim.example"}
		if c.authorization != "" {
			r.header = http.Header{"Authorization": {c.authorization}}
		}
		status, body, header := s.control(t, r)
		if status != c.status {
			t.Errorf("Authorization %q: got %d %s, want %d", c.authorization, status, body, c.status)
		}
		if challenged := header.Get("WWW-Authenticate") == "Bearer"; challenged != (c.status == 401) {
			t.Errorf("Authorization %q: got a challenge: %v, want %v", c.authorization, challenged, !challenged)
		}
	}
	if status, _, _ := s.control(t, controlRequest{method: "GET", path: "/nothing"}); status != 401 {
		t.Errorf("an unknown path without the token: got %d, want 401, which does not reveal the paths", status)
	}
	if strings.Contains(log.String(), controlToken) {
		t.Errorf("got the token in the log, want it absent: %s", log)
	}
}

// Without a token, and if it is not open, the control API answers as an unknown path.
func TestControlIsOffByDefault(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	for _, r := range []controlRequest{
		{method: "GET", path: "/keys"},
		{method: "GET", path: "/keys", header: http.Header{"Authorization": {"Bearer "}}},
		{method: "POST", path: "/keys", body: `{"account": "` + account + `"}`},
	} {
		if status, body, _ := s.control(t, r); status != http.StatusNotFound ||
			!strings.Contains(body, "InvalidAction.NotFound") {
			t.Errorf("%s %s: got %d %s, want the 404 of an unknown path", r.method, r.path, status, body)
		}
	}
}

// A web page in a browser on this machine can send requests to 127.0.0.1 too. So an open control
// API refuses requests of other sites, and host names other than those of this machine.
func TestOpenControlRefusesCrossSiteRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, func(o *httpapi.Options) { o.Control.Open = true })
	own := s.Listener.Addr().String()
	post := func(host string, header http.Header) controlRequest {
		return controlRequest{method: "POST", path: "/keys", body: `{"account": "` + account +
			`"}`, host: host, header: header}
	}
	get := func(host string) controlRequest { return controlRequest{method: "GET", path: "/keys", host: host} }
	deleteKey := func(header http.Header) controlRequest {
		return controlRequest{method: "DELETE", path: "/keys/" + accessKey, header: header}
	}
	for _, c := range []struct {
		name   string
		r      controlRequest
		status int
	}{
		{"a program", post("", nil), 201},
		{"a page of the server", post("", http.Header{"Origin": {"http://" + own}}), 201},
		{"a page of the server, with Sec-Fetch-Site",
			post("", http.Header{"Origin": {"http://" + own}, "Sec-Fetch-Site": {"same-origin"}}), 201},
		{"by name", post("localhost:8080", nil), 201},
		{"by name without a port", post("LOCALHOST", nil), 201},
		{"by IPv6", post("[::1]:8080", nil), 201},
		{"by IPv6 without a port", post("[::1]", nil), 201},
		{"by another loopback address", post("127.9.9.9", nil), 201},

		{"a rebound name", post("evil.example:8080", nil), 403},
		{"a rebound name that is same-origin for the browser",
			post("evil.example", http.Header{"Origin": {"http://evil.example"}, "Sec-Fetch-Site": {"same-origin"}}),
			403},
		{"a read under a rebound name", get("evil.example"), 403},
		{"a name with a loopback prefix", get("127.0.0.1.evil.example"), 403},
		{"a name with the suffix localhost", get("evil.localhost"), 403},
		{"another address", get("192.0.2.1:8080"), 403},
		{"a page of another site", post("", http.Header{"Origin": {"https://evil.example"}}), 403},
		{"a page of another site, with Sec-Fetch-Site",
			post("", http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}), 403},
		{"a page of another port", post("", http.Header{"Origin": {"http://127.0.0.1:1"},
			"Sec-Fetch-Site": {"same-site"}}), 403},
		{"a sandboxed page", post("", http.Header{"Origin": {"null"}}), 403},
		{"a deletion by another site", deleteKey(http.Header{"Origin": {"https://evil.example"}}), 403},
		{"a deletion by a form of another site", deleteKey(http.Header{"Sec-Fetch-Site": {"cross-site"}}), 403},
		{"a CORS preflight", controlRequest{method: "OPTIONS", path: "/keys",
			header: http.Header{"Origin": {"https://evil.example"}, "Access-Control-Request-Method": {"DELETE"}}}, 403},

		{"a typed address", controlRequest{method: "GET", path: "/verify",
			header: http.Header{"Sec-Fetch-Site": {"none"}}}, 200},
		{"a read by a page of the server", controlRequest{method: "GET", path: "/verify",
			header: http.Header{"Sec-Fetch-Site": {"same-origin"}}}, 200},
		{"an image of another site", controlRequest{method: "GET", path: "/verify",
			header: http.Header{"Sec-Fetch-Site": {"cross-site"}}}, 403},
		{"an image of another port", controlRequest{method: "GET", path: "/verify",
			header: http.Header{"Sec-Fetch-Site": {"same-site"}}}, 403},
		{"a read by another site", controlRequest{method: "GET", path: "/keys",
			header: http.Header{"Origin": {"https://evil.example"}}}, 403},
		{"HEAD by another site", controlRequest{method: "HEAD", path: "/accounts",
			header: http.Header{"Sec-Fetch-Site": {"cross-site"}}}, 403},
		{"an unknown path, for another site",
			controlRequest{method: "GET", path: "/nothing", header: http.Header{"Sec-Fetch-Site": {"cross-site"}}},
			403},
	} {
		status, body, header := s.control(t, c.r)
		if status != c.status {
			t.Errorf("%s: got %d %s, want %d", c.name, status, body, c.status)
		}
		if got := header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: got Access-Control-Allow-Origin %q, want none", c.name, got)
		}
	}
	if _, err := s.service.Identify(t.Context(), accessKey); err != nil {
		t.Errorf("the key of the world afterwards: got %v, want no error", err)
	}
}

// All controls refuse requests of other sites, whatever their method.
func TestAllControlsRefuseCrossSiteRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, func(o *httpapi.Options) { o.Control.Open = true })
	for _, name := range httpapi.ControlNames() {
		method, path, _ := strings.Cut(name, " ")
		for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}},
			{"Origin": {"https://evil.example"}}, {"Origin": {"null"}}} {
			if status, body, _ := s.control(t,
				controlRequest{method: method, path: path, header: header}); status != http.StatusForbidden {
				t.Errorf("%s with %v: got %d %s, want 403", name, header, status, body)
			}
		}
	}
}

// The list of action names in service/scenario equals the action table.
func TestActionNames(t *testing.T) {
	t.Parallel()
	names := httpapi.ActionNames()
	if *update {
		text := strings.Join(names, "\n") + "\n"
		if err := os.WriteFile("../service/scenario/action_names.txt", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if listed := scenario.ActionNames(); !slices.Equal(listed, names) {
		t.Errorf("got the names\n%s\nin service/scenario/action_names.txt, want\n%s\nmake golden updates the file",
			strings.Join(listed, "\n"), strings.Join(names, "\n"))
	}
	if !strings.Contains(strings.Join(names, " "), "ecs:AttachNetworkInterface") {
		t.Errorf("got %q, want ecs:AttachNetworkInterface among them", names)
	}
	for _, name := range names {
		if product, action, _ := strings.Cut(name, ":"); product == "" || action == "" {
			t.Errorf("got %q, want product:Action", name)
		}
	}
}
