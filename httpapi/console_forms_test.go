package httpapi_test

import (
	"bytes"
	"html"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

// formToken finds the token of the forms of a page.
var formToken = regexp.MustCompile(`name="form_token" value="([^"]+)"`)

// submit sends a form of a session, made of pairs of a name and a value. It returns the status, and the
// page to which the answer leads.
func (s *server) submit(
	t testing.TB, browser *http.Client, token, path string, pairs ...string,
) (status int, body string) {
	t.Helper()
	form := url.Values{"form_token": {token}}
	for k := 0; k < len(pairs); k += 2 {
		form.Set(pairs[k], pairs[k+1])
	}
	status, body, header := s.post(t, browser, path, form)
	if status == http.StatusSeeOther {
		_, body, _ = s.browse(t, browser, strings.TrimPrefix(header.Get("Location"), "/console"))
	}
	return status, body
}

// signedIn returns a browser with a session, and the token of its forms.
func (s *server) signedIn(t testing.TB) (browser *http.Client, token string) {
	t.Helper()
	browser = s.newBrowser(t)
	if status, body, _ := s.post(t, browser, "/sign-in", url.Values{"token": {controlToken}}); status != 303 {
		t.Fatalf("the sign-in: got %d %s", status, body)
	}
	_, body, _ := s.browse(t, browser, "/faults")
	m := formToken.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("the page has no form token:\n%s", body)
	}
	return browser, m[1]
}

// keysOf returns the paths of all keys of a type, with 0 for the first item of a list of objects.
func keysOf(of reflect.Type, prefix string) (keys []string) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "id":
		case f.Type.Kind() == reflect.Struct:
			keys = append(keys, keysOf(f.Type, prefix+name+".")...)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			keys = append(keys, keysOf(f.Type.Elem(), prefix+name+".0.")...)
		default:
			keys = append(keys, prefix+name)
		}
	}
	return keys
}

// The form of each kind of rules has a labelled input for each key of the rule.
func TestConsoleFormsHaveEveryKey(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	for path, of := range map[string]reflect.Type{
		"/faults": reflect.TypeFor[disturbance.Fault](), "/lifecycles": reflect.TypeFor[disturbance.Lifecycle](),
		"/throttles": reflect.TypeFor[disturbance.Throttle](), "/stock": reflect.TypeFor[disturbance.Stock](),
		"/quotas?account=" + account: reflect.TypeFor[operator.Quotas](),
	} {
		_, body, _ := s.browse(t, s.Client(), path)
		keys := keysOf(of, "")
		if len(keys) < 5 {
			t.Errorf("%s: only the keys %v were found", path, keys)
		}
		for _, key := range keys {
			id := "f-" + strings.ReplaceAll(key, ".", "-")
			if !strings.Contains(body, `id="`+id+`" name="`+key+`"`) ||
				!strings.Contains(body, `<label for="`+id+`">`) {
				t.Errorf("%s has no labelled input for %s", path, key)
			}
		}
	}
}

// A change needs a session, the token of the form, and a page of the console that sends it.
func TestConsoleWritesAreGuarded(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	browser, token := s.signedIn(t)
	fault := url.Values{"account": {account}, "do.answer": {"Throttling"}}
	crossSite := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	otherOrigin := func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }
	with := func(token string) url.Values {
		form := url.Values{"form_token": {token}}
		maps.Copy(form, fault)
		return form
	}
	paths := []string{
		"/faults", "/faults/remove", "/faults/reset", "/lifecycles", "/throttles", "/throttles/reset", "/stock",
		"/quotas?account=" + account, "/quotas/reset?account=" + account, "/clock?account=" + account,
		"/snapshots/save?account=" + account, "/snapshots/restore?account=" + account,
		"/snapshots/delete?account=" + account, "/scenarios", "/scenarios/empty?account=" + account,
		"/explorer?account=" + account + "&action=Ecs:AttachNetworkInterface",
	}
	for _, path := range paths {
		for _, c := range []struct {
			name    string
			browser *http.Client
			form    url.Values
			change  func(*http.Request)
			want    int
		}{
			{"without a session", s.newBrowser(t), with(token), nil, http.StatusUnauthorized},
			{"without the token of the form", browser, with(""), nil, http.StatusForbidden},
			{"with a guessed token of the form", browser, with("guessed"), nil, http.StatusForbidden},
			{"from another site", browser, with(token), crossSite, http.StatusForbidden},
			{"from another origin", browser, with(token), otherOrigin, http.StatusForbidden},
		} {
			var changes []func(*http.Request)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			if status, _, _ := s.post(t, c.browser, path, c.form, changes...); status != c.want {
				t.Errorf("%s %s: got %d, want %d", path, c.name, status, c.want)
			}
		}
	}
	control := s.controlClient()
	control.Token = controlToken
	if faults, err := control.Faults(t.Context(), ""); err != nil || len(faults) != 0 {
		t.Errorf("after refused forms: got %v %v, want no fault", faults, err)
	}
	if status, body, _ := s.post(t, browser, "/faults", with(token)); status != http.StatusSeeOther {
		t.Errorf("the right form: got %d %s, want 303", status, body)
	}
	if faults, err := control.Faults(t.Context(), ""); err != nil || len(faults) != 1 {
		t.Errorf("after the right form: got %v %v, want a fault", faults, err)
	}
	// The same token in another session is none.
	other, _ := s.signedIn(t)
	if status, _, _ := s.post(t, other, "/faults", with(token)); status != http.StatusForbidden {
		t.Errorf("the form of another session: got %d, want 403", status)
	}
	large := url.Values{"form_token": {token}, "account": {strings.Repeat("x", 1<<20)}}
	if status, body, _ := s.post(t, browser, "/faults", large); status != http.StatusBadRequest {
		t.Errorf("a form of a megabyte: got %d %s, want 400", status, body)
	}
}

// Rules of each kind are added, seen with their counts, and removed. A wrong one is explained beside its
// input, which is kept.
func TestConsoleAddsAndRemovesRules(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	browser, token := s.signedIn(t)
	post := func(path string, pairs ...string) (int, string) { return s.submit(t, browser, token, path, pairs...) }
	of := "?account=" + account
	for _, c := range []struct {
		path  string
		right []string
		shows string
		wrong []string
		says  []string
	}{
		{
			"/faults",
			[]string{
				"account", account, "action", "AttachNetworkInterface", "when.first", "2", "do.answer", "Throttling",
				"silent", "true",
			},
			"first 2",
			[]string{"account", account, "action", "AtachNetworkInterface", "do.answer", "Throttling"},
			[]string{
				"did you mean", `value="AtachNetworkInterface"`,
				`aria-describedby="f-action-hint problem" aria-invalid="true"`,
			},
		},
		{
			"/lifecycles",
			[]string{
				"account", account, "transition", "Attaching", "lasts.uniform", "1s, 9s", "fails.probability", "0.5",
			},
			"lasts uniform [1s, 9s]; falls back: probability 0.5",
			[]string{"account", account, "transition", "Attaching", "lasts.fixed", "5 apples"},
			[]string{"a duration is a text such as", `value="5 apples"`},
		},
		{
			"/throttles",
			[]string{"account", account, "limits.1.action", "Describe*", "limits.1.per_second", "2.5"},
			"Describe* 2.5/s",
			[]string{"account", account, "limits.0.per_second", "many"},
			[]string{"per_second is a number", `value="many"`},
		},
		{
			"/stock",
			[]string{"account", account, "instance_type", "ecs.g7.*", "left", "3"},
			"after 3 more",
			[]string{"account", "12", "instance_type", "ecs.g7.*"},
			[]string{"16 digits", `value="ecs.g7.*"`},
		},
	} {
		status, body := post(c.path+of, c.wrong...)
		body = html.UnescapeString(body)
		for _, want := range c.says {
			if status != http.StatusBadRequest || !strings.Contains(body, want) {
				t.Errorf("%s: a wrong rule: got %d without %q:\n%s", c.path, status, want, body)
			}
		}
		status, body = post(c.path+of, c.right...)
		if status != http.StatusSeeOther || !strings.Contains(body, "Added.") || !strings.Contains(body, c.shows) {
			t.Errorf("%s: a right rule: got %d without %q:\n%s", c.path, status, c.shows, body)
		}
		id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(body)
		if id == nil {
			t.Errorf("%s lists no rule:\n%s", c.path, body)
			continue
		}
		status, body = post(c.path+"/remove"+of, "id", id[1], "account", account)
		if status != http.StatusSeeOther || !strings.Contains(body, "None is on.") {
			t.Errorf("%s: a removal: got %d %s", c.path, status, body)
		}
		status, body = post(c.path+"/remove"+of, "id", id[1], "account", account)
		if c.path != "/throttles" && (status != http.StatusNotFound || !strings.Contains(body, "there is no")) {
			t.Errorf("%s: another removal: got %d %s", c.path, status, body)
		}
		post(c.path+of, c.right...)
		if status, body = post(c.path+"/reset"+of, "account", account); status != http.StatusBadRequest ||
			!strings.Contains(body, "Check the box") || !strings.Contains(body, c.shows) {
			t.Errorf("%s: a reset without its box: got %d %s", c.path, status, body)
		}
		status, body = post(c.path+"/reset"+of, "account", account, "sure", "yes")
		if status != http.StatusSeeOther || !strings.Contains(body, "None is on.") {
			t.Errorf("%s: a reset: got %d %s", c.path, status, body)
		}
	}
}

// Quotas and clocks are shown and changed.
func TestConsoleChangesQuotasAndClocks(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	browser, token := s.signedIn(t)
	of := "?account=" + account
	for _, c := range []struct {
		path   string
		form   url.Values
		status int
		wants  []string
	}{
		{"/quotas", url.Values{"instances_per_region": {"7"}}, 303, []string{`name="instances_per_region" value="7"`}},
		{"/quotas", url.Values{"instances_per_region": {"many"}}, 400, []string{"whole number", `value="many"`}},
		{"/quotas", url.Values{"instances_per_region": {"-1"}}, 400, []string{"from 0 to", `value="-1"`}},
		{"/quotas/reset", nil, 303, []string{`name="instances_per_region" value=""`}},
		{"/clock", url.Values{"do": {"freeze"}}, 303, []string{"frozen", "Resume"}},
		{"/clock", url.Values{"do": {"advance"}, "advance": {"soon"}}, 400, []string{"such as", `value="soon"`}},
		{"/clock", url.Values{"do": {"advance"}, "advance": {"87600h"}}, 303, []string{"2036-"}},
		{"/clock", url.Values{"do": {"rate"}, "rate": {"fast"}}, 400, []string{"a number such as", `value="fast"`}},
		{"/clock", url.Values{"do": {"rate"}, "rate": {"0"}}, 400, []string{"more than 0"}},
		{"/clock", url.Values{"do": {"resume"}}, 303, []string{"Freeze"}},
		{"/clock", url.Values{"do": {"rate"}, "rate": {"10"}}, 303, []string{"10 <small>"}},
		{"/clock", url.Values{"do": {"reset"}}, 303, []string{"1 <small>"}},
	} {
		form := url.Values{"form_token": {token}}
		maps.Copy(form, c.form)
		status, body, header := s.post(t, browser, c.path+of, form)
		if status == http.StatusSeeOther {
			_, body, _ = s.browse(t, browser, strings.TrimPrefix(header.Get("Location"), "/console"))
		}
		body = html.UnescapeString(body)
		for _, want := range c.wants {
			if status != c.status || !strings.Contains(body, want) {
				t.Errorf("%s %v: got %d, want %d with %q:\n%s", c.path, c.form, status, c.status, want, body)
			}
		}
	}
	form := url.Values{"form_token": {token}, "instances_per_region": {"7"}}
	if status, body, _ := s.post(t, browser, "/quotas?account=1000000000000009", form); status != 404 {
		t.Errorf("an account that does not exist: got %d %s, want 404", status, body)
	}
}

// An account is saved, changed and restored. Its snapshots are listed and deleted.
func TestConsoleSnapshots(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	browser, token := s.signedIn(t)
	of := "?account=" + account
	send := func(path string, pairs ...string) (int, string) { return s.submit(t, browser, token, path, pairs...) }
	if status, body := send("/snapshots/save"+of, "name", "a name"); status != 400 ||
		!strings.Contains(body, "1 to 64 letters") || !strings.Contains(body, `value="a name"`) {
		t.Errorf("a wrong name: got %d %s", status, body)
	}
	if status, body := send("/snapshots/save"+of, "name", "before"); status != 303 ||
		!strings.Contains(body, `<span class="id">before</span>`) {
		t.Errorf("a right name: got %d %s", status, body)
	}
	if status, body := send("/scenarios/empty" + of); status != 400 || !strings.Contains(body, "Check the box") {
		t.Errorf("emptying without the box: got %d %s", status, body)
	}
	if status, body := send("/scenarios/empty"+of, "sure", "yes"); status != 303 {
		t.Errorf("emptying: got %d %s", status, body)
	}
	if status, _, _ := s.browse(t, browser, "/accounts/"+account+"/instances/i-full"); status != 404 {
		t.Errorf("the instance of an empty account: got %d, want 404", status)
	}
	if status, body := send("/snapshots/restore"+of, "name", "before"); status != 400 {
		t.Errorf("restoring without the box: got %d %s", status, body)
	}
	if status, body := send("/snapshots/restore"+of, "name", "before", "sure", "yes"); status != 303 {
		t.Errorf("restoring: got %d %s", status, body)
	}
	if status, _, _ := s.browse(t, browser, "/accounts/"+account+"/instances/i-full"); status != 200 {
		t.Errorf("the restored instance: got %d, want 200", status)
	}
	if status, body := send("/snapshots/delete"+of, "name", "before", "sure", "yes"); status != 303 ||
		!strings.Contains(body, "has no snapshot yet") {
		t.Errorf("deleting: got %d %s", status, body)
	}
	if status, body := send("/snapshots/restore"+of, "name", "before", "sure", "yes"); status != 404 {
		t.Errorf("restoring what is deleted: got %d %s", status, body)
	}
}

// postScenario sends the form of a scenario: its text, or a file.
func (s *server) postScenario(t testing.TB, browser *http.Client, token, do, text, file string) (int, string) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range map[string]string{"form_token": token, "do": do, "scenario": text} {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "world.yaml")
	if err == nil {
		_, err = part.Write([]byte(file))
	}
	if err = cmpOr(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	status, body, _ := s.browse(t, browser, "/scenarios", func(r *http.Request) {
		r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(&form), int64(form.Len())
		r.Header.Set("Content-Type", w.FormDataContentType())
	})
	return status, body
}

func cmpOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// A scenario is exported, compared and applied: as a text and as a file.
func TestConsoleScenarios(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	browser, token := s.signedIn(t)
	status, text, header := s.browse(t, browser, "/scenarios/export?account="+account)
	if status != 200 || !strings.Contains(text, "i-full") || strings.Contains(text, "test-secret") ||
		header.Get("Content-Disposition") != `attachment; filename="`+account+`.yaml"` {
		t.Fatalf("the export: got %d %v %s", status, header, text)
	}
	if status, _, _ := s.browse(t, browser, "/scenarios/export?account=1000000000000009"); status != 404 {
		t.Errorf("the export of an account that does not exist: got %d, want 404", status)
	}
	if status, _, _ := s.browse(t, s.Client(), "/scenarios/export?account="+account); status != 401 {
		t.Errorf("the export without a session: got %d, want 401", status)
	}

	// The key is not in the export, so it is what differs.
	changed := strings.Replace(text, "id: i-full", "id: i-other", 1)
	changed = strings.Replace(changed, "attached_to: i-full", "attached_to: i-other", 1)
	if changed == text {
		t.Fatalf("the scenario has no instance to rename:\n%s", text)
	}
	browserText := strings.ReplaceAll(changed, "\n", "\r\n") // as a browser sends it
	for _, c := range []struct {
		name, text, file string
	}{{"text", browserText, ""}, {"file", "", changed}} {
		status, body := s.postScenario(t, browser, token, "diff", c.text, c.file)
		body = html.UnescapeString(body)
		if status != 200 || !strings.Contains(body, "i-other") || !strings.Contains(body, ">gone<") ||
			!strings.Contains(body, changed) {
			t.Errorf("comparing a %s: got %d %s", c.name, status, body)
		}
	}
	if status, _, _ := s.browse(t, browser, "/accounts/"+account+"/instances/i-full"); status != 200 {
		t.Error("comparing has changed the world")
	}
	if status, body := s.postScenario(t, browser, token, "apply", browserText, ""); status != 200 ||
		!strings.Contains(body, "Applied: ") {
		t.Errorf("applying: got %d %s", status, body)
	}
	if status, _, _ := s.browse(t, browser, "/accounts/"+account+"/instances/i-other"); status != 200 {
		t.Errorf("the instance of the applied scenario: got %d, want 200", status)
	}
	if status, body := s.postScenario(t, browser, token, "diff", changed, ""); status != 200 ||
		!strings.Contains(body, "Nothing: the world is as the scenario has it") {
		t.Errorf("comparing after applying: got %d %s", status, body)
	}
	status, body := s.postScenario(t, browser, token, "apply", "accounts:\n- idd: x\n", "")
	if status != 400 || !strings.Contains(body, "idd") || !strings.Contains(body, "- idd: x\n</textarea>") {
		t.Errorf("a wrong scenario: got %d %s", status, body)
	}
	if status, body := s.postScenario(t, browser, token, "diff", "", strings.Repeat("#\n", 3<<20)); status != 400 {
		t.Errorf("a file of 6 MiB: got %d %.300s, want 400", status, body)
	}
	if status, _ := s.postScenario(t, browser, "guessed", "apply", changed, ""); status != 403 {
		t.Errorf("a guessed form token: got %d, want 403", status)
	}
}
