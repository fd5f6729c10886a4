package httpapi_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/metrics"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// hostileText is a name and a description that would run in a careless page.
const hostileText = `"><script>alert(1)</script><img src=x onerror=alert(2)>'{{.}}`

// consoleWorld is a world with a full instance, and with hostile names.
func consoleWorld() *worldtest.World {
	in, set := worldtest.Set("vswitch", "vsw-h"), worldtest.Set
	groups := set("security_groups", []string{"sg-main"})
	return world(set("name", hostileText)).
		Instance("i-full", in, groups, set("type", "ecs.g6.large"), set("name", hostileText)).
		Instance("i-free", in, groups, set("type", "ecs.g6.xlarge")).
		NetworkInterface("eni-held", in, groups, set("attached_to", "i-full"), set("name", hostileText),
			set("description", hostileText)).
		NetworkInterface("eni-1", in, groups).
		NetworkInterface("eni-2", in, groups).
		NetworkInterface("eni-3", in, groups)
}

// consolePages are all pages of the console, for the world of the tests.
var consolePages = []string{
	"", "/search", "/search?q=eni-", "/accounts/" + account,
	"/accounts/" + account + "/instances", "/accounts/" + account + "/instances?status=Running",
	"/accounts/" + account + "/interfaces?region=cn-hangzhou",
	"/accounts/" + account + "/groups?region=cn-hangzhou",
	"/accounts/" + account + "/vpcs/vpc-main", "/accounts/" + account + "/vswitches/vsw-h",
	"/accounts/" + account + "/instances/i-full", "/accounts/" + account + "/interfaces/eni-held",
	"/accounts/" + account + "/groups/sg-main",
	"/contention", "/requests", "/requests?refusals=true&account=" + account,
	"/faults", "/faults?account=" + account, "/lifecycles", "/throttles", "/stock?account=" + account,
	"/quotas", "/quotas?account=" + account, "/clock?account=" + account,
	"/scenarios?account=" + account, "/snapshots?account=" + account,
	"/explorer", "/explorer?account=" + account + "&action=Ecs:RunInstances",
}

// serveConsole starts the API with a console and metrics.
func serveConsole(
	t testing.TB, access httpapi.Control, options service.Options, change ...func(*httpapi.Options),
) *server {
	t.Helper()
	m := metrics.New(metrics.Build{Version: "v1.2.3"})
	options.Refusals = service.AllRefusals
	options.Observe = m.Observer()
	changes := append([]func(*httpapi.Options){
		func(o *httpapi.Options) { o.Control, o.Metrics = access, m },
	}, change...)
	return serve(t, consoleWorld(), options, changes...)
}

// browse gets a page of the console.
func (s *server) browse(t testing.TB, client *http.Client, path string, change ...func(*http.Request)) (
	status int, body string, header http.Header,
) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/console"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(request)
	}
	response, err := client.Do(request)
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

// post sends a form to the console.
func (s *server) post(t testing.TB, client *http.Client, path string, form url.Values, change ...func(*http.Request)) (
	status int, body string, header http.Header,
) {
	t.Helper()
	return s.browse(t, client, path, append([]func(*http.Request){func(r *http.Request) {
		r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}}, change...)...)
}

// newBrowser returns a client with cookies that follows no redirect.
func (s *server) newBrowser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Transport: s.Client().Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Each page is complete, and the hostile names of the world are text in it.
func TestConsolePagesEscapeNames(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	// Everything that an event keeps of a request is hostile too.
	_, err := s.pool.Exec(t.Context(), `
		INSERT INTO event_batches (first_number, recorded_at, at, keys, events)
		SELECT nextval('event_numbers'), now(), now(),
		    ARRAY[event_key($1), event_key('hostile'), event_key($2), event_key('i-full'), event_key('refusals')],
		    json_build_array(json_build_object('account_id', $1::text, 'request_id', 'hostile', 'caller', $2::text,
		        'user_name', $2, 'action', $2, 'outcome', $2, 'fault', $2, 'resources', ARRAY[$2, 'i-full'],
		        'changes', json_build_array(json_build_object('resource', $2, 'field', $2, 'from', $2, 'to', $2)),
		        'why', json_build_object('rule', $2, 'message', $2, 'hint', $2, 'values', json_build_object($2, $2))))`,
		account, hostileText)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append([]string{"/requests/hostile"}, consolePages...) {
		status, body, header := s.browse(t, s.Client(), path)
		if status != http.StatusOK || !strings.Contains(body, "</html>") {
			t.Errorf("%s: got %d %s, want a page", path, status, body)
		}
		if strings.Contains(body, "<script>") || strings.Contains(body, "<img") || strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: a name of the world is markup:\n%s", path, body)
		}
		if !strings.Contains(body, "&lt;script&gt;") && path != "/search" {
			t.Errorf("%s shows no hostile name: the test is without effect there", path)
		}
		policy := header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		if regexp.MustCompile(`(?i)<[^>]+\s(style|on\w+)=`).MatchString(body) {
			t.Errorf("%s has an inline style or script", path)
		}
	}
}

// Each address that a page names exists.
func TestConsoleHasNoDeadLinks(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	link := regexp.MustCompile(`(?:href|src|data-stream)="([^"]+)"`)
	seen, queue := map[string]bool{"/console": true}, []string{"/console"}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if strings.Contains(path, "/live") {
			continue // a stream does not end
		}
		status, body, _ := s.browse(t, s.Client(), strings.TrimPrefix(path, "/console"))
		if status != http.StatusOK {
			t.Errorf("%s: got %d", path, status)
		}
		for _, m := range link.FindAllStringSubmatch(body, -1) {
			target := strings.ReplaceAll(m[1], "&amp;", "&")
			if strings.HasPrefix(target, "?") {
				base, _, _ := strings.Cut(path, "?")
				target = base + target
			}
			if strings.HasPrefix(target, "/console") && !seen[target] && !strings.Contains(target, "#") {
				seen[target] = true
				queue = append(queue, target)
			}
		}
	}
	if len(seen) < 25 {
		t.Errorf("only %d addresses were found: %v", len(seen), slices.Collect(func(yield func(string) bool) {
			for path := range seen {
				if !yield(path) {
					return
				}
			}
		}))
	}
}

// The console asks for the token, and lets in only a caller that has it.
func TestConsoleSignIn(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	browser := s.newBrowser(t)

	// Without a session, every page is the sign-in page, and a stream is refused.
	for _, path := range append([]string{"/live", "/accounts/" + account + "/live"}, consolePages...) {
		status, body, _ := s.browse(t, browser, path)
		if status != http.StatusUnauthorized || strings.Contains(body, account+"</h1>") {
			t.Errorf("%s without a token: got %d %s", path, status, body)
		}
	}
	next := "/console/accounts/" + account + "/instances?status=Running"
	if _, body, _ := s.browse(t, browser, strings.TrimPrefix(next, "/console")); !strings.Contains(body,
		`name="next" value="`+next+`"`) {
		t.Errorf("the sign-in page does not lead back:\n%s", body)
	}

	// A wrong token is refused, with an explanation.
	status, body, _ := s.post(t, browser, "/sign-in", url.Values{"token": {"wrong"}, "next": {next}})
	if status != http.StatusUnauthorized || !strings.Contains(body, "This is not the token") {
		t.Errorf("a wrong token: got %d %s", status, body)
	}
	// A page of another site cannot sign in, even with the right one.
	status, _, _ = s.post(t, browser, "/sign-in", url.Values{"token": {controlToken}}, func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	})
	if status != http.StatusForbidden {
		t.Errorf("another site: got %d, want 403", status)
	}

	// The right one begins a session, whose cookie does not have the token.
	status, _, header := s.post(t, browser, "/sign-in", url.Values{"token": {controlToken}, "next": {next}})
	cookie := header.Get("Set-Cookie")
	if status != http.StatusSeeOther || header.Get("Location") != next {
		t.Errorf("the right token: got %d to %q, want 303 to %q", status, header.Get("Location"), next)
	}
	if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") ||
		strings.Contains(cookie, controlToken) {
		t.Errorf("the cookie is %q", cookie)
	}
	status, body, _ = s.browse(t, browser, "")
	if status != http.StatusOK || !strings.Contains(body, "Sign out") {
		t.Errorf("with a session: got %d %s", status, body)
	}

	// A changed cookie is none.
	value := strings.TrimPrefix(strings.Split(cookie, ";")[0], "enisim_console=")
	for _, changed := range []string{"", "9" + value, value + "x", strings.Replace(value, ".", "..", 1), "a.b.c", "."} {
		status, _, _ = s.browse(t, s.Client(), "", func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: "enisim_console", Value: changed})
		})
		if status != http.StatusUnauthorized {
			t.Errorf("with the cookie %q: got %d, want 401", changed, status)
		}
	}

	// Signing out needs the token of the form, and ends the session.
	status, _, _ = s.post(t, browser, "/sign-out", url.Values{"form_token": {"guessed"}})
	if status != http.StatusForbidden {
		t.Errorf("a sign-out with a guessed form token: got %d, want 403", status)
	}
	form := regexp.MustCompile(`name="form_token" value="([^"]+)"`).FindStringSubmatch(body)
	if form == nil {
		t.Fatalf("the page has no form token:\n%s", body)
	}
	status, _, _ = s.post(t, browser, "/sign-out", url.Values{"form_token": {form[1]}})
	if status != http.StatusSeeOther {
		t.Errorf("a sign-out: got %d, want 303", status)
	}
	if status, _, _ = s.browse(t, browser, ""); status != http.StatusUnauthorized {
		t.Errorf("after the sign-out: got %d, want 401", status)
	}
}

// Over HTTPS, the cookie of a session is sent over HTTPS only.
func TestConsoleSessionIsSecureUnderTLS(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	secure := httptest.NewTLSServer(s.Config.Handler)
	t.Cleanup(secure.Close)
	client := secure.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, c := range []struct {
		at   *server
		want bool
	}{{&server{Server: secure}, true}, {s, false}} {
		browser := client
		if !c.want {
			browser = s.newBrowser(t)
		}
		_, _, header := c.at.post(t, browser, "/sign-in", url.Values{"token": {controlToken}})
		if cookie := header.Get("Set-Cookie"); strings.Contains(cookie, "Secure") != c.want {
			t.Errorf("%s: got the cookie %q, want Secure: %v", c.at.URL, cookie, c.want)
		}
	}
}

// Signing in never leads out of the console.
func TestConsoleSignInStaysInTheConsole(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	for _, next := range []string{
		"", "https://evil.example/console", "//evil.example/console", "/", "/_enisim/accounts", "/consoles",
		"/console/../_enisim", `/console\..\x`, "javascript:alert(1)", "/console/%2e%2e/x",
	} {
		status, _, header := s.post(t, s.newBrowser(t), "/sign-in", url.Values{"token": {controlToken}, "next": {next}})
		if status != http.StatusSeeOther || header.Get("Location") != "/console" {
			t.Errorf("next %q: got %d to %q, want /console", next, status, header.Get("Location"))
		}
	}
}

// Without a token, the console answers only this machine, and no page of another site. Without either, it
// does not exist.
func TestConsoleIsOpenOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	open := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	for _, c := range []struct {
		name   string
		change func(*http.Request)
	}{
		{"a foreign Host", func(r *http.Request) { r.Host = "evil.example" }},
		{"another site", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }},
		{"another origin", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }},
	} {
		if status, body, _ := open.browse(t, open.Client(), "", c.change); status != http.StatusForbidden ||
			strings.Contains(body, account) {
			t.Errorf("%s: got %d %s, want 403", c.name, status, body)
		}
	}
	off := serveConsole(t, httpapi.Control{}, service.Options{})
	if status, _, _ := off.browse(t, off.Client(), ""); status != http.StatusNotFound {
		t.Errorf("without access: got %d, want 404", status)
	}
}

// While the database is down, the console answers and says what to do.
func TestConsoleWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	s.pool.Close()
	for _, path := range consolePages {
		if path == "/search" {
			continue // needs no database
		}
		status, body, _ := s.browse(t, s.Client(), path)
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "What to do") {
			t.Errorf("%q: got %d %s, want 503 with what to do", path, status, body)
		}
	}
}

// A page that does not exist says so, whatever its address has.
func TestConsoleSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	for path, want := range map[string]int{
		"/nothing": http.StatusNotFound, "/accounts/1": http.StatusBadRequest,
		"/accounts/1000000000000009":                      http.StatusNotFound,
		"/accounts/" + account + "/instances/i-none":      http.StatusNotFound,
		"/accounts/" + account + "/instances/%00":         http.StatusNotFound,
		"/accounts/" + account + "/interfaces/%ff":        http.StatusNotFound,
		"/accounts/" + account + "/groups/sg-none":        http.StatusNotFound,
		"/accounts/" + account + "/vpcs/vpc-none":         http.StatusNotFound,
		"/accounts/" + account + "/vswitches/vsw-none":    http.StatusNotFound,
		"/accounts/" + account + "/vpcs/x%3Cscript%3E":    http.StatusNotFound,
		"/search?q=" + strings.Repeat("x", 200):           http.StatusBadRequest,
		"/search?q=%00%ff":                                http.StatusOK,
		"/search?q=nothing-has-this":                      http.StatusOK,
		"/?after=%ff":                                     http.StatusOK, // the overview without its query
		"/accounts/" + account + "/instances?after=%00":   http.StatusBadRequest,
		"/accounts/" + account + "/vswitches/vsw-h?after": http.StatusOK,
	} {
		if status, body, _ := s.browse(t, s.Client(), path); status != want || !strings.Contains(body, "</html>") {
			t.Errorf("%s: got %d %s, want a page with %d", path, status, body, want)
		}
	}
}

// The search finds each kind of resource by its id, and leads to the page of a single one.
func TestConsoleSearch(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	browser := s.newBrowser(t)
	for id, want := range map[string]string{
		"i-full": "/instances/i-full", "eni-held": "/interfaces/eni-held", "sg-main": "/groups/sg-main",
		"vpc-main": "/vpcs/vpc-main", "vsw-h": "/vswitches/vsw-h", accessKey: "", account: "",
	} {
		status, body, header := s.browse(t, browser, "/search?q=+"+id)
		got := header.Get("Location")
		if want = "/console/accounts/" + account + want; status != http.StatusSeeOther || got != want {
			t.Errorf("%s: got %d to %q %s, want %q", id, status, got, body, want)
		}
	}
	_, body, _ := s.browse(t, browser, "/search?q=eni-")
	for _, id := range []string{"eni-1", "eni-held"} {
		if !strings.Contains(body, ">"+id+"</a>") {
			t.Errorf("the beginning eni- does not find %s:\n%s", id, body)
		}
	}
}

// The overview, the topology and the instance say which instance is full, and why calls were refused.
func TestConsoleShowsAFullInstance(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{AttachDelay: time.Hour})
	if got, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-full", "NetworkInterfaceId",
		"eni-1"); err != nil || got.code() != "EniPerInstanceLimitExceeded" {
		t.Fatalf("got %v %v, want the refusal of a full instance", got, err)
	}
	if got, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-free", "NetworkInterfaceId",
		"eni-1"); err != nil || got.code() != "" {
		t.Fatalf("got %v %v, want a success", got, err)
	}
	for path, wants := range map[string][]string{
		"": {"EniPerInstanceLimitExceeded", "50.0 %"},
		"/accounts/" + account + "/vpcs/vpc-main": {
			`<li class="instance is-full">`, "2 of 2 slots", "slot 1, eni-held, InUse",
			"slot 1, eni-1, Attaching", "slot 2, free",
		},
		"/accounts/" + account + "/instances/i-free": {"2 of 3 slots", "InUse at ", "The newest interface came"},
		"/accounts/" + account + "/instances/i-full": {"EniPerInstanceLimitExceeded", "The last refused request"},
		"/contention": {">i-full</a>", ">sg-main</a>", "EniPerInstanceLimitExceeded"},
		"/requests":   {"EniPerInstanceLimitExceeded", "eni-1 InstanceId: none → i-free"},
		"/requests?refusals=true&account=" + account + "&resource=i-full": {"EniPerInstanceLimitExceeded"},
		"/requests?resource=i-none":                                       {"No request is recorded that fits"},
	} {
		_, body, _ := s.browse(t, s.Client(), path)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%q does not say %q:\n%s", path, want, body)
			}
		}
	}
}

// The page of a refused request says why it was refused, and who has the slots. The search finds it by its
// id, and pages of older requests follow each other.
func TestConsoleSaysWhyARequestWasRefused(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	attach := func(instance string) string {
		t.Helper()
		got, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", "eni-1")
		if err != nil {
			t.Fatal(err)
		}
		return got.body["RequestId"].(string)
	}
	refused, done := attach("i-full"), attach("i-free")
	for range 60 {
		attach("i-full")
	}
	browser := s.newBrowser(t)
	_, _, header := s.browse(t, browser, "/search?q="+strings.ToLower(refused))
	if got, want := header.Get("Location"), "/console/requests/"+refused; got != want {
		t.Errorf("the search leads to %q, want %q", got, want)
	}
	for id, wants := range map[string][]string{
		refused: {"Why it was refused", "EniPerInstanceLimitExceeded", ">eni-held</a>", "Detach an interface"},
		done:    {"What it changed", "eni-1 InstanceId: none → i-free", `/instances/i-free"`},
	} {
		_, body, _ := s.browse(t, browser, "/requests/"+id)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q:\n%s", id, want, body)
			}
		}
	}
	if status, body, _ := s.browse(t, browser, "/requests/none"); status != http.StatusNotFound {
		t.Errorf("a request that is not recorded: got %d %s", status, body)
	}
	// All requests are on two pages.
	link, count := regexp.MustCompile(`href="([^"]+)" rel="next"`), 0
	for path := "/requests"; path != ""; {
		_, body, _ := s.browse(t, browser, path)
		count += strings.Count(body, "of request ")
		path = ""
		if m := link.FindStringSubmatch(body); m != nil {
			path = strings.TrimPrefix(m[1], "/console")
		}
	}
	if count != 63 { // with the command that has applied the scenario
		t.Errorf("the pages list %d requests, want 63", count)
	}
	if status, _, _ := s.browse(t, browser, "/requests?before=x"); status != http.StatusBadRequest {
		t.Errorf("a wrong cursor: got %d, want 400", status)
	}
}

// A quiet server has a console too: without accounts and without requests.
func TestConsoleOfAnEmptyWorld(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, service.Options{}, func(o *httpapi.Options) {
		o.Control.Open, o.Log = true, slog.New(slog.DiscardHandler)
	})
	status, body, _ := s.browse(t, s.Client(), "")
	if status != http.StatusOK || !strings.Contains(body, "enisim scenario apply") ||
		!strings.Contains(body, "does not measure") {
		t.Errorf("got %d %s, want a page that says how to begin", status, body)
	}
}
